"""The forecast: queries and rows of predictions, training runs, metrics and outcomes."""

from __future__ import annotations

from dataclasses import dataclass

from reports.marts.suppressed import Count, Figure


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A row of `model_runs`; `card` is read for the run in use alone."""

    model_run_id: str
    run_number: int
    status: str
    message: str | None
    verdict: str | None
    verdict_reason: str | None
    verdict_rules: str | None
    as_of_date: str | None
    horizon_days: int | None
    chosen_model: str | None
    threshold: float | None
    threshold_rule: str | None
    contact_cost: float | None
    contact_benefit: float | None
    training_rows: Count | None
    training_windows: int | None
    first_training_date: str | None
    last_training_date: str | None
    evaluated_as_of_date: str | None
    evaluation_rows: Count | None
    base_rate: Figure | None
    feature_names: str | None
    library_versions: str | None
    card: str | None
    is_in_use: int
    is_pinned: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of `model_metrics` of the run in use; `low` and `high` end its 95% interval."""

    split: str
    as_of_date: str
    model: str
    slice: str
    metric: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A row of `model_curves` of the run in use; `row_count` is the size of a calibration bin."""

    model: str
    curve: str
    point: int
    x: float
    y: float
    row_count: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the run in use; `roles` is a JSON array, `buyers` None while it is open."""

    as_of_date: str
    label_end_date: str
    label_days: int
    customers: Count
    buyers: Count | None
    buyer_share: Figure | None
    roles: str


@dataclass(frozen=True, slots=True)
class TrackDate:
    """What one past forecast expected and what came true, over all its customers."""

    prediction_date: str
    horizon_end_date: str
    run_number: int | None
    customers: Count
    expected_buyers: Figure
    buyers: Count
    marked: Count
    marked_buyers: Count
    marked_share: Figure | None
    brier: Figure


@dataclass(frozen=True, slots=True)
class TrackBand:
    """All past forecasts whose probability lay in one tenth of the scale, `band` 0 to 9."""

    band: int
    customers: Count
    mean_probability: Figure
    buyers: Count
    buyer_share: Figure


@dataclass(frozen=True, slots=True)
class TrackTotal:
    """All past forecasts together; `error` is the mean distance of the rates of the bands."""

    dates: int
    expected_buyers: Figure | None
    buyers: Count | None
    error: Figure | None


@dataclass(frozen=True, slots=True)
class ProbabilityBand:
    """Customers whose probability lies in one tenth of the scale, `band` 0 to 9."""

    band: int
    customers: Count
    expected_buyers: Figure


PROBABILITY_BANDS = """
select min(9, cast(purchase_probability * 10 as integer)) as band, count(*),
    sum(purchase_probability)
from predictions
group by band
order by band
"""


LIKELY_BUYERS = "select count(*) from predictions where purchase_probability >= 0.5"


PREDICTIONS = "select count(*) from predictions"


MODEL_RUNS = """
select
    model_run_id, run_number, status, message, verdict, verdict_reason, verdict_rules, as_of_date,
    horizon_days, chosen_model, threshold, threshold_rule,
    json_extract(settings, '$.contact_cost'), json_extract(settings, '$.contact_benefit'),
    training_rows, training_windows, first_training_date, last_training_date,
    evaluated_as_of_date, evaluation_rows, base_rate, feature_names, library_versions,
    case when is_in_use = 1 then card end, is_in_use, is_pinned
from model_runs
order by run_number desc
"""


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
order by 1, 2, 3, 4, 5
"""


CURVES = """
select c.model, c.curve, c.point, c.x, c.y, c.row_count
from model_curves as c
inner join model_runs as r on c.model_run_id = r.model_run_id
where r.is_in_use = 1
order by c.curve, c.model, c.point
"""


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
    cast(julianday(label_end_date) - julianday(as_of_date) as integer),
    customers, buyers, 1.0 * buyers / nullif(customers, 0), roles
from listed
order by as_of_date desc
"""


TRACK_DATES = """
select
    t.prediction_date, t.horizon_end_date, max(r.run_number), sum(t.customers),
    sum(t.expected_buyers), sum(t.buyers), sum(t.marked), sum(t.marked_buyers),
    1.0 * sum(t.marked_buyers) / nullif(sum(t.marked), 0),
    sum(t.squared_error_sum) / sum(t.customers)
from prediction_track_record as t
left join model_runs as r on t.model_run_id = r.model_run_id
group by t.prediction_date, t.horizon_end_date
order by t.prediction_date
"""


TRACK_BANDS = """
select
    band, sum(customers), sum(expected_buyers) / sum(customers), sum(buyers),
    1.0 * sum(buyers) / sum(customers)
from prediction_track_record
group by band
order by band
"""


TRACK_TOTAL = """
with bands as (
    select
        sum(customers) as customers, sum(expected_buyers) as expected_buyers, sum(buyers) as buyers
    from prediction_track_record
    group by band
)
select
    (select count(distinct prediction_date) from prediction_track_record),
    sum(expected_buyers), sum(buyers),
    sum(abs(expected_buyers - buyers)) / nullif(sum(customers), 0)
from bands
"""


FORECAST_DUE = """
select min(date(p.prediction_date, '+' || r.horizon_days || ' days'))
from predictions as p
inner join model_runs as r on p.model_run_id = r.model_run_id
"""
