"""Apply the disclosure rules that the fields of `Shop` and of its row classes declare. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from reports.errors import ReportError
from reports.marts.shop import Shop, row_class_of
from reports.marts.suppressed import Count, Rule, Suppressed
from reports.privacy.cell_suppression import Labels

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")
Name = tuple[str | int | None, ...]


def rules_of(row_class: type) -> Mapping[str, Rule]:
    """Return the rule of each field of a row class; fields that hold rows are left out.

    Raises
    ------
    ReportError
        If a field declares no rule, or a rule names an unknown field or a source that is no cell.
    """
    hints = get_type_hints(row_class, include_extras=True)
    found: dict[str, Rule] = {}
    for name in (name for name, hint in hints.items() if row_class_of(hint) is None):
        rules = [note for note in get_args(hints[name]) if isinstance(note, Rule)]
        if len(rules) != 1:
            raise ReportError(
                f"The field {name} of {row_class.__name__} declares {len(rules)} disclosure rules; "
                "declare one of those in reports/marts/suppressed.py, so that the public page "
                "discloses no small group."
            )
        found[name] = rules[0]
    cells = {name for name, rule in found.items() if rule.cell}
    for name, rule in found.items():
        unknown = {part for part in rule.cell[1:] if isinstance(part, str)} - set(found)
        unknown |= set(rule.sources) - cells
        if unknown:
            raise ReportError(
                f"The disclosure rule of {name} of {row_class.__name__} depends on "
                f"{', '.join(sorted(unknown))}: no field, or no cell, of this class."
            )
    return found


def row_classes(shop_class: type[Shop]) -> dict[str, type]:
    """Return the row class of each field that holds rows."""
    hints = get_type_hints(shop_class, include_extras=True)
    found = {field.name: row_class_of(hints[field.name]) for field in fields(shop_class)}
    return {name: row_class for name, row_class in found.items() if row_class is not None}


@dataclass(frozen=True)
class Context:
    """The shop as read, the labels of its suppressed cells, and whether too few customers order.

    `is_tiny` means that cell suppression cannot protect the counts: all of them are suppressed.
    """

    shop: Shop
    labels: Labels
    is_tiny: bool


@dataclass(frozen=True)
class SpecialRule:
    """A function that decides about the special fields of a row class.

    Attributes
    ----------
    fields : tuple of str
        The special fields of the class: all of them.
    suppress : callable
        Given the rows after `apply_rules` and the context; returns the rows to publish.
    """

    fields: tuple[str, ...]
    suppress: Callable[[tuple[Any, ...], Context], tuple[Any, ...]]


def check_rules(shop_class: type[Shop], special: Mapping[type, SpecialRule]) -> None:
    """Check that every field of the shop and of its rows has a rule.

    Parameters
    ----------
    shop_class : type
        `Shop`, or a class derived from it.
    special : mapping of type to SpecialRule
        The functions for special fields.

    Raises
    ------
    ReportError
        If a field has no rule, or is special but no function decides about it.
    """
    for row_class in (shop_class, *row_classes(shop_class).values()):
        decided = {
            name for one in row_class.__mro__ if one in special for name in special[one].fields
        }
        declared = {name for name, rule in rules_of(row_class).items() if rule.is_special}
        for name in sorted(declared ^ decided):
            raise ReportError(
                f"The field {name} of {row_class.__name__} is special, but reports/privacy has no "
                "function for it, or the other way round. Change both together."
            )


def declared_counts(shop: Shop) -> Iterator[tuple[Name, Count | None]]:
    """Yield the name and the value of every cell, in the order of the fields of the shop."""
    classes, own_rules = row_classes(type(shop)), rules_of(type(shop))
    for name in (field.name for field in fields(shop)):
        if name in classes:
            rules = rules_of(classes[name])
            for row in rows_of(getattr(shop, name)):
                yield from _cells(row, rules)
        else:
            yield from _cells(shop, {name: own_rules[name]})


def _cells(row: object, rules: Mapping[str, Rule]) -> Iterator[tuple[Name, Count | None]]:
    for name, rule in rules.items():
        if is_cell(rule, row):
            yield cell_name(rule, row), getattr(row, name)


def rows_of(held: Any) -> tuple[Any, ...]:
    """Return the rows of a field of the shop, which holds a tuple of rows or one row."""
    return held if isinstance(held, tuple) else (held,)


def is_cell(rule: Rule, row: object) -> bool:
    """Return whether a field of this row is a cell."""
    return bool(rule.cell) and (rule.applies is None or rule.applies(row))


def cell_name(rule: Rule, row: object) -> Name:
    """Return the name of a cell: its kind, then the values of its fields."""
    kind, *by = rule.cell
    return (kind, *(getattr(row, part) if isinstance(part, str) else part for part in by))


def apply_rules(row: Row, rules: Mapping[str, Rule], labels: Labels) -> Row:
    """Replace suppressed cells of a row by their labels, and withhold what derives from them.

    Parameters
    ----------
    row : dataclass instance
        A row, or the shop for its fields that hold no rows.
    rules : mapping of str to Rule
        The rule of each field, as `rules_of` returns them.
    labels : mapping of tuple to Suppressed
        Label of each suppressed cell by its name.
    """
    given = {name: rule for name, rule in rules.items() if getattr(row, name) is not None}
    changed = {
        name: labels[cell_name(rule, row)]
        for name, rule in given.items()
        if is_cell(rule, row) and cell_name(rule, row) in labels
    }
    suppressed = set(changed)
    for name, rule in given.items():
        if rule.is_never_public or suppressed.intersection(rule.sources):
            changed.setdefault(name, Suppressed.WITHHELD)
    return replace(row, **dict[str, Any](changed)) if changed else row
