"""Model folders: one per training run, with the model, its details and its card."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from ml.errors import ModelError

MODEL_FILE: Final = "model.skops"
DETAILS_FILE: Final = "model.json"
CARD_FILE: Final = "card.md"
NEEDED_FILES: Final = (MODEL_FILE, DETAILS_FILE)
"""Files that scoring reads."""

RETRAIN: Final = "Run 'tillsight train', or 'tillsight model use latest' if it was chosen by hand."


def save(models_dir: Path, model_run_id: str, files: Mapping[str, bytes]) -> None:
    """Write the files of a model to a temporary folder, then rename it.

    Raises
    ------
    ModelError
        If the disk is full or the folder cannot be written.
    """
    folder, temporary = models_dir / model_run_id, models_dir / f"{model_run_id}.new"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        raise ModelError(f"the model cannot be written to {folder} ({error}).") from error


def read(models_dir: Path, model_run_id: str, names: Iterable[str]) -> dict[str, bytes]:
    """Return the content of some files of a model; `ModelError` if one is missing."""
    folder = models_dir / model_run_id
    try:
        return {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise ModelError(
            f"the model {model_run_id} cannot be read from {folder} ({error.strerror}). {RETRAIN}"
        ) from error


def kept(models_dir: Path) -> set[str]:
    """Return the ids of the runs whose model files exist."""
    if not models_dir.is_dir():
        return set()
    return {
        folder.name
        for folder in models_dir.iterdir()
        if all((folder / name).is_file() for name in NEEDED_FILES) and folder.suffix != ".new"
    }


def remove(models_dir: Path, model_run_ids: Collection[str]) -> None:
    """Delete model folders, if they exist; `ModelError` if one cannot be deleted."""
    for name in sorted(model_run_ids):
        try:
            if (models_dir / name).is_dir():
                shutil.rmtree(models_dir / name)
        except OSError as error:
            raise ModelError(f"the old model {name} cannot be deleted ({error}).") from error
