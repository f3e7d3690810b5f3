"""What machines do to a run, done to it for real: a sentence, an exit code, and nothing lost.

A full disk is a small file system, or a limit on the size of files; what may not be written is so
for root as well, whose right to write all the same is given up. What cannot be simulated where the
tests run is skipped, and fails under CI.
"""

from __future__ import annotations

import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import pipeline
from scripts.errors import TillsightError
from scripts.project import Project
from scripts.settings import Settings
from scripts.storage import lock
from tests.support.landing import load_files
from tests.support.requirements import need

TILLSIGHT = Path(sys.executable).with_name("tillsight")
HEADER = "transaction_id,customer_id,product_id,invoice_date,quantity,amount\n"
SALE = "t2,b,p,2024-01-05,1,10.00\n"
PUBLISHED = ("marts.db", "site", "exports")
SECONDS = 120
PAGE = 4_096


@pytest.fixture(scope="module")
def published(shop_of) -> Settings:
    """A small shop with marts, page and exports."""
    settings: Settings = shop_of(
        [HEADER.strip().split(","), ["t1", "a", "p", "2024-01-01", "1", "10.00"]]
    )
    pipeline.export(Project.open(settings, "export"))
    pipeline.report(Project.open(settings, "report"))
    return settings


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that another user can reach, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def shop(published, place) -> Settings:
    """The shop, for a test of one's own, and a file to load beside it."""
    shutil.copytree(published.data_dir, place / "data", symlinks=True)
    (place / "more.csv").write_text(HEADER + SALE)
    return replace(published, data_dir=place / "data")


def content(settings: Settings) -> dict[str, bytes]:
    """Return what is published, by path."""
    files = [
        path
        for name in PUBLISHED
        for path in [settings.data_dir / name, *(settings.data_dir / name).rglob("*")]
        if path.is_file()
    ]
    return {str(path.relative_to(settings.data_dir)): path.read_bytes() for path in files}


def command(settings: Settings, *arguments: str) -> list[str]:
    return [str(TILLSIGHT), *arguments, "--data-dir", str(settings.data_dir)]


def tillsight(
    settings: Settings, *arguments: str, **options: object
) -> subprocess.CompletedProcess[str]:
    return run(command(settings, *arguments), **options)


def run(line: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        line, check=False, capture_output=True, text=True, timeout=SECONDS, **options
    )


