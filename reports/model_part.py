"""What the page says about the model in use: its verdict, how it was made, and all charts. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reports import model_charts, model_figures, model_history, model_rows, rows
from reports.formats import DASH, Money, capital, count, day, model_name, number, percent
from reports.model_card import card_html
from reports.page import ModelPart, Verdict
from reports.tables import Column, Table

VERDICTS = {
    "use": ("Use it", "good"),
    "use_with_care": ("Use with care", "care"),
    "do_not_use": ("Do not use", "bad"),
}
NO_VERDICT = "This run was not judged by rules. Run 'tillsight train' to judge it."


def run_in_use(runs: Sequence[model_rows.ModelRun]) -> model_rows.ModelRun | None:
    """Return the run in use, if any was made."""
    return next((run for run in runs if run.is_in_use), None)


def unavailable(runs: Sequence[model_rows.ModelRun]) -> str | None:
    """Say why there is no model, or return None when there is one."""
    run = run_in_use(runs)
    if run is None:
        return "Model unavailable: none has been trained yet. Run 'tillsight train'."
    if run.status != "trained":
        reason = (run.message or "the run did not finish").removeprefix("Model unavailable: ")
        return f"Model unavailable: {reason.rstrip('.')}."
    return None


def make_model_part(shop: rows.Shop, money: Money) -> ModelPart | None:
    """Assemble the part about the run in use; None where there is none that trained."""
    run = run_in_use(shop.model_runs)
    if run is None or run.status != "trained":
        return None
    figures = model_figures.Figures(shop.metrics, run.chosen_model, shop.withheld_metrics)
    chosen_on = model_history.window_with(shop.windows, "choose")
    return ModelPart(
        verdict=verdict(run),
        metrics=model_figures.all_customers(figures, money),
        baselines=model_charts.baselines(figures),
        confusion=model_figures.confusion(
            figures, run, money, chosen_on.as_of_date if chosen_on else None
        ),
        one_time_buyers=model_figures.one_time_buyers(figures, money, shop.build.horizon_days),
        ranking=model_charts.ranking(shop, figures, run),
        windows=model_history.windows_chart(shop.windows),
        past_dates=model_history.past_charts(shop.metrics, figures.in_use),
        forecast=model_charts.forecast(shop, figures),
        facts=facts(run),
        card=card_html(run.card) if run.card else None,
    )


def verdict(run: model_rows.ModelRun) -> Verdict:
    """Word the verdict that the run was given."""
    label, tone = VERDICTS.get(run.verdict or "", VERDICTS["use_with_care"])
    return Verdict(
        label=label,
        tone=tone,
        reason=run.verdict_reason or NO_VERDICT,
        rules=tuple(json.loads(run.verdict_rules or "[]")),
    )


def facts(run: model_rows.ModelRun) -> tuple[tuple[str, str], ...]:
    """Return when the model was trained, on what, and on what it was judged."""
    versions = json.loads(run.library_versions or "{}")
    features = json.loads(run.feature_names or "[]")
    by_hand = "; chosen by hand" if run.is_pinned else ""
    return (
        ("Method in use", capital(model_name(run.chosen_model or DASH))),
        ("Trained as of", day(run.as_of_date)),
        (
            "Training rows",
            f"{number(run.training_rows)} in {count(run.training_windows or 0, 'window')}",
        ),
        (
            "Training dates",
            f"{day(run.first_training_date)} to {day(run.last_training_date)}",
        ),
        ("Judged as of", day(run.evaluated_as_of_date)),
        ("Judged on", count(run.evaluation_rows or 0, "customer")),
        ("Base rate there", percent(run.base_rate, decimals=1)),
        ("Horizon", count(run.horizon_days or 0, "day")),
        ("Features", number(len(features))),
        ("Run", f"{run.run_number} ({run.model_run_id}{by_hand})"),
        ("Libraries", ", ".join(f"{name} {versions[name]}" for name in sorted(versions)) or DASH),
    )


def runs_table(runs: Sequence[model_rows.ModelRun]) -> Table:
    """Write all runs, the latest first, and which of them is in use."""
    texts = ("As of", "Method", "Verdict", "In use")
    return Table(
        caption="Training runs",
        columns=(
            Column("Run"),
            *(Column(label, is_number=False) for label in texts),
            Column("Training rows"),
            Column("Result", is_number=False, is_sentence=True),
        ),
        rows=tuple(
            (
                str(run.run_number),
                day(run.as_of_date),
                capital(model_name(run.chosen_model or DASH)),
                VERDICTS[run.verdict][0] if run.verdict in VERDICTS else DASH,
                _use_in_words(run),
                number(run.training_rows),
                run.message or run.status,
            )
            for run in runs
        ),
    )


def _use_in_words(run: model_rows.ModelRun) -> str:
    if not run.is_in_use:
        return "No"
    return "Yes, chosen by hand" if run.is_pinned else "Yes, the latest"
