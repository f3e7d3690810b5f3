"""The forecast section: the model in use, its verdict and charts, training runs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from reports.formatting import DASH, Money, capital, count, day, model_name, number, percent
from reports.marts.forecast import ModelRun
from reports.marts.shop import Shop
from reports.page.components import (
    Chart,
    Column,
    Table,
    TableCard,
    number_columns,
    text_columns,
)
from reports.page.forecast import curves, history, metrics
from reports.page.forecast.history import TrackRecord
from reports.page.forecast.metrics import Confusion
from reports.page.forecast.model_card import card_html

VERDICTS = {
    "use": ("Use it", "good"),
    "use_with_care": ("Use with care", "care"),
    "do_not_use": ("Do not use", "bad"),
}
NO_VERDICT = "This run has no verdict. Run 'tillsight train' to get one."


@dataclass(frozen=True)
class Verdict:
    """The recommendation for the predictions; `tone` is good, care or bad."""

    label: str
    tone: str
    reason: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class ModelInUse:
    """The figures of the model in use; `card` is safe HTML."""

    verdict: Verdict
    metrics: TableCard
    baselines: Chart | None
    confusion: Confusion | None
    one_time_buyers: TableCard | None
    ranking: tuple[Chart, ...]
    windows: Chart | None
    past_dates: tuple[Chart, ...]
    forecast: tuple[Chart, ...]
    facts: tuple[tuple[str, str], ...]
    card: str | None

    @property
    def today(self) -> tuple[Chart, ...]:
        """The charts for everybody: probabilities and gains."""
        return tuple(
            chart
            for chart in (*self.forecast, *self.ranking)
            if chart.slug in {"probability-bands", "gains"}
        )

    @property
    def curves(self) -> tuple[Chart, ...]:
        """The curves for the analyst."""
        return tuple(chart for chart in self.ranking if chart.slug != "gains")

    @property
    def importance(self) -> Chart | None:
        """The importance of the features."""
        return next((chart for chart in self.forecast if chart.slug == "importance"), None)

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the model in use."""
        alone = tuple(chart for chart in (self.baselines, self.windows) if chart)
        return (*alone, *self.ranking, *self.past_dates, *self.forecast)


@dataclass(frozen=True)
class Forecast:
    """What the forecast section prints; `message` is the reason where there is no model."""

    model: ModelInUse | None
    message: str | None
    runs: Table
    track_record: TrackRecord

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the section."""
        return (*(self.model.charts if self.model else ()), *self.track_record.charts)


def make_forecast(shop: Shop, money: Money) -> Forecast:
    """Return the forecast section."""
    return Forecast(
        model=make_model_in_use(shop, money),
        message=unavailable(shop.model_runs),
        runs=runs_table(shop.model_runs),
        track_record=history.track_record(shop),
    )


def run_in_use(runs: Sequence[ModelRun]) -> ModelRun | None:
    """Return the run in use; None before the first training."""
    return next((run for run in runs if run.is_in_use), None)


def unavailable(runs: Sequence[ModelRun]) -> str | None:
    """Return why there is no model; None where there is one."""
    run = run_in_use(runs)
    if run is None:
        return "Model unavailable: no model has been trained yet. Run 'tillsight train'."
    if run.status != "trained":
        reason = (run.message or "the run did not finish").removeprefix("Model unavailable: ")
        return f"Model unavailable: {reason.rstrip('.')}."
    return None


def make_model_in_use(shop: Shop, money: Money) -> ModelInUse | None:
    """Return the figures of the run in use; None where it did not train a model."""
    run = run_in_use(shop.model_runs)
    if run is None or run.status != "trained":
        return None
    figures = metrics.Figures(shop.metrics, run.chosen_model, shop.suppressed_metrics)
    chosen_on = history.window_with(shop.windows, "choose")
    return ModelInUse(
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
    """Return the verdict of a run in words."""
    label, tone = VERDICTS.get(run.verdict or "", VERDICTS["use_with_care"])
    return Verdict(
        label=label,
        tone=tone,
        reason=run.verdict_reason or NO_VERDICT,
        rules=tuple(json.loads(run.verdict_rules or "[]")),
    )


def facts(run: ModelRun) -> tuple[tuple[str, str], ...]:
    """Return names and values of the training and the evaluation of a run."""
    versions = json.loads(run.library_versions or "{}")
    features = json.loads(run.feature_names or "[]")
    by_hand = "; pinned by the user" if run.is_pinned else ""
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
        ("Evaluated as of", day(run.evaluated_as_of_date)),
        ("Evaluated on", count(run.evaluation_rows or 0, "customer")),
        ("Base rate in the evaluation", percent(run.base_rate, decimals=1)),
        ("Horizon", count(run.horizon_days or 0, "day")),
        ("Features", number(len(features))),
        ("Run", f"{run.run_number} ({run.model_run_id}{by_hand})"),
        ("Libraries", ", ".join(f"{name} {versions[name]}" for name in sorted(versions)) or DASH),
    )


def runs_table(runs: Sequence[ModelRun]) -> Table:
    """Return all runs, the latest first."""
    return Table(
        caption="Training runs",
        columns=(
            *number_columns("Run"),
            *text_columns("As of", "Method", "Verdict", "In use"),
            *number_columns("Training rows"),
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
    return "Yes, pinned by the user" if run.is_pinned else "Yes, the latest"
