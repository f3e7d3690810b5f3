"""A fitted model as the bytes of its files and back. Pure: `store` reads and writes them."""

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
from ml.models.estimators import MEMBERS, Estimator, ModelForecast
from ml.settings import FEATURES

MODEL_FILE: Final = "model.skops"
DETAILS_FILE: Final = "model.json"
CARD_FILE: Final = "card.md"
NEEDED_FILES: Final = (MODEL_FILE, DETAILS_FILE)

TRUSTED_TYPES: Final = (
    "ml.models.estimators.RepeatBuyingOdds",
    "ml.models.estimators.signed_log1p",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
"""All that a model file may hold beyond what skops itself trusts."""

_FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
_AGAIN: Final = "Run 'tillsight train', or 'tillsight model use latest' if it was chosen by hand."


@dataclass(frozen=True)
class Model:
    """All that scoring needs.

    Attributes
    ----------
    forecast : ModelForecast
        Fitted on the newest windows.
    threshold : float
        Probability from which a customer is said to order.
    typical : array of float, shape (len(FEATURES),)
        Values of a typical customer, for the reasons.
    horizon_days : int
        Days that the forecast looks ahead.
    """

    forecast: ModelForecast
    threshold: float
    typical: FloatArray
    horizon_days: int


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide a model's numbers.

    Returns
    -------
    dict of str to str
        By distribution name, sorted.
    """
    return {
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "skops": skops.__version__,
    }


def pack(model: Model, about: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a model as the content of its files.

    Parameters
    ----------
    model : Model
        Fitted.
    about : mapping
        What else `model.json` should say: plain values.

    Returns
    -------
    dict of str to bytes
        By file name; the same bytes for the same model.
    """
    content = to_bytes(model.forecast.members)
    details = {
        "chosen_model": model.forecast.name,
        "features": list(FEATURES),
        "horizon_days": model.horizon_days,
        "level_shift": model.forecast.level_shift,
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


def unpack(files: Mapping[str, bytes], *, horizon_days: int) -> Model:
    """Read a model from the content of its files.

    Parameters
    ----------
    files : mapping of str to bytes
        What `pack` wrote.
    horizon_days : int
        Days that the forecast should look ahead.

    Returns
    -------
    Model
        Gives the probabilities that the packed one gave.

    Raises
    ------
    ModelError
        If a file is damaged, holds types that are not trusted, was written by other
        versions, or is for other features or another horizon.
    """
    details = _details(files[DETAILS_FILE])
    _check_fit(details, horizon_days)
    content = files[MODEL_FILE]
    if hashlib.sha256(content).hexdigest() != details["model_sha256"]:
        raise ModelError(f"the model file is damaged: {MODEL_FILE} has changed. {_AGAIN}")
    name = details["chosen_model"]
    return Model(
        forecast=ModelForecast(name, from_bytes(content, name=name), details["level_shift"]),
        threshold=details["threshold"],
        typical=np.array(details["typical_customer"], dtype=np.float64),
        horizon_days=horizon_days,
    )


def to_bytes(members: Mapping[str, Estimator]) -> bytes:
    """Write estimators in the skops format, the same bytes each time.

    Parameters
    ----------
    members : mapping of str to Estimator
        Fitted estimators by name.

    Returns
    -------
    bytes
        A zip archive without clock or memory addresses.
    """
    written = zipfile.ZipFile(io.BytesIO(skops.io.dumps(dict(members))))
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
    """Read what `to_bytes` wrote, and nothing that could run code.

    Parameters
    ----------
    content : bytes
        Of a model file.
    name : str
        Candidate whose members it should hold.

    Returns
    -------
    dict of str to Estimator
        Fitted estimators by name.

    Raises
    ------
    ModelError
        If the file holds types that are not in `TRUSTED_TYPES`, or not these members.
    """
    try:
        members = skops.io.loads(content, trusted=TRUSTED_TYPES)
    except UntrustedTypesFoundException as error:
        first_line = str(error).splitlines()[0]
        raise ModelError(f"the model file is refused: {first_line} {_AGAIN}") from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"the model file is damaged ({error}). {_AGAIN}") from error
    if not isinstance(members, dict) or sorted(members) != sorted(MEMBERS.get(name, ())):
        raise ModelError(f"the model file does not hold a {name}. {_AGAIN}")
    return members


def _details(content: bytes) -> dict[str, Any]:
    """Read model.json, with all the values that scoring needs."""
    wanted = {
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
        damaged = [name for name, kind in wanted.items() if not isinstance(details[name], kind)]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"the model file is damaged: {DETAILS_FILE} ({error}). {_AGAIN}"
        ) from error
    if damaged:
        raise ModelError(
            f"the model file is damaged: {DETAILS_FILE}, {', '.join(damaged)}. {_AGAIN}"
        )
    return details


def _check_fit(details: Mapping[str, Any], horizon_days: int) -> None:
    """Refuse a model for other features, another horizon or other versions."""
    if details["features"] != list(FEATURES):
        different = sorted(set(details["features"]) ^ set(FEATURES))
        raise ModelError(
            f"the model was trained on other features ({', '.join(different) or 'their order'} "
            f"differs). {_AGAIN}"
        )
    if details["horizon_days"] != horizon_days:
        raise ModelError(
            f"the model looks {details['horizon_days']} days ahead and the data "
            f"{horizon_days}. {_AGAIN}"
        )
    here = library_versions()
    if details["library_versions"] != here:
        raise ModelError(
            f"the model was written by {_listed(details['library_versions'])}, and here is "
            f"{_listed(here)}. {_AGAIN}"
        )


def _listed(versions: Mapping[str, str]) -> str:
    """Write versions in a row."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _renumbered(schema: str, parts: Mapping[str, str]) -> str:
    """Replace memory addresses in a skops schema by numbers in order of appearance."""
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    number = {address: place for place, address in enumerate(addresses)}
    numbered = re.sub(r'"__id__": (\d+)', lambda found: f'"__id__": {number[found[1]]}', schema)
    named = re.sub(r'"file": "([^"]+)"', lambda found: f'"file": "{parts[found[1]]}"', numbered)
    return json.dumps(json.loads(named), separators=(",", ":"))


def _entry(name: str) -> zipfile.ZipInfo:
    """Return the head of a deflated zip entry with a fixed time."""
    entry = zipfile.ZipInfo(name, _FIXED_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
