from __future__ import annotations

import json

from ml.models.estimators import CANDIDATES
from ml.settings import DEFAULTS, FAMILIES, FEATURES, LABEL, MODELS_KEPT


def test_each_feature_belongs_to_one_family():
    assert len(FEATURES) == len(set(FEATURES)) == sum(map(len, FAMILIES.values()))


def test_the_label_is_not_a_feature():
    assert LABEL not in FEATURES


def test_every_candidate_is_defined():
    assert {*DEFAULTS.candidates, *DEFAULTS.candidates_of_large_shops} <= set(CANDIDATES)


def test_candidates_of_large_shops_have_no_forest():
    for name in DEFAULTS.candidates_of_large_shops:
        assert "random_forest" not in CANDIDATES[name]


def test_settings_can_be_serialised():
    assert json.loads(json.dumps(DEFAULTS.as_json())) == DEFAULTS.as_json()


def test_several_models_are_kept():
    assert MODELS_KEPT >= 2
