"""The forecast: rows of predictions, training runs, metrics and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reports.marts.reader import select
from reports.marts.suppressed import (
    Count,
    Figure,
    OfCustomers,
    Public,
    Special,
    cell,
    derived_from,
)


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A row of `model_runs`; `card` is read for the run in use alone."""

    model_run_id: Public[str]
    run_number: Public[int]
    status: Public[str]
    message: Special[str | None]
    verdict: Public[str | None]
    verdict_reason: Special[str | None]
    verdict_rules: Public[str | None]
    as_of_date: Public[str | None]
    horizon_days: Public[int | None]
    chosen_model: Public[str | None]
    threshold: Public[float | None]
    threshold_rule: Public[str | None]
    contact_cost: Public[float | None]
    contact_benefit: Public[float | None]
    training_rows: Special[Count | None]
    training_windows: Public[int | None]
    first_training_date: Public[str | None]
    last_training_date: Public[str | None]
    evaluated_as_of_date: Public[str | None]
    evaluation_rows: Special[Count | None]
    base_rate: Special[Figure | None]
    feature_names: Public[str | None]
    library_versions: Public[str | None]
    card: Special[str | None]
    is_in_use: Public[int]
    is_pinned: Public[int]


MODEL_RUNS = select(
    ModelRun,
    from_="model_runs",
    order_by="run_number desc",
    computed={
        "contact_cost": "json_extract(settings, '$.contact_cost')",
        "contact_benefit": "json_extract(settings, '$.contact_benefit')",
        "card": "case when is_in_use = 1 then card end",
    },
)


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of `model_metrics` of the run in use; `low` and `high` end its 95% interval."""

    split: Public[str]
    as_of_date: Public[str]
    model: Public[str]
    slice: Public[str]
    metric: Public[str]
    value: Special[float]
    low: Special[float | None]
    high: Special[float | None]


METRICS = """
with used as (
    select m.split, m.as_of_date, m.model, m.slice, m.metric, m.value, m.low, m.high
    from model_metrics as m
    inner join model_runs as r on m.model_run_id = r.model_run_id
    where r.is_in_use = 1 and m.value is not null
),
shares as (
    select
        p.split, p.as_of_date, p.model, p.slice, 'buyer_share' as metric,
        p.value / nullif(c.value, 0) as value, null as low, null as high
    from used as p
    inner join used as c
        on
            p.split = c.split
            and p.as_of_date = c.as_of_date
            and p.model = c.model
            and p.slice = c.slice
            and p.metric = 'positives'
            and c.metric = 'rows'
)
select split, as_of_date, model, slice, metric, value, low, high from used
union all
select split, as_of_date, model, slice, metric, value, low, high from shares
where value is not null
order by split, as_of_date, model, slice, metric
"""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A row of `model_curves` of the run in use; `row_count` is the size of a calibration bin."""

    model: Public[str]
    curve: Public[str]
    point: Public[int]
    x: Special[float]
    y: Special[float]
    row_count: Special[int] = 0


CURVES = """
select c.model, c.curve, c.point, c.x, c.y, c.row_count
from model_curves as c
inner join model_runs as r on c.model_run_id = r.model_run_id
where r.is_in_use = 1
order by c.curve, c.model, c.point
"""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the run in use; `roles` is a JSON array, `buyers` None while it is open."""

    as_of_date: Public[str]
    label_end_date: Public[str]
    label_days: Public[int]
    customers: Annotated[Count, cell("window", "as_of_date")]
    buyers: Annotated[Count | None, cell("buyers", "as_of_date", withheld_with=("customers",))]
    buyer_share: Annotated[Figure | None, derived_from("customers", "buyers")]
    roles: Public[str]


WINDOWS = """
with listed as (
    select
        json_extract(w.value, '$.as_of_date') as as_of_date,
        json_extract(w.value, '$.label_end_date') as label_end_date,
        json_extract(w.value, '$.customers') as customers,
        json_extract(w.value, '$.buyers') as buyers,
        json_extract(w.value, '$.roles') as roles
    from model_runs as r
    cross join json_each(r.windows) as w
    where r.is_in_use = 1
)
select
    as_of_date, label_end_date,
    cast(julianday(label_end_date) - julianday(as_of_date) as integer) as label_days,
    customers, buyers, 1.0 * buyers / nullif(customers, 0) as buyer_share, roles
