"""The commands of the server: `tillsight serve` and `tillsight token`."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.cli.options import AsOf, DataDir, Target
from scripts.cli.runner import carry_out, examples


def add_to(app: typer.Typer) -> None:
    """Put the commands where the others are."""
    app.command(
        epilog=examples(
            "tillsight serve",
            "tillsight serve --workers 4 --origin https://shop.example",
            "tillsight serve --host 0.0.0.0 --no-authentication",
        )
    )(serve)
    app.command(epilog=examples("tillsight token --days 7", "tillsight token --email"))(token)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; without a secret of this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Address of another page that browsers let read the API; repeat it for more. "
            "[dim]Default: TILLSIGHT_API_ORIGINS.[/]",
            show_default=False,
        ),
    ] = None,
    no_authentication: Annotated[
        bool,
        typer.Option(
            "--no-authentication", help="Let everybody ask who reaches the server, without a token."
        ),
    ] = False,
    with_email: Annotated[
        bool, typer.Option("--with-email", help="Give e-mail addresses without a token.")
    ] = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Serve the marts as JSON and CSV, and the page, for reading only."""
    carry_out(
        "serve",
        data_dir,
        as_of,
        target,
        host=host,
        port=port,
        workers=workers,
        origins=origin or [],
        is_open=no_authentication,
        with_email=with_email,
    )


def token(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it ends.")] = 30,
    email: Annotated[
        bool, typer.Option("--email", help="Its bearer may see e-mail addresses.")
    ] = False,
    data_dir: DataDir = None,
    as_of: AsOf = None,
    target: Target = None,
) -> None:
    """Print a token for the API, signed with TILLSIGHT_API_SECRET."""
    carry_out("token", data_dir, as_of, target, days=days, sees_email=email)
