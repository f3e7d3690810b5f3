"""Score today's customers with the model in use, and say why."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from threadpoolctl import threadpool_limits

from ml.data import features as feature_data
from ml.data.schema import PredictionRow, RunRow
from ml.data.windows import FloatArray
from ml.errors import ModelError
from ml.models import explain
from ml.registry import database, folders, runs, serialization
from ml.registry.serialization import Model
from ml.settings import DEFAULTS, Progress, Settings, silent

_WHAT = "Scoring customers"


@dataclass(frozen=True)
class PredictResult:
    """What came of scoring.

    Attributes
    ----------
    model_run_id : str
        Run whose model was used.
    customers : int
        Customers scored; 0 where the latest run has no model.
    expected_buyers : float
        Sum of their probabilities.
    prediction_date : str or None
        As-of date that the forecast starts from.
    message : str
        A sentence about the run in use.
    """

    model_run_id: str
    customers: int
    expected_buyers: float
    prediction_date: str | None
    message: str


def predict(
    work: Path | feature_data.FeatureSource,
    raw_db: Path,
    models_dir: Path,
    *,
    progress: Progress | None = None,
    settings: Settings = DEFAULTS,
) -> PredictResult:
    """Replace the predictions by those of the model in use for the latest snapshot.

    Every customer of the snapshot is scored, in chunks, and all are written in one
    transaction, into the log as well. Where the run in use has no model, the predictions are
    emptied.

    Parameters
    ----------
    work : Path or FeatureSource
        work.db as written by dbt, or another engine; only read.
    raw_db : Path
        Names the run in use and takes the predictions.
    models_dir : Path
        Holds the models' folders.
    progress : callable, optional
        Told of customers scored.
    settings : Settings, optional
        Constants of scoring.

    Returns
    -------
    PredictResult
        With 0 customers and the run's message where there is no model.

    Raises
    ------
    ModelError
        If there is no run yet, the model's files are missing, damaged or do not fit, or a
        database cannot be read or written.
    """
    with database.writing(raw_db) as raw:
        run = runs.in_use(raw)
        if run.status == "unavailable":
            runs.write_predictions(raw, run.model_run_id, [])
            return PredictResult(run.model_run_id, 0, 0.0, run.as_of_date, run.message)
        files = folders.read(models_dir, run.model_run_id, serialization.NEEDED_FILES)
        with feature_data.reading(work) as features:
            return _score_all(features, raw, run, files, settings=settings, tell=progress or silent)


def score(
    model: Model,
    customer_ids: list[str],
    features: FloatArray,
    *,
    as_of_date: str,
    settings: Settings,
) -> list[PredictionRow]:
    """Score some customers. Pure.

    Parameters
    ----------
    model : Model
        In use.
    customer_ids : list of str, length n
        Whom the rows are about.
    features : array of float, shape (n, len(FEATURES))
        As of `as_of_date`.
    as_of_date : str
        `YYYY-MM-DD`; becomes the prediction date.
    settings : Settings
        Number of reasons.

    Returns
    -------
    list of PredictionRow, length n
        Label 1 from the model's threshold on; confidence is the probability that the label
        comes true; reasons are a JSON array of sentences.
    """
    predict_again = model.forecast.probability
    probability = predict_again(features)
    family_moves = explain.moves(predict_again, features, probability, model.typical)
    rows = zip(
        customer_ids,
        probability.tolist(),
        explain.reasons(features, family_moves, settings),
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
    """Scores rows of features wherever it is sent: the model travels as the bytes of its files.

    Attributes
    ----------
    files : mapping of str to bytes
        What `model_file.unpack` needs.
    as_of_date : str
        `YYYY-MM-DD`, the day of the features.
    horizon_days : int
        Days that the forecast looks ahead.
    settings : Settings
        Number of reasons.
    """

    files: Mapping[str, bytes]
    as_of_date: str
    horizon_days: int
    settings: Settings

    def __call__(self, parts: Iterable[feature_data.Rows]) -> Iterator[list[PredictionRow]]:
        """Score one part after the other.

        Raises
        ------
        ModelError
            If the model's files are damaged or do not fit, or a feature is no number.
        """
        model = serialization.unpack(self.files, horizon_days=self.horizon_days)
        with threadpool_limits(limits=1):
            for rows in parts:
                ids, features = feature_data.customers(rows)
                yield score(
                    model, ids, features, as_of_date=self.as_of_date, settings=self.settings
                )


def _score_all(
    work: feature_data.Features,
    raw: Connection,
    run: RunRow,
    files: Mapping[str, bytes],
    *,
    settings: Settings,
    tell: Progress,
) -> PredictResult:
    """Score the latest snapshot chunk by chunk."""
    latest = feature_data.read_latest(work)
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
    chances: list[float] = []

    def parts() -> Iterator[list[PredictionRow]]:
        tell(_WHAT, 0, latest.rows)
        for rows in feature_data.score_customers(
            work, latest.snapshot_number, settings.chunk_rows, scorer
        ):
            chances.extend(row.purchase_probability for row in rows)
            yield rows
            tell(_WHAT, len(chances), latest.rows)

    runs.write_predictions(raw, run.model_run_id, parts())
    runs.log_predictions(raw, horizon_days=latest.horizon_days)
    return PredictResult(
        run.model_run_id, len(chances), math.fsum(chances), latest.as_of_date, run.message
    )
