"""Checks of a file before it is read, and the choice of its reader."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from scripts.errors import TillsightError
from scripts.ingest import csv_reader, excel_reader, parquet_reader
from scripts.ingest.table import Reading, Table

TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
PARQUET_SUFFIXES = {".parquet", ".pq"}
WORKBOOK_SUFFIXES = {".xlsx", ".xlsm"}
# Magic bytes of other kinds of file.
BEGINNINGS = {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet", b"\x1f\x8b": ".csv.gz"}


def check_encoding(encoding: str) -> None:
    """Raise TillsightError if an encoding is unknown."""
    try:
        "a".encode(encoding)
    except (LookupError, ValueError) as error:
        raise TillsightError(
            f"unknown encoding '{encoding}'; choose one like utf-8, latin-1 or cp1252"
        ) from error


def check_file(path: Path) -> None:
    """Raise TillsightError unless a path is a readable file of the kind that its name says."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise TillsightError(f"{path} is a folder; name the files in it, like {path / '*.csv'}")
        if not stat.S_ISREG(mode):
            raise TillsightError(f"{path} is not a regular file; save its content to one first")
        with path.open("rb") as file:
            beginning = file.read(4)
    except FileNotFoundError as error:
        raise TillsightError(f"{path} does not exist; check its name") from error
    except OSError as error:
        raise TillsightError(
            f"{path} cannot be read ({error.strerror}); check its permissions"
        ) from error
    _check_kind(path, beginning)


def read_tables(path: Path, reading: Reading) -> Iterator[Table]:
    """Yield the tables of a file, whose suffix selects the reader.

    Parameters
    ----------
    path : Path
        The file.
    reading : Reading
        Encoding and size limit.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the file is damaged, empty or too large.
    """
    suffix = _suffix(path)
    if suffix in PARQUET_SUFFIXES:
        return parquet_reader.read_tables(path, reading)
    if suffix in WORKBOOK_SUFFIXES:
        return excel_reader.read_tables(path, reading)
    return csv_reader.read_tables(path, reading)


def _check_kind(path: Path, beginning: bytes) -> None:
    is_packed = path.name.lower().endswith(".gz")
    suffix = _suffix(path)
    is_text = suffix in TEXT_SUFFIXES
    if not is_text and (is_packed or suffix not in PARQUET_SUFFIXES | WORKBOOK_SUFFIXES):
        raise TillsightError(
            f"{path} is not a kind of file that can be loaded; its name must end in .csv, .csv.gz, "
            f".tsv, .txt, .parquet or .xlsx"
        )
    if not beginning:
        raise TillsightError(f"{path} is empty; it needs a header and a line for each row")
    for magic, true_suffix in BEGINNINGS.items():
        if is_text and not is_packed and beginning.startswith(magic):
            raise TillsightError(
                f"{path} is not text but a {true_suffix} file; rename it to end in {true_suffix}"
            )


def _suffix(path: Path) -> str:
    """Return the suffix of a name without `.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix
