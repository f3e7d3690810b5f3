"""Which past windows fit, choose and report, and which of their rows. Pure: no I/O.

A window is one snapshot whose horizon is over: features as of a past date, and whether each
customer ordered in the days after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import TooLittleDataError
from ml.settings import Settings

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WindowSummary:
    """One snapshot in figures.

    Attributes
    ----------
    snapshot_number : int
        0 is the latest.
    as_of_date : str
        Last day that is observed, `YYYY-MM-DD`.
    horizon_days : int
        Days after it that the label looks at.
    rows : int
        Customers with an order on or before that date.
    buyers : int or None
        Those who ordered within the horizon; None while the horizon is not over.
    history_days : int
        Days from the shop's first order to the as-of date.
    """

    snapshot_number: int
    as_of_date: str
    horizon_days: int
    rows: int
    buyers: int | None
    history_days: int


@dataclass(frozen=True)
class Window:
    """Rows of one past snapshot, ordered by customer.

    Attributes
    ----------
    summary : WindowSummary
        The whole snapshot, also where the rows are a sample of it.
    customer_ids : list of str, length n
        Whom the rows are about.
    features : array of float, shape (n, len(FEATURES))
        NaN where the feature is not defined.
    labels : array of int, shape (n,)
        1 where the customer ordered within the horizon.
    """

    summary: WindowSummary
    customer_ids: list[str]
    features: FloatArray
    labels: IntArray


@dataclass(frozen=True)
class Plan:
    """Roles of the past windows, newest first within each role.

    Attributes
    ----------
    fit : tuple of WindowSummary
        Fit the candidates that are compared.
    choose : WindowSummary or None
        Chooses model and threshold; None where cross-validation within `fit` has to.
    refit : tuple of WindowSummary
        Fit the candidates again, up to the eve of the report.
    report : WindowSummary
        The last whole window, on which nothing is chosen.
    final : tuple of WindowSummary
        Fit the model that scores the latest snapshot.
    """

    fit: tuple[WindowSummary, ...]
    choose: WindowSummary | None
    refit: tuple[WindowSummary, ...]
    report: WindowSummary
    final: tuple[WindowSummary, ...]

    def windows(self) -> list[WindowSummary]:
        """Return every window in use once, newest first.

        Returns
        -------
        list of WindowSummary
            Ordered by `snapshot_number`.
        """
        in_use = {window.snapshot_number: window for window in (*self.fit, *self.final)}
        return [in_use[number] for number in sorted(in_use)]


def plan(summaries: Sequence[WindowSummary], settings: Settings) -> Plan:
    """Give each past window its role.

    Parameters
    ----------
    summaries : sequence of WindowSummary
        Every snapshot there is.
    settings : Settings
        How many windows and rows are wanted.

    Returns
    -------
    Plan
        With three windows or more one chooses; with two, `choose` is None.

    Raises
    ------
    TooLittleDataError
        If there are too few windows or rows, or a window to fit or report on holds
        customers of one kind only.
    """
    usable = _usable(summaries, settings)
    if len(usable) < settings.minimum_windows:
        raise TooLittleDataError(_too_short(summaries, settings))
    most = settings.fit_windows
    chosen = Plan(
        fit=usable[2 : 2 + most],
        choose=usable[1],
        refit=usable[1 : 1 + most],
        report=usable[0],
        final=usable[:most],
    )
    if not _can_choose(chosen, settings):
        chosen = Plan(chosen.refit, None, chosen.refit, chosen.report, chosen.final)
    _check_size(chosen.fit, settings.minimum_fit_rows)
    _check_size((chosen.report,), settings.minimum_report_rows)
    _check_classes(chosen.fit)
    _check_classes((chosen.report,))
    return chosen


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


def fingerprint(summaries: Iterable[WindowSummary], windows: Iterable[Window]) -> str:
    """Name the data that a model learned from.

    Parameters
    ----------
    summaries : iterable of WindowSummary
        Every snapshot there is.
    windows : iterable of Window
        The rows that were read.

    Returns
    -------
    str
        SHA-256 in hexadecimal; any changed value changes it.
    """
    digest = hashlib.sha256(json.dumps([astuple(summary) for summary in summaries]).encode())
    for window in windows:
        digest.update("\n".join(window.customer_ids).encode())
        digest.update(window.features.astype("<f8").tobytes())
        digest.update(window.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _usable(summaries: Sequence[WindowSummary], settings: Settings) -> tuple[WindowSummary, ...]:
    """Return the labelled windows with enough history before them, newest first."""
    newest_first = sorted(summaries, key=lambda summary: summary.snapshot_number)
    return tuple(
        summary
        for summary in newest_first
        if summary.buyers is not None
        and summary.history_days >= settings.lead_in_horizons * summary.horizon_days
    )


def _can_choose(plan: Plan, settings: Settings) -> bool:
    """Tell whether there is a window to choose on, and enough before it to fit."""
    return (
        plan.choose is not None
        and 0 < (plan.choose.buyers or 0) < plan.choose.rows
        and _is_mixed(plan.fit)
        and sum(window.rows for window in plan.fit) >= settings.minimum_fit_rows
    )


def _is_mixed(windows: Sequence[WindowSummary]) -> bool:
    """Tell whether some customers ordered and some did not."""
    buyers = sum(window.buyers or 0 for window in windows)
    return 0 < buyers < sum(window.rows for window in windows)


def _check_size(windows: Sequence[WindowSummary], minimum: int) -> None:
    """Refuse windows with hardly a customer."""
    rows = sum(window.rows for window in windows)
    if rows < minimum:
        raise TooLittleDataError(
            f"Model unavailable: there are {rows} rows of customers with an order in "
            f"{_days(windows)}; {minimum} are needed. Load more sales with 'tillsight load FILE'."
        )


def _check_classes(windows: Sequence[WindowSummary]) -> None:
    """Refuse windows in which all customers did the same."""
    if _is_mixed(windows):
        return
    who = "every customer" if any(window.buyers for window in windows) else "no customer"
    raise TooLittleDataError(
        f"Model unavailable: {who} of {_days(windows)} ordered within the next "
        f"{windows[0].horizon_days} days; both buyers and others are needed. "
        f"Load more sales with 'tillsight load FILE'."
    )


def _days(windows: Sequence[WindowSummary]) -> str:
    """Name the windows by their as-of dates."""
    newest, oldest = windows[0].as_of_date, windows[-1].as_of_date
    return f"the window of {newest}" if newest == oldest else f"the windows {oldest} to {newest}"


def _too_short(summaries: Sequence[WindowSummary], settings: Settings) -> str:
    """Say how long the history is, and how long it should be."""
    if not summaries:
        return (
            "Model unavailable: there is no customer with an order. "
            "Load sales with 'tillsight load FILE', then 'tillsight build'."
        )
    latest = min(summaries, key=lambda summary: summary.snapshot_number)
    horizon = latest.horizon_days
    needed = (settings.minimum_windows + settings.lead_in_horizons) * horizon
    if latest.history_days >= needed:
        return (
            f"Model unavailable: the history is long enough, but customer_features holds fewer "
            f"than {settings.minimum_windows} past windows. Raise the dbt variable "
            f"snapshot_count, then run 'tillsight build'."
        )
    return (
        f"Model unavailable: the history is {latest.history_days} days long; {needed} are "
        f"needed, for {settings.minimum_windows} past windows of {horizon} days and the orders "
        f"before them. Load older sales with 'tillsight load FILE'."
    )


def _lots(customer_ids: Sequence[str], seed: int) -> npt.NDArray[np.uint64]:
    """Return a number per customer that looks random and depends on id and seed alone."""
    mixed = pd.util.hash_array(np.array(customer_ids, dtype=object))
    mixed = mixed + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
