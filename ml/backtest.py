"""Select a model, evaluate it on later windows, and fit the one that scores. Pure: no I/O.

1. Selection: candidates fitted on older windows are compared on the selection window, which also
   gives the threshold and the calibration drift.
2. Report: candidates fitted on all windows before the report window are evaluated on it. No choice
   depends on it, so its metrics are unbiased.
3. Backtest: the selected candidate is evaluated in the same way on each earlier window.
4. Final fit: the selected candidate is fitted on the newest windows to score the latest snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ml import fit
from ml.data.schema import CurveRow, MetricRow, Split
from ml.data.windows import FloatArray, IntArray, Window, WindowSplit, WindowSummary
from ml.evaluation import evaluate
from ml.evaluation.evaluate import Predictions
from ml.evaluation.metrics import best_f1_threshold
from ml.fit import Windows
from ml.models import estimators, explain
from ml.models.baselines import BASELINES
from ml.models.estimators import FittedCandidate, ProbabilityModel
from ml.registry.serialization import StoredModel
from ml.settings import Settings

STEPS: Final = 4
"""Number of calls of `on_step` in `run`."""


@dataclass(frozen=True)
class Selection:
    """Result of model selection.

    Attributes
    ----------
    predictions : Predictions
        Of the selection window, or of cross-validation if there is none.
    model : str
        The first candidate, unless another is significantly better.
    thresholds : mapping of str to float
        Classification threshold of each model.
    level_shifts : mapping of str to float
        Calibration drift of each candidate in log-odds; 0 with cross-validation.
    differences : list of MetricRow
        Difference in log loss of each other candidate to the first.
    """

    predictions: Predictions
    model: str
    thresholds: Mapping[str, float]
    level_shifts: Mapping[str, float]
    differences: list[MetricRow]


@dataclass(frozen=True)
class BacktestResult:
    """The model that scores, and the metrics and curves that describe it.

    Attributes
    ----------
    model : StoredModel
    metrics : list of MetricRow
        All models on the selection and the report window; the selected one and the baselines on
        the windows before.
    curves : list of CurveRow
        The selected model and the baselines on the report window.
    training_rows : int
        Rows that `model` was fitted on.
    evaluation_rows : int
        Rows of the report window.
    base_rate : float
        Share of buyers among them.
    """

    model: StoredModel
    metrics: list[MetricRow]
    curves: list[CurveRow]
    training_rows: int
    evaluation_rows: int
    base_rate: float


def run(
    split: WindowSplit,
    windows: Windows,
    settings: Settings,
    *,
    on_step: Callable[[], None] = lambda: None,
) -> BacktestResult:
    """Select, evaluate, backtest and fit; deterministic for the same input.

    Raises
    ------
    TooLittleDataError
        If cross-validation has too few customers of one class.
    """
    settings = _with_candidates_by_size(split, settings)
    selection = select(split, windows, settings)
    on_step()
    report, reported_model = evaluate_report(split, windows, selection, settings)
    on_step()
    history = evaluate_history(split, windows, selection, settings)
    on_step()
    report_window = windows[split.report.snapshot_number]
    model, training_rows = _fit_final(split, windows, selection, reported_model, settings)
    on_step()
    return BacktestResult(
        model=model,
        metrics=[
            *evaluate.metric_rows(
                "choose",
                selection.predictions,
                selection.thresholds,
                settings,
                with_intervals=False,
            ),
            *selection.differences,
            *evaluate.metric_rows("report", report, selection.thresholds, settings),
            *_differences_to_baselines("report", report, selection, settings),
            *_history_metrics(history, selection, settings),
            *evaluate.importance_rows(reported_model, report_window, settings),
        ],
        curves=evaluate.curve_rows(report, (selection.model, *BASELINES)),
        training_rows=training_rows,
        evaluation_rows=report.labels.size,
        base_rate=float(report.labels.mean()),
    )


def select(split: WindowSplit, windows: Windows, settings: Settings) -> Selection:
    """Select candidate, thresholds and level shifts without the report window.

    Raises
    ------
    TooLittleDataError
        If cross-validation has too few customers of one class.
    """
    if split.choose is None:
        predictions = fit.cross_validate(split.fit, windows, settings)
        shifts = dict.fromkeys(settings.candidates, 0.0)
    else:
        window = windows[split.choose.snapshot_number]
        candidates, baselines = _fit_for(window, split.fit, windows, settings)
        predictions = fit.predict_window(candidates | baselines, window)
        shifts = {
            name: estimators.level_drift(
                predictions.labels, predictions.probability[name], settings
            )
            for name in settings.candidates
        }
    first, *others = settings.candidates
    differences = evaluate.loss_differences("choose", predictions, others, first, settings)
    return Selection(
        predictions=predictions,
        model=_significantly_best(first, differences),
        thresholds={
            name: _threshold(predictions.labels, probability, settings)
            for name, probability in predictions.probability.items()
        },
        level_shifts=shifts,
        differences=differences,
    )


def evaluate_report(
    split: WindowSplit, windows: Windows, selection: Selection, settings: Settings
) -> tuple[Predictions, FittedCandidate]:
    """Return the predictions of all models for the report window, and the selected model."""
    window = windows[split.report.snapshot_number]
    candidates, baselines = _fit_for(window, split.refit, windows, settings)
    shifted = {
        name: model.with_level_shift(selection.level_shifts[name])
        for name, model in candidates.items()
    }
    return fit.predict_window(shifted | baselines, window), shifted[selection.model]


def evaluate_history(
    split: WindowSplit, windows: Windows, selection: Selection, settings: Settings
) -> list[Predictions]:
    """Backtest the selected candidate and the baselines on the earlier windows, oldest first.

    Each window carries its calibration drift to the next one.
    """
    history = []
    shift = 0.0
    limit_per_window = settings.history_fit_row_limit // settings.fit_windows
    training = {
        number: fit.sample_window(windows, window.summary, limit_per_window, settings)
        for number, window in windows.items()
    }
    for fold in reversed(split.history):
        window = fit.sample_window(windows, fold.test, settings.history_row_limit, settings)
        _, features, labels = fit.pool_windows(
            fold.fit, training, settings.history_fit_row_limit, settings
        )
        candidates, baselines = fit.fit_all(
            [selection.model],
            features,
            labels,
            window.features,
            settings,
            horizon_days=fold.test.horizon_days,
        )
        model = candidates[selection.model]
        models = {selection.model: model.with_level_shift(shift), **baselines}
        predictions = fit.predict_window(models, window)
        shift = estimators.level_drift(
            predictions.labels, model.probability(window.features), settings
        )
        history.append(predictions)
    return history


def _with_candidates_by_size(split: WindowSplit, settings: Settings) -> Settings:
    """Return the settings with the candidates for a shop of this size."""
    rows = min(settings.fit_row_limit, sum(window.rows for window in split.final))
    if rows <= settings.forest_row_limit:
        return settings
    return replace(settings, candidates=settings.candidates_of_large_shops)


def _fit_for(
    window: Window, training: Sequence[WindowSummary], windows: Windows, settings: Settings
) -> tuple[dict[str, FittedCandidate], dict[str, ProbabilityModel]]:
    """Fit all candidates and baselines on training windows to predict another window."""
    _, features, labels = fit.pool_windows(training, windows, settings.fit_row_limit, settings)
    return fit.fit_all(
        settings.candidates,
        features,
        labels,
        window.features,
        settings,
        horizon_days=window.summary.horizon_days,
    )


def _significantly_best(first: str, differences: Sequence[MetricRow]) -> str:
    """Return the first candidate unless the interval of another one's difference is below 0."""
    better = [row for row in differences if row.high is not None and row.high < 0]
    return min(better, key=lambda row: row.value).model if better else first


