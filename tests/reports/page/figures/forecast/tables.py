"""The forecast section: its tables and facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.reports.page.figures.compare.checks import Check, Shown, facts, table
from tests.reports.page.figures.compare.marts import Marts, capital, words
from tests.reports.page.figures.compare.matching import between, says, unlike

# The run in use, where it trained; its figures on the report window.
RUN = "(select * from model_runs where is_in_use = 1 and status = 'trained')"
USED = f"""
select m.*, r.chosen_model, m.model = r.chosen_model as is_chosen
from model_metrics as m join {RUN} as r on r.model_run_id = m.model_run_id
where m.value is not null
"""
EVALUATED = f"select * from ({USED}) where split = 'report'"
BASELINES = ("base_rate", "recency_rule", "rfm_quartiles", "bg_nbd")
PLACES = (
    "case model "
    + " ".join(f"when '{name}' then {place}" for place, name in enumerate(BASELINES))
    + " end"
)

# Name of the metric, how the row is headed, kind.
MEASURES = {
    "Log loss ↓": ("log_loss", "ratio3"),
    "Brier score ↓": ("brier", "ratio3"),
    "Calibration error ↓": ("expected_calibration_error", "ratio3"),
    "ROC-AUC ↑": ("roc_auc", "ratio3"),
    "Average precision ↑": ("average_precision", "ratio3"),
    "Lift in the top tenth ↑": ("lift_top_tenth", "times2"),
    "Accuracy at the threshold ↑": ("accuracy", "share1"),
    "Precision at the threshold ↑": ("precision", "share1"),
    "Recall at the threshold ↑": ("recall", "share1"),
    "F1 at the threshold ↑": ("f1", "ratio3"),
    "Profit of contacting those marked ↑": ("contact_profit", "money"),
}
ONCE = ("log_loss", "expected_calibration_error", "roc_auc")


def evaluated(marts: Marts, part: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return value and interval by model and metric."""
    sql = f"select model, metric, value, low, high from ({EVALUATED}) where slice = ?"
    return {row[:2]: row[2:] for row in marts.ask(sql, part).rows}


def models(marts: Marts) -> list[str]:
    """Return the evaluated methods: the model in use, other candidates by name, the baselines."""
    sql = f"""
        select distinct model from ({EVALUATED}) where slice = 'all'
        order by is_chosen desc, {PLACES} is not null, {PLACES}, model
    """
    return [name for (name,) in marts.ask(sql).rows]


def measured(part: str) -> Check:
    """Compare every metric and its interval, with a column for each method."""

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        found, names = evaluated(marts, part), models(marts)
        if shown is None:
            yield from ["is not on the page, SQL has figures"] if found else []
            return
        yield from unlike(shown["heads"], ["Metric", *(capital(words(n)) for n in names)], "heads")
        wanted = [
            label
            for label, (metric, _) in MEASURES.items()
            if any((name, metric) in found for name in names) and (part == "all" or metric in ONCE)
        ]
        lines = {line[0]["text"]: line[1:] for line in shown["rows"]}
        base = lines.pop("Base rate: share that ordered", None)
        yield from unlike(lines, wanted, "rows")
        for label, line in lines.items():
            metric, kind = MEASURES[label]
            for name, cell in zip(names, line, strict=True):
                yield from _figure(cell, (label, name), kind, found.get((name, metric)), marts)
        if part != "all":
            yield from _shares(base, names, found, marts)

    return check


def _shares(
    line: list[Shown], names: list[str], found: dict[tuple[str, str], Any], marts: Marts
) -> Iterator[str]:
    for name, cell in zip(names, line, strict=True):
        rows, buyers = found.get((name, "rows")), found.get((name, "positives"))
        share = (buyers[0] / rows[0], None, None) if rows and buyers else None
        yield from _figure(cell, ("base rate", name), "share1", share, marts)


def _figure(
    cell: Shown, where: tuple[str, str], kind: str, row: tuple[Any, ...] | None, marts: Marts
) -> Iterator[str]:
    value, low, high = row or (None, None, None)
    if not says(cell["text"], kind, value, marts.currency):
        yield f"{where}: shows {cell['text']!r}, SQL has {value!r}"
    has_none = not cell["below"] and says(cell["text"], kind, low, marts.currency)
    if not has_none and not between(cell["below"], kind, low, high, marts):
        yield f"{where}: shows {cell['below']!r}, SQL has {low!r} to {high!r}"


