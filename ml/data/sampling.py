"""Which rows of a window are used. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data.windows import IntArray, Window
from ml.errors import TooLittleDataError


def sample(
    customer_ids: Sequence[str], labels: IntArray, *, limit: int, seed: int
) -> npt.NDArray[np.intp]:
    """Draw rows of one window, each label in its share; a smaller draw lies in a larger.

    Parameters
    ----------
    customer_ids : sequence of str, length n
        Whom the rows are about, each once.
    labels : array of int, shape (n,)
        1 where the customer ordered within the horizon.
    limit : int
        Rows wanted; rounding up in each label can add one.
    seed : int
        Another seed draws other customers.

    Returns
    -------
    array of int
        Indices of the rows drawn, ascending; all of them if there are at most `limit`.

    Examples
    --------
    >>> sample(["a", "b"], np.array([0, 1]), limit=2, seed=1).tolist()
    [0, 1]
    """
    if len(customer_ids) <= limit:
        return np.arange(len(customer_ids))
    lot = _lots(customer_ids, seed)
    share = limit / len(customer_ids)
    drawn = []
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        in_lot_order = rows[np.argsort(lot[rows], kind="stable")]
        drawn.append(in_lot_order[: int(np.ceil(share * rows.size))])
    return np.sort(np.concatenate(drawn))


def spread(rows: int, *, limit: int) -> IntArray:
    """Return places that lie evenly over all rows.

    Parameters
    ----------
    rows : int
        How many there are.
    limit : int
        Most places wanted.

    Returns
    -------
    array of int
        Ascending, from 0; all of them if there are at most `limit`.

    Examples
    --------
    >>> spread(5, limit=2).tolist()
    [0, 2]
    """
    return np.unique(np.arange(limit, dtype=np.int64) * rows // limit)


def take(window: Window, rows: npt.NDArray[np.intp]) -> Window:
    """Return the window with some of its rows.

    Parameters
    ----------
    window : Window
        Where to take from.
    rows : array of int
        Indices of the rows, as `sample` returns them.

    Returns
    -------
    Window
        Same summary, fewer rows.
    """
    return Window(
        summary=window.summary,
        customer_ids=[window.customer_ids[row] for row in rows],
        features=window.features[rows],
        labels=window.labels[rows],
    )


def folds(customer_ids: Sequence[str], labels: IntArray, *, count: int) -> IntArray:
    """Deal customers into parts so that no customer is in two and buyers are in all.

    Parameters
    ----------
    customer_ids : sequence of str, length n
        Whom the rows are about; a customer may have several.
    labels : array of int, shape (n,)
        1 where the customer ordered within the horizon.
    count : int
        Number of parts.

    Returns
    -------
    array of int, shape (n,)
        Part of each row, 0 to `count` - 1.

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
    dealt = rate.sort_values(kind="stable").index
    part = pd.Series(np.arange(len(dealt)) % count, index=dealt)
    return rows["customer_id"].map(part).to_numpy(dtype=np.int64)


def _lots(customer_ids: Sequence[str], seed: int) -> npt.NDArray[np.uint64]:
    """Return a number per customer that looks random and depends on id and seed alone."""
    mixed = pd.util.hash_array(np.array(customer_ids, dtype=object))
    mixed = mixed + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
