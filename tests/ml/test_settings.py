from __future__ import annotations

import json

from ml.pipeline import MEMBERS
from ml.settings import DEFAULTS, FAMILIES, FEATURES, LABEL


def test_each_feature_belongs_to_one_family():
    assert len(FEATURES) == len(set(FEATURES)) == sum(map(len, FAMILIES.values()))


def test_the_label_is_no_feature():
    assert LABEL not in FEATURES


def test_every_candidate_can_be_built():
    assert set(DEFAULTS.candidates) <= set(MEMBERS)


def test_settings_can_be_written_as_json():
    assert json.loads(json.dumps(DEFAULTS.as_json())) == DEFAULTS.as_json()
