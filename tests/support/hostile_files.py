"""Make the files of tests/fixtures/hostile that are binary or large; names say what they are."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = ("transaction_id", "customer_id", "product_id", "invoice_date", "quantity", "amount")
HEADER = ",".join(COLUMNS) + "\n"
MEGABYTE = 1 << 20

Builder = Callable[[Path], object]


def row(name: str, number: int = 1) -> str:
    return f"{name}-{number},{name}-c,p1,2024-03-01,1,10.00\n"


def text(name: str) -> bytes:
    """Return a sound file of one sale."""
    return (HEADER + row(name)).encode()


# --- packed text


def packed(pieces: Iterable[bytes]) -> bytes:
    """Pack pieces one by one, so that what is large when it is unpacked never lies in memory."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def bomb_of_rows() -> bytes:
    rows = (row("bomb", number) for number in range(120_000))
    return packed([HEADER.encode(), "".join(rows).encode()])


def long_cut_file() -> bytes:
    rows = "".join(row("cut", number * 7919) for number in range(20_000))
    return gzip.compress((HEADER + rows).encode(), mtime=0)[:-30_000]


# --- workbooks


def workbook(path: Path, cells: Mapping[str, object], extra: Callable[..., object] | None = None):
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Sheet"
    sheet.append(COLUMNS)
    for place, value in cells.items():
        sheet[place] = value
    if extra:
        extra(made)
    made.save(path)


def cells(name: str, line: int = 2, **other: object) -> dict[str, object]:
    """Return the cells of one sale; columns are named by their letters."""
    usual = {
        "A": f"{name}-{line}",
        "B": f"{name}-c",
        "C": "p1",
        "D": date(2024, 3, 1),
        "E": 1,
        "F": 10.0,
    }
    return {f"{letter}{line}": value for letter, value in {**usual, **other}.items()}


def ids_as_numbers(path: Path) -> None:
    first = cells("xi", 2, B=17851)
    second = cells("xi", 3, B=17852.0, D=datetime.fromisoformat("2024-03-01 08:26:00"), F="10")
    workbook(path, {**first, **second, **cells("xi", 4, E=True)})


def notes(path: Path) -> None:
    workbook(path, cells("xn"), lambda made: made.create_sheet("Notes").append(["call Bob"]))


def raw_workbook(path: Path, sheet: Iterable[bytes]) -> None:
    """Write a workbook of one sheet from its XML, which no library would write like this."""
    spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{document}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{spreadsheet}" xmlns:r="{document}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{document}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as file:
            file.write(f'<worksheet xmlns="{spreadsheet}"><sheetData>'.encode())
            file.write(sheet_row(1, COLUMNS))
            for piece in sheet:
                file.write(piece)
            file.write(b"</sheetData></worksheet>")


def sheet_row(line: int, values: Iterable[str], letters: Iterable[str] = "ABCDEF") -> bytes:
    made = (
        f'<c r="{letter}{line}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        for letter, value in zip(letters, values, strict=False)
    )
    return f'<row r="{line}">{"".join(made)}</row>'.encode()


def bomb_workbook(path: Path) -> None:
    sale = row("xb").strip().split(",")
    raw_workbook(path, (sheet_row(line, sale) for line in range(2, 20_000)))


def bomb_with_a_small_size(path: Path) -> None:
    """Overwrite the size that the archive's directory states for its largest part."""
    bomb_workbook(path)
    with zipfile.ZipFile(path) as archive:
        true_size = max(part.file_size for part in archive.infolist())
    content = path.read_bytes()
    path.write_bytes(content.replace(true_size.to_bytes(4, "little"), (999).to_bytes(4, "little")))


def wrong_sum(path: Path) -> None:
    raw_workbook(path, [sheet_row(2, row("xw").strip().split(","))])
    with zipfile.ZipFile(path) as archive:
        checksum = archive.getinfo("xl/worksheets/sheet1.xml").CRC.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(checksum, b"\0\0\0\0"))


