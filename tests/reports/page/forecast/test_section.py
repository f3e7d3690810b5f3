"""Findings and tables of the forecast section."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from reports.formatting import DASH, Money
from reports.marts import reader
from reports.marts.forecast import CurvePoint, Metric, ModelRun
from reports.marts.shop import read_shop
from reports.page.components import Measured
from reports.page.forecast import metrics, section
from reports.page.forecast.curves import baselines

MONEY = Money("GBP")


@pytest.fixture(scope="module")
def shop(marts):
    with reader.open_marts(marts) as connection:
        return read_shop(connection)


@pytest.fixture(scope="module")
def run(shop) -> ModelRun:
    found = section.run_in_use(shop.model_runs)
    assert found
    return found


@pytest.fixture(scope="module")
def part(shop):
    made = section.make_model_in_use(shop, MONEY)
    assert made
    return made


def read_changed(marts, folder, *statements):
    shutil.copy(marts, folder / "marts.db")
    connection = sqlite3.connect(folder / "marts.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    with reader.open_marts(folder / "marts.db") as opened:
        return read_shop(opened)


def metric(model, name, value, *, part="all", date="2024-05-31", split="report", ends=None):
    low, high = ends or (None, None)
    return Metric(split, date, model, part, name, value, low, high)


def texts(table):
    return [
        tuple(cell.text if isinstance(cell, Measured) else cell for cell in row)
        for row in table.rows
    ]


def test_the_run_in_use_is_the_pinned_one_and_not_the_latest(shop, run):
    assert [(row.run_number, row.is_in_use) for row in shop.model_runs] == [(2, 0), (1, 1)]
    assert (run.model_run_id, run.is_pinned) == ("run-1", 1)


@pytest.mark.parametrize(
    ("verdict", "label", "tone"),
    [
        ("use", "Use it", "good"),
        ("use_with_care", "Use with care", "care"),
        ("do_not_use", "Do not use", "bad"),
    ],
)
def test_the_verdict_its_reason_and_its_rules_come_from_the_marts(run, verdict, label, tone):
    told = section.verdict(replace(run, verdict=verdict))
    assert (told.label, told.tone, told.reason) == (label, tone, run.verdict_reason)
    assert list(told.rules) == json.loads(run.verdict_rules)


def test_a_run_without_a_verdict_is_to_be_used_with_care(run):
    bare = replace(run, verdict=None, verdict_reason=None, verdict_rules=None)
    told = section.verdict(bare)
    assert told.label == "Use with care"
    assert "'tillsight train'" in told.reason
    assert told.rules == ()


def test_runs_show_which_is_in_use_and_whether_it_is_pinned(shop):
    lines = section.runs_table(shop.model_runs).rows
    assert [(line[0], line[3], line[4], line[6]) for line in lines] == [
        ("2", "Use it", "No", "Later, and not chosen."),
        ("1", "Use with care", "Yes, pinned by the user", "Beats <b>BG/NBD</b> & all others."),
    ]
    latest = replace(shop.model_runs[0], is_in_use=1, verdict=None)
    assert section.runs_table([latest]).rows[0][3:5] == (DASH, "Yes, the latest")


def test_a_run_that_could_not_train_says_why(run):
    assert section.unavailable([]) == (
        "Model unavailable: no model has been trained yet. Run 'tillsight train'."
    )
    failed = replace(run, status="unavailable", message="Model unavailable: 3 rows.")
    assert section.unavailable([failed]) == "Model unavailable: 3 rows."


def test_methods_have_three_groups_with_the_one_in_use_first(part):
    assert part.metrics.table.groups == (
        ("", 1),
        ("In use", 1),
        ("Also tried", 1),
        ("Baselines", 4),
    )
    assert [column.label for column in part.metrics.table.columns] == [
        *("Metric", "Random forest", "Logistic regression"),
        *("Base rate", "Recency rule", "RFM quartiles", "BG/NBD"),
    ]


def test_the_finding_names_the_best_baseline(part):
    assert part.metrics.finding == (
        "The log loss of the model is 0.410; of the best baseline (BG/NBD), 0.440"
    )
    alone = metrics.Figures([metric("blend", "log_loss", 0.4)], "blend")
    assert metrics.all_customers(alone, MONEY).finding == (
        "Metrics of the model in use and of the baselines"
    )


def test_a_figure_has_its_interval_below_where_there_is_one(part):
    by_label = {str(row[0])[:-2]: row[1:] for row in part.metrics.table.rows}
    assert by_label["Log loss"][0] == Measured("0.410", "0.380 to 0.440")
    assert by_label["Log loss"][2] == Measured("0.620")
    assert by_label["Lift in the top tenth"][:2] == (Measured("2.60 ×"), Measured(DASH))  # noqa: RUF001
    assert "Profit of contacting those marked" not in by_label


def test_one_time_buyers_have_figures_of_their_own(part):
    told = part.one_time_buyers
    assert told.finding == ("The ROC-AUC of one-time buyers is 0.66, of all customers 0.78")
    assert told.caption.startswith(
        "120 of 300 customers had one order; 15.0% of them ordered in the 30 days."
    )
    labels = [str(row[0]).rstrip("\u00a0↓↑") for row in told.table.rows]
    assert labels == ["Log loss", "Calibration error", "ROC-AUC", "Base rate: share that ordered"]
    assert texts(told.table)[-1][1:4] == ("15.0%", DASH, "15.0%")


@pytest.mark.parametrize(
    ("once", "finding"),
    [
        (0.80, "The ROC-AUC of one-time buyers is 0.80, of all customers 0.78"),
        (None, "Customers with one order"),
    ],
)
def test_the_finding_of_one_time_buyers_claims_no_more_than_its_figures(once, finding):
    rows = [
        metric("blend", "roc_auc", 0.78),
        metric("blend", "rows", 50.0, part="one_time_buyers"),
    ]
    if once:
        rows.append(metric("blend", "roc_auc", once, part="one_time_buyers"))
    figures = metrics.Figures(rows, "blend")
    assert metrics.one_time_buyers(figures, MONEY, 30).finding == finding


def test_no_card_without_one_time_buyers():
    figures = metrics.Figures([metric("blend", "roc_auc", 0.78)], "blend")
    assert metrics.one_time_buyers(figures, MONEY, 30) is None


def test_differences_to_baselines_are_written_in_words(part):
    assert part.baselines.finding == (
        "The forecast beats 3 of 4 baselines beyond chance, but not BG/NBD"
    )
    assert part.baselines.table.rows == (
        ("Base rate", "−0.210", "−0.250 to −0.170", "better; the interval excludes zero"),  # noqa: RUF001
        ("Recency rule", "−0.090", "−0.120 to −0.060", "better; the interval excludes zero"),  # noqa: RUF001
        ("RFM quartiles", "−0.060", "−0.090 to −0.030", "better; the interval excludes zero"),  # noqa: RUF001
        ("BG/NBD", "−0.030", "−0.070 to 0.010", "better, but the interval includes zero"),  # noqa: RUF001
    )


@pytest.mark.parametrize(
    ("value", "ends", "words"),
    [
        (0.02, (0.01, 0.03), "worse; the interval excludes zero"),
        (0.02, (-0.01, 0.05), "worse, but the interval includes zero"),
        (0.0, (-0.01, 0.01), "not better, but the interval includes zero"),
        (-0.02, None, "better; without an interval"),
        (-0.02, (-0.04, 0.0), "better, but the interval includes zero"),
    ],
)
def test_each_kind_of_difference_has_its_words(value, ends, words):
    assert metrics.difference_in_words(metric("blend", "x", value, ends=ends)) == words


def test_the_finding_of_a_model_that_beats_all_baselines():
    row = metric("blend", "log_loss_minus_base_rate", -0.2, ends=(-0.3, -0.1))
    told = metrics.differences_finding([("base_rate", row)])
    assert told == "The forecast beats every baseline, and the intervals exclude zero"
    assert baselines(metrics.Figures([], "blend")) is None


def test_the_threshold_of_best_f1_names_its_window(part):
    assert part.confusion.threshold == (
        "A customer is marked from a probability of 42.0%, the threshold with the best F1 on the "
        "window of 1 May 2024. A marked customer is worth contacting, but not likely to order."
    )
    assert part.confusion.sentence == (
        "73% of the marked customers ordered, and 80% of all buyers were marked"
    )


def test_the_threshold_of_cross_validation(run):
    figures = metrics.Figures([], "random_forest")
    high = replace(run, threshold=0.6)
    assert metrics.threshold_in_words(high, figures, MONEY, None) == (
        "A customer is marked from a probability of 60.0%, the threshold with the best F1 on the "
        "training windows (cross-validation)."
    )


@pytest.mark.parametrize(
    ("rows", "ending"),
    [
        ([], "a contact pays on average."),
        (
            [metric("random_forest", "contact_profit", 1234.0, ends=(1000.0, 1500.0))],
            "would have left a profit of £1,234 (95%: £1,000 to £1,500).",
        ),
        ([metric("random_forest", "contact_profit", -20.0)], "would have lost £20."),
    ],
)
def test_the_threshold_of_cost_and_benefit_names_both(run, rows, ending):
    paid = replace(
        run,
        threshold=0.1,
        threshold_rule="cost_and_benefit",
        contact_cost=0.5,
        contact_benefit=5.0,
    )
    figures = metrics.Figures(rows, "random_forest")
    told = metrics.threshold_in_words(paid, figures, MONEY, "2024-05-01")
    assert told.startswith(
        "A customer is marked from a probability of 10.0%: a contact costs £0.50, an order of a "
        "contacted customer brings £5.00, and above this threshold"
    )
    assert told.endswith(ending)


def test_cost_and_benefit_are_read_from_the_settings_of_the_run(marts, tmp_path):
    shop = read_changed(
        marts,
        tmp_path,
        "update model_runs set threshold_rule = 'cost_and_benefit',"
        """ settings = '{"contact_cost": 0.5, "contact_benefit": 5}'""",
        "insert into model_metrics values ('run-1', 'report', '2024-05-31', 'random_forest', 'all',"
        " 'contact_profit', 345.6, null, null)",
    )
    part = section.make_model_in_use(shop, MONEY)
    assert "costs £0.50" in part.confusion.threshold
    assert "a profit of £346." in part.confusion.threshold
    assert texts(part.metrics.table)[-1][:3] == (
        "Profit of contacting those marked\u00a0↑",
        "£346",
        DASH,
    )


def test_buyers_reached_are_read_from_the_gains_curve_of_the_model_in_use():
    points = [
        CurvePoint("random_forest", "gains", 0, 0.0, 0.0),
        CurvePoint("random_forest", "gains", 1, 0.2, 0.48),
        CurvePoint("random_forest", "gains", 2, 0.3, 0.6),
        CurvePoint("recency_rule", "gains", 1, 0.2, 0.9),
        CurvePoint("random_forest", "roc", 1, 0.2, 0.99),
    ]
    assert metrics.reached_by(points, "random_forest", 0.2) == (
        "Contacting the best 20% of customers reaches 48% of buyers"
    )


def test_an_interval_has_its_unit_once_and_none_where_it_is_a_point():
    lift, share = metrics.MEASURES[5], metrics.MEASURES[6]
    row = metric("blend", "x", 0.75, ends=(0.7, 0.8))
    assert lift.between(row, MONEY) == "0.70 to 0.80 ×"  # noqa: RUF001
    assert share.between(row, MONEY) == "70.0 to 80.0%"
    assert share.between(replace(row, low=0.75, high=0.75), MONEY) == ""
    assert share.between(replace(row, low=None), MONEY) == ""
