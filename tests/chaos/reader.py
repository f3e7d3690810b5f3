"""A process that reads what is published, over and over, while others publish and are killed."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tests.chaos import shop

SECONDS_BETWEEN_READS = 0.01
"""Leaves the processor to the runs."""
FORKS = multiprocessing.get_context("fork")


@dataclass
class Seen:
    """What a reader saw.

    Attributes
    ----------
    reads : Counter of str
        Reads of each kind and build, `old` or `new`.
    failures : list of str
        Reads that failed, came from no one build, or from the old one after the new one.
    """

    reads: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@contextmanager
def reading(data_dir: Path, transition: shop.Transition) -> Iterator[Callable[[], Seen]]:
    """Read as long as the block lasts; what is given stops the reader and tells what it saw."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_read_on, args=(data_dir, transition, theirs), daemon=True)
    process.start()
    ours.recv()  # the first round is read

    def stop() -> Seen:
        ours.send("stop")
        seen = ours.recv()
        process.join()
        assert isinstance(seen, Seen)
        return seen

    try:
        yield stop
    finally:
        process.kill()
        process.join()


def _read_on(data_dir: Path, transition: shop.Transition, pipe: Connection) -> None:
    seen = Seen()
    builds = {transition.old.fingerprint: "old", transition.new.fingerprint: "new"}
    with closing(sqlite3.connect(f"file:{data_dir / 'marts.db'}?mode=ro", uri=True)) as held:
        held.execute("begin")
        rows = held.execute("select * from customer_360")
        rows.fetchone()  # a cursor that stays open, as a BI tool may keep one
        has_told, is_new = False, False
        while not pipe.poll():
            for kind, read in READS.items():
                try:
                    build = builds[read(data_dir, transition)]
                except Exception as error:  # any failure of a reader is a finding
                    seen.failures.append(f"{kind}: {error!r}")
                    continue
                seen.reads[f"{kind} {build}"] += 1
                if is_new and build == "old":
                    seen.failures.append(f"{kind}: the old build after the new one")
                is_new = is_new or build == "new"
            time.sleep(SECONDS_BETWEEN_READS)
            if not has_told:
                pipe.send("reading")
                has_told = True
        (held_build,) = held.execute("select build_fingerprint from build_info").fetchone()
        rest = len(rows.fetchall())
        if builds.get(held_build) != "old" or not rest:
            seen.failures.append("an open transaction: it was disturbed")
    pipe.send(seen)


def _whole_generation(data_dir: Path, _: shop.Transition) -> str:
    """Read all three from where the link leads now: they are of one build."""
    folder = data_dir / (data_dir / "current").readlink()
    found = {
        shop.fingerprint_of_marts(folder / "marts.db"),
        shop.fingerprint_of_page(folder / "site"),
        shop.fingerprint_of_exports(folder / "exports"),
    }
    (fingerprint,) = found
    return fingerprint


def _marts(data_dir: Path, _: shop.Transition) -> str:
    return shop.fingerprint_of_marts(data_dir / "marts.db")


def _file(name: str) -> Callable[[Path, shop.Transition], str]:
    def read(data_dir: Path, transition: shop.Transition) -> str:
        found = shop.digest(data_dir / name)
        for state in (transition.old, transition.new):
            if state.files[name] == found:
                return state.fingerprint
        raise AssertionError(f"{name} is of neither build")

    return read


READS: dict[str, Callable[[Path, shop.Transition], str]] = {
    "marts, page and CSV": _whole_generation,
    "marts.db": _marts,
    "site/index.html": _file("site/index.html"),
    "exports/customers.csv": _file("exports/customers.csv"),
}
