"""Errors that a user can resolve."""

from __future__ import annotations


class ModelError(Exception):
    """One sentence that names the problem, the place and the command to run next."""


class TooLittleDataError(ModelError):
    """The data cannot support a model; the run continues without a forecast."""
