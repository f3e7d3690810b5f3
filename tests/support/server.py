"""Start `tillsight serve` for a test, as a user does, and stop it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TILLSIGHT = Path(sys.executable).with_name("tillsight")
SECONDS_TO_START = 120


@dataclass
class Served:
    """A running server: where it listens, and what it has logged."""

    port: int
    process: subprocess.Popen[str]
    log: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(
    data_dir: Path,
    *options: str,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """Serve a data folder on a free port until the end of the block; all workers are ready."""
    process = subprocess.Popen(
        [
            *(TILLSIGHT, "serve", "--port", "0", "--data-dir", data_dir),
            *("--workers", str(workers), *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **(environment or {})},
    )
    log: list[str] = []
    ready = threading.Semaphore(0)
    threads = [
        threading.Thread(target=_read, args=(process.stderr, log, ready)),
        threading.Thread(target=_read, args=(process.stdout, log, ready)),
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(1 + workers):
            assert ready.acquire(timeout=SECONDS_TO_START), log
        (port,) = re.findall(r"Serving http://\S+?:(\d+);", "".join(log))
        yield Served(int(port), process, log)
    finally:
        process.terminate()
        process.wait()
        for thread in threads:
            thread.join()
        process.stdout.close()
        process.stderr.close()


def _read(stream, log, ready) -> None:
    for line in stream:
        log.append(line)
        if "Serving http" in line or "Application startup complete" in line:
            ready.release()
