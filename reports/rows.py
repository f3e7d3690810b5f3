"""What the page and the CSV files are made of: one frozen class for each kind of row.

Field names are the marts' column names. Dates are `YYYY-MM-DD` text, money is in whole
currency with two decimals, shares and probabilities run from 0 to 1. `None` is SQL's NULL.
A `Count` or a `Figure` may be withheld on a page for anybody; see `privacy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reports.model_rows import (
    CurvePoint,
    Metric,
    ModelRun,
    TrackBand,
    TrackDate,
    TrackTotal,
    Window,
)
from reports.withheld import Count, Figure


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """The one row of `build_info`."""

    shop_name: str | None
    as_of_date: str | None
    first_order_date: str | None
    horizon_days: int
    scoring_method: str
    return_dating: str
    reporting_currency: str | None
    input_fingerprint: str | None
    code_version: str | None
    landed_rows: Count
    kept_transactions: Count
    customers: Count
    scored_customers: Count
    orders: Count
    products: int
    data_tests: int
    data_tests_passed: int
    build_fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Kpi:
    """A row of `snapshot_kpis`; the changes are relative to the snapshot before (0.1 is +10%)."""

    as_of_date: str
    snapshot_number: int
    revenue_last_30_days: Figure
    orders_last_30_days: Count
    active_customers: Count
    new_customers: Count
    average_order_value: Figure | None
    customers_with_orders: Count
    expected_buyers: Figure | None
    expected_buyers_low: Figure | None
    expected_buyers_high: Figure | None
    revenue_at_risk: Figure | None
    revenue_change: Figure | None
    active_change: Figure | None
    new_change: Figure | None
    average_change: Figure | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of `segments` or of `segment_details`."""

    segment: str
    segment_order: int
    colour: str
    customers: Count
    customer_share: Figure | None
    revenue: Figure | None
    revenue_share: Figure | None
    average_order_value: Figure | None
    median_recency: Figure | None
    expected_buyers: Figure | None
    revenue_at_risk: Figure | None
    recommended_action: str


@dataclass(frozen=True, slots=True)
class Month:
    """A row of `monthly_sales`."""

    month: str
    orders: Count
    customers: Count
    new_customers: Count
    revenue: Figure
    returned_amount: Figure
    is_complete: int


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """A row of `segment_history` with the colour of its segment."""

    as_of_date: str
    segment: str
    colour: str
    customers: Count
    customer_share: Figure
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Move:
    """A row of `segment_moves`; `direction` is up, down, same or new."""

    from_as_of_date: str
    to_as_of_date: str
    from_segment: str
    to_segment: str
    customers: Count
    revenue: Figure
    direction: str


@dataclass(frozen=True, slots=True)
class MoveTotal:
    """Customers and their revenue by direction of the move."""

    direction: str
    customers: Count
    revenue: Figure


@dataclass(frozen=True, slots=True)
class Cohort:
    """A row of `cohort_retention`; `is_complete` is 0 where the month is not over."""

    cohort_month: str
    months_since: int
    cohort_customers: Count
    retained_customers: Count
    retention_rate: Figure
    revenue: Figure
    is_complete: int


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """Customers with a recency and a frequency score; `details` is a JSON array of segments."""

    recency_score: int
    frequency_score: int
    customers: Count
    revenue: Figure
    mean_probability: Figure | None
    details: str = "[]"


@dataclass(frozen=True, slots=True)
class ProbabilityBand:
    """Customers whose probability lies in one tenth of the scale, `band` 0 to 9."""

    band: int
    customers: Count
    expected_buyers: Figure


@dataclass(frozen=True, slots=True)
class Threshold:
    """A row of `score_thresholds`."""

    measure: str
    score: int
    lowest_value: Figure
    highest_value: Figure
    customers: Count
    tied_customers: Count


@dataclass(frozen=True, slots=True)
class Tie:
    """Customers who share a value with somebody of another score."""

    measure: str
    customers: Count


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Rows of `row_ledger` summed over loads; `source` is empty in the total."""

    source: str
    entity: str
    reason: str
    is_kept: int
    row_count: Count
    amount: Figure


@dataclass(frozen=True, slots=True)
class DataTest:
    """A row of `data_tests`."""

    test_name: str
    kind: str
    model: str | None
    description: str | None
    status: str


@dataclass(frozen=True, slots=True)
class ColumnDoc:
    """A row of `column_docs`."""

    table_name: str
    column_name: str
    type: str | None
    unit: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class MoveCause:
    """Customers who changed segment for one cause; `direction` is up or down."""

    cause: str
    direction: str
    customers: Count
    revenue: Figure


@dataclass(frozen=True, slots=True)
class TableDoc:
    """A row of `table_docs`."""

    table_name: str
    layer: str
    description: str
    sql_code: str


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """A row of `table_lineage`."""

    from_table: str
    to_table: str


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


@dataclass(frozen=True, slots=True)
class Customer:
    """One line of the table of customers; `place` counts customers by id, from 0."""

    customer_id: str
    name: str | None
    country: str | None
    recency: int | None
    frequency: int | None
    monetary: float | None
    recency_score: int | None
    frequency_score: int | None
    monetary_score: int | None
    rfm_cell: str | None
    segment: str | None
    segment_detail: str | None
    purchase_probability: float | None
    place: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What the drawer of one customer adds to the line in the table."""

    customer_id: str
    signup_date: str | None
    first_order_date: str | None
    last_order_date: str | None
    order_count: int | None
    return_count: int | None
    gross_revenue: float | None
    returned_amount: float | None
    net_revenue: float | None
    average_order_value: float | None
    mean_gap_days: float | None
    overall_rfm_score: int | None
    previous_segment: str | None
    recency_lowest: float | None
    recency_highest: float | None
    frequency_lowest: float | None
    frequency_highest: float | None
    monetary_lowest: float | None
    monetary_highest: float | None
    predicted_label: int | None
    confidence: float | None
    prediction_date: str | None
    reasons: str | None
    recommended_action: str | None


class Order(NamedTuple):
    """A row of `orders`. A shop has millions: a tuple is made in a fifth of a dataclass's time."""

    customer_id: str
    order_id: str
    order_date: str
    gross_amount: float
    return_amount: float
    net_amount: float
    line_count: int
    quantity: float


class OrderProduct(NamedTuple):
    """A product of an order, and what the order's lines of it came to."""

    customer_id: str
    order_id: str
    product_name: str
    amount: float


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of a CSV file for contacting customers. The only place with e-mails."""

    customer_id: str
    name: str | None
    email: str | None
    segment: str | None
    rfm_score: int | None
    purchase_probability: float | None
