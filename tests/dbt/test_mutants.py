"""Every mutant applies to the current SQL; `make mutants` checks that the tests detect them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.dbt.mutants import ROOT, Mutant, read_mutants

DBT_DIR = ROOT / "dbt_project"
MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_in_one_place(mutant, tmp_path):
    original = (DBT_DIR / mutant.file).read_text()
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text(original)
    mutant.apply(tmp_path)
    assert copy.read_text() != original


def test_every_layer_has_mutants():
    layers = Counter(mutant.file.removeprefix("models/").partition("/")[0] for mutant in MUTANTS)
    assert len(set(MUTANTS)) == len(MUTANTS) >= 30
    assert set(layers) == {"macros", "staging", "intermediate", "features", "marts"}
    assert min(layers.values()) >= 3


def test_a_mutant_that_does_not_apply_is_reported(tmp_path):
    Path(tmp_path / "model.sql").write_text("select 1, 1")
    with pytest.raises(ValueError, match=r"model\.sql: '1' occurs 2 times; it must"):
        Mutant("model.sql", "1", "2", "").apply(tmp_path)
