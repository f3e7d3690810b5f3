"""What the numbers say, in sentences. Rows of the marts in, text out; nothing is estimated here."""

from __future__ import annotations

from collections.abc import Sequence

from reports import rows
from reports.formats import Money, count, day, month, number, percent, short_day

ABOUT_SAME = 0.005


def change_since(change: float | None, earlier: str | None) -> str:
    """Say how far a figure moved, and since when.

    Examples
    --------
    >>> change_since(0.123, "2024-05-31")
    'Up 12% since 31 May 2024'
    """
    words = change_in_words(change).capitalize()
    return words if change is None else f"{words} since {short_day(earlier)}"


def change_in_words(change: float | None) -> str:
    """Say how far a figure moved since the snapshot before.

    Examples
    --------
    >>> change_in_words(0.123), change_in_words(-0.5), change_in_words(0.001)
    ('up 12%', 'down 50%', 'unchanged')
    >>> change_in_words(None)
    'no earlier figure'
    """
    if change is None:
        return "no earlier figure"
    if abs(change) < ABOUT_SAME:
        return "unchanged"
    return f"{'up' if change > 0 else 'down'} {percent(abs(change))}"


def headlines(shop: rows.Shop, money: Money) -> tuple[str, ...]:
    """Return the findings that open the page, the most important first."""
    if not shop.build.scored_customers:
        return ("There are no customers with an order yet: load a file with sales to begin.",)
    sentences = (
        revenue_now(shop, money),
        segments_carry(shop.segments),
        customers_moved(shop.move_totals, shop.moves),
        buyers_expected(shop, money),
        new_customers_return(shop.return_rate),
    )
    return tuple(sentence for sentence in sentences if sentence)


def revenue_now(shop: rows.Shop, money: Money) -> str | None:
    """Say what came in over the last horizon and how that compares."""
    if not shop.kpis:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"The last {days} days brought {money(now.revenue_last_30_days)} from "
        f"{count(now.active_customers, 'customer')}"
    )
    if now.revenue_change is None:
        return f"{told}."
    change = change_in_words(now.revenue_change)
    return (
        f"{told}, {change} {'against' if change == 'unchanged' else 'on'} the {days} days before."
    )


def segments_carry(segments: Sequence[rows.Segment]) -> str | None:
    """Say which segment carries the revenue."""
    sized = [row for row in segments if row.revenue_share is not None and row.customers]
    if not sized:
        return None
    best = max(sized, key=lambda row: (row.revenue_share or 0, -row.segment_order))
    return (
        f"{best.segment} are {percent(best.customer_share)} of the customers and bring "
        f"{percent(best.revenue_share)} of the revenue."
    )


def customers_moved(totals: Sequence[rows.MoveTotal], moves: Sequence[rows.Move]) -> str | None:
    """Say how many customers moved up and down between the last two snapshots."""
    if not moves:
        return None
    by_direction = {total.direction: total.customers for total in totals}
    up, down = by_direction.get("up", 0), by_direction.get("down", 0)
    since = day(moves[0].from_as_of_date)
    return (
        f"Since {since}, {count(up, 'customer')} moved up a segment and {number(down)} moved down."
    )


def buyers_expected(shop: rows.Shop, money: Money) -> str | None:
    """Say how many customers are expected to order within the horizon."""
    if not shop.kpis or shop.kpis[0].expected_buyers is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"About {number(now.expected_buyers)} of {count(now.customers_with_orders, 'customer')} "
        f"are expected to order in the next {days} days"
    )
    if now.revenue_at_risk:
        return f"{told}; revenue of {money(now.revenue_at_risk)} is at risk."
    return f"{told}."


def new_customers_return(return_rate: float | None) -> str | None:
    """Say how many new customers come back in the month after."""
    if return_rate is None:
        return None
    return f"{percent(return_rate)} of new customers order again in the month after their first."


def strongest_month(months: Sequence[rows.Month], money: Money) -> str:
    """Say which finished month brought most."""
    finished = [row for row in months if row.is_complete]
    if not finished:
        return "No month is over yet"
    best = max(finished, key=lambda row: (row.revenue, row.month))
    return f"{month(best.month)} was the strongest month: {money(best.revenue)}"


def largest_segment(segments: Sequence[rows.Segment]) -> str:
    """Say which segment has most customers."""
    sized = [row for row in segments if row.customers]
    if not sized:
        return "No customer is in a segment yet"
    best = max(sized, key=lambda row: (row.customers, -row.segment_order))
    return (
        f"{best.segment} is the largest segment: {count(best.customers, 'customer')}, "
        f"{percent(best.customer_share)}"
    )


def richest_segment(segments: Sequence[rows.Segment]) -> str:
    """Say which segment brings most revenue."""
    sized = [row for row in segments if row.customers and row.revenue is not None]
    if not sized:
        return "No revenue yet"
    best = max(sized, key=lambda row: (row.revenue or 0, -row.segment_order))
    return f"{best.segment} bring {percent(best.revenue_share)} of the revenue"


def fullest_cell(cells: Sequence[rows.ScoreCell]) -> str:
    """Say which pair of scores most customers share."""
    if not cells:
        return "No customer has a score yet"
    best = max(cells, key=lambda row: (row.customers, row.recency_score, row.frequency_score))
    return (
        f"Most customers share recency {best.recency_score} and frequency {best.frequency_score}: "
        f"{number(best.customers)}"
    )


def segment_grew(sizes: Sequence[rows.SegmentSize], segments: Sequence[rows.Segment]) -> str:
    """Say how the best segment changed from the first snapshot to the last."""
    if not sizes or not segments:
        return "There is no earlier snapshot yet"
    own = [row for row in sizes if row.segment == segments[0].segment]
    if len(own) < 2:
        return "There is no earlier snapshot yet"
    first, last = own[0], own[-1]
    return (
        f"{first.segment} went from {number(first.customers)} to "
        f"{count(last.customers, 'customer')} since {day(first.as_of_date)}"
    )


def people_moved(totals: Sequence[rows.MoveTotal]) -> str:
    """Head the matrix of moves."""
    if not totals:
        return "Nobody has moved: there is one snapshot only"
    by_direction = {total.direction: total.customers for total in totals}
    parts = [
        f"{number(by_direction.get(direction, 0))} {word}"
        for direction, word in (
            ("up", "moved up"),
            ("down", "moved down"),
            ("same", "stayed"),
            ("new", "are new"),
        )
    ]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def money_moved(totals: Sequence[rows.MoveTotal], money: Money) -> str:
    """Head the flows between segments."""
    by_direction = {total.direction: total.revenue for total in totals}
    if "down" not in by_direction:
        return "No customer moved down"
    return f"Customers who spent {money(by_direction['down'])} so far moved down"


def cohorts_return(return_rate: float | None) -> str:
    """Head the cohort heat map."""
    return (new_customers_return(return_rate) or "No cohort has a second month yet").rstrip(".")


def ties(tied: Sequence[rows.Tie]) -> str:
    """Head the table of thresholds: how many customers equal somebody of another score."""
    by_measure = {row.measure: row.customers for row in tied}
    if not by_measure:
        return "No customer has a score yet"
    shared = by_measure.get("frequency", 0)
    if not shared:
        return "Equal numbers of orders have equal scores"
    return f"{count(shared, 'customer')} share their number of orders across scores"


def rows_kept(build: rows.BuildInfo, landed: int) -> str:
    """Head the ledger."""
    if not landed:
        return "No transaction has been loaded yet"
    return f"{number(build.kept_transactions)} of {count(landed, 'landed transaction')} were kept"
