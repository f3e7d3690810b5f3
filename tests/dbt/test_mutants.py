"""The wrong changes fit the SQL as it is; whether tests notice them, `make mutants` says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.dbt.mutants import ROOT, Mutant, read_mutants

DBT_DIR = ROOT / "dbt_project"
MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_change_can_be_made_in_one_place(mutant, tmp_path):
    original = (DBT_DIR / mutant.file).read_text()
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text(original)
    mutant.apply(tmp_path)
    assert copy.read_text() != original


def test_there_are_enough_changes_in_every_layer():
    layers = Counter(mutant.file.removeprefix("models/").partition("/")[0] for mutant in MUTANTS)
    assert len(set(MUTANTS)) == len(MUTANTS) >= 30
    assert set(layers) == {"macros", "staging", "intermediate", "features", "marts"}
    assert min(layers.values()) >= 3


def test_a_change_that_fits_no_longer_is_a_sentence(tmp_path):
    Path(tmp_path / "model.sql").write_text("select 1, 1")
    with pytest.raises(ValueError, match=r"model\.sql: '1' stands there 2 times; it must"):
        Mutant("model.sql", "1", "2", "").apply(tmp_path)
