"""Kill `tillsight run` at random moments while a reader looks on (`make chaos`).

Each round copies a folder with a finished run, gives the next run another file, kills it, and lets
a run after it go to its end. Every read must come whole from the old build or the new one, and in
the end everything must be, to the byte, what a run that nobody killed leaves.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

from tests.chaos import reader, runs, shop

TURNS = (
    "Publishing",
    "Training",
    "Writing the page",
    "Building the marts",
    "Writing the exports",
    "Building the features",
    "Scoring",
    "Loading",
)
"""Which step has its turn next: a few kills meet the most delicate ones."""


@dataclass(frozen=True)
class Plan:
    """A transition with what each step of its run usually takes."""

    transition: shop.Transition
    usual: dict[str, runs.Usual]


@dataclass
class Tally:
    """What came of the kills.

    Attributes
    ----------
    kills : Counter of (str, bool)
        By the step in which the kill fell, and by clock or else by file operation.
    reads : Counter of str
        By kind and build.
    failures : list of str
        Each says which kill it came of.
    """

    kills: Counter[tuple[str, bool]] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def prepare(folder: Path, data_dir: Path, *, transitions: int) -> list[Plan]:
    """Run the states of the shop without a kill, in the folder that is used later as well.

    Of the two transitions, later sales and a correction, as many as are needed.
    """
    first, *files = shop.write_inputs(folder / "files")
    runs.run(data_dir, first, folder / "run.log")
    plans, old = [], shop.published(data_dir)
    for file in files[:transitions]:
        start = folder / f"before_{file.stem}"
        shop.copy(data_dir, start)
        usual = runs.run(data_dir, [file], folder / "run.log")
        new = shop.published(data_dir)
        assert new.fingerprint != old.fingerprint
        plans.append(Plan(shop.Transition(file.stem, start, file, old, new), usual))
        old = new
    return plans


def choose(number: int, seed: int) -> runs.Moment:
    """Choose the moment of a kill: every step has its turn, by clock and by file operation."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311  moments, not secrets
    step = TURNS[number % len(TURNS)]
    return runs.Moment(step, chance.random(), by_clock=chance.random() < 0.5)


def kill_once(plan: Plan, moment: runs.Moment, data_dir: Path, log: Path) -> tuple[str, bool]:
    """Kill a run, and return the step in which that fell and whether it was by clock.

    Where a run is quicker than usual and has ended before, the next is stopped in its tracks.
    """
    files = [plan.transition.file]
    step = runs.kill(data_dir, files, log, moment, plan.usual)
    if step == runs.ENDED and moment.by_clock:
        return kill_once(plan, replace(moment, by_clock=False), data_dir, log)
    return step, moment.by_clock


def kill_and_mend(
    plan: Plan, moments: Sequence[runs.Moment], data_dir: Path, log: Path, tally: Tally
) -> None:
    """Kill one run after the other, let the last one end, and look at what it left."""
    transition = plan.transition
    shop.copy(transition.start, data_dir)
    with reader.reading(data_dir, transition) as stop:
        for moment in moments:
            tally.kills[kill_once(plan, moment, data_dir, log)] += 1
        runs.run(data_dir, [transition.file], log)
        seen = stop()
    tally.reads += seen.reads
    tally.failures += [f"{failure}, after {moments}" for failure in seen.failures]
    tally.failures += [f"{failure}, after {moments}" for failure in wrong(data_dir, transition)]


def wrong(data_dir: Path, transition: shop.Transition) -> list[str]:
    """Return what differs from a folder in which nobody was killed."""
    found, expected = shop.published(data_dir), transition.new
    differing = [
        name
        for name in sorted(found.files.keys() | expected.files.keys())
        if found.files.get(name) != expected.files.get(name)
    ]
    left = [path.name for path in data_dir.iterdir() if path.name not in shop.BELONGING]
    kept = len(list((data_dir / "generations").iterdir()))
    problems = [f"{name} differs" for name in differing]
    marts = [name for name, rows in expected.rows.items() if found.rows.get(name) != rows]
    if marts:
        problems.append(f"rows of {', '.join(marts)} differ")
    if left:
        problems.append(f"left behind: {', '.join(left)}")
    if kept != 2:
        problems.append(f"{kept} generations are kept")
    return problems


def attack(kills: range, in_a_row: int, seed: int, folder: Path) -> Tally:
    """Kill runs, a few in a row, and tell on standard error how it goes.

    Parameters
    ----------
    kills : range
        Numbers of the kills, which with the seed choose their moments.
    in_a_row : int
        How many runs are killed before one may end.
    seed : int
        Another one chooses other moments.
    folder : Path
        An empty folder to work in.
    """
    data_dir, log, tally = folder / "data", folder / "run.log", Tally()
    rounds = [kills[first : first + in_a_row] for first in range(0, len(kills), in_a_row)]
    plans = prepare(folder, data_dir, transitions=len(rounds))
    for turn, numbers in enumerate(rounds):
        moments = sorted(
            (choose(number, seed) for number in numbers),
            key=lambda moment: runs.STEPS.index(moment.step),
        )
        try:
            kill_and_mend(plans[turn % len(plans)], moments, data_dir, log, tally)
        except AssertionError as error:
            tally.failures.append(f"the run after {moments} failed: {error}")
        told = f"{tally.kills.total():4} of {len(kills)} kills, {len(tally.failures)} failures"
        print(told, file=sys.stderr, flush=True)  # noqa: T201
    return tally


def attack_side_by_side(kills: int, in_a_row: int, seed: int, folder: Path, workers: int) -> Tally:
    """Share the kills out among processes, each with a folder of its own."""
    runs.warm_up()
    workers = max(1, min(workers, kills // in_a_row))
    shares = [range(kills)[number::workers] for number in range(workers)]
    folders = [folder / str(number) for number in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=reader.FORKS) as pool:
        whole = Tally()
        for tally in pool.map(attack, shares, repeat(in_a_row), repeat(seed), folders):
            whole.kills += tally.kills
            whole.reads += tally.reads
            whole.failures += tally.failures
    return whole


def summary(tally: Tally) -> str:
    """Say where the kills fell and what the readers saw."""
    kills = [
        f"{step:24}{tally.kills[step, True]:>10,}{tally.kills[step, False]:>22,}"
        for step in (*runs.STEPS, runs.ENDED)
    ]
    reads = [
        f"{kind:24}{tally.reads[f'{kind} old']:>10,}{tally.reads[f'{kind} new']:>22,}"
        for kind in reader.READS
    ]
    total = (
        f"{tally.kills.total():,} kills, {tally.reads.total():,} reads, "
        f"{len(tally.failures):,} failures"
    )
    return "\n".join(
        (
            f"{'Kills during':24}{'by clock':>10}{'at a file operation':>22}",
            *kills,
            f"{'Reads of':24}{'old build':>10}{'new build':>22}",
            *reads,
            *(f"FAILED: {failure}" for failure in tally.failures),
            total,
        )
    )


def main() -> None:
    """Read the options, kill, and say how it went; exit code 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--in-a-row", type=int, default=1, help="kills before a run may end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = attack_side_by_side(
            options.kills, options.in_a_row, options.seed, Path(folder), options.workers
        )
    print(summary(tally))  # noqa: T201
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
