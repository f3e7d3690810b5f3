"""One file that holds the page and all its data: it opens by itself, and can be mailed."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable
from pathlib import Path

from reports.site.atomic_write import replaced

CLOSING = "</body>"


def write(path: Path, html: str, elements: Iterable[str], script: str) -> None:
    """Write a page with its data; a file that is there stays until the new one is complete.

    Parameters
    ----------
    path : Path
        The file.
    html : str
        The page, with all its styles.
    elements : iterable of str
        Elements with the data, as `data_element` makes them.
    script : str
        The script that reads the elements; it comes after them.
    """
    before, closing, after = html.rpartition(CLOSING)
    with replaced(path) as file:
        file.write(before)
        for element in elements:
            file.write(element)
        file.write(f"<script>{script}</script>\n")
        file.write(closing + after)


def data_element(name: str, text: str) -> str:
    """Hold a file of data, compressed, where the script looks for it by name.

    Examples
    --------
    >>> data_element("data/a.js", "[1]")[:53]
    '<script type="text/plain" data-file="data/a.js">H4sIA'
    """
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")
    return f'<script type="text/plain" data-file="{name}">{packed}</script>\n'
