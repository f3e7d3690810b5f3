"""Score the latest snapshot with the model in use and explain each prediction."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from threadpoolctl import threadpool_limits

from ml.data.features import (
    Features,
    FeatureSource,
    Rows,
    open_features,
    read_latest,
    score_customers,
    to_arrays,
)
from ml.data.schema import ModelRun, PredictionRow
from ml.data.windows import FloatArray
from ml.errors import ModelError
from ml.models import explain
from ml.progress import Progress, silent
from ml.registry import database, folders, runs, serialization
from ml.registry.serialization import StoredModel
from ml.settings import DEFAULTS, Settings

_STEP = "Scoring customers"


@dataclass(frozen=True)
class PredictResult:
    """Result of scoring.

    Attributes
    ----------
    model_run_id : str
        Run in use.
    customers : int
        Customers scored; 0 if the run has no model.
    expected_buyers : float
        Sum of the probabilities.
    prediction_date : str or None
        As-of date of the snapshot.
    message : str
        Message of the run.
    """

    model_run_id: str
    customers: int
    expected_buyers: float
    prediction_date: str | None
    message: str


def predict(
    source: FeatureSource,
    raw_db: Path,
    models_dir: Path,
    *,
    progress: Progress | None = None,
    settings: Settings = DEFAULTS,
) -> PredictResult:
    """Score the latest snapshot with the model in use; replace and log the predictions.

    Customers are scored in chunks and written in one transaction. If the run in use has no model,
    the predictions are deleted.

    Parameters
    ----------
    source : FeatureSource
        Features built by dbt.
    raw_db : Path
        Contains the runs; receives the predictions.
    models_dir : Path
        Contains the model folders.
    progress : callable, optional
    settings : Settings, optional

    Raises
    ------
    ModelError
        If there is no run, its model cannot be loaded or does not fit the features, or a database
        cannot be read or written.
    """
    with database.writing(raw_db) as raw:
        run = runs.in_use(raw)
        if run.status == "unavailable":
            runs.write_predictions(raw, run.model_run_id, [])
            return PredictResult(run.model_run_id, 0, 0.0, run.as_of_date, run.message)
        files = folders.read(models_dir, run.model_run_id, folders.NEEDED_FILES)
        with open_features(source) as features:
            return _score_latest(
                features, raw, run, files, settings=settings, report=progress or silent
            )


def score(
    model: StoredModel,
    customer_ids: list[str],
    features: FloatArray,
    *,
    as_of_date: str,
    settings: Settings,
) -> list[PredictionRow]:
    """Score n customers with features of shape (n, len(FEATURES)). Pure.

    The confidence is the probability of the predicted label; the reasons are a JSON array of
    sentences.
    """
    predict_probability = model.candidate.probability
    probability = predict_probability(features)
    contributions = explain.contributions(predict_probability, features, probability, model.typical)
    rows = zip(
        customer_ids,
        probability.tolist(),
        explain.reasons(features, contributions, settings),
        strict=True,
    )
    return [
        PredictionRow(
            customer_id=customer_id,
            purchase_probability=chance,
            predicted_label=int(chance >= model.threshold),
            confidence=chance if chance >= model.threshold else 1 - chance,
            prediction_date=as_of_date,
            reasons=json.dumps(sentences),
        )
        for customer_id, chance, sentences in rows
    ]


@dataclass(frozen=True)
class ModelScorer:
    """A picklable `Scorer`: the model travels to a worker as the content of its files."""

    files: Mapping[str, bytes]
    as_of_date: str
    horizon_days: int
    settings: Settings

    def __call__(self, chunks: Iterable[Rows]) -> Iterator[list[PredictionRow]]:
        """Score chunks of rows; `ModelError` if the model cannot be loaded."""
        model = serialization.unpack(self.files, horizon_days=self.horizon_days)
        with threadpool_limits(limits=1):
            for rows in chunks:
                ids, _, features = to_arrays(rows)
                yield score(
                    model, ids, features, as_of_date=self.as_of_date, settings=self.settings
                )


def _score_latest(
    features: Features,
    raw: Connection,
    run: ModelRun,
    files: Mapping[str, bytes],
    *,
    settings: Settings,
    report: Progress,
) -> PredictResult:
    latest = read_latest(features)
    if latest is None:
        runs.write_predictions(raw, run.model_run_id, [])
        return PredictResult(run.model_run_id, 0, 0.0, None, "There is no customer with an order.")
    if run.as_of_date and run.as_of_date > latest.as_of_date:
        raise ModelError(
            f"the model was trained on sales up to {run.as_of_date}, after {latest.as_of_date}, "
            "the day that is to be scored; type 'tillsight train' first, or 'tillsight model use "
            "latest' if it was chosen by hand"
        )
    serialization.unpack(files, horizon_days=latest.horizon_days)
    scorer = ModelScorer(files, latest.as_of_date, latest.horizon_days, settings)
    probabilities: list[float] = []

    def chunks() -> Iterator[list[PredictionRow]]:
        report(_STEP, 0, latest.rows)
        for rows in score_customers(features, latest.snapshot_number, settings.chunk_rows, scorer):
            probabilities.extend(row.purchase_probability for row in rows)
            yield rows
            report(_STEP, len(probabilities), latest.rows)

    runs.write_predictions(raw, run.model_run_id, chunks())
    runs.log_predictions(raw, horizon_days=latest.horizon_days)
    return PredictResult(
        run.model_run_id,
        len(probabilities),
        math.fsum(probabilities),
        latest.as_of_date,
        run.message,
    )
