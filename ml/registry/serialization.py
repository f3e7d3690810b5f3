"""Serialise a model to the bytes of its files and back. Pure: no I/O."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy
import sklearn
import skops
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from ml.data.windows import FloatArray
from ml.errors import ModelError
from ml.models.estimators import CANDIDATES, Estimator, FittedCandidate
from ml.registry.folders import DETAILS_FILE, MODEL_FILE, RETRAIN
from ml.settings import FEATURES

TRUSTED_TYPES: Final = (
    "ml.models.estimators.BgNbdLogOdds",
    "ml.models.estimators.signed_log1p",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
"""Types that a model file may contain, besides those that skops trusts by default."""

_FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class StoredModel:
    """A fitted candidate and the values that scoring needs.

    Attributes
    ----------
    candidate : FittedCandidate
    threshold : float
        Customers from this probability on are marked as buyers.
    typical : array of float, shape (len(FEATURES),)
        Reference values of the explanations.
    horizon_days : int
        Length of the forecast period.
    """

    candidate: FittedCandidate
    threshold: float
    typical: FloatArray
    horizon_days: int


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that affect predictions, by distribution name."""
    return {
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "skops": skops.__version__,
    }


def pack(model: StoredModel, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the content of the model's files by name; the same bytes for the same model.

    `about` holds further JSON-serialisable values for `model.json`.
    """
    content = to_bytes(model.candidate.estimators)
    details = {
        "chosen_model": model.candidate.name,
        "features": list(FEATURES),
        "horizon_days": model.horizon_days,
        "level_shift": model.candidate.level_shift,
        "library_versions": library_versions(),
        "model_sha256": hashlib.sha256(content).hexdigest(),
        "threshold": model.threshold,
        "typical_customer": [None if np.isnan(value) else value for value in model.typical],
        **about,
    }
    return {
        MODEL_FILE: content,
        DETAILS_FILE: (json.dumps(details, indent=2, sort_keys=True) + "\n").encode(),
    }


def unpack(files: Mapping[str, bytes], *, horizon_days: int) -> StoredModel:
    """Load a model from the content of its files.

    Raises
    ------
    ModelError
        If a file is damaged or contains untrusted types, or the model was made for other
        features, another horizon or other library versions.
    """
    details = _details(files[DETAILS_FILE])
    _check_fit(details, horizon_days)
    content = files[MODEL_FILE]
    if hashlib.sha256(content).hexdigest() != details["model_sha256"]:
        raise ModelError(f"the model file is damaged: {MODEL_FILE} has changed. {RETRAIN}")
    name = details["chosen_model"]
    return StoredModel(
        candidate=FittedCandidate(name, from_bytes(content, name=name), details["level_shift"]),
        threshold=details["threshold"],
        typical=np.array(details["typical_customer"], dtype=np.float64),
        horizon_days=horizon_days,
    )


def to_bytes(estimators: Mapping[str, Estimator]) -> bytes:
    """Serialise fitted estimators in the skops format, without timestamps and memory addresses."""
    written = zipfile.ZipFile(io.BytesIO(skops.io.dumps(dict(estimators))))
    names = [name for name in written.namelist() if name != "schema.json"]
    parts = {name: f"{number}{name[name.index('.') :]}" for number, name in enumerate(names)}
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for name, part in parts.items():
            archive.writestr(_entry(part), written.read(name))
        schema = written.read("schema.json").decode()
        archive.writestr(_entry("schema.json"), _renumbered(schema, parts))
    return result.getvalue()


def from_bytes(content: bytes, *, name: str) -> dict[str, Estimator]:
    """Load the estimators of a candidate; only trusted types are loaded.

    Raises
    ------
    ModelError
        If the file is damaged or contains other types or other estimators.
    """
    try:
        estimators = skops.io.loads(content, trusted=TRUSTED_TYPES)
    except UntrustedTypesFoundException as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(
            f"the model file is refused: {first_line} Another version of Tillsight may have "
            f"written it. {RETRAIN}"
        ) from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"the model file is damaged ({error}). {RETRAIN}") from error
    expected = sorted(CANDIDATES.get(name, ()))
    if not isinstance(estimators, dict) or sorted(estimators) != expected:
        raise ModelError(f"the model file does not hold a {name}. {RETRAIN}")
    return estimators


def _details(content: bytes) -> dict[str, Any]:
    """Parse model.json and check the types of its values."""
    required = {
        "chosen_model": str,
        "features": list,
        "horizon_days": int,
        "level_shift": float,
        "library_versions": dict,
        "model_sha256": str,
        "threshold": float,
        "typical_customer": list,
    }
    try:
        details: dict[str, Any] = json.loads(content)
        damaged = [name for name, kind in required.items() if not isinstance(details[name], kind)]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"the model file is damaged: {DETAILS_FILE} ({error}). {RETRAIN}"
        ) from error
    if damaged:
        raise ModelError(
            f"the model file is damaged: {DETAILS_FILE}, {', '.join(damaged)}. {RETRAIN}"
        )
    return details


def _check_fit(details: Mapping[str, Any], horizon_days: int) -> None:
    """Raise if the model was made for other features, another horizon or other versions."""
    if details["features"] != list(FEATURES):
        different = sorted(set(details["features"]) ^ set(FEATURES))
        raise ModelError(
            f"the model was trained on other features ({', '.join(different) or 'their order'} "
            f"differs). {RETRAIN}"
        )
    if details["horizon_days"] != horizon_days:
        raise ModelError(
            f"the model looks {details['horizon_days']} days ahead and the data "
            f"{horizon_days}. {RETRAIN}"
        )
    here = library_versions()
    if details["library_versions"] != here:
        raise ModelError(
            f"the model was written by {_listed(details['library_versions'])}, and here is "
            f"{_listed(here)}. {RETRAIN}"
        )


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _renumbered(schema: str, parts: Mapping[str, str]) -> str:
    """Replace the memory addresses in a skops schema by consecutive numbers."""
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    number = {address: place for place, address in enumerate(addresses)}
    numbered = re.sub(r'"__id__": (\d+)', lambda found: f'"__id__": {number[found[1]]}', schema)
    named = re.sub(r'"file": "([^"]+)"', lambda found: f'"file": "{parts[found[1]]}"', numbered)
    return json.dumps(json.loads(named), separators=(",", ":"))


def _entry(name: str) -> zipfile.ZipInfo:
    """Return a zip entry with a fixed timestamp."""
    entry = zipfile.ZipInfo(name, _FIXED_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
