"""The forecast section: its charts and their tables."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reports.page.figures.compare.checks import Check, Shown, chart, headings, table
from tests.reports.page.figures.compare.marts import Marts, capital, words
from tests.reports.page.figures.compare.matching import says
from tests.reports.page.figures.forecast.tables import EVALUATED, PLACES, RUN, USED, WINDOWS

CURVES = f"""
select c.*, model = r.chosen_model as is_chosen
from model_curves as c join {RUN} as r on r.model_run_id = c.model_run_id
where model <> 'base_rate'
    and model in (select model from ({EVALUATED}) where slice = 'all')
"""
# The dotted diagonal.
CORNERS = (
    "select '' as trace, x, x as y, -1 as place, x as point from (select 0 as x union select 1)"
)


def curve(name: str, *, has_diagonal: bool) -> Check:
    """Compare every point of every method."""
    lines = f"""
        select capital(words(model)) as trace, x, y, 0 as place, point from ({CURVES})
        where curve = '{name}'
    """
    diagonal = f"union all {CORNERS} where exists ({lines})" if has_diagonal else ""
    return chart(f"select trace, x, y from ({lines} {diagonal}) order by place, trace, point")


def curve_table(name: str, x: str, y: str) -> Check:
    """Compare the listed points of each method, which include the first and the last."""

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        sql = f"select model, x, y from ({CURVES}) where curve = ? order by model, point"
        found: dict[str, list[tuple[float, float]]] = {}
        for model, *point in marts.ask(sql, name).rows:
            found.setdefault(words(model), []).append(tuple(point))
        if shown is None:
            yield from ["is not on the page, SQL has points"] if found else []
            return
        yield from headings(shown, ["Method", x, y], marts)
        told: dict[str, list[list[str]]] = {}
        for line in shown["rows"]:
            told.setdefault(line[0]["text"], []).append([cell["text"] for cell in line[1:]])
        if list(told) != list(found):
            yield f"methods are {list(told)}, SQL has {list(found)}"
            return
        for method, points in told.items():
            yield from _some_of(method, points, found[method])

    return check


def _some_of(
    method: str, told: list[list[str]], points: list[tuple[float, float]]
) -> Iterator[str]:
    def is_told(text: list[str], point: tuple[float, float]) -> bool:
        return all(says(one, "share1", value, None) for one, value in zip(text, point, strict=True))

    rest = iter(points)
    for text in told:
        if not any(is_told(text, point) for point in rest):
            yield f"{method}: {text} is no point of the curve, or not in its order"
    if not (is_told(told[0], points[0]) and is_told(told[-1], points[-1])):
        yield f"{method}: the first or the last point is missing"
    if len(told) < min(len(points), 20):
        yield f"{method}: {len(told)} of {len(points)} points are told"


AGAINST = f"""
select replace(metric, 'log_loss_minus_', '') as model, value, low, high from ({EVALUATED})
where is_chosen and slice = 'all' and metric like 'log\\_loss\\_minus\\_%' escape '\\'
"""
FEATURES = f"""
select replace(slice, 'feature:', '') as feature, value from ({EVALUATED})
where is_chosen and metric = 'permutation_importance'
order by value desc, feature limit 15
"""


def baselines(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare differences and intervals, and whether the words fit them."""
    found = marts.ask(f"select * from ({AGAINST}) order by {PLACES}").rows
    if shown is None:
        yield from ["is not on the page, SQL has differences"] if found else []
        return
    yield from headings(shown, ["Baseline", "Difference", "95% interval", "Result"], marts)
    for line, (model, value, low, high) in zip(shown["rows"], found, strict=True):
        name, difference, interval, told = (cell["text"] for cell in line)
        ends = [f"{end:,.3f}".replace("-", "−") for end in (low, high)]  # noqa: RUF001  minus
        better = "better" if value < 0 else "worse"
        is_clear = high < 0 or low > 0
        wanted = (
            f"{better}; the interval excludes zero"
            if is_clear
            else f"{better}, but the interval includes zero"
        )
        if (name, interval, told) != (capital(words(model)), " to ".join(ends), wanted):
            yield f"{model}: {line} is told, SQL has {value}, {low}, {high}"
        if not says(difference, "ratio3", value, None):
            yield f"{model}: shows {difference!r}, SQL has {value!r}"


BANDS = """
select min(cast(purchase_probability * 10 as integer), 9) as band, count(*) as customers,
    sum(purchase_probability) as expected
from predictions group by 1
"""
BAND = "(10 * band) || '–' || (10 * band + 10) || '%'"  # noqa: RUF001  an en dash joins two numbers
TABLES: dict[str, Check] = {
    "chart: baselines": baselines,
    "chart: gains": curve_table("gains", "Customers contacted", "Buyers reached"),
    "chart: calibration": curve_table("calibration", "Predicted probability", "Share that ordered"),
    "chart: roc": curve_table(
        "roc", "Non-buyers marked (false positive rate)", "Buyers marked (true positive rate)"
    ),
    "chart: precision-recall": curve_table(
        "precision_recall", "Buyers marked (recall)", "Marked customers who ordered (precision)"
    ),
    "chart: probability-bands": table(
        f"""
        select {BAND} as "Probability: text", customers as "Customers: whole",
            expected as "Expected buyers: number1"
        from ({BANDS}) where exists (select 1 from {RUN}) order by band
        """
    ),
    "chart: importance": table(
        f'select words(feature) as "Feature: text", value as "Growth of the log loss: ratio4"'
        f" from ({FEATURES})"
    ),
}
PAST = f"""
select * from ({USED})
where metric = '{{metric}}' and slice = 'all' and split in ('history', 'report')
    and (is_chosen or model in ('base_rate', 'recency_rule', 'bg_nbd'))
"""