def _differences_to_baselines(
    split: Split, predictions: Predictions, selection: Selection, settings: Settings
) -> list[MetricRow]:
    return [
        row
        for baseline in BASELINES
        for row in evaluate.loss_differences(
            split, predictions, [selection.model], baseline, settings
        )
    ]


def _threshold(labels: IntArray, probability: FloatArray, settings: Settings) -> float:
    """Return cost over benefit of a contact, or else the threshold with the best F1."""
    if settings.contact_cost is None or settings.contact_benefit is None:
        return best_f1_threshold(labels, probability)
    return settings.contact_cost / settings.contact_benefit


def _fit_final(
    split: WindowSplit,
    windows: Windows,
    selection: Selection,
    reported_model: FittedCandidate,
    settings: Settings,
) -> tuple[StoredModel, int]:
    """Fit the selected candidate on the newest windows; return it and its training rows."""
    report = windows[split.report.snapshot_number]
    unshifted = reported_model.with_level_shift(0.0).probability(report.features)
    shift = estimators.level_drift(report.labels, unshifted, settings)
    _, features, labels = fit.pool_windows(split.final, windows, settings.fit_row_limit, settings)
    fitted = estimators.fit_estimators(
        [selection.model], features, labels, settings, horizon_days=report.summary.horizon_days
    )
    model = StoredModel(
        candidate=estimators.combine(selection.model, fitted).with_level_shift(shift),
        threshold=selection.thresholds[selection.model],
        typical=explain.typical_customer(features),
        horizon_days=split.report.horizon_days,
    )
    return model, labels.size


def _history_metrics(
    history: Sequence[Predictions], selection: Selection, settings: Settings
) -> list[MetricRow]:
    rows = []
    for predictions in history:
        rows += evaluate.metric_rows(
            "history", predictions, selection.thresholds, settings, slices=(evaluate.ALL,)
        )
        rows += _differences_to_baselines("history", predictions, selection, settings)
    return rows
