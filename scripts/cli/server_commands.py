"""The commands of the API server: check the options for access, then run uvicorn."""

from __future__ import annotations

import copy
import ipaddress
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Annotated

import typer

from reports.api.options import ApiOptions
from scripts import preconditions
from scripts.cli import console
from scripts.cli.options import DataDir
from scripts.cli.runner import examples, running
from scripts.errors import TillsightError
from scripts.installation import base_dir, install_command
from scripts.project import Project
from scripts.settings import Settings

# FastAPI and uvicorn are an optional extra and slow to import: only `serve` and `token` do so.

LARGEST_QUEUE = 512
"""Concurrent requests in one worker; further ones are answered with 503."""
SECONDS_TO_STOP = 20
SECONDS_TO_START = 30
"""A worker that does not respond for so long is replaced; a busy machine starts slowly."""

app = typer.Typer()


@dataclass(frozen=True)
class Address:
    """Address and number of processes of the server."""

    host: str
    port: int
    workers: int

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def choose(
    settings: Settings,
    address: Address,
    *,
    origins: Sequence[str],
    is_open: bool,
    with_email: bool,
) -> ApiOptions:
    """Return the options of the API.

    Parameters
    ----------
    settings : Settings
        Paths and secret.
    address : Address
        Address that the server will listen on.
    origins : sequence of str
        Origins of other pages that may read, in addition to those of the settings.
    is_open : bool
        Whether requests need no token.
    with_email : bool
        Whether e-mail addresses are included without a token.

    Raises
    ------
    TillsightError, ReportError
        If libraries are missing, the secret is too short, other machines could read customers
        without a token and `is_open` is false, or an origin is invalid.
    """
    secret = None if is_open else settings.api_secret
    if secret is not None:
        _auth().check_secret(secret)
    _require_consent(address, secret=secret, is_open=is_open, with_email=with_email)
    every = (*settings.api_origins, *origins)
    _require_origins(every)
    return ApiOptions(
        marts_db=settings.marts_db,
        site_dir=settings.site_dir,
        dbt_docs=settings.dbt_docs_html,
        secret=secret,
        origins=every,
        is_local=secret is None and not is_open,
        with_email=with_email,
        # other machines are not told the path of the data folder
        no_marts=preconditions.no_marts(settings, "serve")
        if address.is_local
        else ApiOptions.no_marts,
    )


def make_token(settings: Settings, *, days: int, sees_email: bool) -> str:
    """Return a token for the API that expires after some days.

    Raises
    ------
    TillsightError, ReportError
        If libraries or the secret are missing, or the secret is too short.
    """
    if settings.api_secret is None:
        raise TillsightError(
            "there is no TILLSIGHT_API_SECRET to sign with; set it in the environment or in "
            f"{base_dir() / '.env'}"
        )
    return str(_auth().make_token(settings.api_secret, days=days, sees_email=sees_email))


def _missing_libraries() -> str:
    return f"the API needs libraries that are not installed; type: {install_command('api')}"


def _auth() -> ModuleType:
    """Import `reports.api.auth`."""
    try:
        from reports.api import auth as access  # noqa: PLC0415  an extra, see above
    except ImportError as error:
        raise TillsightError(_missing_libraries()) from error
    return access


def _require_consent(
    address: Address, *, secret: str | None, is_open: bool, with_email: bool
) -> None:
    """Raise if other machines could read customers and the user has not allowed it."""
    if secret is None and not is_open and not address.is_local:
        raise TillsightError(
            f"without a secret the server listens on this machine only, not on {address.host}; "
            "set TILLSIGHT_API_SECRET in .env, or add --no-authentication"
        )
    if secret is not None and with_email:
        raise TillsightError(
            "--with-email is for a server without tokens; create a token with "
            "'tillsight token --email' instead"
        )


def _require_origins(origins: Sequence[str]) -> None:
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", origin):
            raise TillsightError(
                f"'{origin}' is not an origin; write it like https://shop.example, without a path "
                "and without *"
            )


def start(options: ApiOptions, address: Address) -> None:
    """Serve until the process is stopped.

    Raises
    ------
    TillsightError
        If the address cannot be listened on.
    """
    try:
        import uvicorn  # noqa: PLC0415  an extra, see above
        from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

        from reports.api.app import make_app  # noqa: PLC0415
        from reports.api.http_protocol import LimitedProtocol  # noqa: PLC0415
    except ImportError as error:
        raise TillsightError(_missing_libraries()) from error

    log_config = copy.deepcopy(uvicorn.config.LOGGING_CONFIG)
    log_config["loggers"]["tillsight"] = {"handlers": ["default"], "level": "INFO"}
    config = uvicorn.Config(
        partial(make_app, options),  # one app in each process
        factory=True,
        http=LimitedProtocol,
        workers=address.workers,
        access_log=False,  # URLs contain customer ids
        log_config=log_config,
        server_header=False,
        limit_concurrency=LARGEST_QUEUE,
        timeout_graceful_shutdown=SECONDS_TO_STOP,
        timeout_worker_healthcheck=SECONDS_TO_START,
    )
    with _listening(address) as listening, suppress(KeyboardInterrupt):
        host = f"[{address.host}]" if ":" in address.host else address.host
        console.say(f"Serving http://{host}:{listening.getsockname()[1]}; Ctrl+C stops it.")
        if address.workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])


def _listening(address: Address) -> socket.socket:
    """Return the socket that all workers share."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=2048)
    except OSError as error:
        raise TillsightError(
            f"cannot listen on {address.host}, port {address.port} "
            f"({error.strerror or error}); choose another with --host or --port"
        ) from error


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
        address = Address(host, port, workers)
        options = choose(
            settings,
            address,
            origins=origin or [],
            is_open=no_authentication,
            with_email=with_email,
        )
        Project.open(settings, "serve")
        if not settings.marts_db.exists():
            console.warn(preconditions.no_marts(settings, "serve"))
        start(options, address)


@app.command(epilog=examples("tillsight token --days 7", "tillsight token --email"))
def token(
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 30,
    email: Annotated[
        bool, typer.Option("--email", help="Give access to e-mail addresses.")
    ] = False,
) -> None:
    """Print a token for the API, signed with TILLSIGHT_API_SECRET."""
    with running("token", is_logged=False) as (settings, _):
        console.say(make_token(settings, days=days, sees_email=email))
