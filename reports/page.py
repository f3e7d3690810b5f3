"""The values that the templates print: finished text, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from reports import charts, heatmaps, lineage, tables


@dataclass(frozen=True)
class Chart:
    """A chart with its finding as heading, its definition, and its numbers."""

    slug: str
    finding: str
    caption: str
    table: tables.Table
    figure: dict[str, Any]
    size: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether the chart takes the whole width."""
        return "wide" in self.size


def make_chart(
    name: str, finding: str, caption: str, table: tables.Table, figure: go.Figure, *, size: str = ""
) -> Chart:
    """Put a figure and the words around it together."""
    drawn = charts.to_json(figure)
    return Chart(slug=name, finding=finding, caption=caption, table=table, figure=drawn, size=size)


@dataclass(frozen=True)
class KpiCard:
    """One figure with what it was a snapshot earlier; `tone` is good, bad or flat."""

    label: str
    value: str
    note: str
    tone: str
    arrow: str
    spark: str


@dataclass(frozen=True)
class SegmentLine:
    """One row of the table of segments, as text."""

    name: str
    slug: str
    order: int
    customers: str
    customer_share: str
    revenue: str
    revenue_share: str
    average_order_value: str
    median_recency: str
    expected_buyers: str
    revenue_at_risk: str
    action: str
    csv: str | None


@dataclass(frozen=True)
class ExportLink:
    """One CSV file."""

    file: str
    holds: str
    rows: str


@dataclass(frozen=True)
class Verdict:
    """What to do with the predictions; `tone` is good, care or bad."""

    label: str
    tone: str
    reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Confusion:
    """Customers by prediction and outcome, as text."""

    true_positive: str
    false_positive: str
    false_negative: str
    true_negative: str
    sentence: str
    threshold: str


@dataclass(frozen=True)
class Passage:
    """A table of its own, with its finding as heading and its definition."""

    finding: str
    caption: str
    table: tables.Table


@dataclass(frozen=True)
class ModelPart:
    """The figures of the model in use; `card` is HTML, and safe to print as it is."""

    verdict: Verdict
    metrics: Passage
    baselines: Chart | None
    confusion: Confusion | None
    one_time_buyers: Passage | None
    ranking: tuple[Chart, ...]
    windows: Chart | None
    past_dates: tuple[Chart, ...]
    forecast: tuple[Chart, ...]
    facts: tuple[tuple[str, str], ...]
    card: str | None

    @property
    def today(self) -> tuple[Chart, ...]:
        """What the forecast says today, and how far one gets with it."""
        return tuple(
            chart
            for chart in (*self.forecast, *self.ranking)
            if chart.slug in {"probability-bands", "gains"}
        )

    @property
    def curves(self) -> tuple[Chart, ...]:
        """The curves of the report window for the analyst."""
        return tuple(chart for chart in self.ranking if chart.slug != "gains")

    @property
    def importance(self) -> Chart | None:
        """What the forecast rests on."""
        return next((chart for chart in self.forecast if chart.slug == "importance"), None)

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the part."""
        alone = tuple(chart for chart in (self.baselines, self.windows) if chart)
        return (*alone, *self.ranking, *self.past_dates, *self.forecast)


@dataclass(frozen=True)
class TrackRecord:
    """What became of past forecasts; `empty` stands while none has come due."""

    charts: tuple[Chart, ...]
    empty: str


@dataclass(frozen=True)
class Play:
    """A list of customers to act on; `address` is the choice of filters that shows it."""

    name: str
    size: str
    action: str
    address: str


@dataclass(frozen=True)
class CustomerLine:
    """One row of the table of customers, as text."""

    customer_id: str
    name: str
    cells: tuple[str, ...]
    segment: str
    segment_order: int
    segment_detail: str
    probability: str


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
    score_grid: tuple[tuple[heatmaps.ScoreGridCell, ...], ...]
    score_table: tables.Table
    moves_finding: str
    moves_caption: str
    moves: heatmaps.Grid | None
    movement_charts: tuple[Chart, ...]
    cohorts_finding: str
    cohorts: heatmaps.Grid | None
    plays: tuple[Play, ...]
    customers: tuple[CustomerLine, ...]
    customer_count: str
    countries: tuple[str, ...]
    has_predictions: bool
    has_scores: bool
    model: ModelPart | None
    model_message: str | None
    model_runs: tables.Table
    track_record: TrackRecord
    exports: tuple[ExportLink, ...]
    ledger_finding: str
    ledger: tables.Table
    ledger_by_source: tables.Table
    returns_note: str
    data_tests: tables.Table
    thresholds: tables.Table
    ties: str
    facts: tuple[tuple[str, str], ...]
    column_docs: tables.Table
    lineage: lineage.Picture | None
    sources: dict[str, tuple[str, ...]]
    docs_json: str

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every Plotly chart of the page."""
        first = (self.monthly,) if self.monthly else ()
        of_model = self.model.charts if self.model else ()
        came_true = self.track_record.charts
        return (*first, *self.segment_charts, *self.movement_charts, *of_model, *came_true)
