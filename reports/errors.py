"""Errors that a user can correct."""

from __future__ import annotations


class ReportError(Exception):
    """An error in one sentence: the problem, its place, and what to type next."""


class SelectionError(ReportError):
    """A selection that the marts do not offer; the sentence lists the allowed values."""


class NoMartsError(ReportError):
    """Nothing has been published yet."""
