from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

from ml.errors import ModelError
from ml.models.estimators import CANDIDATES, combine, fit_estimators
from ml.registry.serialization import (
    DETAILS_FILE,
    MODEL_FILE,
    TRUSTED_TYPES,
    StoredModel,
    from_bytes,
    pack,
    to_bytes,
    unpack,
)
from ml.settings import DEFAULTS, FEATURES

pytestmark = pytest.mark.usefixtures("one_thread")


class Unknown:
    """A type that is not trusted."""


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    features = random.gamma(2.0, 20.0, size=(200, len(FEATURES)))
    features[:, FEATURES.index("order_days")] = random.integers(2, 9, 200)
    features[::3, FEATURES.index("order_days")] = 1
    features[::3, FEATURES.index("mean_gap_days")] = np.nan
    return features, (features[:, 0] > 40).astype(np.int64)


@pytest.fixture(scope="module")
def members(rows):
    return fit_estimators(tuple(CANDIDATES), *rows, DEFAULTS, horizon_days=30)


@pytest.fixture(scope="module")
def packed(members):
    typical = np.arange(len(FEATURES), dtype=np.float64)
    typical[3] = np.nan
    candidate = combine("logistic_regression", members).with_level_shift(0.25)
    return pack(StoredModel(candidate, 0.4, typical, horizon_days=30), {"note": "x"})


def changed(packed, **details):
    """Return the files with changed values in model.json."""
    old = json.loads(packed[DETAILS_FILE])
    return {**packed, DETAILS_FILE: json.dumps(old | details).encode()}


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_an_unpacked_model_gives_the_same_probabilities(name, members, rows):
    candidate = combine(name, members).with_level_shift(-0.5)
    model = StoredModel(candidate, 0.4, np.zeros(len(FEATURES)), horizon_days=30)
    read = unpack(pack(model, {}), horizon_days=30)
    assert (read.candidate.probability(rows[0]) == candidate.probability(rows[0])).all()
    assert read.threshold == 0.4


def test_nan_in_the_typical_customer_is_preserved(packed):
    typical = unpack(packed, horizon_days=30).typical
    assert np.isnan(typical[3])
    assert typical[4] == 4


def test_the_same_estimators_give_the_same_bytes(rows, members):
    again = fit_estimators(tuple(CANDIDATES), *rows, DEFAULTS, horizon_days=30)
    assert to_bytes(members) == to_bytes(members) == to_bytes(again)


def test_a_changed_model_file_raises(packed):
    broken = packed[MODEL_FILE][:-1] + b"\1"
    with pytest.raises(ModelError, match=r"model.skops has changed. Run 'tillsight train'"):
        unpack({**packed, MODEL_FILE: broken}, horizon_days=30)


def test_a_file_that_is_not_an_archive_raises():
    with pytest.raises(ModelError, match="the model file is damaged"):
        from_bytes(b"not a zip file", name="logistic_regression")


def test_details_that_are_not_json_raise(packed):
    with pytest.raises(ModelError, match=r"model.json .* Run 'tillsight train'"):
        unpack({**packed, DETAILS_FILE: b"{"}, horizon_days=30)


def test_details_without_a_threshold_raise(packed):
    details = json.loads(packed[DETAILS_FILE])
    del details["threshold"]
    with pytest.raises(ModelError, match="threshold"):
        unpack({**packed, DETAILS_FILE: json.dumps(details).encode()}, horizon_days=30)


def test_details_with_a_text_as_threshold_raise(packed):
    with pytest.raises(ModelError, match=r"damaged: model.json, threshold"):
        unpack(changed(packed, threshold="high"), horizon_days=30)


def test_other_features_raise(packed):
    with pytest.raises(ModelError, match=r"other features \(shoe_size differs\)"):
        unpack(changed(packed, features=[*FEATURES, "shoe_size"]), horizon_days=30)


def test_another_feature_order_raises(packed):
    with pytest.raises(ModelError, match="their order differs"):
        unpack(changed(packed, features=list(FEATURES[::-1])), horizon_days=30)


def test_another_horizon_raises(packed):
    with pytest.raises(ModelError, match="looks 30 days ahead and the data 60"):
        unpack(packed, horizon_days=60)


def test_other_library_versions_raise(packed):
    with pytest.raises(ModelError, match=r"written by scikit-learn 0.1"):
        unpack(changed(packed, library_versions={"scikit-learn": "0.1"}), horizon_days=30)


def test_untrusted_types_raise():
    content = skops.io.dumps({"logistic_regression": Unknown()})
    with pytest.raises(ModelError, match=r"refused.*Unknown.*Run 'tillsight train'"):
        from_bytes(content, name="logistic_regression")


def test_functions_raise():
    content = skops.io.dumps({"logistic_regression": json.loads})
    with pytest.raises(ModelError, match="refused"):
        from_bytes(content, name="logistic_regression")


@pytest.mark.parametrize(
    "held", [{}, {"random_forest": 1}, ["logistic_regression"]], ids=["none", "other", "list"]
)
def test_other_estimators_raise(held):
    with pytest.raises(ModelError, match="does not hold a logistic_regression"):
        from_bytes(skops.io.dumps(held), name="logistic_regression")


def test_every_trusted_type_is_needed(members):
    content = to_bytes(members)
    for trusted in TRUSTED_TYPES:
        fewer = [name for name in TRUSTED_TYPES if name != trusted]
        with pytest.raises(TypeError, match="Untrusted types"):
            skops.io.loads(content, trusted=fewer)


def test_shared_objects_can_be_serialised():
    tree = DecisionTreeClassifier(random_state=0).fit([[0.0], [1.0]], [0, 1])
    held = OrderedDict(a=tree, b=tree)
    read = skops.io.loads(to_bytes(dict(held)), trusted=TRUSTED_TYPES)
    assert read["a"].predict([[1.0]]).tolist() == read["b"].predict([[1.0]]).tolist() == [1]
