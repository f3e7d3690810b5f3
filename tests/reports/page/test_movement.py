"""The movement section: its findings and heat maps."""

from __future__ import annotations

from reports.formatting import DASH, Money
from reports.marts.segments import Cohort, Move, MoveCause, MoveTotal, Segment
from reports.page.movement import causes, cohorts, moves

MONEY = Money("GBP")


def segment(name, order):
    figures = [None] * 7
    return Segment(name, order, "#0f766e", 1, *figures, "Thank them")


def test_moves_are_counted_in_words():
    totals = [MoveTotal("up", 1, 5.0), MoveTotal("down", 1200, 7.5)]
    found = [Move("2024-05-31", "2024-06-30", "Lost", "Loyal", 1, 5.0, "up")]
    assert moves.customers_moved(totals, found) == (
        "Since 31 May 2024, 1 customer moved up a segment and 1,200 moved down."
    )
    assert moves.people_moved(totals) == ("1 moved up, 1,200 moved down, 0 stayed and 0 are new")
    assert moves.money_moved(totals, MONEY) == (
        "1,200 customers moved down; so far they have spent £8"
    )


def test_causes_are_counted_in_words():
    found = [
        MoveCause("ordered", "up", 1, 1.0),
        MoveCause("returned", "down", 2, 1.0),
        MoveCause("silent", "down", 4, 1.0),
    ]
    assert causes.moves_explained(found) == (
        "3 customers changed segment by ordering or returning, 4 by not ordering, 0 because "
        "thresholds changed"
    )
    assert causes.moves_explained([]) == "All customers stayed in their segment"


def test_a_cell_without_moves_has_a_dash():
    move = Move("2024-05-31", "2024-06-30", "Lost", "Champions", 3, 9.0, "up")
    grid = moves.moves_heat_map([move], [segment("Champions", 1), segment("Lost", 2)], MONEY)
    assert [name for name, _ in grid.rows] == ["Champions", "Lost"]
    assert [[cell.text for cell in cells] for _, cells in grid.rows] == [[DASH, DASH], ["3", DASH]]
    assert grid.rows[1][1][0].title == "3 customers from Lost to Champions, revenue £9"


def test_a_cohort_marks_the_incomplete_month():
    found = [
        Cohort("2024-05-01", 0, 10, 10, 1.0, 5.0, 1),
        Cohort("2024-05-01", 1, 10, 4, 0.4, 5.0, 0),
    ]
    grid = cohorts.retention_heat_map(found)
    assert [cell.text for cell in grid.rows[0][1]] == ["10", "40%*"]
