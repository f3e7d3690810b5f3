"""The page and all its data as one file, for mailing."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable
from pathlib import Path

from reports.site.atomic_write import replaced

CLOSING = "</body>"


def write(path: Path, html: str, elements: Iterable[str], script: str) -> None:
    """Write a page with its data, atomically.

    Parameters
    ----------
    path : Path
        The file.
    html : str
        The page with inline styles.
    elements : iterable of str
        Elements with the data, from `data_element`.
    script : str
        The script that reads the elements.
    """
    before, closing, after = html.rpartition(CLOSING)
    with replaced(path) as file:
        file.write(before)
        for element in elements:
            file.write(element)
        file.write(f"<script>{script}</script>\n")
        file.write(closing + after)


def data_element(name: str, text: str) -> str:
    """Return an element with a compressed file of data.

    Examples
    --------
    >>> data_element("data/a.js", "[1]")[:53]
    '<script type="text/plain" data-file="data/a.js">H4sIA'
    """
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")
    return f'<script type="text/plain" data-file="{name}">{packed}</script>\n'
