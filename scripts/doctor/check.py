"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    subject, found : str
        What was checked, and what was found.
    is_ok : bool
        Whether a run can work with it.
    remedy : str
        How to fix it, if it is not ok.
    """

    subject: str
    found: str
    is_ok: bool = True
    remedy: str = ""