def confusion(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the four counts."""
    found = evaluated(marts, "all")
    names = ("true_positive", "false_positive", "false_negative", "true_negative")
    chosen = marts.value(f"select chosen_model from {RUN}")
    values = [found[chosen, name][0] for name in names if (chosen, name) in found]
    if shown is None:
        yield from ["is not on the page, SQL has counts"] if len(values) == 4 else []
        return
    yield from unlike(shown["heads"], ["", "Ordered", "Did not order"], "headings")
    told = [cell["text"] for line in shown["rows"] for cell in line[1:]]
    meanings = [cell["below"] for line in shown["rows"] for cell in line[1:]]
    yield from unlike(
        meanings,
        ["true positives", "false positives", "false negatives", "true negatives"],
        "meanings",
    )
    yield from unlike(
        [line[0]["text"] for line in shown["rows"]], ["Marked as buyer", "Not marked"], "rows"
    )
    for name, text, value in zip(names, told, values, strict=True):
        if not says(text, "whole", value, None):
            yield f"{name}: shows {text!r}, SQL has {value!r}"


def past(metric: str) -> Check:
    """Compare a figure at each past date, a column for each method."""
    sql = f"""
        select as_of_date, model, value, low, high from ({USED})
        where metric = '{metric}' and slice = 'all' and split in ('history', 'report')
            and (is_chosen or model in ('base_rate', 'recency_rule', 'bg_nbd'))
    """

    def check(shown: Shown | None, marts: Marts) -> Iterator[str]:
        found = {row[:2]: row[2:] for row in marts.ask(sql).rows}
        chosen = marts.value(f"select chosen_model from {RUN}")
        dates = sorted({date for date, _ in found}, reverse=True)
        if shown is None:
            dates_evaluated = sum(name == chosen for _, name in found)
            yield from ["is not on the page, SQL has dates"] if dates_evaluated > 1 else []
            return
        order = (chosen, "base_rate", "recency_rule", "bg_nbd")
        names = [name for name in order if any(name == other for _, other in found)]
        heads = ["As of", *(capital(words(name)) for name in names)]
        heads[1] += " (in use)"
        yield from unlike(shown["heads"], heads, "headings")
        if len(shown["rows"]) != len(dates):
            yield f"has {len(shown['rows'])} dates, SQL has {len(dates)}"
        for date, line in zip(dates, shown["rows"], strict=False):
            if not says(line[0]["text"], "day", date, None):
                yield f"row is headed {line[0]['text']!r}, SQL has {date}"
            for name, cell in zip(names, line[1:], strict=True):
                yield from _figure(cell, (date, name), "ratio3", found.get((date, name)), marts)

    return check


def card(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the tables of the model card with its Markdown."""
    text = marts.value(f"select card from {RUN}") or ""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if "|" in line[:3]]
    written = [[_unmarked(part) for part in line] for line in lines]
    written = [line for line in written if any(part.strip("-: ") for part in line)]
    told = [
        line
        for one in (shown or {"parts": []})["parts"]
        for line in [one["heads"], *([cell["text"] for cell in row] for row in one["rows"])]
    ]
    yield from unlike(told, written, "lines of the model card")


def _unmarked(text: str) -> str:
    return " ".join(text.replace("`", "").replace("**", "").split())


WINDOWS = f"""
select
    json_extract(w.value, '$.as_of_date') as as_of_date,
    json_extract(w.value, '$.label_end_date') as label_end_date,
    json_extract(w.value, '$.customers') as customers,
    json_extract(w.value, '$.buyers') as buyers,
    json_extract(w.value, '$.roles') as roles
from {RUN} as r cross join json_each(r.windows) as w
"""
ROLES = {
    "fit": "trains the candidates",
    "choose": "selects model and threshold",
    "refit": "trains the evaluated model",
    "report": "evaluates",
    "final": "trains the model in use",
    "score": "is forecast",
    "history": "evaluates in the backtest",
}


