"""Preconditions of commands; each error says what to type."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import reports.marts.reader
import reports.site.writer
from scripts.engines import TARGETS
from scripts.engines.base import Engine
from scripts.errors import TillsightError
from scripts.settings import Settings
from scripts.storage import sqlite


def settle_target(settings: Settings) -> None:
    """Record the target of a data folder, or raise if it has another target.

    Raises
    ------
    TillsightError
        If the target does not exist, or the folder holds the sales of another target.
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
    """Return whether a raw.db holds loaded files."""
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


def no_marts(settings: Settings, command: str) -> str:
    """Say that nothing has been published, and what to type next.

    Parameters
    ----------
    settings : Settings
        Name the data folder.
    command : str
        The command that needs marts, as the user types it.
    """
    return f"There are no marts in {_shown(settings.data_dir)}. {_next_step(settings, command)}"


def no_model(settings: Settings, command: str) -> str:
    """Say that no model has been trained, and what to type next; see `no_marts`."""
    folder = _shown(settings.data_dir)
    return f"No model has been trained in {folder}. {_next_step(settings, command)}"


def _next_step(settings: Settings, command: str) -> str:
    if demo := _demo_shop(settings.data_dir):
        folder = shlex.quote(_shown(demo))
        return f"For the demo shop type: tillsight {command} --data-dir {folder}"
    return "Type: tillsight run FILE... (or, for a demo shop: tillsight demo)"


def _demo_shop(data_dir: Path) -> Path | None:
    """Return the folder of the demo shop, like `demo` or `demo_duckdb`; None if there is none."""
    return next((path for path in sorted(data_dir.glob("demo*")) if _holds_shop(path)), None)


def _holds_shop(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("raw.db", "marts.db"))


def _shown(folder: Path) -> str:
    """Return a folder as the user would type it: relative, if it is in the working directory."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def require_shop(settings: Settings, command: str) -> None:
    """Raise if the data folder does not exist, or holds no shop but the demo shop."""
    folder = settings.data_dir
    if not folder.is_dir() or (not _holds_shop(folder) and _demo_shop(folder)):
        raise TillsightError(
            f"There is no shop in {_shown(folder)}. {_next_step(settings, command)}"
        )


def require_marts(settings: Settings, command: str) -> None:
    """Raise unless marts have been published."""
    if not settings.marts_db.exists():
        raise TillsightError(no_marts(settings, command))


def require_place_for_page(out: Path, *, single_file: bool) -> None:
    """Raise if the page would replace something that is not a page."""
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
        wrong = f"holds {other}, which is not part of a page; choose a new or an empty folder"
    else:
        return
    raise TillsightError(f"--out {out} {wrong}")


def require_output_place(
    settings: Settings,
    out: Path,
    *,
    allowed: Sequence[Path],
    is_own: Callable[[Path], bool],
    confirm: Callable[[str], bool],
) -> None:
    """Raise unless a command may write to the path that `--out` names.

    Paths are compared as files and folders of the disk: symbolic links, `..`, hard links and the
    case of letters make no difference.

    Parameters
    ----------
    settings : Settings
        Name the data folder.
    out : Path
        The file or folder to write.
    allowed : sequence of Path
        Folders of the data folder that the command may write into.
    is_own : callable
        Whether an existing file or folder is one that the command itself has written before.
    confirm : callable
        Asks the user whether something else may be replaced.

    Raises
    ------
    TillsightError
        If the path is in a data folder, is a database, or is something else that must stay.
    """
    place = out.expanduser().absolute()
    resolved = place.resolve()
    folders = (resolved, *resolved.parents)
    shop = next((folder for folder in folders if _is_data_folder(folder, settings)), None)
    is_allowed = any(folder.resolve() in folders for folder in allowed)
    if (shop and not is_allowed) or _is_state(place, settings):
        raise TillsightError(
            f"--out {out} is in the data folder {shop or settings.data_dir}, whose files Tillsight "
            "needs; name a path outside of it, or leave --out away"
        )
    if not place.exists():
        return
    if not place.is_file() and not place.is_dir():
        raise TillsightError(f"--out {out} is a device or a pipe; name a file")
    if is_own(place):
        return
    if place.is_file() and sqlite.is_database(place):
        raise TillsightError(f"--out {out} is a database; name another file")
    if not confirm(f"{out} exists and was not written by this command. Replace it?"):
        raise TillsightError(
            f"--out {out} exists and was not written by this command; name another path, or add "
            "--overwrite"
        )


def _is_data_folder(folder: Path, settings: Settings) -> bool:
    """Return whether a folder is the data folder of this shop or of another one."""
    if not folder.is_dir():
        return False
    is_this = settings.data_dir.exists() and folder.samefile(settings.data_dir)
    is_used = any((folder / name).exists() for name in (".lock", "generations"))
    return is_this or (is_used and (folder / "raw.db").exists())


def _is_state(place: Path, settings: Settings) -> bool:
    """Return whether a path is a further name (a hard link) of a file of the data folder."""
    if not place.is_file() or not settings.data_dir.is_dir():
        return False
    files = (file for file in settings.data_dir.iterdir() if file.is_file())
    return any(file.samefile(place) for file in files)


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
