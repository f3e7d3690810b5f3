"""What must be so before a step begins; where it is not, a sentence says what to type."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import reports.marts.build
import reports.marts.reader
import reports.site.writer
from scripts.engines import TARGETS
from scripts.engines.base import Engine
from scripts.errors import TillsightError
from scripts.settings import Settings
from scripts.storage import sqlite


def settle_target(settings: Settings) -> None:
    """Write down for which target a data folder is, or raise where it is for another.

    Raises
    ------
    TillsightError
        If there is no such target, or other sales lie in the folder already.
    """
    if settings.target not in TARGETS:
        raise TillsightError(
            f"there is no target '{settings.target}'; choose one of {', '.join(TARGETS)}"
        )
    file = settings.data_dir / ".target"
    present = file.read_text(encoding="utf-8").strip() if file.is_file() else None
    if present is None and settings.target != "sqlite" and _has_loads(settings.raw_db):
        present = "sqlite"
    if present not in {None, settings.target}:
        raise TillsightError(
            f"{settings.data_dir} holds a shop on {present}; type --target {present}, or name "
            f"another --data-dir for {settings.target}"
        )
    if present is None and settings.target != "sqlite":
        file.write_text(f"{settings.target}\n", encoding="utf-8")


def _has_loads(raw_db: Path) -> bool:
    """Return whether files have landed in a raw.db."""
    if not raw_db.exists():
        return False
    with closing(sqlite.connect_read_only(raw_db)) as connection:
        tables = {
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
        }
        if "raw_loads" not in tables:
            return False
        return bool(connection.execute("select count(*) from raw_loads").fetchone()[0])


def observed(engine: Engine, column: str) -> str | None:
    """Return a column of the observed period of the last build, a day as text; None without one."""
    row = engine.first_row(
        "select as_of_date, last_sale_date, latest_as_of_date from int_observed_period"
    )
    return row[column] if row else None


def require_as_of_near_sales(settings: Settings, engine: Engine) -> None:
    """Raise where the as-of date of the last build is before the first sale or long after the last.

    Raises
    ------
    TillsightError
        Names the dates and where the as-of date is set.
    """
    as_of, latest = observed(engine, "as_of_date"), observed(engine, "latest_as_of_date")
    source = "--as-of" if settings.as_of else f"as_of_date in {settings.settings_yml}"
    if as_of and not latest and any(load.row_count for load in engine.raw.loads()):
        raise TillsightError(
            f"no line that can be kept is dated {as_of} or earlier; nothing was published. "
            f"Set {source} to a later day"
        )
    if as_of and latest and as_of > latest:
        last = observed(engine, "last_sale_date")
        raise TillsightError(
            f"the last sale is dated {last}, more than a month before {as_of}; nothing was "
            f"published. Set {source} to {latest} or earlier, or load later sales"
        )


def require_own_folder(settings: Settings, engine: Engine, files: Sequence[Path]) -> None:
    """Raise if other files than these were loaded into the data folder before.

    Parameters
    ----------
    settings : Settings
        Where things lie.
    engine : Engine
        What holds the loaded files.
    files : sequence of Path
        The files that the folder is for.

    Raises
    ------
    TillsightError
        Names a file that was loaded and is none of them.
    """
    own = {sqlite.sha256(file) for file in files}
    for load in engine.raw.loads():
        if load.file_sha256 not in own:
            raise TillsightError(
                f"{settings.data_dir} holds {load.file_name} already, which is not of this demo "
                "shop; choose another folder with --data-dir, or delete this one"
            )


def require_as_of(settings: Settings) -> None:
    """Raise where the published marts are of another day than the one that is asked for."""
    if not settings.as_of:
        return
    with reports.marts.reader.open_marts(settings.marts_db) as connection:
        found = reports.marts.build.read_build(connection).as_of_date
    if found != settings.as_of:
        raise TillsightError(
            f"The marts are as of {found}, not {settings.as_of}. "
            f"Run 'tillsight run --as-of {settings.as_of}' first."
        )


def require_place_for_page(out: Path, *, single_file: bool) -> None:
    """Raise where writing the page would take the place of something else."""
    place = out.expanduser()
    looks_like_file = place.suffix.lower() in {".html", ".htm"}
    if single_file:
        if not looks_like_file:
            wrong = "must end in .html, since --single-file writes one file"
        elif place.is_dir():
            wrong = "is a folder; name a file in it"
        else:
            return
    elif looks_like_file:
        wrong = "looks like a file; add --single-file, or name a folder for the page"
    elif place.is_file():
        wrong = "is a file; name a folder for the page"
    elif other := reports.site.writer.other_file(place):
        wrong = f"holds {other}, which is no part of a page; choose a new or an empty folder"
    else:
        return
    raise TillsightError(f"--out {out} {wrong}")


def require_features(settings: Settings, engine: Engine) -> None:
    """Raise unless a build has made the features."""
    if not engine.has_features():
        raise TillsightError(
            f"there are no features in {settings.data_dir} yet; type 'tillsight build' first"
        )
    built = observed(engine, "as_of_date")
    if settings.as_of and settings.as_of != built:
        raise TillsightError(
            f"the features are those of {built}; type 'tillsight build --as-of {settings.as_of}' "
            "first"
        )
