"""What goes wrong in a way that a user can mend."""

from __future__ import annotations


class ModelError(Exception):
    """Say in one sentence what is wrong, where, and what to type next."""


class TooLittleDataError(ModelError):
    """Say which past the model would need; the run goes on without a forecast."""