def windows(shown: Shown | None, marts: Marts) -> Iterator[str]:
    """Compare the windows, the latest first, and the role of each in words."""
    roles = marts.ask(f"select roles from ({WINDOWS}) order by as_of_date desc").rows
    if not any(json.loads(role) for (role,) in roles):
        yield from ["is on the page, SQL has no window with a role"] if shown else []
        return
    for line, (role,) in zip(shown["rows"], roles, strict=False):
        does = capital(", ".join(ROLES[name] for name in json.loads(role))) or "Not used"
        yield from unlike([line[-1]["text"]], [does], line[0]["text"])
    told = {**shown, "heads": shown["heads"][:-1], "rows": [line[:-1] for line in shown["rows"]]}
    yield from table(
        f"""
        select as_of_date as "As of: day", label_end_date as "Until: day",
            customers as "Customers: whole", buyers as "Buyers: whole",
            1.0 * buyers / customers as "Share: share1"
        from ({WINDOWS}) order by as_of_date desc
        """
    )(told, marts)
    yield from unlike(shown["heads"][-1:], ["Role"], "heading")


TABLES: dict[str, Check] = {
    "Metrics of the report window": measured("all"),
    "Metrics of one-time buyers": measured("one_time_buyers"),
    "Confusion matrix at the threshold in use": confusion,
    "chart: past-log-loss": past("log_loss"),
    "chart: past-roc-auc": past("roc_auc"),
    "chart: windows": windows,
    "model card": card,
    "chart: track-record": table(
        """
        select
            prediction_date as "Forecast as of: short_day",
            max(horizon_end_date) as "Due on: short_day",
            (select max(run_number) from model_runs as r where r.model_run_id = t.model_run_id)
                as "Run: whole",
            sum(customers) as "Customers: whole",
            sum(expected_buyers) as "Expected buyers: number1",
            sum(buyers) as "Ordered: whole", sum(marked) as "Marked: whole",
            printf('%,d (%s)', sum(marked_buyers), case when sum(marked) then
                printf('%.0f%%', 100.0 * sum(marked_buyers) / sum(marked)) else char(8211) end)
                as "Marked who ordered: text",
            sum(squared_error_sum) / sum(customers) as "Brier score: ratio3"
        from prediction_track_record as t group by prediction_date order by prediction_date desc
        """
    ),
    "chart: track-calibration": table(
        """
        select (10 * band) || char(8211) || (10 * band + 10) || '%' as "Probability: text",
            sum(customers) as "Customers: whole",
            sum(expected_buyers) / sum(customers) as "Predicted: share1",
            sum(buyers) as "Ordered: whole",
            1.0 * sum(buyers) / sum(customers) as "Share that ordered: share1"
        from prediction_track_record group by band order by band
        """
    ),
    "Training runs": table(
        """
        select run_number as "Run: text", as_of_date as "As of: day",
            capital(words(chosen_model)) as "Method: text",
            case verdict when 'use' then 'Use it' when 'use_with_care' then 'Use with care'
                when 'do_not_use' then 'Do not use' end as "Verdict: text",
            case when is_in_use = 0 then 'No' when is_pinned = 1 then 'Yes, pinned by the user'
                else 'Yes, the latest' end as "In use: text",
            training_rows as "Training rows: whole", coalesce(message, status) as "Result: text"
        from model_runs order by run_number desc
        """
    ),
}
FACTS: dict[str, Check] = {
    "The run in use": facts(
        f"""
        select
            capital(words(chosen_model)) as "Method in use: text",
            as_of_date as "Trained as of: day",
            printf('%,d in %d window%s', training_rows, training_windows,
                iif(training_windows = 1, '', 's')) as "Training rows: text",
            printf('%s to %s', in_words(first_training_date), in_words(last_training_date))
                as "Training dates: text",
            evaluated_as_of_date as "Evaluated as of: day",
            printf('%,d customers', evaluation_rows) as "Evaluated on: text",
            base_rate as "Base rate in the evaluation: share1",
            printf('%d days', horizon_days) as "Horizon: text",
            json_array_length(feature_names) as "Features: whole",
            printf('%d (%s%s)', run_number, model_run_id,
                iif(is_pinned, '; pinned by the user', '')) as "Run: text",
            (select group_concat(key || ' ' || value, ', ')
                from (select * from json_each(library_versions) order by key)) as "Libraries: text"
        from {RUN}
        """
    )
}
