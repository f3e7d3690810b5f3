"""The folders that models are kept in: the only file of this package that touches the disk.

Each model has a folder named by its run: the model, its details, its card.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ml.errors import ModelError
from ml.registry.serialization import NEEDED_FILES


def save(models_dir: Path, model_run_id: str, files: Mapping[str, bytes]) -> None:
    """Write a model's folder: beside its place first, then renamed into it.

    Parameters
    ----------
    models_dir : Path
        Created if missing.
    model_run_id : str
        Name of the folder.
    files : mapping of str to bytes
        Content by file name. A `ModelError` tells that the disk does not take it.
    """
    place, beside = models_dir / model_run_id, models_dir / f"{model_run_id}.new"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, content in files.items():
            (beside / name).write_bytes(content)
        if place.exists():
            shutil.rmtree(place)
        beside.rename(place)
    except OSError as error:
        raise ModelError(f"the model cannot be written to {place} ({error}).") from error


def read(models_dir: Path, model_run_id: str, names: Iterable[str]) -> dict[str, bytes]:
    """Read files of a model's folder.

    Parameters
    ----------
    models_dir : Path
        Where `save` wrote.
    model_run_id : str
        Name of the folder.
    names : iterable of str
        File names.

    Returns
    -------
    dict of str to bytes
        Content by file name.

    Raises
    ------
    ModelError
        If one of them is missing.
    """
    folder = models_dir / model_run_id
    try:
        return {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise ModelError(
            f"the model {model_run_id} cannot be read from {folder} ({error.strerror}). "
            f"Run 'tillsight train', or 'tillsight model use latest' if it was chosen by hand."
        ) from error


def kept(models_dir: Path) -> set[str]:
    """Return the runs whose model is there.

    Parameters
    ----------
    models_dir : Path
        Need not exist.

    Returns
    -------
    set of str
        Names of folders that hold all files that scoring needs.
    """
    if not models_dir.is_dir():
        return set()
    return {
        folder.name
        for folder in models_dir.iterdir()
        if all((folder / name).is_file() for name in NEEDED_FILES) and folder.suffix != ".new"
    }


def remove(models_dir: Path, model_run_ids: Collection[str]) -> None:
    """Delete folders of models.

    Parameters
    ----------
    models_dir : Path
        Where `save` wrote.
    model_run_ids : collection of str
        Names of folders; missing ones are fine. A `ModelError` tells that one cannot be deleted.
    """
    for name in sorted(model_run_ids):
        try:
            if (models_dir / name).is_dir():
                shutil.rmtree(models_dir / name)
        except OSError as error:
            raise ModelError(f"the old model {name} cannot be deleted ({error}).") from error
