"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
        help="Last day that is observed, YYYY-MM-DD. [dim]Default: the latest sale.[/]",
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
Form = Annotated[
    str | None,
    typer.Option(
        "--form",
        help="Form of the files, if their columns do not tell: standard_customers, "
        "standard_products, standard_transactions, uci_order_lines or shopify_order_lines.",
        show_default=False,
    ),
]
Encoding = Annotated[
    str, typer.Option("--encoding", help="Character encoding of the files, such as latin-1.")
]

Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace what is at --out, even if this command did not write it."
    ),
]

Open = Annotated[
    bool, typer.Option("--open", help="Open the page in the browser when it is written.")
]
