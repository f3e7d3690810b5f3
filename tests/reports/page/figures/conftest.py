"""Shops with their pages, which are read once each, and their marts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.reports.page.figures.compare.marts import Marts
from tests.support.browser import draw_all, unfold

READ = (Path(__file__).parent / "compare" / "read_page.js").read_text(encoding="utf-8")
MADE_UP = {"small": "marts", "large": "large_marts", "lone": "lone_marts"}
SHOPS = [*MADE_UP, "demo_shop", pytest.param("real_shop", marks=pytest.mark.real_data)]


@dataclass(frozen=True)
class Shop:
    """A page on disk, its marts, and its content."""

    index: Path
    marts: Marts
    shown: dict[str, Any]

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return the element of a name; None where it is not on the page."""
        found = [one for one in self.shown[kind] if one["name"] == name]
        if name == "model card":
            return {"parts": found} if found else None
        assert len(found) < 2, f"{len(found)} {kind} are named {name!r}"
        return found[0] if found else None


@pytest.fixture(scope="session", params=SHOPS)
def shop(request: pytest.FixtureRequest, read_shop: Callable[[str], Shop]) -> Shop:
    """Return each shop in turn."""
    return read_shop(request.param)


@pytest.fixture(scope="session")
def read_shop(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Callable[[str], Shop]]:
    """Open a shop's page, draw all of it and read it, once a session."""
    known: dict[str, Shop] = {}

    def read(name: str) -> Shop:
        if name not in known:
            index, marts = _files(request, name)
            known[name] = Shop(index, Marts(marts), _read(chromium, index))
        return known[name]

    yield read
    for shop in known.values():
        shop.marts.close()


def _files(request: pytest.FixtureRequest, name: str) -> tuple[Path, Path]:
    if name in MADE_UP:
        address = request.getfixturevalue("sites")[name]
        return Path(address.removeprefix("file://")), request.getfixturevalue(MADE_UP[name])
    settings = request.getfixturevalue(name)
    return settings.site_dir / "index.html", settings.marts_db


def _read(chromium: Any, index: Path) -> dict[str, Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(index.as_uri())
    page.wait_for_selector("html[data-table=ready]")
    unfold(page)
    draw_all(page)
    shown = page.evaluate(READ, None)
    context.close()
    return shown