def require_a_sentence(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 1, result
    *notes, sentence = result.stderr.splitlines()
    assert sentence.startswith("Error: ")
    assert all(note.startswith("Note: the log") for note in notes)
    assert any(word in sentence for word in words), sentence


# --- a disk that is full


@pytest.mark.parametrize(
    ("line", "largest"),
    [
        pytest.param("load {more}", 4_096, id="load"),
        pytest.param("report", 300_000, id="page"),
        pytest.param("export", 0, id="exports"),
        pytest.param("backup", 100_000, id="backup"),
        pytest.param("run {more}", 400_000, id="dbt's own files"),
    ],
)
def test_a_limit_of_file_sizes_is_a_sentence_and_the_next_run_works(shop, place, line, largest):
    before = content(shop)
    arguments = line.format(more=place / "more.csv").split()
    failed = tillsight(
        shop,
        *arguments,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
    )
    require_a_sentence(
        failed, "File too large", "cannot be written", "file sizes are limited", "disk I/O"
    )
    assert content(shop) == before
    assert not list(shop.data_dir.glob("**/*.part"))
    after = tillsight(shop, *(arguments if arguments[0] != "run" else ["load", arguments[1]]))
    assert after.returncode == 0, after


def mounted(
    script: str, line: list[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in a script that mounts what only they see, or ends with 77."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    result = run(
        ["unshare", "--mount", *as_root, "sh", "-c", script, "sh", *line],
        env=os.environ | environment,
    )
    may_mount = result.returncode != 77 and not result.stderr.startswith("unshare:")
    need(f"no file system may be mounted here: {result.stderr.strip()}", is_there=may_mount)
    return result


IN_A_SMALL_FILE_SYSTEM = """
    mount -t tmpfs -o size=$SIZE tmpfs "$PLACE" || exit 77
    cp -a "$BEFORE/." "$PLACE" || exit 78
    "$@"
    code=$?
    cp -a "$PLACE/." "$AFTER"
    exit $code
"""


def in_a_small_file_system(
    line: list[str], *, place: Path, before: Path, after: Path, size: int
) -> subprocess.CompletedProcess[str]:
    """Run a command where `place` is a file system of so many bytes, with the files of `before`.

    What lies there at the end is copied to `after`, since nobody else sees that file system.
    """
    place.mkdir(exist_ok=True)
    before.mkdir(exist_ok=True)
    after.mkdir()
    where = {"PLACE": str(place), "BEFORE": str(before), "AFTER": str(after)}
    result = mounted(IN_A_SMALL_FILE_SYSTEM, line, where | {"SIZE": str(size)})
    assert result.returncode != 78, result.stderr
    return result


def test_a_full_disk_is_a_sentence_and_what_was_published_stays(shop, published, place):
    before = content(shop)
    files = {
        found.st_ino: found.st_size for found in map(Path.lstat, published.data_dir.rglob("*"))
    }
    size = sum(-(-bytes_held // PAGE) * PAGE for bytes_held in files.values())
    result = in_a_small_file_system(
        command(shop, "run", str(place / "more.csv")),
        place=shop.data_dir,
        before=published.data_dir,
        after=place / "after",
        size=size + 150_000,
    )
    require_a_sentence(result, "full", "No space left")
    after = replace(shop, data_dir=place / "after")
    assert content(after) == before
    assert tillsight(after, "load", str(place / "more.csv")).returncode == 0


IN_A_SMALL_TEMPORARY_FOLDER = """
    mount -t tmpfs -o size=$SIZE tmpfs "$TMPDIR" || exit 77
    exec "$@"
"""


def test_no_room_for_temporary_files_is_a_sentence_and_the_next_run_works(shop, place):
    before = content(shop)
    more = [f"s{number},c{number % 97},p,2024-01-05,1,10.00\n" for number in range(40_000)]
    (place / "more.csv").write_text(HEADER + "".join(more))
    (place / "tmp").mkdir()
    result = mounted(
        IN_A_SMALL_TEMPORARY_FOLDER,
        command(shop, "run", str(place / "more.csv")),
        {"TMPDIR": str(place / "tmp"), "SIZE": "65536"},
    )
    require_a_sentence(result, "disk is full")
    assert f"in {place / 'tmp'}, where SQLite sorts" in result.stderr
    assert content(shop) == before
    assert tillsight(shop, "build").returncode == 0


READ_ONLY = """
    mount --bind "$PLACE" "$PLACE" && mount -o remount,bind,ro "$PLACE" || exit 77
    exec "$@"
"""


@pytest.mark.parametrize("line", ["run {more}", "load {more}", "report", "export", "backup"])
def test_a_disk_that_is_mounted_read_only_is_a_sentence(shop, place, line):
    before = content(shop)
    arguments = line.format(more=place / "more.csv").split()
    result = mounted(READ_ONLY, command(shop, *arguments), {"PLACE": str(shop.data_dir)})
    require_a_sentence(result, "Read-only file system", "cannot be written to")
    assert content(shop) == before


def test_a_reader_needs_no_right_to_write(shop):
    """What only reads works on a disk that is mounted read-only."""
    read = "sqlite3.connect(sys.argv[1], uri=True).execute('select count(*) from customers')"
    query = f"import sqlite3, sys; print({read}.fetchone())"
    line = [sys.executable, "-c", query, f"file:{shop.marts_db}?mode=ro"]
    result = mounted(READ_ONLY, line, {"PLACE": str(shop.data_dir)})
    assert (result.returncode, result.stdout) == (0, "(1,)\n"), result


# --- what may not be read or written


def as_others(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user to whom permissions apply, as they do not to an unhindered root."""
    line = command(settings, *arguments)
    if os.geteuid() == 0:
        line = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *line]
    result = run(line)
    may_give_up = not result.stderr.startswith("setpriv:")
    need(f"rights cannot be given up here: {result.stderr.strip()}", is_there=may_give_up)
    return result


@pytest.mark.parametrize("line", ["run {more}", "load {more}", "report", "export", "backup"])
def test_a_folder_that_may_not_be_written_to_is_a_sentence(shop, place, line):
    before = content(shop)
    for path in [shop.data_dir, *shop.data_dir.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    result = as_others(shop, *line.format(more=place / "more.csv").split())
    require_a_sentence(result, "cannot be written to")
    assert "make it writable" in result.stderr
    assert content(shop) == before


@pytest.mark.parametrize(
    ("line", "name"),
    [("export", "marts.db"), ("report", "marts.db"), ("load {more}", "raw.db")],
)
def test_a_file_that_may_not_be_read_is_a_sentence(shop, place, line, name):
    before = content(shop)
    (shop.data_dir / name).chmod(0)
    result = as_others(shop, *line.format(more=place / "more.csv").split())
    (shop.data_dir / name).chmod(0o600)
    require_a_sentence(result, "cannot be read", "cannot be opened")
    assert content(shop) == before


def test_a_folder_that_cannot_be_made_is_a_sentence(shop, place):
    place.chmod(0o555)
    nowhere = replace(shop, data_dir=place / "new")
    result = as_others(nowhere, "load", str(place / "more.csv"))
    place.chmod(0o755)
    require_a_sentence(result, "Permission denied")


# --- somebody or something ends it


def started(settings: Settings, file: Path) -> subprocess.Popen[str]:
    """Start a run and wait until dbt is at work."""
    process = subprocess.Popen(
        command(settings, "run", str(file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # whoever started these tests may have wanted hang-ups to be ignored
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )
    wait_for(lambda: (settings.data_dir / "building").exists() or process.poll() is not None)
    return process


def wait_for(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["Ctrl+C", "a request to end", "a closed terminal"],
)
def test_a_signal_is_a_sentence_and_the_code_that_shells_expect(shop, place, number, code):
    before = content(shop)
    process = started(shop, place / "more.csv")
    process.send_signal(number)
    _, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == code
    assert stderr.startswith("Error: interrupted.")
    assert stderr.count("\n") == 1
    assert content(shop) == before
    with lock.only_one(shop):
        pass


def test_an_interruption_while_modules_are_read_is_a_sentence(tmp_path):
    """The command line takes most of a second to be read; a module of its name stands for it."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    result = run([str(TILLSIGHT), "--version"], env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert (result.returncode, result.stderr) == (
        130,
        "Error: interrupted before anything was done.\n",
    )


def test_a_terminal_that_is_closed_ends_the_run_and_loses_nothing(shop, place):
    before = content(shop)
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(TILLSIGHT, command(shop, "run", str(place / "more.csv")))  # noqa: S606
    wait_for((shop.data_dir / "building").exists)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert content(shop) == before
    assert '"outcome": "interrupted"' in (shop.logs_dir / "tillsight.jsonl").read_text()


def test_a_reader_that_goes_is_a_sentence_and_what_was_done_stays(shop, place):
    reader, writer = os.pipe()
    os.close(reader)
    line = command(shop, "load", str(place / "more.csv"))
    result = subprocess.run(
        line, check=False, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=SECONDS
    )
    os.close(writer)
    require_a_sentence(result, "the program that read the output has ended")
    again = tillsight(shop, "load", str(place / "more.csv"))
    assert "already loaded" in again.stdout


@pytest.mark.parametrize("words", [("model", "list"), ("run", "--help")], ids=" ".join)
def test_a_full_device_behind_the_output_is_a_sentence(shop, words):
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            command(shop, *words),
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
        )
    require_a_sentence(result, "No space left on device")


# --- a file that changes while it is read


def test_a_file_that_changes_unseen_by_its_times_is_refused(shop, place):
    file = place / "more.csv"
    times = file.stat()

    def change(_what: str, _done: int, _total: int) -> None:
        file.write_text(HEADER + SALE.replace("10.00", "99.00"))
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    before = shop.raw_db.read_bytes()
    with pytest.raises(TillsightError, match="changed while it was being read"):
        load_files(shop.raw_db, [file], progress=change)
    assert shop.raw_db.read_bytes() == before
