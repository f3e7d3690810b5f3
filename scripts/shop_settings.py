"""Settings of one shop: `settings.yml` of its data folder, validated by the rules of dbt."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from reports.site.atomic_write import replaced
from scripts.errors import TillsightError

FILE_NAME = "settings.yml"
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})([.][0-9]{1,18})?")
_INTRODUCTION = """\
# Settings of this shop. To change one, remove the # in front of it and run 'tillsight run'.
# Plain dbt reads them with --vars "$(cat settings.yml)", if at least one has no # in front of it.
"""


@dataclass(frozen=True)
class Rule:
    """Meaning and allowed values of a setting, as `macros/rules/settings.sql` defines them."""

    meaning: str
    kind: str
    allowed: str
    optional: bool = False
    pattern: str = ""
    least: float = 0
    most: float = 0

    def allows(self, value: object) -> bool:
        """Return whether a setting may have this value."""
        if value is None:
            return self.optional
        if self.kind == "text":
            return isinstance(value, str) and bool(re.fullmatch(self.pattern, value))
        if self.kind == "date":
            return isinstance(value, str) and is_date(value)
        if self.kind == "whole" and not isinstance(value, int):
            return False
        return isinstance(value, int | float) and self.least <= value <= self.most


@dataclass(frozen=True)
class Entry:
    """A setting of a file: its value, and the file, line and spelling for messages.

    `value` is a `yaml.Node` where the file holds anything but a text, a decimal number or null.
    """

    key: str
    value: object
    file: Path
    line: int
    spelling: str

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}, line {self.line}"


def read_rules(dbt_dir: Path) -> dict[str, Rule]:
    """Return the rule of each setting, from the macro of the dbt project that holds them."""
    macro = (dbt_dir / "macros" / "rules" / "settings.sql").read_text(encoding="utf-8")
    _, _, rest = macro.partition("{%- set rules -%}")
    rules, _, _ = rest.partition("{%- endset -%}")
    return {key: Rule(**rule) for key, rule in json.loads(rules).items()}


def read_overrides(data_dir: Path, dbt_dir: Path) -> dict[str, object]:
    """Return the settings of a shop that differ from the defaults of the dbt project.

    Parameters
    ----------
    data_dir : Path
        The data folder; `settings.yml` need not exist.
    dbt_dir : Path
        The dbt project, with the defaults and the rules.

    Returns
    -------
    dict
        Values by name, ready to be given to dbt as variables.

    Raises
    ------
    TillsightError
        If a file is not readable as settings, or values are not allowed; reports all of them.
    """
    rules, defaults = read_rules(dbt_dir), _defaults(dbt_dir)
    file = data_dir / FILE_NAME
    own = _entries(file, _root(file), rules) if file.exists() else []
    faults = [*_unknown_keys(own, rules), *_duplicate_keys(own)]
    entries = {**defaults, **{entry.key: entry for entry in own if entry.key in rules}}
    faults += _wrong_values(entries, rules)
    if not faults:
        faults += _wrong_combinations(entries, own_file=file)
    if faults:
        raise TillsightError(" ".join(faults))
    return {entry.key: entry.value for entry in own if entry.value != defaults[entry.key].value}


def write_template(data_dir: Path, dbt_dir: Path) -> None:
    """Write `settings.yml` with the defaults, commented out, unless the data folder has one."""
    file = data_dir / FILE_NAME
    if file.exists():
        return
    defaults = _defaults(dbt_dir)
    with replaced(file) as opened:
        opened.write(_INTRODUCTION)
        for key, rule in read_rules(dbt_dir).items():
            comment = "" if key == "shop_name" else "# "
            opened.write(
                f"\n# {rule.meaning} Allowed: {rule.allowed}.\n"
                f"{comment}{key}: {defaults[key].spelling}\n"
            )


def is_date(text: str) -> bool:
    """Return whether a text is a day from 1900 to 2199, written YYYY-MM-DD."""
    if not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# --- reading YAML with line numbers


def _defaults(dbt_dir: Path) -> dict[str, Entry]:
    """Return the vars of `dbt_project.yml`."""
    file = dbt_dir / "dbt_project.yml"
    project = _root(file)
    pairs = project.value if isinstance(project, yaml.MappingNode) else []
    found = next((value for key, value in pairs if key.value == "vars"), None)
    return {entry.key: entry for entry in _entries(file, found, read_rules(dbt_dir))}


def _root(file: Path) -> yaml.Node | None:
    """Parse a file into YAML nodes, which know their lines; None where it has only comments."""
    content = file.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TillsightError(
            f"{file}, line {line}: the text is not UTF-8; save it as UTF-8"
        ) from None
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise TillsightError(f"{file}: {_EXPECTED}") from None
    except yaml.YAMLError as error:
        raise TillsightError(_syntax_fault(file, text, error)) from None
    return root


_EXPECTED = "each line must be a setting like 'horizon_days: 30' or a comment"


def _syntax_fault(file: Path, text: str, error: yaml.YAMLError) -> str:
    """Return a sentence with the line in which YAML became unreadable."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{file}, line {line}: a control character; delete it"
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = str(getattr(error, "problem", None) or "not YAML")
    if r"'\t'" in problem:
        return f"{file}, line {line}: a tab; use spaces"
    return (
        f"{file}, line {line}: {problem}; {_EXPECTED}, and a text with special characters must be "
        "in quotes"
    )


