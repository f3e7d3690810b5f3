"""Marts, page and CSV files that switch together, whatever is killed in between."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reports.errors import ReportError
from scripts.errors import TillsightError
from scripts.publish import releases

PARTS = ("marts.db", "dbt_docs.html", "site/index.html", "exports/customers.csv")
SCHEMA = Path(__file__).parents[2] / "reports" / "marts_schema.sql"
CHANGES = {"os.rename", "os.remove", "os.symlink", "os.link", "os.mkdir", "os.rmdir"}


def write(folder: Path, text: str) -> None:
    for name in PARTS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def publish(data_dir: Path, text: str) -> None:
    write(releases.begin(data_dir).folder, text)
    releases.finish(data_dir)


def shown(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in PARTS]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def earlier_layout(data_dir: Path) -> Path:
    """Marts, page and CSV files themselves, as they lay before generations, and what others put."""
    write(data_dir, "earlier")
    (data_dir / "exports" / "notes.txt").write_text("mine")
    return data_dir


def test_all_parts_are_shown_and_switch(data_dir):
    for text in ("one", "two", "three"):
        publish(data_dir, text)
        assert shown(data_dir) == shown(data_dir / "current") == [text] * len(PARTS)


def test_all_that_is_shown_leads_through_one_link_and_may_be_moved(data_dir, tmp_path):
    publish(data_dir, "one")
    links = [path for path in data_dir.rglob("*") if path.is_symlink() and path.name != "current"]
    assert {str(path.relative_to(data_dir)) for path in links} == {
        *("marts.db", "dbt_docs.html", "site", "exports/customers.csv")
    }
    for link in links:
        assert "current" in link.readlink().parts
    data_dir.rename(tmp_path / "moved")
    assert shown(tmp_path / "moved") == ["one"] * len(PARTS)


def test_the_generation_before_stays_for_its_readers_and_older_ones_go(data_dir):
    for text in ("one", "two", "three"):
        publish(data_dir, text)
    kept = sorted((data_dir / "generations").iterdir())
    assert [shown(folder)[0] for folder in kept] == ["two", "three"]


def test_the_earlier_layout_is_taken_over(earlier_layout):
    publish(earlier_layout, "one")
    assert shown(earlier_layout) == ["one"] * len(PARTS)
    assert (earlier_layout / "site").is_symlink()
    assert (earlier_layout / "exports" / "notes.txt").read_text() == "mine"


def test_a_copy_in_which_links_became_files_is_taken_over(data_dir, tmp_path):
    for text in ("one", "two"):
        publish(data_dir, text)
    shutil.copytree(data_dir, tmp_path / "copy")
    releases.tidy(tmp_path / "copy")
    assert shown(tmp_path / "copy") == ["two"] * len(PARTS)
    publish(tmp_path / "copy", "three")
    assert shown(tmp_path / "copy") == ["three"] * len(PARTS)
    assert (tmp_path / "copy" / "site").is_symlink()


def test_a_file_that_is_not_made_any_more_is_not_shown(data_dir):
    publish(data_dir, "one")
    new = releases.begin(data_dir)
    write(new.folder, "two")
    (new.exports_dir / "customers.csv").rename(new.exports_dir / "customers_all.csv")
    releases.finish(data_dir)
    assert os.listdir(data_dir / "exports") == ["customers_all.csv"]  # noqa: PTH208  dangling too


def test_exports_that_lie_elsewhere_stay_there(data_dir, tmp_path):
    (tmp_path / "shared" / "lists").mkdir(parents=True)
    data_dir.mkdir()
    (data_dir / "exports").symlink_to(tmp_path / "shared" / "lists")
    publish(data_dir, "one")
    assert (tmp_path / "shared" / "lists" / "customers.csv").read_text() == "one"


@pytest.fixture
def with_marts(data_dir: Path) -> Path:
    """A published generation whose marts are a database that says its build and no more."""
    new = releases.begin(data_dir)
    write(new.folder, "one")
    new.marts_db.unlink()
    with closing(sqlite3.connect(new.marts_db)) as connection, connection:
        connection.executescript(SCHEMA.read_text())
        connection.execute("insert into build_info (build_fingerprint) values ('0123456789abcdef')")
    releases.finish(data_dir)
    return data_dir


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def inodes(data_dir: Path) -> dict[str, int]:
    return {name: (data_dir / name).stat().st_ino for name in PARTS}


def change_exports(data_dir: Path) -> None:
    with releases.successor(data_dir, data_dir / "marts.db") as new:
        (new.exports_dir / "customers.csv").unlink()
        (new.exports_dir / "customers.csv").write_text("two")


def test_a_part_that_is_made_alone_takes_the_others_along(with_marts):
    before, marts = inodes(with_marts), dump(with_marts / "marts.db")
    change_exports(with_marts)
    after = inodes(with_marts)
    assert (with_marts / "exports" / "customers.csv").read_text() == "two"
    assert dump(with_marts / "marts.db") == marts
    changed = {name for name in PARTS if before[name] != after[name]}
    assert changed == {"marts.db", "exports/customers.csv"}


def test_a_part_that_cannot_be_made_changes_nothing(with_marts):
    before = inodes(with_marts)
    with (
        pytest.raises(ZeroDivisionError),
        releases.successor(with_marts, with_marts / "marts.db"),
    ):
        raise ZeroDivisionError
    assert inodes(with_marts) == before
    assert not (with_marts / "building").exists()


def test_marts_that_somebody_writes_into_are_not_copied_half(with_marts):
    with closing(sqlite3.connect(with_marts / "marts.db")) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(ReportError, match="Another program is writing"):
            change_exports(with_marts)


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Work in a forked process that is killed right before a file operation; False if it ended."""
    process = os.fork()
    if process == 0:
        count = 0

        def hear(event: str, _: tuple[object, ...]) -> None:
            nonlocal count
            count += event in CHANGES
            if event in CHANGES and count == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hear)
        work()
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.WIFSIGNALED(status)


