"""Sampling of rows and assignment to folds. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data.windows import IntArray, Window
from ml.errors import TooLittleDataError


def stratified_sample(
    customer_ids: Sequence[str], labels: IntArray, *, limit: int, seed: int
) -> npt.NDArray[np.intp]:
    """Return the ascending row indices of a sample stratified by label.

    Rows are ranked by a hash of customer id and seed, so the result does not depend on the row
    order and a smaller sample is a subset of a larger one. Rounding up within each label can add
    one row to `limit`.

    Examples
    --------
    >>> stratified_sample(["a", "b"], np.array([0, 1]), limit=2, seed=1).tolist()
    [0, 1]
    """
    if len(customer_ids) <= limit:
        return np.arange(len(customer_ids))
    rank = _hashes(customer_ids, seed)
    share = limit / len(customer_ids)
    sampled = []
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        ranked = rows[np.argsort(rank[rows], kind="stable")]
        sampled.append(ranked[: int(np.ceil(share * rows.size))])
    return np.sort(np.concatenate(sampled))


def evenly_spaced(rows: int, *, limit: int) -> IntArray:
    """Return at most `limit` evenly spaced indices below `rows`, from 0.

    Examples
    --------
    >>> evenly_spaced(5, limit=2).tolist()
    [0, 2]
    """
    return np.unique(np.arange(limit, dtype=np.int64) * rows // limit)


def subset(window: Window, rows: npt.NDArray[np.intp]) -> Window:
    """Return the window with the given rows only; the summary still describes all rows."""
    return Window(
        summary=window.summary,
        customer_ids=[window.customer_ids[row] for row in rows],
        features=window.features[rows],
        labels=window.labels[rows],
    )


def stratified_group_folds(
    customer_ids: Sequence[str], labels: IntArray, *, count: int
) -> IntArray:
    """Return the fold of each row, 0 to `count` - 1: stratified group k-fold by customer.

    All rows of a customer are in the same fold, and buyers are spread over all folds.

    Raises
    ------
    TooLittleDataError
        If fewer than `count` customers ordered, or fewer than `count` did not.
    """
    rows = pd.DataFrame({"customer_id": list(customer_ids), "label": labels})
    rate = rows.groupby("customer_id", sort=True)["label"].mean()
    for kind, customers in (("ordered", (rate > 0).sum()), ("did not order", (rate < 1).sum())):
        if customers < count:
            raise TooLittleDataError(
                f"Model unavailable: {customers} customers of the past windows {kind} within "
                f"the horizon and {count} are needed. Load more sales with 'tillsight load FILE'."
            )
    by_rate = rate.sort_values(kind="stable").index
    fold = pd.Series(np.arange(len(by_rate)) % count, index=by_rate)
    return rows["customer_id"].map(fold).to_numpy(dtype=np.int64)


def _hashes(customer_ids: Sequence[str], seed: int) -> npt.NDArray[np.uint64]:
    """Return a pseudo-random number for each customer, by splitmix64 of id and seed."""
    mixed = pd.util.hash_array(np.array(customer_ids, dtype=object))
    mixed = mixed + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