def _entries(file: Path, node: yaml.Node | None, rules: Mapping[str, Rule]) -> list[Entry]:
    """Return the settings of a mapping, in the order of the file."""
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise TillsightError(f"{file}, line {node.start_mark.line + 1}: {_EXPECTED}")
    return [
        Entry(
            key=key.value if isinstance(key, yaml.ScalarNode) else _spelling(key),
            value=_value(value, rules.get(str(key.value))),
            file=file,
            line=key.start_mark.line + 1,
            spelling=_spelling(value),
        )
        for key, value in node.value
    ]


def _value(node: yaml.Node, rule: Rule | None) -> object:
    """Return a text, a decimal number or None; the node itself for anything else."""
    if not isinstance(node, yaml.ScalarNode):
        return node
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "str" or (kind == "timestamp" and rule and rule.kind == "date"):
        return node.value
    if kind in {"int", "float"} and _NUMBER.fullmatch(node.value):
        return json.loads(node.value)
    return node


def _spelling(node: yaml.Node) -> str:
    """Return how a value is written in the file, shortened."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
    text = str(node.value) if len(node.value) <= 60 else f"{node.value[:60]}…"
    if node.style:
        return json.dumps(text, ensure_ascii=False)
    return text or "empty"


# --- sentences


def _unknown_keys(own: list[Entry], rules: Mapping[str, Rule]) -> Iterator[str]:
    for entry in own:
        if entry.key not in rules:
            near = difflib.get_close_matches(entry.key, rules, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"the settings are {', '.join(rules)}."
            yield f"{entry.place}: there is no setting '{entry.key}'; {hint}"


def _duplicate_keys(own: list[Entry]) -> Iterator[str]:
    first: dict[str, Entry] = {}
    for entry in own:
        if first.setdefault(entry.key, entry) is not entry:
            yield (
                f"{entry.place}: {entry.key} is set already in line {first[entry.key].line}; "
                "delete one of them."
            )


def _wrong_values(entries: Mapping[str, Entry], rules: Mapping[str, Rule]) -> Iterator[str]:
    for key, rule in rules.items():
        entry = entries[key]
        if not rule.allows(entry.value):
            yield _fault(entry, rule.allowed + _hint(entry, rule))


def _hint(entry: Entry, rule: Rule) -> str:
    """Return what to do about quotes, where they are the whole fault."""
    if isinstance(entry.value, str):
        is_quoted_number = rule.kind in {"whole", "number"} and _NUMBER.fullmatch(entry.value)
        return ", without quotes" if is_quoted_number else ""
    is_text = entry.value is not None and re.fullmatch(rule.pattern, entry.spelling)
    return ", in quotes" if rule.kind == "text" and is_text else ""


def _wrong_combinations(entries: Mapping[str, Entry], own_file: Path) -> Iterator[str]:
    """Yield a sentence for each pair of settings that excludes each other.

    The sentence names the setting that `settings.yml` holds, where the other is a default.
    """

    def blamed(first: Entry, second: Entry, relation: str, opposite: str) -> str:
        if first.file != own_file and second.file == own_file:
            first, second, relation = second, first, opposite
        return _fault(first, f"{relation} {second.key}, which is {second.spelling}")

    for upper, lower in (("champions_from", "loyal_from"), ("loyal_from", "at_risk_from")):
        high, low = entries[upper], entries[lower]
        if _number(high) <= _number(low):
            yield blamed(high, low, "above", "below")
    cost, benefit = entries["contact_cost"], entries["contact_benefit"]
    if (cost.value is None) != (benefit.value is None):
        yield blamed(cost, benefit, "null or a number like", "null or a number like")
    elif cost.value is not None and _number(cost) >= _number(benefit):
        yield blamed(cost, benefit, "below", "above")


def _number(entry: Entry) -> float:
    if not isinstance(entry.value, int | float):
        raise TypeError(f"{entry.key} is not a number")
    return entry.value


def _fault(entry: Entry, allowed: str) -> str:
    return f"{entry.place}: {entry.key} is {entry.spelling}; it must be {allowed}."
