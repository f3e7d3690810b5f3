"""What `tillsight backup` and `tillsight restore` do and say."""

from __future__ import annotations

from pathlib import Path

from scripts import pipeline
from scripts.cli import console, output_place
from scripts.settings import Settings
from scripts.storage import backup as backups
from scripts.storage import lock


def backup(settings: Settings, steps: console.Steps, *, out: Path | None, overwrite: bool) -> None:
    """Copy raw.db and say where the copy lies."""
    if out:
        output_place.require_for_backup(settings, steps, out, overwrite=overwrite)
    with lock.only_one(settings):
        steps.start("Backing up")
        copy = backups.back_up(
            settings.raw_db,
            settings.backups_dir,
            out=out and out.expanduser().absolute(),
            progress=steps.report,
        )
        steps.count(copy.rows)
    console.say(f"Backup: {copy.path} ({_content(copy)})")
    _say_where_sales_are(settings)


def restore(settings: Settings, steps: console.Steps, *, file: Path) -> None:
    """Put a backup in the place of raw.db, and say what to do next."""
    with lock.only_one(settings):
        steps.start("Restoring")
        copy, kept = backups.restore(
            settings.raw_db,
            settings.backups_dir,
            file.expanduser().absolute(),
            progress=steps.report,
        )
        pipeline.ensure_raw(settings)
        steps.count(copy.rows)
    console.say(f"Restored: {copy.path} ({_content(copy)})")
    _say_where_sales_are(settings)
    if kept:
        console.say(f"The one before is kept: {kept}")
    console.say("Next: 'tillsight run' publishes from it. Until then the marts are the old ones.")


def _say_where_sales_are(settings: Settings) -> None:
    if settings.target != "sqlite":
        console.say(
            f"It holds models and forecasts. The loaded files lie on {settings.target}, which has "
            "a way of its own to copy them."
        )


def _content(copy: backups.Copy) -> str:
    return f"{copy.rows:,} rows of {copy.loads:,} files, {copy.forecasts:,} forecasts"
