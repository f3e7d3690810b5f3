"""Read the sheets of an Excel workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from scripts.errors import TillsightError
from scripts.ingest.size_limits import check_workbook
from scripts.ingest.table import Reading, Run, Table, as_text

ROWS_PER_RUN = 100


def read_tables(path: Path, reading: Reading) -> Iterator[Table]:
    """Yield each sheet that is not empty, in the workbook's order.

    The first row that is not blank is the header. Lines are rows of the sheet. A sheet is read into
    memory as a whole, within the size limit.

    Parameters
    ----------
    path : Path
        The workbook.
    reading : Reading
        Size limit.

    Raises
    ------
    TillsightError
        Now, or while the rows are read, if the workbook is damaged, protected by a password, too
        large or empty.
    """
    check_workbook(path, reading.unpacked_megabytes)
    is_empty = True
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name in workbook.sheet_names:
                sheet = workbook.get_sheet_by_name(name)
                for line, row in enumerate(sheet.iter_rows(), start=1):
                    if _is_filled(row):
                        is_empty = False
                        yield _table(path, sheet, line, row)
                        break
    except PasswordError as error:
        raise TillsightError(
            f"{path} is protected by a password; save a copy without one and load that"
        ) from error
    except CalamineError as error:
        raise TillsightError(
            f"{path} is not a valid workbook ({error}); save it again as .xlsx, or as CSV"
        ) from error
    if is_empty:
        raise TillsightError(f"{path} is empty; it needs a sheet with a header and rows")


def _table(path: Path, sheet: CalamineSheet, line: int, header: Sequence[object]) -> Table:
    place = f"{path}, sheet '{sheet.name}'"
    return Table(
        place=f"{place}, row {line}",
        sheet=sheet.name,
        header=tuple(text or "" for text in _texts(f"{place}, row {line}", header)),
        size=sheet.total_height,
        runs=partial(_runs, sheet, place, line),
    )


def _runs(
    sheet: CalamineSheet, place: str, header_line: int, positions: tuple[int, ...]
) -> Iterator[Run]:
    rows: list[list[str | None]] = []
    line = 0
    for line, row in enumerate(sheet.iter_rows(), start=1):
        if line > header_line and _is_filled(row):
            rows.append(_texts(f"{place}, row {line}", [row[at] for at in positions]))
            if len(rows) < ROWS_PER_RUN:
                continue
            yield Run(line - len(rows) + 1, rows, line)
        elif rows:
            yield Run(line - len(rows), rows, line)
        rows = []
    if rows:
        yield Run(line - len(rows) + 1, rows, line)


def _texts(place: str, cells: Sequence[object]) -> list[str | None]:
    try:
        return [as_text(cell) for cell in cells]
    except ValueError as error:
        raise TillsightError(
            f"{place}: {error}; correct the cell and load the file again"
        ) from error


def _is_filled(row: Sequence[object]) -> bool:
    return any(cell != "" for cell in row)
