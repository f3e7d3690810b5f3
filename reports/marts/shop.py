"""All rows that a page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.marts.build import BuildInfo, DataTest, LedgerRow
from reports.marts.catalog import ColumnDoc, LineageEdge, TableDoc
from reports.marts.forecast import (
    CurvePoint,
    Metric,
    ModelRun,
    ProbabilityBand,
    TrackBand,
    TrackDate,
    TrackTotal,
    Window,
)
from reports.marts.sales import Kpi, Month
from reports.marts.segments import (
    Cohort,
    Move,
    MoveCause,
    MoveTotal,
    ScoreCell,
    Segment,
    SegmentSize,
    Threshold,
    Tie,
)
from reports.marts.suppressed import Count, Figure


@dataclass(frozen=True, slots=True)
class Shop:
    """All that the page shows, but for the single customers.

    `is_public` tells that small groups are withheld; `withheld_metrics` names model, slice and
    metric of the figures of the forecast that are left out then.
    """

    build: BuildInfo
    kpis: tuple[Kpi, ...]
    segments: tuple[Segment, ...]
    segment_details: tuple[Segment, ...]
    months: tuple[Month, ...]
    segment_sizes: tuple[SegmentSize, ...]
    moves: tuple[Move, ...]
    move_totals: tuple[MoveTotal, ...]
    move_causes: tuple[MoveCause, ...]
    cohorts: tuple[Cohort, ...]
    return_rate: Figure | None
    score_cells: tuple[ScoreCell, ...]
    probability_bands: tuple[ProbabilityBand, ...]
    thresholds: tuple[Threshold, ...]
    ties: tuple[Tie, ...]
    ledger: tuple[LedgerRow, ...]
    ledger_by_source: tuple[LedgerRow, ...]
    data_tests: tuple[DataTest, ...]
    model_runs: tuple[ModelRun, ...]
    metrics: tuple[Metric, ...]
    curves: tuple[CurvePoint, ...]
    windows: tuple[Window, ...]
    track_dates: tuple[TrackDate, ...]
    track_bands: tuple[TrackBand, ...]
    track_total: TrackTotal
    forecast_due: str | None
    column_docs: tuple[ColumnDoc, ...]
    table_docs: tuple[TableDoc, ...]
    lineage: tuple[LineageEdge, ...]
    countries: tuple[str, ...]
    email_numbers: Mapping[str, int]
    predictions: int
    likely_buyers: Count
    landed_transactions: Count
    is_public: bool = False
    withheld_metrics: frozenset[tuple[str, str, str]] = frozenset()
