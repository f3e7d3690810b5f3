"""Everything that stands on the page, as finished text and figures. Pure.

Rows of the marts in, one `Page` out. The templates print it and compute nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports import charts, findings, heatmaps, move_charts, rows, sources, tables
from reports.formats import (
    DASH,
    Money,
    count,
    day,
    month,
    number,
    percent,
    public_id,
    short_day,
    slug,
    without_email,
)
from reports.lineage import draw_lineage
from reports.model_history import track_record
from reports.model_part import make_model_part, runs_table, unavailable
from reports.overview import definitions, kpi_cards
from reports.page import Chart, CustomerLine, ExportLink, Page, SegmentLine, make_chart
from reports.plays import make_plays
from reports.withheld import NOTE, Figure, known

SCORING = {
    "ntile": "Quarters of equal size (ntile)",
    "rank": "Quarters that keep equals together (rank)",
}
EQUALS_CUT = (
    " Of customers with equally many orders the more recent score higher, so some cells stay empty."
)
NOT_DRAWN = " What is withheld is not drawn."
RETURN_DAYS = {"return": "their own day", "order": "the day of the order"}
EXPORT_COLUMNS = "id, name, e-mail, segment, score and probability"


def make_page(shop: rows.Shop, first_customers: Sequence[rows.Customer]) -> Page:
    """Assemble the page.

    Parameters
    ----------
    shop : Shop
        What `queries.read_shop` returns.
    first_customers : sequence of Customer
        The customers that stand in the page itself, highest spend first.

    Returns
    -------
    Page
        Finished text, tables and figures.
    """
    build, money = shop.build, Money(shop.build.reporting_currency)
    has_scores = build.scored_customers != 0
    message = unavailable(shop.model_runs)
    return Page(
        shop_name=build.shop_name or "Your shop",
        as_of=f"as of {day(build.as_of_date)}" if build.as_of_date else "before the first sale",
        period=_period(build),
        size=_size(build),
        tests_chip=tables.tests_chip(build),
        horizon=f"{build.horizon_days} days",
        currency=money.prefix,
        headlines=findings.headlines(shop, money),
        kpis=kpi_cards(shop, money) if has_scores else (),
        definitions=definitions(build.horizon_days),
        privacy_note=NOTE if shop.is_public else "",
        monthly=_monthly(shop, money),
        segment_charts=_segment_charts(shop, money) if has_scores else (),
        segments=tuple(_segment_line(row, money, has_csv=True) for row in shop.segments),
        segment_details=tuple(
            _segment_line(row, money, has_csv=False) for row in shop.segment_details
        ),
        score_finding=findings.fullest_cell(shop.score_cells),
        score_note=EQUALS_CUT if build.scoring_method == "ntile" else "",
        score_grid=heatmaps.score_grid(shop.score_cells, money) if has_scores else (),
        score_table=tables.score_cells_table(shop.score_cells, money),
        moves_finding=findings.people_moved(shop.move_totals),
        moves_caption=_moves_caption(shop.moves),
        moves=heatmaps.moves_grid(shop.moves, shop.segments, money) if shop.moves else None,
        movement_charts=_movement_charts(shop, money) if has_scores else (),
        cohorts_finding=findings.cohorts_return(shop.return_rate),
        cohorts=heatmaps.cohorts_grid(shop.cohorts) if shop.cohorts else None,
        plays=make_plays(shop, money),
        customers=tuple(_customer_line(row, shop, money) for row in first_customers),
        customer_count=number(build.customers),
        countries=tuple(map(without_email, shop.countries)),
        has_predictions=shop.predictions > 0,
        has_scores=has_scores,
        model=None if message else make_model_part(shop, money),
        model_message=message,
        model_runs=runs_table(shop.model_runs),
        track_record=track_record(shop),
        exports=_exports(shop),
        ledger=tables.ledger_table(shop.ledger, money, by_source=False),
        ledger_by_source=tables.ledger_table(shop.ledger_by_source, money, by_source=True),
        returns_note=_returns_note(shop, money),
        data_tests=tables.data_tests_table(shop.data_tests),
        ledger_finding=findings.rows_kept(shop.build, shop.landed_transactions),
        thresholds=tables.thresholds_table(shop.thresholds, money),
        ties=findings.ties(shop.ties),
        build_fingerprint=build.build_fingerprint,
        facts=_facts(build),
        column_docs=tables.column_docs_table(shop.column_docs),
        lineage=draw_lineage(shop.table_docs, shop.lineage),
        sources=sources.SOURCES,
        docs_json=sources.docs_json(shop.table_docs, shop.column_docs, shop.lineage),
    )


def _period(build: rows.BuildInfo) -> str:
    if known(build.orders) is None:
        return f"Orders up to {short_day(build.as_of_date)}"
    if not build.first_order_date:
        return "No orders yet"
    return f"{short_day(build.first_order_date)} to {short_day(build.as_of_date)}"


def _size(build: rows.BuildInfo) -> str:
    parts = (
        _customers(build),
        count(build.orders, "order"),
        count(build.products, "product"),
    )
    return ", ".join(parts)


def _customers(build: rows.BuildInfo) -> str:
    if build.customers == build.scored_customers:
        return count(build.customers, "customer")
    if known(build.customers) is None and known(build.scored_customers) is not None:
        return f"{count(build.scored_customers, 'customer')} with an order"
    return f"{count(build.customers, 'customer')} ({number(build.scored_customers)} with an order)"


def _monthly(shop: rows.Shop, money: Money) -> Chart | None:
    if not shop.months:
        return None
    return make_chart(
        "monthly-revenue",
        findings.strongest_month(shop.months, money),
        "Revenue by month, returns taken off. A month that is not over is lighter.",
        tables.months_table(shop.months, money),
        charts.monthly_revenue(shop.months, money),
    )


def _segment_charts(shop: rows.Shop, money: Money) -> tuple[Chart, ...]:
    table = tables.segment_shares_table(shop.segments, money)
    return (
        make_chart(
            "segment-customers",
            findings.largest_segment(shop.segments),
            "Customers with an order, by segment."
            + ("" if shop.is_public else " Choose a bar to list its customers."),
            table,
            charts.segment_customers(shop.segments),
            size="small",
        ),
        make_chart(
            "segment-revenue",
            findings.richest_segment(shop.segments),
            "Revenue of all time from the customers of each segment, returns taken off.",
            table,
            charts.segment_revenue(shop.segments, money),
            size="small",
        ),
    )


def _segment_line(row: rows.Segment, money: Money, *, has_csv: bool) -> SegmentLine:
    return SegmentLine(
        name=row.segment,
        slug=slug(row.segment),
        order=row.segment_order,
        customers=number(row.customers),
        customer_share=percent(row.customer_share),
        revenue=money(row.revenue),
        revenue_share=percent(row.revenue_share),
        average_order_value=money(row.average_order_value, decimals=2),
        median_recency=_in_days(row.median_recency),
        expected_buyers=number(row.expected_buyers),
        revenue_at_risk=money(row.revenue_at_risk),
        action=row.recommended_action,
        csv=f"customers_{slug(row.segment)}.csv" if has_csv else None,
    )


def _in_days(days: Figure | None) -> str:
    text = number(days)
    if known(days) is None:
        return text
    return f"{text} day" if text == "1" else f"{text} days"


def _moves_caption(moves: Sequence[rows.Move]) -> str:
    if not moves:
        return "A second snapshot is needed to see who moved."
    return (
        f"Customers by their segment on {day(moves[0].from_as_of_date)} (rows) and on "
        f"{day(moves[0].to_as_of_date)} (columns). Segments are scored anew at each date."
    )


def _movement_charts(shop: rows.Shop, money: Money) -> tuple[Chart, ...]:
    sizes = make_chart(
        "segment-sizes",
        findings.customers_grew(shop.segment_sizes),
        "Customers by segment, each snapshot scored with what was known on its day.",
        tables.sizes_table(shop.segment_sizes, money),
        charts.segment_sizes(shop.segment_sizes),
        size="wide",
    )
    if not shop.moves:
        return (sizes,)
    causes = make_chart(
        "move-causes",
        findings.moves_explained(shop.move_causes),
        "Customers in another segment than at the snapshot before, by cause. Where today's values "
        "would have kept the segment with the cut points of last time, the cut points moved. "
        "Where both had a part, what the customer did or left undone counts."
        f"{NOT_DRAWN if any(known(row.customers) is None for row in shop.move_causes) else ''}",
        tables.move_causes_table(shop.move_causes, money),
        move_charts.move_causes(shop.move_causes),
        size="small",
    )
    if any(known(move.customers) is None for move in shop.moves):
        # With a band left out the others would look like all there is.
        return (causes, sizes)
    flows = make_chart(
        "segment-flows",
        findings.money_moved(shop.move_totals, money),
        f"Left: {day(shop.moves[0].from_as_of_date)}. Right: {day(shop.moves[0].to_as_of_date)}. "
        "The width of a band is its number of customers.",
        tables.moves_table(shop.moves, money),
        charts.segment_flows(shop.moves, shop.segments),
        size="wide",
    )
    return (causes, flows, sizes)


def _customer_line(row: rows.Customer, shop: rows.Shop, money: Money) -> CustomerLine:
    orders = {segment.segment: segment.segment_order for segment in shop.segments}
    return CustomerLine(
        customer_id=public_id(row.customer_id, shop.email_numbers),
        name=without_email(row.name or ""),
        cells=(
            number(row.recency),
            number(row.frequency),
            money(row.monetary, decimals=2),
            number(row.recency_score),
            number(row.frequency_score),
            number(row.monetary_score),
            row.rfm_cell or DASH,
        ),
        segment=row.segment or DASH,
        segment_order=orders.get(row.segment or "", 0),
        segment_detail=row.segment_detail or DASH,
        probability=percent(row.purchase_probability, decimals=1),
    )


def _exports(shop: rows.Shop) -> tuple[ExportLink, ...]:
    everybody = ExportLink(
        "customers.csv",
        f"Every customer, also those without an order: {EXPORT_COLUMNS}",
        number(shop.build.customers),
    )
    return (
        everybody,
        *(
            ExportLink(
                f"customers_{slug(row.segment)}.csv",
                f"The customers of the segment {row.segment}: {EXPORT_COLUMNS}",
                number(row.customers),
            )
            for row in shop.segments
        ),
    )


def _returns_note(shop: rows.Shop, money: Money) -> str:
    amounts = {row.month: row.returned_amount for row in shop.months if row.returned_amount != 0}
    if not amounts:
        return "The data holds no returns."
    where = RETURN_DAYS.get(shop.build.return_dating, shop.build.return_dating)
    told = f"Returns count on {where} and are never an order."
    least, most = min((known(amount) or 0, name) for name, amount in amounts.items())
    return f"{told} Most were in {month(most)}: {money(least)}." if least else told


def _facts(build: rows.BuildInfo) -> tuple[tuple[str, str], ...]:
    return (
        ("As of", day(build.as_of_date)),
        ("First order", day(build.first_order_date)),
        ("Rows landed", number(build.landed_rows)),
        ("Transactions kept", number(build.kept_transactions)),
        ("Customers", number(build.customers)),
        ("Customers with an order", number(build.scored_customers)),
        ("Orders", number(build.orders)),
        ("Products", number(build.products)),
        ("Scores", SCORING.get(build.scoring_method, build.scoring_method)),
        ("Returns count on", RETURN_DAYS.get(build.return_dating, build.return_dating)),
        ("Currency", build.reporting_currency or "as in the files"),
        ("Version", build.code_version or DASH),
        ("Input fingerprint", build.input_fingerprint or DASH),
        ("Build fingerprint", build.build_fingerprint or DASH),
    )
