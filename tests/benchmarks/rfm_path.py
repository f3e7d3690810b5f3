"""What dbt itself costs: the models up to rfm_scores through dbt, and their SQL in the shell.

The data folder must hold a finished run. Both build the same tables anew, with keys, checks and
indexes; dbt's start, which does not grow with the shop, is measured apart.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from scripts.settings import PROJECT_DIR
from tests.benchmarks.measure import Usage, measured

DBT = Path(sys.executable).with_name("dbt")
PROJECT = PROJECT_DIR / "dbt_project"
RESULT = "rfm_scores"
SCHEMAS = ("raw", "work")


def rfm_path(data: Path, folder: Path) -> Iterator[tuple[str, Usage]]:
    """Measure dbt's start, dbt with the models, and the shell with their SQL.

    Parameters
    ----------
    data : Path
        A data folder with a finished run on SQLite; it is copied.
    folder : Path
        Where the copies go.
    """
    by_dbt, by_shell, target = folder / "by_dbt", folder / "by_shell", folder / "target"
    shutil.copytree(data, by_dbt, symlinks=True)
    where = ("env", f"TILLSIGHT_DATA_DIR={by_dbt}", DBT)
    options = ("--quiet", "--project-dir", PROJECT, "--profiles-dir", PROJECT)
    options = (*options, "--target-path", target, "--log-path", folder)
    measured([*where, "parse", *options], folder)
    yield "dbt, start alone", measured([*where, "parse", *options], folder)
    only = ("run", "--select", f"+{RESULT}")
    yield "dbt, models up to rfm_scores", measured([*where, *only, *options], folder)
    by_shell.mkdir()
    for name in (*SCHEMAS, "marts"):
        shutil.copy(by_dbt / f"{name}.db", by_shell)
    (by_shell / "path.sql").write_text(script(target, by_shell))
    shell = ["sqlite3", "-bail", "marts.db", ".read path.sql"]
    yield "the same SQL in the shell", measured(shell, by_shell)


def script(target: Path, databases: Path) -> str:
    """Write what dbt did last as a script for the shell, which makes those tables anew.

    Parameters
    ----------
    target : Path
        dbt's folder of results.
    databases : Path
        Folder of raw.db, work.db and marts.db, where the script is to run.
    """
    results = json.loads((target / "run_results.json").read_text())["results"]
    models = [row["unique_id"].split(".")[-1] for row in results]
    files = {file.stem: file for file in (target / "run").rglob("models/**/*.sql")}
    parts = [f"attach '{name}.db' as {name};" for name in SCHEMAS]
    with closing(sqlite3.connect(databases / "marts.db")) as connection:
        for name in SCHEMAS:
            connection.execute(f"attach '{databases / name}.db' as {name}")
        parts += [
            _statements(connection, model, files[model].read_text())
            for model in models
            if model in files
        ]
    return "\n".join(parts)


def _statements(connection: sqlite3.Connection, model: str, sql: str) -> str:
    """Write the statements that make one table: its declaration if it has one, rows, indexes."""
    schema = next(
        name
        for name in ("main", "work")
        if connection.execute(
            f"select 1 from {name}.sqlite_master where name = ?",
            (model,),
        ).fetchone()
    )
    declared = connection.execute(
        "select type, sql from "
        f"{schema}.sqlite_master where tbl_name = ? and sql is not null order by type desc",
        (model,),
    ).fetchall()
    statements = [f"drop table {schema}.{model}"]
    if "insert into" in sql:
        statements += [_in_schema(text, schema) for kind, text in declared if kind == "table"]
    statements.append(sql.replace(f"{model}__new", model))
    statements += [_in_schema(text, schema) for kind, text in declared if kind == "index"]
    return "".join(f"{statement};\n" for statement in statements)


def _in_schema(declaration: str, schema: str) -> str:
    """Write a declaration of SQLite's catalogue for a schema that is attached.

    Examples
    --------
    >>> _in_schema("CREATE UNIQUE INDEX k on t (a)", "work")
    'CREATE UNIQUE INDEX work.k on t (a)'
    """
    return re.sub(r"^(CREATE (?:TABLE|UNIQUE INDEX|INDEX)) ", rf"\1 {schema}.", declaration)
