"""All rows of the page, and how they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from reports.marts import build as build_rows
from reports.marts import catalog, customers, forecast, sales
from reports.marts import segments as segment_rows
from reports.marts.reader import read_rows, read_value
from reports.marts.suppressed import Count, Figure, Public, Special, cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """All rows of the page except single customers.

    Each field is annotated with its query, or with the function that reads it. A field that holds
    no rows is also annotated with its disclosure rule; rows have the rules of their fields.

    Attributes
    ----------
    is_public : bool
        Whether small groups are suppressed.
    suppressed_metrics : frozenset of (str, str, str)
        Model, slice and metric of the figures of the report window that are left out then.
    """

    build: Annotated[build_rows.BuildInfo, build_rows.read_build]
    segments: Annotated[tuple[segment_rows.Segment, ...], segment_rows.SEGMENTS]
    segment_details: Annotated[tuple[segment_rows.Segment, ...], segment_rows.SEGMENT_DETAILS]
    score_cells: Annotated[tuple[segment_rows.ScoreCell, ...], segment_rows.SCORE_CELLS]
    thresholds: Annotated[tuple[segment_rows.Threshold, ...], segment_rows.THRESHOLDS]
    ties: Annotated[tuple[segment_rows.Tie, ...], segment_rows.TIES]
    ledger: Annotated[tuple[build_rows.LedgerRow, ...], build_rows.LEDGER]
    ledger_by_source: Annotated[tuple[build_rows.LedgerRow, ...], build_rows.LEDGER_BY_SOURCE]
    landed_transactions: Annotated[Special[Count], build_rows.LANDED_TRANSACTIONS]
    data_tests: Annotated[tuple[build_rows.DataTest, ...], build_rows.DATA_TESTS]
    segment_sizes: Annotated[tuple[segment_rows.SegmentSize, ...], segment_rows.SEGMENT_SIZES]
    kpis: Annotated[tuple[sales.Kpi, ...], sales.KPIS]
    months: Annotated[tuple[sales.Month, ...], sales.MONTHS]
    cohorts: Annotated[tuple[segment_rows.Cohort, ...], segment_rows.COHORTS]
    return_rate: Annotated[Special[Figure | None], segment_rows.RETURN_RATE]
    moves: Annotated[tuple[segment_rows.Move, ...], segment_rows.MOVES]
    move_totals: Annotated[tuple[segment_rows.MoveTotal, ...], segment_rows.MOVE_TOTALS]
    move_causes: Annotated[tuple[segment_rows.MoveCause, ...], segment_rows.MOVE_CAUSES]
    probability_bands: Annotated[tuple[forecast.ProbabilityBand, ...], forecast.PROBABILITY_BANDS]
    likely_buyers: Annotated[Count, cell("likely"), forecast.LIKELY_BUYERS]
    has_predictions: Annotated[Public[int], forecast.HAS_PREDICTIONS]
    forecast_due: Annotated[Public[str | None], forecast.FORECAST_DUE]
    model_runs: Annotated[tuple[forecast.ModelRun, ...], forecast.MODEL_RUNS]
    metrics: Annotated[tuple[forecast.Metric, ...], forecast.METRICS]
    curves: Annotated[tuple[forecast.CurvePoint, ...], forecast.CURVES]
    windows: Annotated[tuple[forecast.Window, ...], forecast.WINDOWS]
    track_dates: Annotated[tuple[forecast.TrackDate, ...], forecast.TRACK_DATES]
    track_bands: Annotated[tuple[forecast.TrackBand, ...], forecast.TRACK_BANDS]
    track_total: Annotated[forecast.TrackTotal, forecast.TRACK_TOTAL]
    column_docs: Annotated[tuple[catalog.ColumnDoc, ...], catalog.COLUMN_DOCS]
    table_docs: Annotated[tuple[catalog.TableDoc, ...], catalog.TABLE_DOCS]
    lineage: Annotated[tuple[catalog.LineageEdge, ...], catalog.LINEAGE]
    countries: Annotated[Special[tuple[str, ...]], customers.read_countries]
    email_numbers: Annotated[Special[Mapping[str, int]], customers.read_email_numbers]
    is_public: Public[bool] = False
    suppressed_metrics: Public[frozenset[tuple[str, str, str]]] = frozenset()


def read_shop(connection: sqlite3.Connection) -> Shop:
    """Read all rows of the page except single customers.

    Raises
    ------
    ReportError
        If `build_info` is empty, or a query and its row class differ in their columns.
    sqlite3.Error
        If a query fails.
    """
    return Shop(**dict(_read_fields(connection)))


def row_class_of(hint: Any) -> type | None:
    """Return the row class of an annotation: itself, or that of a tuple of rows; else None."""
    held = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(held) is tuple:
        held = get_args(held)[0]
    return held if is_dataclass(held) and isinstance(held, type) else None


def _read_fields(connection: sqlite3.Connection) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(Shop, include_extras=True)
    for name in (field.name for field in fields(Shop)):
        held, *notes = get_args(hints[name])
        source = next((note for note in notes if isinstance(note, str) or callable(note)), None)
        if source is not None:
            yield name, _read_field(connection, name, held, source)


def _read_field(connection: sqlite3.Connection, name: str, held: Any, source: Any) -> Any:
    if callable(source):
        return source(connection)
    row_class = row_class_of(held)
    if row_class is None:
        return read_value(connection, name, source)
    rows: tuple[Any, ...] = tuple(read_rows(connection, row_class, source))
    return rows if get_origin(held) is tuple else rows[0]
