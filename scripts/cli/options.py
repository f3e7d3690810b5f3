"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.ingest.formats import FORMATS

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of one shop: all that Tillsight writes. [dim]Default: TILLSIGHT_DATA_DIR, "
        "else data in the checkout, or in the working directory if Tillsight is installed as a "
        "package.[/]",
        show_default=False,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Last observed day, YYYY-MM-DD. [dim]Default: the latest sale.[/]",
        show_default=False,
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="Engine that holds the sales: sqlite, duckdb, postgres or spark. [dim]Default: that "
        "of the data folder, else sqlite.[/]",
        show_default=False,
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Input format; detected from the header by default: "
        f"{', '.join(file_format.name for file_format in FORMATS)}.",
        show_default=False,
    ),
]
Encoding = Annotated[
    str, typer.Option("--encoding", help="Character encoding of text files, such as latin-1.")
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace what is at --out, even if this command did not write it."
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        help="Print errors only, neither progress nor results; for scheduled runs.",
    ),
]