forks = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


@forks
def test_a_kill_at_any_file_operation_leaves_the_old_generation_or_the_new(data_dir):
    number, seen = 0, []
    while True:
        number += 1
        publish(data_dir, "before")
        publish(data_dir, "old")
        was_killed = killed_at(number, lambda: publish(data_dir, "new"))
        (text,) = set(shown(data_dir))
        releases.tidy(data_dir)
        assert shown(data_dir) == [text] * len(PARTS)
        assert len(list((data_dir / "generations").iterdir())) <= 2
        seen.append(text)
        if not was_killed:
            break
    assert set(seen) == {"old", "new"}
    assert seen == sorted(seen, reverse=True)
    assert number > 15


@forks
def test_a_kill_while_the_earlier_layout_is_taken_over_loses_nothing(data_dir, tmp_path):
    number, was_killed = 0, True
    while was_killed:
        number += 1
        folder = tmp_path / str(number)
        write(folder, "earlier")
        (folder / "exports" / "notes.txt").write_text("mine")
        was_killed = killed_at(number, lambda folder=folder: publish(folder, "new"))
        releases.tidy(folder)
        assert len(set(shown(folder))) == 1
        assert (folder / "exports" / "notes.txt").read_text() == "mine"
        publish(folder, "next")
        assert shown(folder) == ["next"] * len(PARTS)
        assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert number > 15


def test_leftovers_go_and_what_is_of_others_stays(data_dir):
    publish(data_dir, "one")
    left = [
        "building/marts.db",
        ".site_public-ab12_x9z/index.html",
        ".site.html-ab12_x9z",
        ".current.link",
        "exports/.customers_lost.csv.part",
        "exports/.exports-ab12_x9z/customers.csv",
        "models/3f9a.new/model.skops",
        "generations/7/marts.db",
    ]
    others = ["exports/.hidden", ".site-notes", "models/3f9a/model.skops", "site.html"]
    for name in (*left, *others):
        (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / name).write_text("")
    releases.tidy(data_dir)
    assert not [name for name in left if (data_dir / name).exists()]
    assert all((data_dir / name).exists() for name in others)
    assert shown(data_dir) == ["one"] * len(PARTS)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_public_page_that_was_moved_aside_comes_back_unless_the_new_one_is_there(
    data_dir, is_replaced
):
    names = {".site_public-ab12_x9z-old": "old", **({"site_public": "new"} if is_replaced else {})}
    for name, text in names.items():
        (data_dir / name).mkdir(parents=True)
        (data_dir / name / "index.html").write_text(text)
    releases.tidy(data_dir)
    (page,) = data_dir.iterdir()
    assert (page / "index.html").read_text() == ("new" if is_replaced else "old")


def test_a_disk_without_symbolic_links_is_named_before_anything_is_built(data_dir, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(TillsightError, match=r"cannot hold symbolic links .* choose a folder on"):
        releases.begin(data_dir)


def test_a_disk_without_second_names_gets_copies(data_dir, monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "one").write_text("text")
    releases._share(str(tmp_path / "one"), str(tmp_path / "two"))
    assert (tmp_path / "two").read_text() == "text"
