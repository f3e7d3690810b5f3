"""How the marts are served."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ApiOptions:
    """What is served, to whom.

    Attributes
    ----------
    marts_db : Path
        The published marts.
    site_dir : Path
        Folder of the page.
    dbt_docs : Path
        dbt's documentation, which the page links to.
    secret : str or None
        Key of the tokens; without one nobody is asked for a token.
    origins : tuple of str
        Addresses of other pages that browsers let read the answers.
    is_local : bool
        Whether only this machine may ask: other host names are refused, so that no page of a
        stranger reaches the server by a name of its own (DNS rebinding).
    with_email : bool
        Whether e-mail addresses are given without a token.
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
