"""Options of the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ApiOptions:
    """Files to serve, and access rules.

    Attributes
    ----------
    marts_db : Path
        The published marts.
    site_dir : Path
        The folder of the page.
    dbt_docs : Path
        The documentation by dbt, which the page links to.
    secret : str or None
        Key of the tokens; None disables authentication.
    origins : tuple of str
        Origins that may read responses in a browser (CORS).
    is_local : bool
        Whether only requests to localhost are accepted, which prevents DNS rebinding.
    with_email : bool
        Whether e-mail addresses are returned without a token.
    no_marts : str
        The message while nothing has been published: what to type.
    """

    marts_db: Path
    site_dir: Path
    dbt_docs: Path
    secret: str | None = field(default=None, repr=False)
    origins: tuple[str, ...] = ()
    is_local: bool = True
    with_email: bool = False
    no_marts: str = "There are no marts yet. Type: tillsight run FILE..."