def past(metric: str) -> Check:
    """Compare the line of each method, and the interval band (top, then bottom reversed)."""
    found = PAST.format(metric=metric)

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        if shown is None:
            return  # The check of the table covers a missing chart.
        band = [trace for trace in shown["traces"] if trace["name"] == "95% interval"]
        ends = (
            f"select as_of_date, {{}} from ({found}) where is_chosen and low is not null order by 1"
        )
        high = marts.ask(ends.format("high")).rows
        around = [*high, *reversed(marts.ask(ends.format("low")).rows)]
        drawn = [point for trace in band for point in zip(trace["x"], trace["y"], strict=True)]
        if drawn != around:
            yield f"the band is {drawn}, SQL has {around}"
        lines = [trace for trace in shown["traces"] if trace not in band]
        whole = {**shown, "traces": lines, "lines": shown["lines"] - len(band)}
        yield from chart(
            f"""
            select capital(words(model)) as trace, as_of_date as x, value as y,
                as_of_date as "hover: short_day", value as "hover: ratio3",
                case when low is null then '' else printf('<br>95%%: %.3f to %.3f', low, high) end
                    as "hover: text"
            from ({found}) order by as_of_date
            """
        )(whole, marts)

    return check


# Row and kind of the bar of a window, by its role.
STEPS = """
(select 'fit' as role, '1 Select' as step, 'train' as kind, 1 as place
union all select 'choose', '1 Select', 'select', 2
union all select 'refit', '2 Evaluate', 'train', 3
union all select 'report', '2 Evaluate', 'evaluate', 4
union all select 'final', '3 Forecast', 'train', 5
union all select 'score', '3 Forecast', 'forecast', 6
union all select 'history', 'Backtest', 'evaluate', 7)
"""
KINDS = """
case kind when 'train' then 'Training' when 'select' then 'Model selection'
    when 'evaluate' then 'Evaluation' else 'Forecast' end
"""
BARS = chart(
    f"""
    select {KINDS} as trace, as_of_date as base,
        86400000 * cast(julianday(label_end_date) - julianday(as_of_date) as integer) as x,
        step as y, kind as "label: text", as_of_date as "hover: short_day",
        label_end_date as "hover: short_day",
        printf('%,d customer%s', customers, iif(customers = 1, '', 's')) || iif(buyers is null,
            '; buyers are not known yet', printf(', %.1f%% ordered', 100.0 * buyers / customers))
            as "hover: text"
    from ({WINDOWS}) as w cross join json_each(w.roles) as r join {STEPS} as s on s.role = r.value
    order by as_of_date, s.place
    """
)


def windows(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the bars, and the dotted lines at the dates that are forecast."""
    yield from BARS(shown and _with_all_kinds_used(shown), marts)
    sql = f"select as_of_date from ({WINDOWS}) where roles like '%score%'"
    dates = [[date, date] for (date,) in marts.ask(sql).rows]
    if shown and shown["shapes"] != dates:
        yield f"lines stand at {shown['shapes']}, SQL has {dates}"


def _with_all_kinds_used(shown: Shown) -> Shown:
    return {**shown, "traces": [trace for trace in shown["traces"] if trace["x"]]}


TRACK = """
select prediction_date as day, sum(expected_buyers) as expected, sum(buyers) as buyers
from prediction_track_record group by prediction_date
"""
CAME_TRUE = f"""
select '{{0}}' as trace, day as x, {{1}} as y, day as "hover: short_day", buyers as "hover: whole",
    expected as "hover: number"
from ({TRACK})
"""
CHARTS: dict[str, Check] = {
    "baselines": chart(
        f"""
        select value as x, capital(words(model)) as y, high - value as error,
            value - low as error_minus, value as "hover: ratio3",
            replace(printf('%.3f to %.3f', low, high), '-', '−') as "hover: text"
        from ({AGAINST}) order by {PLACES} desc
        """  # noqa: RUF001  minus
    ),
    "gains": curve("gains", has_diagonal=True),
    "calibration": curve("calibration", has_diagonal=True),
    "roc": curve("roc", has_diagonal=True),
    "precision-recall": curve("precision_recall", has_diagonal=False),
    "windows": windows,
    "past-log-loss": past("log_loss"),
    "past-roc-auc": past("roc_auc"),
    "track-record": chart(
        f"""
        {CAME_TRUE.format("Ordered", "buyers")}
        union all {CAME_TRUE.format("Expected", "expected")} order by trace, x
        """
    ),
    "probability-bands": chart(
        f"""
        select {BAND} as x, customers as y, customers as "hover: count",
            expected as "hover: number1"
        from ({BANDS}) where exists (select 1 from {RUN}) order by band
        """
    ),
    "importance": chart(
        f"select value as x, words(feature) as y from ({FEATURES}) order by value, feature desc"
    ),
}


def track_bands(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare predicted and observed rates; the other trace is the dotted line."""
    if shown is None:
        return  # The check of the table covers a missing chart.
    line, *rest = shown["traces"]
    if (line["x"], line["y"]) != ([0, 1], [0, 1]):
        yield f"the dotted line is {line}"
    yield from chart(
        """
        select sum(expected_buyers) / sum(customers) as x, 1.0 * sum(buyers) / sum(customers) as y,
            sum(customers) as "hover: count",
            sum(expected_buyers) / sum(customers) as "hover: share1",
            1.0 * sum(buyers) / sum(customers) as "hover: share1"
        from prediction_track_record group by band order by band
        """
    )({**shown, "traces": rest, "lines": shown["lines"] - 1}, marts)


CHARTS["track-calibration"] = track_bands
