"""The schema of raw.db: its tables, and a check that a file holds nothing else."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from functools import cache
from pathlib import Path

from ml.data.schema import TABLES
from scripts.errors import TillsightError
from scripts.ingest.formats import FORMATS, Format

LOADS_DDL = """
create table if not exists raw_loads (
    load_id integer primary key,
    file_name text not null,
    sheet text not null default '',
    form text not null,
    file_sha256 text not null,
    row_count integer not null,
    input_fingerprint text not null,
    unique (file_sha256, sheet)
)
"""

# Fingerprints of the tables of each release. When a release changes a table, its fingerprint is
# added; those of earlier releases stay, since their files are still restored.
RELEASED = frozenset(
    {
        ("raw_loads", "21690a58c6402652"),
        ("raw_model_curves", "ccdd04045c987bfb"),
        ("raw_model_metrics", "bb297ac0655a486d"),
        ("raw_model_runs", "8ca25a3b68f14129"),
        ("raw_prediction_log", "2ca6ad93acff66c2"),
        ("raw_predictions", "0edbe01ec5d1d397"),
        ("raw_shopify_order_lines", "3165dba464cf0ba2"),
        ("raw_standard_customers", "8a36b2a1e4f09d51"),
        ("raw_standard_products", "5f7e4980e963fe5a"),
        ("raw_standard_transactions", "227cd086ae2895d1"),
        ("raw_uci_order_lines", "e4f07c84028f731c"),
    }
)
# Made by the SQL command ANALYZE.
STATISTICS = (
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
)


def format_ddl(file_format: Format) -> str:
    """Return the statement that creates the raw table of a format on SQLite.

    Values are text. Without rowid there is no second index, which halves the time of loading.
    """
    columns = "".join(f"    {column.name} text,\n" for column in file_format.columns)
    return (
        f"create table if not exists {file_format.table} (\n"
        f"    load_id integer not null,\n"
        f"    line_number integer not null,\n"
        f"{columns}"
        f"    primary key (load_id, line_number)\n"
        f") without rowid"
    )


def require_own_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise unless every table, index, trigger and view of a raw file is one that Tillsight makes.

    A trigger, a view or an expression of somebody else would run when the file is loaded into or
    built from.

    Parameters
    ----------
    connection : sqlite3.Connection
        On the file; only its list of objects is read.
    path : Path
        The file, for the message.

    Raises
    ------
    TillsightError
        Names the first object that Tillsight does not make.
    """
    known = _known_tables()
    names = {name for name, _ in known}
    for kind, name, table, sql in connection.execute(
        "select type, name, tbl_name, sql from sqlite_master order by name"
    ):
        if sql is None:
            # the index of a primary key or a unique constraint
            if kind == "index" and table in names and name.startswith("sqlite_autoindex_"):
                continue
        elif kind == "table" and (name, fingerprint(sql)) in known:
            continue
        raise TillsightError(
            f"{path} holds the {kind} {name}, which is not as Tillsight makes it and could change "
            "or block a build; use a backup that Tillsight has written"
        )


def fingerprint(sql: str) -> str:
    r"""Return the beginning of the SHA-256 of a statement, whatever its line breaks and spaces.

    Examples
    --------
    >>> fingerprint("CREATE TABLE t (a text)") == fingerprint("CREATE TABLE t (\n    a text\n)")
    True
    """
    compact = re.sub(r"\s*([(),])\s*", r"\1", sql)
    return hashlib.sha256(re.sub(r"\s+", " ", compact).strip().encode()).hexdigest()[:16]


@cache
def _known_tables() -> frozenset[tuple[str, str]]:
    """Return name and fingerprint of each table that this version or an earlier one makes."""
    connection = sqlite3.connect(":memory:")
    for statement in (LOADS_DDL, *map(format_ddl, FORMATS)):
        connection.execute(statement)
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    made = connection.execute("select name, sql from sqlite_master where type = 'table'").fetchall()
    connection.close()
    statistics = [(sql.partition("(")[0].split()[-1], sql) for sql in STATISTICS]
    return RELEASED | {(name, fingerprint(sql)) for name, sql in (*made, *statistics)}
