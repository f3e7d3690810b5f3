"""Which counts a page may not show so that no small group can be worked out. Pure.

A count of 1 to 4 customers is not shown. Where totals would give it away, others must not be shown
either: a count is safe when the page would look the same with another number in its place. So one
customer more (or fewer) is given to the count, and one fewer (or more) to others until every total
is right again. The counts that differ then must be withheld together; of all such sets the one
with the fewest customers is taken.

References
----------
Hundepool et al., "Statistical Disclosure Control", 2012, chapter 4: primary and complementary
suppression.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from reports.marts.suppressed import SMALLEST_GROUP, Withheld, is_small

Key = Hashable
Steps = Mapping[Key, int]
MOST_CHANGES = 24
"""How many counts may differ in the other table that is looked for."""
MOST_TRIALS = 5_000
"""How many tables are tried to find it, at each haste."""
HASTES = (0, SMALLEST_GROUP, 100)
"""What a total that is not right yet costs, in customers: the more, the sooner one is found."""


@dataclass(frozen=True)
class Sum:
    """Counts that add up to what a reader knows: to `total`, or to a figure that is public.

    Attributes
    ----------
    parts : tuple of hashable
        Names of the counts that are added.
    total : tuple of hashable
        Names of the counts whose sum is the same; empty where the page shows the sum anyway.
    """

    parts: tuple[Key, ...]
    total: tuple[Key, ...] = ()

    def signs(self) -> Iterator[tuple[Key, int]]:
        """Yield each count with 1 for a part and -1 for a total."""
        yield from ((key, 1) for key in self.parts)
        yield from ((key, -1) for key in self.total)


def withhold(counts: Mapping[Key, int], sums: Iterable[Sum]) -> dict[Key, Withheld] | None:
    """Choose the counts that are not shown.

    Parameters
    ----------
    counts : mapping of hashable to int
        Customers by the name of the count.
    sums : iterable of Sum
        All that a reader can add up.

    Returns
    -------
    dict of hashable to Withheld, or None
        What stands in the place of each count that is not shown; None where all are so small that
        the sums give some of them away whatever is withheld.

    Examples
    --------
    Of three groups of which the sum is known, the smallest neighbour goes as well.

    >>> withhold({"a": 3, "b": 20, "c": 9}, [Sum(("a", "b", "c"))])
    {'a': <Withheld.SMALL: 'under 5'>, 'c': <Withheld.WITHHELD: 'withheld'>}
    """
    table = _Table(counts, tuple(sums))
    if not table.protect_all():
        return None
    return {key: table.word(key) for key in counts if key in table.hidden}


class _Table:
    """The counts, what they add up to, and which are withheld so far."""

    def __init__(self, counts: Mapping[Key, int], sums: Sequence[Sum]) -> None:
        self.counts = counts
        self.sums = sums
        self.hidden = {key for key, customers in counts.items() if is_small(customers)}
        self._wordless: set[Key] = set()
        self._safe: set[Key] = set()
        self._sums_of: dict[Key, list[tuple[int, int]]] = {key: [] for key in counts}
        for place, one in enumerate(sums):
            for key, sign in one.signs():
                self._sums_of[key].append((place, sign))

    def word(self, key: Key) -> Withheld:
        """Return what stands in the place of a count."""
        tells = is_small(self.counts[key]) and key not in self._wordless
        return Withheld.SMALL if tells else Withheld.WITHHELD

    def protect_all(self) -> bool:
        """Withhold more until every count that is withheld is safe; False where none can be."""
        is_larger = True
        while is_larger:
            for key in self.counts:
                if key in self.hidden and not self._protect(key):
                    return False
            is_larger = any([self._enlarge(one) for one in self.sums])  # noqa: C419  each of them
        return True

    def _enlarge(self, one: Sum) -> bool:
        """Let what is withheld of a sum be no small group itself: a reader can subtract."""
        hidden = [self.counts[key] for key, _ in one.signs() if key in self.hidden]
        shown = [
            (sign < 0, self.counts[key], place, key)
            for place, (key, sign) in enumerate(one.signs())
            if self.counts[key] and key not in self.hidden
        ]
        if not shown or not is_small(sum(hidden)):
            return False
        self.hidden.add(min(shown)[-1])
        return True

    def _protect(self, key: Key) -> bool:
        """Withhold what makes a count safe; False where nothing does."""
        if key in self._safe:
            return True
        other = self._found(key)
        if not other:
            self._say_less(key)
            other = self._found(key)
        self.hidden.update(other)
        self._safe.update(other)
        return key in self._safe

    def _say_less(self, key: Key) -> None:
        """Say of a count and of those it is added to that they are withheld, not how small."""
        self._wordless.add(key)
        for place, _ in self._sums_of[key]:
            self._wordless |= {other for other, _ in self.sums[place].signs()}

    def _found(self, key: Key) -> Steps:
        """Return the steps to a table that looks the same; none where there is no such table."""
        tried = (self._other_table(key, haste) for haste in HASTES)
        return next((steps for steps in tried if steps), {})

    def _other_table(self, key: Key, haste: int) -> Steps:
        """Look where the fewest customers are withheld first."""
        turn, trials = count(), 0
        tables: list[tuple[int, int, int, Steps, Mapping[int, int]]] = []
        for step in (1, -1):
            if self._fits(key, step):
                heappush(tables, (0, 0, next(turn), {key: step}, self._wrong(key, step, {})))
        while tables and trials < MOST_TRIALS:
            _, cost, _, steps, wrong = heappop(tables)
            trials += 1
            if not wrong:
                return steps
            if len(steps) == MOST_CHANGES:
                continue
            for other, step in self._mending(wrong, steps):
                dearer = cost + (0 if other in self.hidden else self.counts[other])
                after = self._wrong(other, step, wrong)
                rank = dearer + haste * len(after)
                heappush(tables, (rank, dearer, next(turn), {**steps, other: step}, after))
        return {}

    def _fits(self, key: Key, step: int) -> bool:
        """Tell whether the word in the place of a count would be the same one step on."""
        before, after = self.counts[key], self.counts[key] + step
        if before == 0 or key in self._wordless:
            return before > 0 and after > 0
        return is_small(after) if is_small(before) else after >= SMALLEST_GROUP

    def _wrong(self, key: Key, step: int, before: Mapping[int, int]) -> dict[int, int]:
        """Return by how much each sum is wrong after a step; sums that are right are left out."""
        after = dict(before)
        for place, sign in self._sums_of[key]:
            after[place] = after.get(place, 0) + sign * step
        return {place: wrong for place, wrong in after.items() if wrong}

    def _mending(self, wrong: Mapping[int, int], steps: Steps) -> Iterator[tuple[Key, int]]:
        """Yield the steps that would mend the first of the sums that are wrong."""
        place = min(wrong)
        for key, sign in self.sums[place].signs():
            step = -sign if wrong[place] > 0 else sign
            if key not in steps and self._fits(key, step):
                yield key, step
