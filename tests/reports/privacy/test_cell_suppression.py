"""Published counts and totals disclose no suppressed count."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from reports.marts import reader
from reports.marts.shop import read_shop
from reports.marts.suppressed import THRESHOLD, Suppressed, is_small
from reports.privacy.cell_suppression import Sum, suppress_cells
from reports.privacy.counts import shop_counts, shop_sums

SMALL, WITHHELD = Suppressed.SMALL, Suppressed.WITHHELD


def read(path):
    with reader.open_marts(path) as connection:
        return read_shop(connection)


def feasible_ranges(counts, sums, labels):
    """Return the least and the greatest value of each suppressed count, by integer programming.

    A reader knows the published counts, every sum, and the meaning of the labels.
    """
    if not labels:
        return {}
    hidden = list(labels)
    place = {key: number for number, key in enumerate(hidden)}
    # Where a small count is labelled WITHHELD, this label does not bound the size.
    least = 1 if any(labels[key] is WITHHELD and is_small(counts[key]) for key in hidden) else 5
    low = [1 if labels[key] is SMALL else least for key in hidden]
    high = [4 if labels[key] is SMALL else np.inf for key in hidden]
    lines = np.zeros((len(sums), len(hidden)))
    for number, one in enumerate(sums):
        for key, sign in one.signs():
            if key in place:
                lines[number, place[key]] += sign
    totals = lines @ [counts[key] for key in hidden]

    def end(key, sign):
        aim = np.zeros(len(hidden))
        aim[place[key]] = sign
        found = milp(
            aim,
            constraints=LinearConstraint(lines, totals, totals),
            bounds=Bounds(low, high),
            integrality=np.ones(len(hidden)),
        )
        return None if found.x is None else round(found.x[place[key]])

    return {key: (end(key, 1), end(key, -1)) for key in hidden}


def disclosed(counts, sums, labels):
    return [
        key for key, (low, high) in feasible_ranges(counts, sums, labels).items() if low == high
    ]


@st.composite
def tables(draw):
    """Draw tables with known marginal totals and many small cells."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    sizes = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 60))
    cells = {
        ("cell", row, column): draw(sizes) for row, column in product(range(rows), range(columns))
    }
    # A shop below the threshold publishes no counts at all.
    assume(not is_small(sum(cells.values())))
    across = [tuple(key for key in cells if key[1] == row) for row in range(rows)]
    down = [tuple(key for key in cells if key[2] == column) for column in range(columns)]
    totals = {
        (name, place): sum(cells[key] for key in line)
        for name, lines in (("row", across), ("column", down))
        for place, line in enumerate(lines)
    }
    sums = [
        Sum(line, ((name, place),))
        for name, lines in (("row", across), ("column", down))
        for place, line in enumerate(lines)
    ]
    sums += [Sum(tuple(key for key in totals if key[0] == name)) for name in ("row", "column")]
    return {**cells, **totals}, sums


@settings(max_examples=60, deadline=None)
@given(tables())
def test_marginal_totals_disclose_no_suppressed_count(table):
    counts, sums = table
    labels = suppress_cells(counts, sums)
    if labels is None:
        return
    assert {key for key, customers in counts.items() if is_small(customers)} <= set(labels)
    assert not disclosed(counts, sums, labels)
    for one in sums:
        if not set(one.total) & set(labels):
            assert not is_small(sum(counts[key] for key in one.parts if key in labels))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_without_small_counts_is_published_in_full(table):
    counts, sums = table
    larger = {key: customers and customers + THRESHOLD for key, customers in counts.items()}
    assert suppress_cells(larger, sums) == {}


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        pytest.param(
            [3, 20, 9, 40],
            [SMALL, None, WITHHELD, None],
            id="secondary suppression of the smallest",
        ),
        pytest.param([3, 2, 20], [SMALL, SMALL, None], id="two small counts protect each other"),
        pytest.param(
            [1, 2, 20], [SMALL, SMALL, WITHHELD], id="two small counts below the threshold together"
        ),
        pytest.param(
            [1, 1, 1, 7],
            [SMALL, SMALL, SMALL, WITHHELD],
            id="three small counts below the threshold together",
        ),
        pytest.param([0, 3, 20, 9], [None, SMALL, None, WITHHELD], id="zero is published"),
        pytest.param([1, 5], [WITHHELD, WITHHELD], id="labels that would disclose are not used"),
        pytest.param(
            [4, 4, 0],
            [WITHHELD, WITHHELD, None],
            id="labels that would disclose equal counts are not used",
        ),
    ],
)
def test_a_known_total_causes_secondary_suppression(customers, expected):
    counts = dict(enumerate(customers))
    labels = suppress_cells(counts, [Sum(tuple(counts))])
    assert [labels.get(key) for key in counts] == expected


def test_secondary_suppression_takes_the_cells_with_the_fewest_customers():
    # By hand: 4 at the top left needs a rectangle; 30, 20 and 50 hold fewer than any other three.
    rows = [[4, 30, 90], [50, 70, 80], [20, 60, 95]]
    counts = {(r, c): rows[r][c] for r, c in product(range(3), range(3))}
    sums = [Sum(tuple((r, c) for c in range(3))) for r in range(3)]
    sums += [Sum(tuple((r, c) for r in range(3))) for c in range(3)]
    labels = suppress_cells(counts, sums)
    assert labels == {(0, 0): SMALL, (0, 1): WITHHELD, (2, 0): WITHHELD, (2, 1): WITHHELD}


def test_without_totals_only_small_counts_are_suppressed():
    assert suppress_cells({"a": 3, "b": 7}, []) == {"a": SMALL}


def test_counts_that_cannot_be_protected_are_reported():
    assert suppress_cells({"a": 3, "b": 0}, [Sum(("a", "b"))]) is None


@pytest.mark.parametrize("name", ["marts", "large_marts"])
def test_the_sums_of_a_shop_disclose_no_suppressed_count(request, name):
    shop = read(request.getfixturevalue(name))
    counts = shop_counts(shop)
    sums = shop_sums(shop, counts)
    labels = suppress_cells(counts, sums)
    assert labels
    assert len(sums) > 50
    assert not disclosed(counts, sums, labels)
