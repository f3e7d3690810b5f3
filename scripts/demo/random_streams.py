"""Reproducible random numbers for the demo shop.

NumPy guarantees the bits of PCG64 and `SeedSequence` across versions and platforms, but not the
numbers that `Generator` derives from them (NEP 19). Only the bits are used here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Draws:
    """Named streams of uniform numbers for one chunk of customers.

    Each name and chunk has its own stream. A longer draw therefore begins with the numbers of a
    shorter one, and adding a stream does not change the others.

    Parameters
    ----------
    seed : int
        Seed of the shop, 0 or more.
    chunk : int
        Number of the chunk, 0 or more.
    """

    def __init__(self, seed: int, chunk: int) -> None:
        self._seed = seed
        self._chunk = chunk
        self._streams: dict[str, np.random.PCG64] = {}

    def uniform(self, name: str, count: int) -> Floats:
        """Return the next `count` numbers of stream `name`, from 0 to below 1."""
        if name not in self._streams:
            key = (self._chunk, int.from_bytes(name.encode(), "big"))
            self._streams[name] = np.random.PCG64(np.random.SeedSequence(self._seed, spawn_key=key))
        bits = np.asarray(self._streams[name].random_raw(count), dtype=np.uint64)
        return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def pick(self, name: str, count: int, weights: Sequence[float] | Floats) -> Ints:
        """Return `count` indices into `weights`, drawn in proportion to the weights."""
        cumulative = np.add.accumulate(np.asarray(weights, dtype=np.float64))
        drawn = self.uniform(name, count) * cumulative[-1]
        position: Ints = np.searchsorted(cumulative[:-1], drawn, side="right").astype(np.int64)
        return position

    def whole(self, name: str, count: int, *, below: int) -> Ints:
        """Return `count` integers, uniform from 0 to below `below`."""
        return (self.uniform(name, count) * below).astype(np.int64)
