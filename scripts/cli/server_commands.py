"""The commands of the API server: serve and token."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts import preconditions
from scripts.cli import console, server
from scripts.cli.options import DataDir
from scripts.cli.runner import examples, running
from scripts.project import Project

app = typer.Typer()


@app.command(
    epilog=examples(
        "tillsight serve",
        "tillsight serve --workers 4 --origin https://shop.example",
        "tillsight serve --host 0.0.0.0 --no-authentication",
    )
)
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; without a secret only a local one.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of processes.")] = 1,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Origin of another page that may read the API in a browser; can be repeated. "
            "[dim]Default: TILLSIGHT_API_ORIGINS.[/]",
            show_default=False,
        ),
    ] = None,
    no_authentication: Annotated[
        bool,
        typer.Option("--no-authentication", help="Answer every request, without a token."),
    ] = False,
    with_email: Annotated[
        bool, typer.Option("--with-email", help="Include e-mail addresses without a token.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Serve the marts as JSON and CSV, and the page; read-only."""
    # no log: the data folder can be read-only; uvicorn handles signals itself
    with running("serve", data_dir=data_dir, is_logged=False) as (settings, steps):
        steps.end()
        address = server.Address(host, port, workers)
        options = server.choose(
            settings,
            address,
            origins=origin or [],
            is_open=no_authentication,
            with_email=with_email,
        )
        Project.open(settings, "serve")
        if not settings.marts_db.exists():
            console.warn(preconditions.no_marts(settings, "serve"))
        server.start(options, address)


@app.command(epilog=examples("tillsight token --days 7", "tillsight token --email"))
def token(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 30,
    email: Annotated[
        bool, typer.Option("--email", help="Give access to e-mail addresses.")
    ] = False,
) -> None:
    """Print a token for the API, signed with TILLSIGHT_API_SECRET."""
    with running("token", is_logged=False) as (settings, _):
        console.say(server.make_token(settings, days=days, sees_email=email))