from listed
order by as_of_date desc
"""


@dataclass(frozen=True, slots=True)
class TrackDate:
    """One past forecast: expected and observed buyers among all its customers."""

    prediction_date: Public[str]
    horizon_end_date: Public[str]
    run_number: Public[int | None]
    customers: Annotated[Count, cell("forecast", "prediction_date")]
    expected_buyers: OfCustomers[Figure]
    buyers: Annotated[Count, cell("came", "prediction_date", withheld_with=("customers",))]
    marked: Annotated[Count, cell("marked", "prediction_date", withheld_with=("customers",))]
    marked_buyers: Annotated[
        Count, cell("marked came", "prediction_date", withheld_with=("customers",))
    ]
    marked_share: Annotated[Figure | None, derived_from("customers", "marked", "marked_buyers")]
    brier: OfCustomers[Figure]


TRACK_DATES = """
select
    t.prediction_date, t.horizon_end_date, max(r.run_number) as run_number,
    sum(t.customers) as customers, sum(t.expected_buyers) as expected_buyers,
    sum(t.buyers) as buyers, sum(t.marked) as marked, sum(t.marked_buyers) as marked_buyers,
    1.0 * sum(t.marked_buyers) / nullif(sum(t.marked), 0) as marked_share,
    sum(t.squared_error_sum) / sum(t.customers) as brier
from prediction_track_record as t
left join model_runs as r on t.model_run_id = r.model_run_id
group by t.prediction_date, t.horizon_end_date
order by t.prediction_date
"""


@dataclass(frozen=True, slots=True)
class TrackBand:
    """All past forecasts with a probability in one tenth of the scale, `band` 0 to 9."""

    band: Public[int]
    customers: Annotated[Count, cell("track", "band")]
    mean_probability: OfCustomers[Figure]
    buyers: Annotated[Count, cell("track came", "band", withheld_with=("customers",))]
    buyer_share: Annotated[Figure, derived_from("customers", "buyers")]


TRACK_BANDS = """
select
    band, sum(customers) as customers, sum(expected_buyers) / sum(customers) as mean_probability,
    sum(buyers) as buyers, 1.0 * sum(buyers) / sum(customers) as buyer_share
from prediction_track_record
group by band
order by band
"""


@dataclass(frozen=True, slots=True)
class TrackTotal:
    """All past forecasts together; `error` is the mean distance of the rates of the bands."""

    dates: Public[int]
    expected_buyers: Public[Figure | None]
    buyers: Annotated[Count | None, cell("came")]
    error: Special[Figure | None]


TRACK_TOTAL = """
with bands as (
    select
        sum(customers) as customers, sum(expected_buyers) as expected_buyers, sum(buyers) as buyers
    from prediction_track_record
    group by band
)
select
    (select count(distinct prediction_date) from prediction_track_record) as dates,
    sum(expected_buyers) as expected_buyers, sum(buyers) as buyers,
    sum(abs(expected_buyers - buyers)) / nullif(sum(customers), 0) as error
from bands
"""


@dataclass(frozen=True, slots=True)
class ProbabilityBand:
    """Customers with a probability in one tenth of the scale, `band` 0 to 9."""

    band: Public[int]
    customers: Annotated[Count, cell("band", "band")]
    expected_buyers: OfCustomers[Figure]


PROBABILITY_BANDS = """
select
    min(9, cast(purchase_probability * 10 as integer)) as band, count(*) as customers,
    sum(purchase_probability) as expected_buyers
from predictions
group by band
order by band
"""

LIKELY_BUYERS = """
select count(*) as likely_buyers from predictions where purchase_probability >= 0.5
"""

HAS_PREDICTIONS = "select exists (select 1 from predictions) as has_predictions"

FORECAST_DUE = """
select min(date(p.prediction_date, '+' || r.horizon_days || ' days')) as forecast_due
from predictions as p
inner join model_runs as r on p.model_run_id = r.model_run_id
"""