def archive_of_something_else(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no workbook")


# --- Parquet


def table(path: Path, name: str, **columns: object) -> None:
    """Write sales whose columns are as usual but for those given."""
    count = max((len(values) for values in columns.values()), default=1)
    usual = dict(zip(COLUMNS, row(name).strip().split(","), strict=True))
    made = {column: [value] * count for column, value in usual.items()}
    made["transaction_id"] = [f"{name}-{number}" for number in range(count)]
    pq.write_table(pa.table({**made, **columns}), path)


def cut_table(path: Path) -> None:
    table(path, "pc")
    path.write_bytes(path.read_bytes()[:-20])


def bomb_table(path: Path) -> None:
    value = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 1_000_000])
    table(path, "pb", customer_id=value)


BUILDERS: dict[str, Builder] = {
    "folder.csv": Path.mkdir,
    "missing.csv": lambda path: path.unlink(missing_ok=True),
    "odd\nname\udcff.csv": lambda path: path.write_bytes(text("odd")),
    "field_of_10_mb.csv": lambda path: path.write_bytes(
        text("long") + b"x" * 10_000_000 + b",c,p1,2024-03-01,1,10.00\n"
    ),
    "table.json": lambda path: path.write_text("[]"),
    "workbook.csv": lambda path: workbook(path, cells("xc")),
    "plain.csv.gz": lambda path: path.write_bytes(text("plain")),
    "cut.csv.gz": lambda path: path.write_bytes(long_cut_file()),
    "twice.csv.gz": lambda path: path.write_bytes(packed([packed([text("twice")])])),
    "members.csv.gz": lambda path: path.write_bytes(
        packed([text("member")]) + packed([row("member", 2).encode()])
    ),
    "garbage_behind.csv.gz": lambda path: path.write_bytes(packed([text("behind")]) + b"garbage"),
    "bomb_of_rows.csv.gz": lambda path: path.write_bytes(bomb_of_rows()),
    "bomb_of_blank_lines.csv.gz": lambda path: path.write_bytes(
        packed([HEADER.encode(), b"\n" * (5 * MEGABYTE)])
    ),
    "bomb_of_one_value.csv.gz": lambda path: path.write_bytes(
        packed([HEADER.encode(), *([b"x" * MEGABYTE] * 300)])
    ),
    "bomb_of_zeros.csv.gz": lambda path: path.write_bytes(
        packed([HEADER.encode(), *([bytes(MEGABYTE)] * 300)])
    ),
    "ids_as_numbers.xlsx": ids_as_numbers,
    "dates_without_format.xlsx": lambda path: workbook(path, cells("xd", D=45352)),
    "errors.xlsx": lambda path: workbook(
        path, {**cells("xe", F="=1+1"), **cells("xe", 3, F="#N/A")}
    ),
    "chart.xlsx": lambda path: workbook(
        path, cells("xp"), lambda made: made.create_chartsheet("Picture")
    ),
    "notes.xlsx": notes,
    "far_cell.xlsx": lambda path: raw_workbook(path, [sheet_row(1_048_576, ["x"], ["XFD"])]),
    "bomb.xlsx": bomb_workbook,
    "bomb_with_a_small_size.xlsx": bomb_with_a_small_size,
    "wrong_sum.xlsx": wrong_sum,
    "archive.xlsx": archive_of_something_else,
    "old_workbook.xlsx": lambda path: path.write_bytes(
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    ),
    "long_cell.xlsx": lambda path: raw_workbook(path, [sheet_row(2, ["x" * 2_000_000])]),
    "nul.parquet": lambda path: table(path, "pn", customer_id=["a\0b"]),
    "far_date.parquet": lambda path: table(
        path, "pf", invoice_date=pa.array([10_000_000], pa.int32()).cast(pa.date32())
    ),
    "unknown_zone.parquet": lambda path: table(
        path, "pz", invoice_date=pa.array([0], pa.timestamp("us", "Mars/Phobos"))
    ),
    "lists.parquet": lambda path: table(path, "pl", customer_id=[["a", "b"]]),
    "bytes.parquet": lambda path: table(path, "py", customer_id=[b"\xff"]),
    "cut.parquet": cut_table,
    "not_finite.parquet": lambda path: table(
        path, "pi", amount=[float("inf"), float("nan"), 10.0], customer_id=[1.0, 2.0, 1e22]
    ),
    "long_value.parquet": lambda path: table(path, "pv", customer_id=["x" * 2_000_000]),
    "bomb.parquet": bomb_table,
}


def build(folder: Path) -> None:
    """Make all of them in a folder."""
    for name, builder in BUILDERS.items():
        builder(folder / name)
