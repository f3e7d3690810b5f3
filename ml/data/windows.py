"""Which past windows fit, choose and report. Pure: no I/O.

A window is one snapshot whose horizon is over: features as of a past date, and whether each
customer ordered in the days after it.
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
class Step:
    """A past window that is judged by models of the windows before it.

    Attributes
    ----------
    judged : WindowSummary
        Asked about.
    fit : tuple of WindowSummary
        Learned from, newest first; all of them earlier.
    """

    judged: WindowSummary
    fit: tuple[WindowSummary, ...]


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
    history : tuple of Step
        Windows before the report on which the model is judged as well, newest first.
    """

    fit: tuple[WindowSummary, ...]
    choose: WindowSummary | None
    refit: tuple[WindowSummary, ...]
    report: WindowSummary
    final: tuple[WindowSummary, ...]
    history: tuple[Step, ...] = ()

    def windows(self) -> list[WindowSummary]:
        """Return every window in use once, newest first.

        Returns
        -------
        list of WindowSummary
            Ordered by `snapshot_number`.
        """
        chosen_on = () if self.choose is None else (self.choose,)
        looked_back = (window for step in self.history for window in (step.judged, *step.fit))
        learned = (*self.fit, *chosen_on, *self.refit, self.report, *self.final, *looked_back)
        in_use = {window.snapshot_number: window for window in learned}
        return [in_use[number] for number in sorted(in_use)]

    def roles(self, window: WindowSummary) -> list[str]:
        """Return what a window is used for.

        Parameters
        ----------
        window : WindowSummary
            Any window of the shop.

        Returns
        -------
        list of str
            Of `fit`, `choose`, `refit`, `report`, `final` and `history`, in this order.
        """
        judged = tuple(step.judged for step in self.history)
        held = {
            "fit": self.fit,
            "choose": (self.choose,),
            "refit": self.refit,
            "report": (self.report,),
            "final": self.final,
            "history": judged,
        }
        return [role for role, windows in held.items() if window in windows]


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
    return replace(chosen, history=_history(usable, settings))


def describe(summary: WindowSummary, roles: Plan | None) -> dict[str, Any]:
    """Describe a window and its use as plain values.

    Parameters
    ----------
    summary : WindowSummary
        Any window of the shop.
    roles : Plan or None
        None where no model could be trained.

    Returns
    -------
    dict of str to value
        As-of date, last day that the label looks at, customers, buyers (None while the horizon
        is not over), roles; the latest window has the role `score`.
    """
    end = date.fromisoformat(summary.as_of_date) + timedelta(days=summary.horizon_days)
    used = roles.roles(summary) if roles else []
    return {
        "as_of_date": summary.as_of_date,
        "label_end_date": end.isoformat(),
        "customers": summary.rows,
        "buyers": summary.buyers,
        "roles": ["score"] if roles and summary.snapshot_number == 0 else used,
    }


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


def _history(usable: Sequence[WindowSummary], settings: Settings) -> tuple[Step, ...]:
    """Return the windows before the report that can be judged, each with what to learn from."""
    steps = []
    for place, judged in enumerate(usable[1 : 1 + settings.history_windows], start=2):
        fit = tuple(usable[place : place + settings.fit_windows])
        if (
            _is_mixed((judged,))
            and judged.rows >= settings.minimum_report_rows
            and _is_mixed(fit)
            and sum(window.rows for window in fit) >= settings.minimum_fit_rows
        ):
            steps.append(Step(judged, fit))
    return tuple(steps)


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
