"""What the doctor found, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject, what : str
        What was looked at and what was found.
    is_well : bool
        Whether it is as a run needs it.
    remedy : str
        What to do where it is not.
    """

    subject: str
    what: str
    is_well: bool = True
    remedy: str = ""
