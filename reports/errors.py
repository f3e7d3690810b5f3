"""What goes wrong in a way that a user can mend."""

from __future__ import annotations


class ReportError(Exception):
    """Say in one sentence what is wrong, where, and what to type next."""


class NoMartsError(ReportError):
    """Nothing has been published yet."""


class ChoiceError(ReportError):
    """Say which choice cannot be made, and which can: the marts themselves are well."""
