"""Reading, validating and writing `settings.yml`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from scripts import shop_settings
from scripts.errors import TillsightError
from scripts.settings import PROJECT_DIR, read_settings

DBT_DIR = PROJECT_DIR / "dbt_project"
DEFAULTS = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"]

Overrides = Callable[[str | bytes], dict[str, object]]


@pytest.fixture
def overrides(tmp_path: Path) -> Overrides:
    """Read a `settings.yml` with this content."""

    def read(content: str | bytes) -> dict[str, object]:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "settings.yml").write_bytes(data)
        return shop_settings.read_overrides(tmp_path, DBT_DIR)

    return read


def refusal(overrides: Overrides, content: str | bytes) -> str:
    with pytest.raises(TillsightError) as refused:
        overrides(content)
    return str(refused.value)


# --- values


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("shop_name: Corner Shop", "Corner Shop"),
        ("shop_name: '1984'", "1984"),
        ("shop_name: Família 🛒👨‍👩‍👧", "Família 🛒👨‍👩‍👧"),
        ("shop_name: \"{{ env_var('HOME') }} -- ;\"", "{{ env_var('HOME') }} -- ;"),
        (f"shop_name: {'x' * 80}", "x" * 80),
        ("as_of_date: 2011-12-09", "2011-12-09"),
        ("as_of_date: '2024-02-29'", "2024-02-29"),
        ("horizon_days: 1", 1),
        ("horizon_days: 730", 730),
        ("snapshot_count: 400", 400),
        ("scoring_method: rank", "rank"),
        ("champions_from: 12", 12),
        ("loyal_from: 9", 9),
        ("at_risk_from: 4", 4),
        ("return_dating: order", "order"),
        ("duplicate_lines: drop", "drop"),
        ("reporting_currency: GBP", "GBP"),
        ("date_order: month_first", "month_first"),
    ],
)
def test_an_allowed_value_overrides_the_default(line, value, overrides):
    assert overrides(line) == {line.partition(":")[0]: value}


@pytest.mark.parametrize(
    ("key", "written", "allowed"),
    [
        ("shop_name", "", "one line of 1 to 80 characters, not blank"),
        ("shop_name", '"  "', "one line of 1 to 80 characters, not blank"),
        ("shop_name", "x" * 81, "one line of 1 to 80 characters, not blank"),
        ("shop_name", '"a\\nb"', "one line of 1 to 80 characters, not blank"),
        ("shop_name", '"a\\u2028b"', "one line of 1 to 80 characters, not blank"),
        ("shop_name", '"a\\0b"', "one line of 1 to 80 characters, not blank"),
        ("shop_name", '"\\ud800"', "one line of 1 to 80 characters, not blank"),
        ("shop_name", "1984", "one line of 1 to 80 characters, not blank, in quotes"),
        ("shop_name", "On", "one line of 1 to 80 characters, not blank, in quotes"),
        ("shop_name", "2024-01-01", "one line of 1 to 80 characters, not blank, in quotes"),
        (
            "shop_name",
            "{{ env_var('HOME') }}",
            "one line of 1 to 80 characters, not blank, in quotes",
        ),
        ("as_of_date", "2030-13-45", "a date like 2011-12-09, from 1900 to 2199, or null"),
        ("as_of_date", "'2023-02-29'", "a date like 2011-12-09"),
        ("as_of_date", "1899-12-31", "a date like 2011-12-09"),
        ("as_of_date", "2011-12-09 10:00:00", "a date like 2011-12-09"),
        ("as_of_date", "yesterday", "a date like 2011-12-09"),
        ("as_of_date", "2011", "a date like 2011-12-09"),
        ("horizon_days", "0", "a whole number from 1 to 730"),
        ("horizon_days", "731", "a whole number from 1 to 730"),
        ("horizon_days", "1.5", "a whole number from 1 to 730"),
        ("horizon_days", "ten", "a whole number from 1 to 730"),
        ("horizon_days", "true", "a whole number from 1 to 730"),
        ("horizon_days", "null", "a whole number from 1 to 730"),
        ("horizon_days", "036", "a whole number from 1 to 730"),
        ("horizon_days", "'30'", "a whole number from 1 to 730, without quotes"),
        pytest.param(
            *("horizon_days", "9" * 5000, "a whole number from 1 to 730"), id="5000 digits"
        ),
        ("snapshot_count", "401", "a whole number from 1 to 400"),
        ("snapshot_count", "[1]", "a whole number from 1 to 400"),
        ("scoring_method", "median", "ntile or rank"),
        ("scoring_method", "3", "ntile or rank."),
        ("champions_from", "'10 or 1=1'", "a whole number from 4 to 12"),
        ("champions_from", "13", "a whole number from 4 to 12"),
        ("at_risk_from", "3", "a whole number from 4 to 12"),
        ("return_dating", "sale", "return or order"),
        ("duplicate_lines", "no", "keep or drop"),
        ("reporting_currency", "gbp", "three capital letters like GBP, or null"),
        ("reporting_currency", "POUND", "three capital letters like GBP, or null"),
        ("date_order", "dmy", "iso, day_first or month_first"),
        ("contact_cost", "-1", "a number from 0"),
        ("contact_cost", ".nan", "a number from 0"),
        ("contact_cost", ".inf", "a number from 0"),
        ("contact_benefit", "10000000000", "a number from 0"),
        ("contact_benefit", "{}", "a number from 0"),
    ],
)
def test_a_wrong_value_is_refused_with_file_line_key_and_what_is_allowed(
    key, written, allowed, overrides, tmp_path
):
    message = refusal(overrides, f"# a comment\n{key}: {written}\n")
    assert message.startswith(f"{tmp_path / 'settings.yml'}, line 2: {key} is ")
    assert f"it must be {allowed}" in message


def test_a_value_is_shown_as_it_is_written_and_shortened(overrides):
    assert "champions_from is ten;" in refusal(overrides, "champions_from: ten")
    assert 'champions_from is "10";' in refusal(overrides, "champions_from: '10'")
    assert "champions_from is empty;" in refusal(overrides, "champions_from:")
    assert "champions_from is a list;" in refusal(overrides, "champions_from: [10]")
    assert "champions_from is a mapping;" in refusal(overrides, "champions_from: {a: 1}")
    assert f"champions_from is {'9' * 60}…;" in refusal(overrides, f"champions_from: {'9' * 99}")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("champions_from: 4", "champions_from is 4; it must be above loyal_from, which is 8."),
        ("champions_from: 8", "champions_from is 8; it must be above loyal_from, which is 8."),
        ("loyal_from: 11", "loyal_from is 11; it must be below champions_from, which is 10."),
        ("at_risk_from: 8", "at_risk_from is 8; it must be below loyal_from, which is 8."),
        ("contact_cost: 5", "contact_cost is 5; it must be null or a number like contact_benefit"),
        ("contact_benefit: 5", "contact_benefit is 5; it must be null or a number like"),
        (
            "contact_cost: 5\ncontact_benefit: 5",
            "contact_cost is 5; it must be below contact_benefit, which is 5.",
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused(content, fault, overrides):
    assert fault in refusal(overrides, content)


def test_settings_that_fit_each_other_are_taken(overrides):
    thresholds = {"champions_from": 6, "loyal_from": 5, "at_risk_from": 4}
    contacts = {"contact_cost": 0, "contact_benefit": 0.25}
    given = {**thresholds, **contacts}
    assert overrides("".join(f"{key}: {value}\n" for key, value in given.items())) == given


def test_all_faults_are_reported_together(overrides):
    message = refusal(overrides, "horizon_days: ten\nscoring_method: median\nchampion_from: 9\n")
    assert re.findall(r"line (\d): (\S+) ", message) == [
        ("3", "there"),
        ("1", "horizon_days"),
        ("2", "scoring_method"),
    ]


@pytest.mark.parametrize(
    ("text", "is_date"), [("2000-02-29", True), ("2100-02-29", False), ("2024-1-01", False)]
)
def test_is_date(text, is_date):
    assert shop_settings.is_date(text) is is_date


def test_a_date_is_a_day_from_1900_to_2199():
    first, days = date(1900, 1, 1), (date(2200, 1, 1) - date(1900, 1, 1)).days
    assert all(shop_settings.is_date(str(first + timedelta(n))) for n in range(days))
    assert not shop_settings.is_date(str(first + timedelta(days)))


# --- files


def test_a_file_need_not_exist_or_set_anything(overrides, tmp_path):
    assert shop_settings.read_overrides(tmp_path, DBT_DIR) == {}
    assert overrides("") == {}
    assert overrides("# horizon_days: 14\n") == {}


def test_a_setting_at_its_default_overrides_nothing(overrides):
    assert overrides("shop_name: Your shop\nhorizon_days: 30\nas_of_date: null\n") == {}


def test_a_byte_order_mark_and_windows_line_ends_are_read(overrides):
    assert overrides(b"\xef\xbb\xbfhorizon_days: 14\r\nloyal_from: 9\r\n") == {
        "horizon_days": 14,
        "loyal_from": 9,
    }


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a: 1\nchampion_from: 9", "line 2: there is no setting 'champion_from'; did you mean"),
        ("zzz: 9", "line 1: there is no setting 'zzz'; the settings are shop_name, as_of_date"),
        ("[a]: 9", "line 1: there is no setting 'a list'"),
        ("loyal_from: 9\n\nloyal_from: 9", "line 3: loyal_from is set already in line 1"),
        ("# x\nhorizon_days:\t30", "line 2: a tab; use spaces"),
        ("\thorizon_days: 30", "line 1: a tab; use spaces"),
        ("# x\n- horizon_days", "line 2: each line must be a setting like 'horizon_days: 30'"),
        ("horizon_days", "line 1: each line must be a setting like 'horizon_days: 30'"),
        ("# x\nshop_name: 'Bob", "line 2: found unexpected end of stream; each line must be"),
        ("# x\nshop_name: Bob: shop", "line 2: mapping values are not allowed here; each line"),
        ("shop_name: @home", "a text with special characters must be in quotes"),
        ("a: 1\n---\nb: 2", "line 2: but found another document"),
        ("# x\nshop_name: caf\x01", "line 2: a control character; delete it"),
        (b"# x\nshop_name: caf\xe9\n", "line 2: the text is not UTF-8; save it as UTF-8"),
        ("horizon_days: 30".encode("utf-16"), "line 1: the text is not UTF-8; save it as UTF-8"),
        pytest.param("[" * 3_000, "each line must be a setting like", id="deep nesting"),
        ("horizon_days: !!python/name:os.system 30", "line 1: horizon_days is 30; it must be"),
    ],
)
def test_a_file_that_is_not_settings_is_refused_with_its_line(content, fault, overrides, tmp_path):
    message = refusal(overrides, content)
    assert fault in message
    assert message.startswith(str(tmp_path / "settings.yml"))


def test_a_misspelt_setting_names_the_nearest(overrides):
    assert "did you mean 'champions_from'?" in refusal(overrides, "champion_from: 9")
    assert "did you mean 'horizon_days'?" in refusal(overrides, "horizon: 9")


def test_wrong_settings_are_refused_before_anything_runs(tmp_path):
    (tmp_path / "settings.yml").write_text("horizon_days: ten\n")
    with pytest.raises(TillsightError, match="line 1: horizon_days is ten"):
        read_settings(data_dir=tmp_path, environment={}, env_file=tmp_path / ".env")


def test_an_as_of_date_of_the_command_line_overrides_that_of_the_shop(tmp_path):
    (tmp_path / "settings.yml").write_text("as_of_date: 2024-01-01\nloyal_from: 9\n")
    settings = read_settings(
        data_dir=tmp_path, as_of="2024-02-01", environment={}, env_file=tmp_path / ".env"
    )
    assert settings.dbt_vars() == {"as_of_date": "2024-02-01", "loyal_from": 9}


# --- the template and the rules


def test_the_template_sets_the_defaults(overrides, tmp_path):
    shop_settings.write_template(tmp_path, DBT_DIR)
    template = (tmp_path / "settings.yml").read_text()
    assert yaml.safe_load(template) == {"shop_name": "Your shop"}
    uncommented = re.sub(r"(?m)^# (\w+: \S+)$", r"\1", template)
    assert yaml.safe_load(uncommented) == DEFAULTS
    assert overrides(uncommented) == {}


def test_the_template_explains_each_setting(tmp_path):
    shop_settings.write_template(tmp_path, DBT_DIR)
    template = (tmp_path / "settings.yml").read_text()
    for key, rule in shop_settings.read_rules(DBT_DIR).items():
        assert re.search(
            rf"(?m)^# {re.escape(rule.meaning)} Allowed: {re.escape(rule.allowed)}\.\n(# )?{key}: ",
            template,
        )


def test_the_template_leaves_a_file_of_the_user_alone(tmp_path):
    (tmp_path / "settings.yml").write_text("loyal_from: 9\n")
    shop_settings.write_template(tmp_path, DBT_DIR)
    assert (tmp_path / "settings.yml").read_text() == "loyal_from: 9\n"


def test_each_default_has_a_rule_that_allows_it():
    rules = shop_settings.read_rules(DBT_DIR)
    assert list(rules) == list(DEFAULTS)
    assert all(rule.allows(DEFAULTS[key]) for key, rule in rules.items())
