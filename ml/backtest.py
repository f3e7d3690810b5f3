"""Fit, choose, judge, fit again: each on its own past windows. Pure: windows in, a model out.

1. Candidates are fitted on the older windows; the next window chooses one and its threshold,
   and tells how far the level has drifted.
2. The candidates are fitted again up to the eve of the last whole window, which judges them.
   Nothing is chosen there, so the figures are those of the recipe that scores customers.
3. The chosen one goes through every earlier window in the same way: fitted on what lay before
   it, judged on it.
4. The chosen one is fitted on the newest windows, to score customers as they are today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml import fit
from ml.data.schema import CurveRow, MetricRow
from ml.data.windows import FloatArray, IntArray, Plan, Window, WindowSummary
from ml.evaluation import evaluate
from ml.evaluation.evaluate import Judged
from ml.evaluation.metrics import best_f1_threshold
from ml.models import estimators, explain
from ml.models.baselines import BASELINES
from ml.models.estimators import Forecast, ModelForecast
from ml.registry.serialization import Model
from ml.settings import Settings

STEPS: Final = 4
"""How often `learn` tells of its progress."""


@dataclass(frozen=True)
class Choice:
    """What the choosing window decided.

    Attributes
    ----------
    judged : Judged
        Its rows, or those of the cross-validation where there is no such window.
    model : str
        The first candidate, or one that is better by more than chance explains.
    thresholds : mapping of str to float
        Of each model: cost over benefit of a contact where they are set, else the one with the
        highest F1.
    level_shifts : mapping of str to float
        Of each candidate, in log-odds; 0 where no later window tells a drift.
    gaps : list of MetricRow
        By how much each other candidate surprised less than the first.
    """

    judged: Judged
    model: str
    thresholds: Mapping[str, float]
    level_shifts: Mapping[str, float]
    gaps: list[MetricRow]


@dataclass(frozen=True)
class Outcome:
    """What training gives.

    Attributes
    ----------
    model : Model
        Scores customers as they are today.
    metrics : list of MetricRow
        Of all candidates and baselines on the choosing and the last whole window; of the chosen
        one and the baselines on every window before.
    curves : list of CurveRow
        Of the chosen model and the baselines, on the last whole window.
    training_rows : int
        Rows that `model` was fitted on.
    evaluation_rows : int
        Rows that it was judged on.
    base_rate : float
        Share of buyers among those.
    """

    model: Model
    metrics: list[MetricRow]
    curves: list[CurveRow]
    training_rows: int
    evaluation_rows: int
    base_rate: float

    def figure(self, split_name: str, model: str, metric: str) -> float:
        """Return a measure of a model on all customers.

        Parameters
        ----------
        split_name : str
            `choose` or `report`.
        model : str
            Candidate or baseline.
        metric : str
            Name of the measure, which must be defined.

        Returns
        -------
        float
            Its value.
        """
        wanted = (split_name, model, "all", metric)
        return next(
            row.value
            for row in self.metrics
            if (row.split, row.model, row.slice, row.metric) == wanted
        )


def choose(roles: Plan, windows: Mapping[int, Window], settings: Settings) -> Choice:
    """Choose the candidate, its threshold and its level, without the reporting window.

    Parameters
    ----------
    roles : Plan
        Which windows fit and which chooses.
    windows : mapping of int to Window
        Rows by snapshot number.
    settings : Settings
        Candidates and limits.

    Returns
    -------
    Choice
        From the choosing window, or from cross-validation by customer within the fit.

    Raises
    ------
    TooLittleDataError
        If cross-validation is needed and there are too few customers for it.
    """
    if roles.choose is None:
        judged = fit.cross_validate(roles.fit, windows, settings)
        shifts = dict.fromkeys(settings.candidates, 0.0)
    else:
        window = windows[roles.choose.snapshot_number]
        candidates, rules = _fitted(roles.fit, windows, window, settings)
        judged = fit.judge(candidates | rules, window)
        shifts = {
            name: estimators.level_drift(judged.labels, judged.probability[name], settings)
            for name in settings.candidates
        }
    first, *others = settings.candidates
    gaps = evaluate.differences("choose", judged, others, first, settings)
    return Choice(
        judged=judged,
        model=_clearly_best(first, gaps),
        thresholds={
            name: _threshold(judged.labels, probability, settings)
            for name, probability in judged.probability.items()
        },
        level_shifts=shifts,
        gaps=gaps,
    )


def report(
    roles: Plan, windows: Mapping[int, Window], choice: Choice, settings: Settings
) -> tuple[Judged, ModelForecast]:
    """Judge the candidates on the last whole window, as they would have been used then.

    Parameters
    ----------
    roles : Plan
        Which windows fit and which reports.
    windows : mapping of int to Window
        Rows by snapshot number.
    choice : Choice
        Decided before.
    settings : Settings
        Candidates and limits.

    Returns
    -------
    Judged, ModelForecast
        What all models said, and the chosen one itself.
    """
    window = windows[roles.report.snapshot_number]
    candidates, rules = _fitted(roles.refit, windows, window, settings)
    shifted = {
        name: forecast.shifted(choice.level_shifts[name]) for name, forecast in candidates.items()
    }
    return fit.judge(shifted | rules, window), shifted[choice.model]


def history(
    roles: Plan, windows: Mapping[int, Window], choice: Choice, settings: Settings
) -> list[Judged]:
    """Judge the chosen candidate on every window before the report, as it would have been then.

    Parameters
    ----------
    roles : Plan
        Which windows were judged, and what could be learned from before each.
    windows : mapping of int to Window
        Rows by snapshot number.
    choice : Choice
        Decided before.
    settings : Settings
        Limits: fewer rows do than for the model in use.

    Returns
    -------
    list of Judged
        Oldest first; empty where only one window can be judged.
    """
    found = []
    shift = 0.0
    own = settings.history_fit_row_limit // settings.fit_windows
    learned = {
        number: fit.limited(windows, window.summary, own, settings)
        for number, window in windows.items()
    }
    for step in reversed(roles.history):
        window = fit.limited(windows, step.judged, settings.history_row_limit, settings)
        _, features, labels = fit.pool(step.fit, learned, settings.history_fit_row_limit, settings)
        candidates, rules = fit.fit_all(
            [choice.model],
            features,
            labels,
            window.features,
            settings,
            horizon_days=step.judged.horizon_days,
        )
        model = candidates[choice.model]
        judged = fit.judge({choice.model: model.shifted(shift), **rules}, window)
        shift = estimators.level_drift(judged.labels, model.probability(window.features), settings)
        found.append(judged)
    return found


def learn(
    roles: Plan,
    windows: Mapping[int, Window],
    settings: Settings,
    *,
    tell: Callable[[], None] = lambda: None,
) -> Outcome:
    """Choose, judge, and fit the model that scores customers as they are today.

    Parameters
    ----------
    roles : Plan
        Which windows do what.
    windows : mapping of int to Window
        Rows by snapshot number.
    settings : Settings
        Candidates and limits.
    tell : callable
        Called after each of `STEPS` steps.

    Returns
    -------
    Outcome
        The same for the same input.

    Raises
    ------
    TooLittleDataError
        If there are too few customers to choose with.
    """
    settings = _affordable(roles, settings)
    choice = choose(roles, windows, settings)
    tell()
    reported, forecast = report(roles, windows, choice, settings)
    tell()
    past = history(roles, windows, choice, settings)
    tell()
    last = windows[roles.report.snapshot_number]
    model, training_rows = _final(roles, windows, choice, forecast, settings)
    tell()
    return Outcome(
        model=model,
        metrics=[
            *evaluate.metrics(
                "choose", choice.judged, choice.thresholds, settings, with_intervals=False
            ),
            *choice.gaps,
            *evaluate.metrics("report", reported, choice.thresholds, settings),
            *_lead("report", reported, choice, settings),
            *_metrics_of_the_past(past, choice, settings),
            *evaluate.importance(forecast, last, settings),
        ],
        curves=evaluate.curves(reported, (choice.model, *BASELINES)),
        training_rows=training_rows,
        evaluation_rows=reported.labels.size,
        base_rate=float(reported.labels.mean()),
    )


def _affordable(roles: Plan, settings: Settings) -> Settings:
    """Return the settings with the candidates that are tried in a shop of this size."""
    rows = min(settings.fit_row_limit, sum(window.rows for window in roles.final))
    if rows <= settings.forest_row_limit:
        return settings
    return replace(settings, candidates=settings.candidates_of_large_shops)


def _fitted(
    summaries: Sequence[WindowSummary],
    windows: Mapping[int, Window],
    present: Window,
    settings: Settings,
) -> tuple[dict[str, ModelForecast], dict[str, Forecast]]:
    """Return all candidates, and the baselines, fitted on some windows to forecast another."""
    _, features, labels = fit.pool(summaries, windows, settings.fit_row_limit, settings)
    return fit.fit_all(
        settings.candidates,
        features,
        labels,
        present.features,
        settings,
        horizon_days=present.summary.horizon_days,
    )


def _clearly_best(first: str, gaps: Sequence[MetricRow]) -> str:
    """Return the first candidate unless another is better by more than chance explains."""
    clear = [row for row in gaps if row.high is not None and row.high < 0]
    return min(clear, key=lambda row: row.value).model if clear else first


def _lead(split_name: str, judged: Judged, choice: Choice, settings: Settings) -> list[MetricRow]:
    """Measure by how much the chosen candidate surprises less than each baseline."""
    return [
        row
        for baseline in BASELINES
        for row in evaluate.differences(split_name, judged, [choice.model], baseline, settings)
    ]


def _threshold(labels: IntArray, probability: FloatArray, settings: Settings) -> float:
    """Return the probability from which a contact pays, or else F1 is highest."""
    if settings.contact_cost is None or settings.contact_benefit is None:
        return best_f1_threshold(labels, probability)
    return settings.contact_cost / settings.contact_benefit


def _final(
    roles: Plan,
    windows: Mapping[int, Window],
    choice: Choice,
    reported: ModelForecast,
    settings: Settings,
) -> tuple[Model, int]:
    """Fit the chosen candidate on the newest windows; return it and how many rows it saw."""
    last = windows[roles.report.snapshot_number]
    unshifted = reported.shifted(0.0).probability(last.features)
    shift = estimators.level_drift(last.labels, unshifted, settings)
    _, features, labels = fit.pool(roles.final, windows, settings.fit_row_limit, settings)
    members = estimators.fit_members(
        [choice.model], features, labels, settings, horizon_days=last.summary.horizon_days
    )
    model = Model(
        forecast=estimators.assemble(choice.model, members).shifted(shift),
        threshold=choice.thresholds[choice.model],
        typical=explain.typical_customer(features),
        horizon_days=roles.report.horizon_days,
    )
    return model, labels.size


def _metrics_of_the_past(
    past: Sequence[Judged], choice: Choice, settings: Settings
) -> list[MetricRow]:
    """Measure the chosen model and the baselines on each window before the report."""
    rows = []
    for judged in past:
        rows += evaluate.metrics(
            "history", judged, choice.thresholds, settings, slices=(evaluate.ALL,)
        )
        rows += _lead("history", judged, choice, settings)
    return rows
