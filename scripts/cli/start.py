"""The entry point, which handles Ctrl+C while the command line is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Import and run the command line."""
    try:
        from scripts.cli import app as cli  # noqa: PLC0415  takes most of a second
    except KeyboardInterrupt:
        print("Error: interrupted before anything was done.", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
