"""No total gives away a count that is withheld."""

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


def reach(counts, sums, words):
    """Return the least and the most that each withheld count can be, by integer programming.

    A reader knows what is shown, every sum, and what the words say.
    """
    if not words:
        return {}
    hidden = list(words)
    place = {key: number for number, key in enumerate(hidden)}
    # Where a small count is not called one, the other word tells nothing of the size.
    least = 1 if any(words[key] is WITHHELD and is_small(counts[key]) for key in hidden) else 5
    low = [1 if words[key] is SMALL else least for key in hidden]
    high = [4 if words[key] is SMALL else np.inf for key in hidden]
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


def given_away(counts, sums, words):
    return [key for key, (low, high) in reach(counts, sums, words).items() if low == high]


@st.composite
def tables(draw):
    """Rows and columns of customers whose totals a reader knows; few customers in many cells."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    sizes = st.one_of(st.just(0), st.integers(1, 9), st.integers(1, 60))
    cells = {
        ("cell", row, column): draw(sizes) for row, column in product(range(rows), range(columns))
    }
    # Of a shop that is small itself nothing is shown at all.
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
def test_no_withheld_count_of_a_table_can_be_worked_out_from_its_totals(table):
    counts, sums = table
    words = suppress_cells(counts, sums)
    if words is None:
        return
    assert {key for key, customers in counts.items() if is_small(customers)} <= set(words)
    assert not given_away(counts, sums, words)
    for one in sums:
        if not set(one.total) & set(words):
            assert not is_small(sum(counts[key] for key in one.parts if key in words))


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_without_small_counts_is_shown_whole(table):
    counts, sums = table
    larger = {key: customers and customers + THRESHOLD for key, customers in counts.items()}
    assert suppress_cells(larger, sums) == {}


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        pytest.param([3, 20, 9, 40], [SMALL, None, WITHHELD, None], id="the smallest neighbour"),
        pytest.param([3, 2, 20], [SMALL, SMALL, None], id="two small ones hide each other"),
        pytest.param([1, 2, 20], [SMALL, SMALL, WITHHELD], id="but not if both are a small group"),
        pytest.param([1, 1, 1, 7], [SMALL, SMALL, SMALL, WITHHELD], id="nor if they are three"),
        pytest.param([0, 3, 20, 9], [None, SMALL, None, WITHHELD], id="nobody is shown"),
        pytest.param([1, 5], [WITHHELD, WITHHELD], id="words that would tell are not said"),
        pytest.param([4, 4, 0], [WITHHELD, WITHHELD, None], id="nor these"),
    ],
)
def test_a_neighbour_is_withheld_where_the_total_is_known(customers, expected):
    counts = dict(enumerate(customers))
    words = suppress_cells(counts, [Sum(tuple(counts))])
    assert [words.get(key) for key in counts] == expected


def test_the_neighbours_are_those_with_the_fewest_customers_together():
    # By hand: 4 at the top left needs a rectangle; 30, 20 and 50 hold fewer than any other three.
    rows = [[4, 30, 90], [50, 70, 80], [20, 60, 95]]
    counts = {(r, c): rows[r][c] for r, c in product(range(3), range(3))}
    sums = [Sum(tuple((r, c) for c in range(3))) for r in range(3)]
    sums += [Sum(tuple((r, c) for r in range(3))) for c in range(3)]
    words = suppress_cells(counts, sums)
    assert words == {(0, 0): SMALL, (0, 1): WITHHELD, (2, 0): WITHHELD, (2, 1): WITHHELD}


def test_without_totals_only_small_counts_are_withheld():
    assert suppress_cells({"a": 3, "b": 7}, []) == {"a": SMALL}


def test_counts_that_nothing_can_hide_are_said_to_be_so():
    assert suppress_cells({"a": 3, "b": 0}, [Sum(("a", "b"))]) is None


@pytest.mark.parametrize("name", ["marts", "large_marts"])
def test_nothing_that_a_reader_adds_up_gives_a_group_of_the_shop_away(request, name):
    shop = read(request.getfixturevalue(name))
    counts = shop_counts(shop)
    sums = shop_sums(shop, counts)
    words = suppress_cells(counts, sums)
    assert words
    assert len(sums) > 50
    assert not given_away(counts, sums, words)
