"""Time the API under load, beside Datasette that answers the same questions from the same file.

Runs a made-up shop of 1,000 customers, repeats its customers as often as is asked for, and lets
clients ask one server after the other over kept connections: each asks again as soon as it has
its answer. Every question names another customer or another page, deep ones too. Told are the
time within which half and 99% of the answers came, and answers a second. Run it with `make bench`,
or `python -m tests.benchmarks.api --customers 100000 --seconds 5`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlencode

import uvloop

from reports.api import queries
from tests.benchmarks.page import SHOP, TILLSIGHT, made_up_shop, repeated

CLIENTS = 20
PAGE = 100
QUESTIONS = 2_000
SORTS = {"recency": "recency", "frequency": "frequency desc", "monetary": "monetary desc"}
PEER_PAGE = """
select customer_id, name, recency, frequency, monetary, segment, rfm_cell, overall_rfm_score
from customer_360 where segment is not null
order by {}, customer_id limit :limit offset :offset
"""
PEER_METRICS = queries.MODEL_METRICS.replace(
    ":model_run_id", "(select model_run_id from model_runs where is_in_use = 1)"
)

Question = Sequence[bytes]
"""One or more requests, one after the other."""


@dataclass(frozen=True)
class Timing:
    """What one kind of question took; milliseconds, and answers a second."""

    half: float
    most: float
    rate: float


def _request(address: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _own(scored: int, chosen: Sequence[str]) -> dict[str, list[Question]]:
    """Return the questions to our server."""
    draw = random.Random(1)  # noqa: S311  pages, not secrets
    pages = [
        f"/api/customers/rfm?sort_by={draw.choice(list(SORTS))}"
        f"&page={draw.randint(1, scored // PAGE)}"
        for _ in range(QUESTIONS)
    ]
    one = {
        "health": ["/api/health"],
        "segments": ["/api/customers/segments"],
        "rfm": pages,
        "details": [f"/api/customers/{quote(key, safe='')}/details" for key in chosen],
        "metrics": ["/api/model/metrics"],
    }
    return {name: [[_request(address)] for address in asked] for name, asked in one.items()}


def _peer(scored: int, chosen: Sequence[str]) -> dict[str, list[Question]]:
    """Return the same questions to Datasette, as SQL."""
    draw = random.Random(1)  # noqa: S311  pages, not secrets

    def ask(sql: str, **bound: object) -> bytes:
        return _request(f"/marts.json?{urlencode({'sql': sql, '_shape': 'arrays', **bound})}")

    pages = [
        [
            ask(
                PEER_PAGE.format(SORTS[draw.choice(list(SORTS))]),
                limit=PAGE,
                offset=(draw.randint(1, scored // PAGE) - 1) * PAGE,
            )
        ]
        for _ in range(QUESTIONS)
    ]
    details = [
        [
            ask(queries.CUSTOMER, customer_id=key),
            ask(queries.HISTORY_LENGTH, customer_id=key),
            ask(queries.HISTORY, customer_id=key, limit=PAGE, offset=0),
        ]
        for key in chosen
    ]
    return {
        "health": [[ask("select as_of_date from build_info")]],
        "segments": [[ask(queries.SEGMENT_COUNTS)]],
        "rfm": pages,
        "details": details,
        "metrics": [[ask(queries.MODEL_RUN), ask(PEER_METRICS)]],
    }


async def _client(port: int, questions: Iterator[Question], end: float) -> list[float]:
    """Ask until the time is over; return how many seconds each question took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    taken = []
    while (begun := time.perf_counter()) < end:
        for request in next(questions):
            writer.write(request)
            await _read_answer(reader)
        taken.append(time.perf_counter() - begun)
    writer.close()
    await writer.wait_closed()
    return taken


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"not answered: {head.decode()}")
    if b"content-length:" in head:
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
    else:
        await reader.readuntil(b"\r\n0\r\n\r\n")


async def _load(port: int, questions: Sequence[Question], seconds: float) -> Timing:
    begun = time.perf_counter()
    shares = [
        _client(port, cycle([*questions[first:], *questions[:first]]), begun + seconds)
        for first in (number * len(questions) // CLIENTS for number in range(CLIENTS))
    ]
    taken = sorted(one for every in await asyncio.gather(*shares) for one in every)
    whole = time.perf_counter() - begun
    return Timing(
        half=1000 * taken[len(taken) // 2],
        most=1000 * taken[min(len(taken) - 1, len(taken) * 99 // 100)],
        rate=len(taken) / whole,
    )


@contextmanager
def _served(command: Sequence[str | Path], port: int) -> Iterator[None]:
    """Start a server, wait until it listens, and stop it at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=120) as asked:
                asked.sendall(_request("/").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                if asked.recv(1):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _measure(
    command: Sequence[str | Path], asked: dict[str, list[Question]], port: int, seconds: float
) -> dict[str, Timing]:
    found = {}
    with _served(command, port), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for name, questions in asked.items():
            runner.run(_load(port, questions, min(1, seconds)))  # warms
            found[name] = runner.run(_load(port, questions, seconds))
    return found


def _compare(folder: Path, customers: int, seconds: float, workers: int) -> None:
    """Time both servers on the marts of a data folder, and tell."""
    with closing(sqlite3.connect(folder / "marts.db")) as connection:
        (scored,) = connection.execute("select count(segment) from customer_360").fetchone()
        found = connection.execute(
            "select customer_id from customer_360 order by random() limit ?", (QUESTIONS,)
        )
        chosen = [key for (key,) in found]
    port, peer_port = _free_port(), _free_port()
    own = [TILLSIGHT, "serve", "--data-dir", folder, "--port", str(port)]
    peer = [TILLSIGHT.with_name("datasette"), "serve", folder / "marts.db", "-p", str(peer_port)]
    limits = ["--setting", "sql_time_limit_ms", "60000", "--setting", "num_sql_threads", "4"]
    ours = _measure([*own, "--workers", str(workers)], _own(scored, chosen), port, seconds)
    theirs = _measure([*peer, *limits], _peer(scored, chosen), peer_port, seconds)
    print(f"{customers:,} customers, {CLIENTS} clients; ms, answers a second")  # noqa: T201
    heads = ("half", "99%", "rate", "Datasette", "99%", "rate", "99% to it")
    print(f"{'':12}" + "".join(f"{head:>11}" for head in heads))  # noqa: T201
    for name, one in ours.items():
        other = theirs[name]
        print(  # noqa: T201
            f"{name:12}{one.half:11.1f}{one.most:11.1f}{one.rate:11,.0f}"
            f"{other.half:11.1f}{other.most:11.1f}{other.rate:11,.0f}{one.most / other.most:10.3f}x"
        )


def main() -> None:
    """Make the shops, time both servers on each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        marts = made_up_shop(Path(scratch))
        for customers in options.customers:
            folder = Path(scratch) / str(customers)
            folder.mkdir()
            repeated(marts, folder / "marts.db", -(-customers // SHOP))
            _compare(folder, customers, options.seconds, options.workers)
            (folder / "marts.db").unlink()


if __name__ == "__main__":
    sys.exit(main())
