"""Cell suppression: choose the counts that a page must not publish. Pure.

Primary suppression removes each count below the threshold. Secondary suppression removes more
counts, until the published counts and totals determine no suppressed one. A suppressed cell is
protected if another table has the same published counts, totals and labels, but a different value
in this cell. A best-first search looks for such a table: it changes the cell by one customer, then
other cells by one, until every sum holds again. The cells that differ are suppressed together,
preferably those with few customers. Against differencing, the suppressed cells of a sum together
reach the threshold.

References
----------
Hundepool et al., "Statistical Disclosure Control", 2012, chapter 4.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from reports.marts.suppressed import THRESHOLD, Suppressed, is_small

Key = Hashable
Labels = Mapping[Key, Suppressed]
Steps = Mapping[Key, int]
MAX_CHANGED_CELLS = 24
"""How many cells the other table may change."""
MAX_TABLES = 5_000
"""How many tables one search visits."""
RESIDUAL_COSTS = (0, THRESHOLD, 100)
"""Cost, in customers, of a sum that does not hold yet; a higher one ends the search sooner."""


@dataclass(frozen=True)
class Sum:
    """An equation between cells that a reader knows.

    Attributes
    ----------
    parts : tuple of hashable
        Cells that are added.
    total : tuple of hashable
        Cells with the same sum (marginal totals); empty where the sum itself is published.
    """

    parts: tuple[Key, ...]
    total: tuple[Key, ...] = ()

    def signs(self) -> Iterator[tuple[Key, int]]:
        """Yield each cell with 1 for a part and -1 for a total."""
        yield from ((key, 1) for key in self.parts)
        yield from ((key, -1) for key in self.total)


def suppress_cells(counts: Mapping[Key, int], sums: Iterable[Sum]) -> dict[Key, Suppressed] | None:
    """Choose the cells to suppress.

    Parameters
    ----------
    counts : mapping of hashable to int
        Customers by cell.
    sums : iterable of Sum
        All equations that a reader knows.

    Returns
    -------
    dict of hashable to Suppressed, or None
        Label of each suppressed cell. None where the counts are so small that the sums disclose
        one of them whatever else is suppressed.

    Examples
    --------
    The total of three groups is known: the small one and the smaller of the others are suppressed.

    >>> suppress_cells({"a": 3, "b": 20, "c": 9}, [Sum(("a", "b", "c"))])
    {'a': <Suppressed.SMALL: 'under 5'>, 'c': <Suppressed.WITHHELD: 'withheld'>}
    """
    table = _Table(counts, tuple(sums))
    if not table.protect_all():
        return None
    return {key: table.label(key) for key in counts if key in table.suppressed}


class _Table:
    """The cells, their sums, and the cells that are suppressed so far."""

    def __init__(self, counts: Mapping[Key, int], sums: Sequence[Sum]) -> None:
        self.counts = counts
        self.sums = sums
        self.suppressed = {key for key, customers in counts.items() if is_small(customers)}
        self._unlabelled: set[Key] = set()
        self._protected: set[Key] = set()
        self._sums_of: dict[Key, list[tuple[int, int]]] = {key: [] for key in counts}
        for place, one in enumerate(sums):
            for key, sign in one.signs():
                self._sums_of[key].append((place, sign))

    def label(self, key: Key) -> Suppressed:
        """Return the label of a suppressed cell."""
        is_labelled_small = is_small(self.counts[key]) and key not in self._unlabelled
        return Suppressed.SMALL if is_labelled_small else Suppressed.WITHHELD

    def protect_all(self) -> bool:
        """Suppress more until each suppressed cell is protected; False where that is impossible."""
        is_larger = True
        while is_larger:
            for key in self.counts:
                if key in self.suppressed and not self._protect(key):
                    return False
            is_larger = any([self._reach_threshold(one) for one in self.sums])  # noqa: C419  no short circuit
        return True

    def _reach_threshold(self, one: Sum) -> bool:
        """Suppress one cell more where the suppressed cells of a sum are together too small."""
        suppressed = [self.counts[key] for key, _ in one.signs() if key in self.suppressed]
        published = [
            (sign < 0, self.counts[key], place, key)
            for place, (key, sign) in enumerate(one.signs())
            if self.counts[key] and key not in self.suppressed
        ]
        if not published or not is_small(sum(suppressed)):
            return False
        self.suppressed.add(min(published)[-1])
        return True

    def _protect(self, key: Key) -> bool:
        """Suppress the cells that protect this one; False where there are no such cells."""
        if key in self._protected:
            return True
        changed = self._search(key)
        if not changed:
            self._remove_labels(key)
            changed = self._search(key)
        self.suppressed.update(changed)
        self._protected.update(changed)
        return key in self._protected

    def _remove_labels(self, key: Key) -> None:
        """Stop labelling a cell, and the cells it is added to, as small."""
        self._unlabelled.add(key)
        for place, _ in self._sums_of[key]:
            self._unlabelled |= {other for other, _ in self.sums[place].signs()}

    def _search(self, key: Key) -> Steps:
        """Return the changes that lead to a table that looks the same; empty if not found."""
        found = (self._other_table(key, cost) for cost in RESIDUAL_COSTS)
        return next((steps for steps in found if steps), {})

    def _other_table(self, key: Key, residual_cost: int) -> Steps:
        """Search best-first: the table with the fewest newly suppressed customers comes next."""
        turn, visited = count(), 0
        tables: list[tuple[int, int, int, Steps, Mapping[int, int]]] = []
        for step in (1, -1):
            if self._keeps_label(key, step):
                heappush(tables, (0, 0, next(turn), {key: step}, self._residuals(key, step, {})))
        while tables and visited < MAX_TABLES:
            _, cost, _, steps, residuals = heappop(tables)
            visited += 1
            if not residuals:
                return steps
            if len(steps) == MAX_CHANGED_CELLS:
                continue
            for other, step in self._repairs(residuals, steps):
                added = cost + (0 if other in self.suppressed else self.counts[other])
                after = self._residuals(other, step, residuals)
                rank = added + residual_cost * len(after)
                heappush(tables, (rank, added, next(turn), {**steps, other: step}, after))
        return {}

    def _keeps_label(self, key: Key, step: int) -> bool:
        """Return whether a cell would have the same label one step on."""
        before, after = self.counts[key], self.counts[key] + step
        if before == 0 or key in self._unlabelled:
            return before > 0 and after > 0
        return is_small(after) if is_small(before) else after >= THRESHOLD

    def _residuals(self, key: Key, step: int, before: Mapping[int, int]) -> dict[int, int]:
        """Return the difference of the two sides of each sum that does not hold after a step."""
        after = dict(before)
        for place, sign in self._sums_of[key]:
            after[place] = after.get(place, 0) + sign * step
        return {place: residual for place, residual in after.items() if residual}

    def _repairs(self, residuals: Mapping[int, int], steps: Steps) -> Iterator[tuple[Key, int]]:
        """Yield the steps that bring the first sum that does not hold closer to holding."""
        place = min(residuals)
        for key, sign in self.sums[place].signs():
            step = -sign if residuals[place] > 0 else sign
            if key not in steps and self._keeps_label(key, step):
                yield key, step
