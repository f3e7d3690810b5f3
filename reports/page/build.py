"""Assemble the page: rows of the marts in, one `Page` out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import Money, day, number, without_email
from reports.marts.customers import Customer
from reports.marts.shop import Shop
from reports.marts.suppressed import NOTE
from reports.page import components, data, data_sources, movement, overview, segments, table
from reports.page.components import Chart
from reports.page.customers import (
    CustomerLine,
    ExportLink,
    Play,
    _customer_line,
    _exports,
    make_plays,
)
from reports.page.data import _facts, _returns_note
from reports.page.forecast.history import TrackRecord, track_record
from reports.page.forecast.section import ModelPart, make_model_part, runs_table, unavailable
from reports.page.lineage import Picture, draw_lineage
from reports.page.movement import _movement_charts, _moves_caption
from reports.page.overview import KpiCard, _monthly, _period, _size, definitions, kpi_cards
from reports.page.segments import (
    EQUALS_CUT,
    ScoreGridCell,
    SegmentLine,
    _segment_charts,
    _segment_line,
)


def make_page(shop: Shop, first_customers: Sequence[Customer]) -> Page:
    """Assemble the page.

    Parameters
    ----------
    shop : Shop
        What `read_shop` returns.
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
        tests_chip=data.tests_chip(build),
        horizon=f"{build.horizon_days} days",
        currency=money.prefix,
        headlines=overview.headlines(shop, money),
        kpis=kpi_cards(shop, money) if has_scores else (),
        definitions=definitions(build.horizon_days),
        privacy_note=NOTE if shop.is_public else "",
        monthly=_monthly(shop, money),
        segment_charts=_segment_charts(shop, money) if has_scores else (),
        segments=tuple(_segment_line(row, money, has_csv=True) for row in shop.segments),
        segment_details=tuple(
            _segment_line(row, money, has_csv=False) for row in shop.segment_details
        ),
        score_finding=segments.fullest_cell(shop.score_cells),
        score_note=EQUALS_CUT if build.scoring_method == "ntile" else "",
        score_grid=segments.score_grid(shop.score_cells, money) if has_scores else (),
        score_table=segments.score_cells_table(shop.score_cells, money),
        moves_finding=movement.people_moved(shop.move_totals),
        moves_caption=_moves_caption(shop.moves),
        moves=movement.moves_grid(shop.moves, shop.segments, money) if shop.moves else None,
        movement_charts=_movement_charts(shop, money) if has_scores else (),
        cohorts_finding=movement.cohorts_return(shop.return_rate),
        cohorts=movement.cohorts_grid(shop.cohorts) if shop.cohorts else None,
        plays=make_plays(shop, money),
        customers=tuple(_customer_line(row, shop, money) for row in first_customers),
        customer_count=number(build.customers),
        countries=tuple(map(without_email, shop.countries)),
        has_predictions=bool(shop.has_predictions),
        has_scores=has_scores,
        model=None if message else make_model_part(shop, money),
        model_message=message,
        model_runs=runs_table(shop.model_runs),
        track_record=track_record(shop),
        exports=_exports(shop),
        ledger=data.ledger_table(shop.ledger, money, by_source=False),
        ledger_by_source=data.ledger_table(shop.ledger_by_source, money, by_source=True),
        returns_note=_returns_note(shop, money),
        data_tests=data.data_tests_table(shop.data_tests),
        ledger_finding=data.rows_kept(shop.build, shop.landed_transactions),
        thresholds=segments.thresholds_table(shop.thresholds, money),
        ties=segments.ties(shop.ties),
        build_fingerprint=build.build_fingerprint,
        facts=_facts(build),
        column_docs=data.column_docs_table(shop.column_docs),
        lineage=draw_lineage(shop.table_docs, shop.lineage),
        sources=data_sources.SOURCES,
        docs_json=data_sources.docs_json(shop.table_docs, shop.column_docs, shop.lineage),
    )


@dataclass(frozen=True)
class Page:
    """All values of the page; the templates print them."""

    build_fingerprint: str | None
    shop_name: str
    as_of: str
    period: str
    size: str
    tests_chip: tuple[str, str]
    horizon: str
    currency: str
    headlines: tuple[str, ...]
    kpis: tuple[KpiCard, ...]
    definitions: tuple[tuple[str, str], ...]
    privacy_note: str
    monthly: Chart | None
    segment_charts: tuple[Chart, ...]
    segments: tuple[SegmentLine, ...]
    segment_details: tuple[SegmentLine, ...]
    score_finding: str
    score_note: str
    score_grid: tuple[tuple[ScoreGridCell, ...], ...]
    score_table: table.Table
    moves_finding: str
    moves_caption: str
    moves: components.Grid | None
    movement_charts: tuple[Chart, ...]
    cohorts_finding: str
    cohorts: components.Grid | None
    plays: tuple[Play, ...]
    customers: tuple[CustomerLine, ...]
    customer_count: str
    countries: tuple[str, ...]
    has_predictions: bool
    has_scores: bool
    model: ModelPart | None
    model_message: str | None
    model_runs: table.Table
    track_record: TrackRecord
    exports: tuple[ExportLink, ...]
    ledger_finding: str
    ledger: table.Table
    ledger_by_source: table.Table
    returns_note: str
    data_tests: table.Table
    thresholds: table.Table
    ties: str
    facts: tuple[tuple[str, str], ...]
    column_docs: table.Table
    lineage: Picture | None
    sources: dict[str, tuple[str, ...]]
    docs_json: str

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every Plotly chart of the page."""
        first = (self.monthly,) if self.monthly else ()
        of_model = self.model.charts if self.model else ()
        came_true = self.track_record.charts
        return (*first, *self.segment_charts, *self.movement_charts, *of_model, *came_true)
