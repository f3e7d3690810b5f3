"""Temporal split of the past windows into training, selection and report windows. Pure: no I/O.

A window is one snapshot whose horizon has passed: features as of a past date, and a label that
says whether each customer ordered in the days after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import TooLittleDataError
from ml.settings import Settings

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WindowSummary:
    """Counts and dates of one snapshot.

    Attributes
    ----------
    snapshot_number : int
        0 is the latest.
    as_of_date : str
        Last observed day, `YYYY-MM-DD`.
    horizon_days : int
        Length of the label period after the as-of date.
    rows : int
        Customers with an order on or before the as-of date.
    buyers : int or None
        Customers who ordered within the horizon; None until the horizon has passed.
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
    """Rows of one past snapshot, ordered by customer id.

    Attributes
    ----------
    summary : WindowSummary
        Describes the whole snapshot, even if the rows are a sample.
    customer_ids : list of str, length n
    features : array of float, shape (n, len(FEATURES))
        NaN for undefined features.
    labels : array of int, shape (n,)
        1 if the customer ordered within the horizon.
    """

    summary: WindowSummary
    customer_ids: list[str]
    features: FloatArray
    labels: IntArray


@dataclass(frozen=True)
class BacktestFold:
    """A test window and the earlier windows that its models are fitted on, newest first."""

    test: WindowSummary
    fit: tuple[WindowSummary, ...]


@dataclass(frozen=True)
class WindowSplit:
    """Temporal split of the past windows, newest first within each role.

    Attributes
    ----------
    fit : tuple of WindowSummary
        Training windows of model selection.
    choose : WindowSummary or None
        Selection window: chooses model and threshold. None: cross-validation within `fit`.
    refit : tuple of WindowSummary
        Training windows of the models that are evaluated on the report window.
    report : WindowSummary
        Temporal holdout: the latest labelled window; no choice depends on it.
    final : tuple of WindowSummary
        Training windows of the model that scores the latest snapshot.
    history : tuple of BacktestFold
        Backtest on the windows before the report window, newest first.
    """

    fit: tuple[WindowSummary, ...]
    choose: WindowSummary | None
    refit: tuple[WindowSummary, ...]
    report: WindowSummary
    final: tuple[WindowSummary, ...]
    history: tuple[BacktestFold, ...] = ()

    def windows(self) -> list[WindowSummary]:
        """Return each window with a role once, newest first."""
        selection = () if self.choose is None else (self.choose,)
        backtest = (window for fold in self.history for window in (fold.test, *fold.fit))
        windows = (*self.fit, *selection, *self.refit, self.report, *self.final, *backtest)
        by_number = {window.snapshot_number: window for window in windows}
        return [by_number[number] for number in sorted(by_number)]

    def roles_of(self, window: WindowSummary) -> list[str]:
        """Return the roles of a window, in the order of the attributes."""
        windows = {
            "fit": self.fit,
            "choose": (self.choose,),
            "refit": self.refit,
            "report": (self.report,),
            "final": self.final,
            "history": tuple(fold.test for fold in self.history),
        }
        return [role for role, members in windows.items() if window in members]


def split_windows(summaries: Sequence[WindowSummary], settings: Settings) -> WindowSplit:
    """Assign roles to the past windows.

    With two usable windows, `choose` is None.

    Raises
    ------
    TooLittleDataError
        If there are too few windows or rows, or the training or report windows contain one class
        only.
    """
    usable = _usable(summaries, settings)
    if len(usable) < settings.minimum_windows:
        raise TooLittleDataError(_too_short(summaries, settings))
    limit = settings.fit_windows
    split = WindowSplit(
        fit=usable[2 : 2 + limit],
        choose=usable[1],
        refit=usable[1 : 1 + limit],
        report=usable[0],
        final=usable[:limit],
    )
    if not _has_selection_window(split, settings):
        split = replace(split, fit=split.refit, choose=None)
    _check_size(split.fit, settings.minimum_fit_rows)
    _check_size((split.report,), settings.minimum_report_rows)
    _check_classes(split.fit)
    _check_classes((split.report,))
    return replace(split, history=_backtest_folds(usable, settings))


