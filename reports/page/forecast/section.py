"""What the page says about the model in use: its verdict, how it was made, and all charts. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import DASH, Money, capital, count, day, model_name, number, percent
from reports.marts.forecast import ModelRun
from reports.marts.shop import Shop
from reports.page.components import Chart, Passage
from reports.page.forecast import curves, history, metrics
from reports.page.forecast.metrics import Confusion
from reports.page.forecast.model_card import card_html
from reports.page.table import Column, Table

VERDICTS = {
    "use": ("Use it", "good"),
    "use_with_care": ("Use with care", "care"),
    "do_not_use": ("Do not use", "bad"),
}
NO_VERDICT = "This run was not judged by rules. Run 'tillsight train' to judge it."


def run_in_use(runs: Sequence[ModelRun]) -> ModelRun | None:
    """Return the run in use, if any was made."""
    return next((run for run in runs if run.is_in_use), None)


def unavailable(runs: Sequence[ModelRun]) -> str | None:
    """Say why there is no model, or return None when there is one."""
    run = run_in_use(runs)
    if run is None:
        return "Model unavailable: none has been trained yet. Run 'tillsight train'."
    if run.status != "trained":
        reason = (run.message or "the run did not finish").removeprefix("Model unavailable: ")
        return f"Model unavailable: {reason.rstrip('.')}."
    return None


def make_model_part(shop: Shop, money: Money) -> ModelPart | None:
    """Assemble the part about the run in use; None where there is none that trained."""
    run = run_in_use(shop.model_runs)
    if run is None or run.status != "trained":
        return None
    figures = metrics.Figures(shop.metrics, run.chosen_model, shop.suppressed_metrics)
    chosen_on = history.window_with(shop.windows, "choose")
    return ModelPart(
        verdict=verdict(run),
        metrics=metrics.all_customers(figures, money),
        baselines=curves.baselines(figures),
        confusion=metrics.confusion(
            figures, run, money, chosen_on.as_of_date if chosen_on else None
        ),
        one_time_buyers=metrics.one_time_buyers(figures, money, shop.build.horizon_days),
        ranking=curves.ranking(shop, figures, run),
        windows=history.windows_chart(shop.windows),
        past_dates=history.past_charts(shop.metrics, figures.in_use),
        forecast=curves.forecast(shop, figures),
        facts=facts(run),
        card=card_html(run.card) if run.card else None,
    )


def verdict(run: ModelRun) -> Verdict:
    """Word the verdict that the run was given."""
    label, tone = VERDICTS.get(run.verdict or "", VERDICTS["use_with_care"])
    return Verdict(
        label=label,
        tone=tone,
        reason=run.verdict_reason or NO_VERDICT,
        rules=tuple(json.loads(run.verdict_rules or "[]")),
    )


def facts(run: ModelRun) -> tuple[tuple[str, str], ...]:
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


def runs_table(runs: Sequence[ModelRun]) -> Table:
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


def _use_in_words(run: ModelRun) -> str:
    if not run.is_in_use:
        return "No"
    return "Yes, chosen by hand" if run.is_pinned else "Yes, the latest"


@dataclass(frozen=True)
class Verdict:
    """What to do with the predictions; `tone` is good, care or bad."""

    label: str
    tone: str
    reason: str
    rules: tuple[str, ...]


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
