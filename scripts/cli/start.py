"""The entry from the shell: what comes before the command line itself is there."""

from __future__ import annotations

import sys


def main() -> None:
    """Start the command line; Ctrl+C while Python reads its modules ends as it does later."""
    try:
        from scripts.cli import app as cli  # noqa: PLC0415  it takes most of a second, in which Ctrl+C may come
    except KeyboardInterrupt:
        print("Error: interrupted before anything was done.", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()
