"""What the numbers say, in sentences. Rows of the marts in, text out; nothing is estimated here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reports import rows
from reports.formats import Money, capital, count, day, month, number, percent
from reports.tables import MONEY_ENTITIES, reason_in_words
from reports.withheld import Count, Figure, Withheld, known, shown, whole

ABOUT_SAME = 0.005


def change_on_before(change: Figure | None, days: int) -> str:
    """Say how far a figure of the last days moved against as many days before.

    Examples
    --------
    >>> change_on_before(0.123, 30), change_on_before(0.001, 30)
    ('Up 12% on the 30 days before', 'Unchanged against the 30 days before')
    """
    words = change_in_words(change)
    if known(change) is None:
        return words.capitalize()
    link = "against" if words == "unchanged" else "on"
    return f"{words.capitalize()} {link} the {days} days before"


def change_in_words(change: Figure | None) -> str:
    """Say how far a figure moved since the snapshot before.

    Examples
    --------
    >>> change_in_words(0.123), change_in_words(-0.5), change_in_words(0.001)
    ('up 12%', 'down 50%', 'unchanged')
    >>> change_in_words(None)
    'nothing to compare with'
    """
    if change is None:
        return "nothing to compare with"
    if isinstance(change, Withheld):
        return f"change {number(change)}"
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
        money_covered(shop.ledger, money),
    )
    told = tuple(sentence for sentence in sentences if sentence)
    return told or ("The figures are of too few customers to be shown.",)


def revenue_now(shop: rows.Shop, money: Money) -> str | None:
    """Say what came in over the last horizon and how that compares."""
    if not shop.kpis or known(shop.kpis[0].revenue_last_30_days) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"The last {days} days brought {money(now.revenue_last_30_days)} from "
        f"{count(now.active_customers, 'customer')}"
    )
    if known(now.revenue_change) is None:
        return f"{told}."
    change = change_on_before(now.revenue_change, days)
    return f"{told}, {change[:1].lower()}{change[1:]}."


def segments_carry(segments: Sequence[rows.Segment]) -> str | None:
    """Say which segment carries the revenue."""
    sized = [row for row in segments if known(row.revenue_share) is not None and row.customers]
    if not sized:
        return None
    best = max(sized, key=lambda row: (known(row.revenue_share) or 0, -row.segment_order))
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
    if Withheld.WITHHELD in (up, down):
        return None
    since = day(moves[0].from_as_of_date)
    return (
        f"Since {since}, {count(up, 'customer')} moved up a segment and {number(down)} moved down."
    )


def buyers_expected(shop: rows.Shop, money: Money) -> str | None:
    """Say how many customers are expected to order within the horizon."""
    if not shop.kpis or known(shop.kpis[0].expected_buyers) is None:
        return None
    now, days = shop.kpis[0], shop.build.horizon_days
    told = (
        f"About {number(now.expected_buyers)} of {count(now.customers_with_orders, 'customer')} "
        f"are expected to order in the next {days} days"
    )
    if known(now.revenue_at_risk):
        return f"{told}; revenue of {money(now.revenue_at_risk)} is at risk."
    return f"{told}."


def new_customers_return(return_rate: Figure | None) -> str | None:
    """Say how many new customers come back in the month after."""
    if known(return_rate) is None:
        return None
    return f"{percent(return_rate)} of new customers order again in the month after their first."


def strongest_month(months: Sequence[rows.Month], money: Money) -> str:
    """Say which finished month brought most."""
    finished = [row for row in months if row.is_complete]
    if not finished:
        return "No month is over yet"
    told = [row for row in finished if known(row.revenue) is not None]
    if not told:
        return "Every month had too few customers to be shown"
    best = max(told, key=lambda row: (known(row.revenue) or 0, row.month))
    among = _among(told, finished, "months")
    return f"{among}{month(best.month)} was the strongest month: {money(best.revenue)}"


def _among(told: Sequence[object], there: Sequence[object], what: str) -> str:
    """Say that the best is the best of those shown, where some are not."""
    return "" if len(told) == len(there) else f"Of the {what} shown, "


def largest_segment(segments: Sequence[rows.Segment]) -> str:
    """Say which segment has most customers."""
    sized = [row for row in segments if row.customers]
    if not sized:
        return "No customer is in a segment yet"
    told = [row for row in sized if known(row.customers)]
    if not told:
        return "Every segment has too few customers to be shown"
    best = max(told, key=lambda row: (known(row.customers) or 0, -row.segment_order))
    return (
        f"{_among(told, sized, 'segments')}{best.segment} is the largest segment: "
        f"{count(best.customers, 'customer')}, {percent(best.customer_share)}"
    )


def richest_segment(segments: Sequence[rows.Segment]) -> str:
    """Say which segment brings most revenue."""
    sized = [row for row in segments if row.customers and row.revenue is not None]
    if not sized:
        return "No revenue yet"
    told = [row for row in sized if known(row.revenue) is not None]
    if not told:
        return "The revenue of every segment is withheld"
    best = max(told, key=lambda row: (known(row.revenue) or 0, -row.segment_order))
    return f"{best.segment} bring {percent(best.revenue_share)} of the revenue"


def fullest_cell(cells: Sequence[rows.ScoreCell]) -> str:
    """Say which pair of scores most customers share."""
    if not cells:
        return "No customer has a score yet"
    told = [row for row in cells if known(row.customers)]
    if not told:
        return "Every pair of scores has too few customers to be shown"
    best = max(
        told, key=lambda row: (known(row.customers) or 0, row.recency_score, row.frequency_score)
    )
    largest = "The largest group" if len(told) == len(cells) else "The largest group shown"
    return (
        f"{largest} has recency {best.recency_score} and frequency {best.frequency_score}: "
        f"{count(best.customers, 'customer')}"
    )


def customers_grew(sizes: Sequence[rows.SegmentSize]) -> str:
    """Say how many customers have ordered by now, and how many more than at the snapshot before."""
    days = sorted({row.as_of_date for row in sizes})
    if len(days) < 2:
        return "There is no earlier snapshot yet"
    if any(known(row.customers) is None for row in sizes if row.as_of_date in days[-2:]):
        return f"The segments since {day(days[0])}"
    before, now = (
        sum(whole(row.customers) for row in sizes if row.as_of_date == one) for one in days[-2:]
    )
    return (
        f"{count(now, 'customer')} with an order, {number(now - before)} more than on "
        f"{day(days[-2])}"
    )


def people_moved(totals: Sequence[rows.MoveTotal]) -> str:
    """Head the matrix of moves."""
    if not totals:
        return "Nobody has moved: there is one snapshot only"
    by_direction: dict[str, Count] = {total.direction: total.customers for total in totals}
    parts = [
        f"{number(by_direction.get(direction, 0))} {word}"
        for direction, word in (
            ("up", "moved up"),
            ("down", "moved down"),
            ("same", "stayed"),
            ("new", "are new"),
        )
        if by_direction.get(direction) is not Withheld.WITHHELD
    ]
    if len(parts) < 2:
        return "Too few customers moved to say how many"
    return capital(f"{', '.join(parts[:-1])} and {parts[-1]}")


def money_moved(totals: Sequence[rows.MoveTotal], money: Money) -> str:
    """Head the flows between segments."""
    by_direction = {total.direction: total.revenue for total in totals}
    if "down" not in by_direction:
        return "No customer moved down"
    if known(by_direction["down"]) is None:
        return "From which segment to which customers moved"
    moved = next(total.customers for total in totals if total.direction == "down")
    return (
        f"{capital(count(moved, 'customer'))} moved down; so far they have spent "
        f"{money(by_direction['down'])}"
    )


def cohorts_return(return_rate: Figure | None) -> str:
    """Head the cohort heat map."""
    if isinstance(return_rate, Withheld):
        return "Too few new customers came back to say how many"
    return (new_customers_return(return_rate) or "No cohort has a second month yet").rstrip(".")


def ties(tied: Sequence[rows.Tie]) -> str:
    """Head the table of thresholds: how many customers equal somebody of another score."""
    by_measure = {row.measure: row.customers for row in tied}
    if not by_measure:
        return "No customer has a score yet"
    shared = by_measure.get("frequency", 0)
    if not shared:
        return "Equal numbers of orders have equal scores"
    return capital(
        f"{count(shared, 'customer')} ordered as often as somebody who has another score"
    )


def rows_kept(build: rows.BuildInfo, landed: Count) -> str:
    """Head the ledger."""
    if not landed:
        return "No transaction has been loaded yet"
    lines = count(landed, "transaction")
    return f"{number(build.kept_transactions)} of {lines} in the files were kept"


def money_covered(ledger: Sequence[rows.LedgerRow], money: Money) -> str | None:
    """Say for how much of the landed money the figures stand; None where nothing was left out."""
    lines = [row for row in ledger if row.entity in MONEY_ENTITIES]
    left_out = [row for row in lines if not row.is_kept and row.amount]
    if not left_out or any(known(row.amount) is None for row in lines):
        return None
    landed = sum(shown(row.amount for row in lines))
    kept = sum(shown(row.amount for row in lines if row.is_kept))
    most = max(left_out, key=lambda row: (abs(known(row.amount) or 0), row.reason))
    why = reason_in_words(most.reason)
    return (
        f"This page covers {money(kept)} of the {money(landed)} in the files; left out is "
        f"above all {money(most.amount)}: {why[:1].lower()}{why[1:]}."
    )


def moves_explained(causes: Sequence[rows.MoveCause]) -> str:
    """Say how many changed segment as they acted, stayed away, or as the cut points moved."""
    if not causes:
        return "Nobody changed segment"
    if any(known(row.customers) is None for row in causes):
        return "Why customers changed segment"
    by_cause: Counter[str] = Counter()
    for row in causes:
        by_cause[row.cause] += whole(row.customers)
    acted = by_cause["ordered"] + by_cause["returned"]
    return (
        f"{count(acted, 'customer')} changed segment as they acted, "
        f"{number(by_cause['silent'])} as they stayed away, "
        f"{number(by_cause['cut_points'])} as the cut points moved"
    )