def describe_window(summary: WindowSummary, split: WindowSplit | None) -> dict[str, Any]:
    """Return dates, counts and roles of a window as JSON-serialisable values.

    `split` is None if no model could be trained. The latest snapshot has the role `score`.
    """
    end = date.fromisoformat(summary.as_of_date) + timedelta(days=summary.horizon_days)
    roles = split.roles_of(summary) if split else []
    return {
        "as_of_date": summary.as_of_date,
        "label_end_date": end.isoformat(),
        "customers": summary.rows,
        "buyers": summary.buyers,
        "roles": ["score"] if split and summary.snapshot_number == 0 else roles,
    }


def fingerprint(summaries: Iterable[WindowSummary], windows: Iterable[Window]) -> str:
    """Return a SHA-256 of the training data; it changes with any value."""
    digest = hashlib.sha256(json.dumps([astuple(summary) for summary in summaries]).encode())
    for window in windows:
        digest.update("\n".join(window.customer_ids).encode())
        digest.update(window.features.astype("<f8").tobytes())
        digest.update(window.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _usable(summaries: Sequence[WindowSummary], settings: Settings) -> tuple[WindowSummary, ...]:
    """Return the labelled windows with enough history, newest first."""
    newest_first = sorted(summaries, key=lambda summary: summary.snapshot_number)
    return tuple(
        summary
        for summary in newest_first
        if summary.buyers is not None
        and summary.history_days >= settings.lead_in_horizons * summary.horizon_days
    )


def _backtest_folds(
    usable: Sequence[WindowSummary], settings: Settings
) -> tuple[BacktestFold, ...]:
    """Return the windows before the report window that can be backtested."""
    folds = []
    for next_older, test in enumerate(usable[1 : 1 + settings.history_windows], start=2):
        fit = tuple(usable[next_older : next_older + settings.fit_windows])
        if (
            _has_both_classes((test,))
            and test.rows >= settings.minimum_report_rows
            and _has_both_classes(fit)
            and _rows(fit) >= settings.minimum_fit_rows
        ):
            folds.append(BacktestFold(test, fit))
    return tuple(folds)


def _has_selection_window(split: WindowSplit, settings: Settings) -> bool:
    """Return whether the selection window has both classes and enough training rows before it."""
    return (
        split.choose is not None
        and _has_both_classes((split.choose,))
        and _has_both_classes(split.fit)
        and _rows(split.fit) >= settings.minimum_fit_rows
    )


def _rows(windows: Sequence[WindowSummary]) -> int:
    return sum(window.rows for window in windows)


def _has_both_classes(windows: Sequence[WindowSummary]) -> bool:
    buyers = sum(window.buyers or 0 for window in windows)
    return 0 < buyers < _rows(windows)


def _check_size(windows: Sequence[WindowSummary], minimum: int) -> None:
    rows = _rows(windows)
    if rows < minimum:
        raise TooLittleDataError(
            f"Model unavailable: there are {rows} rows of customers with an order in "
            f"{_days(windows)}; {minimum} are needed. Load more sales with 'tillsight load FILE'."
        )


def _check_classes(windows: Sequence[WindowSummary]) -> None:
    if _has_both_classes(windows):
        return
    who = "every customer" if any(window.buyers for window in windows) else "no customer"
    raise TooLittleDataError(
        f"Model unavailable: {who} of {_days(windows)} ordered within the next "
        f"{windows[0].horizon_days} days; both buyers and others are needed. "
        f"Load more sales with 'tillsight load FILE'."
    )


def _days(windows: Sequence[WindowSummary]) -> str:
    """Return the as-of dates of windows in words."""
    newest, oldest = windows[0].as_of_date, windows[-1].as_of_date
    return f"the window of {newest}" if newest == oldest else f"the windows {oldest} to {newest}"


def _too_short(summaries: Sequence[WindowSummary], settings: Settings) -> str:
    """Return a sentence with the available and the required length of history."""
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
