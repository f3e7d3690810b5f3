"""The styles and scripts of the page, as files beside it or inline."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import plotly

from reports.errors import ReportError
from reports.marts.segments import Segment

STATIC = Path(__file__).parents[1] / "static"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
STYLES = ("base.css", "cards.css", "tables.css", "docs.css", "customers.css", "print.css")
SCRIPTS = (
    "data.js",
    "format.js",
    "filters.js",
    "csv.js",
    "places.js",
    "share.js",
    "table.js",
    "drawer.js",
    "docs.js",
    "charts.js",
    "page.js",
)
POLICY = "default-src 'none'; {sources}; img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Assets:
    """Styles and scripts, as file names or inline.

    Attributes
    ----------
    is_inline : bool
        Whether the next three are texts, not file names.
    style, theme, script : str
        The style sheet, the script before the first paint, and the other scripts.
    plotly : str
        File name of plotly.js.
    policy : str
        The content security policy, which allows only these scripts and styles.
    style_ids : tuple of str
        Ids of style elements that plotly.js would add, which the policy forbids; plotly.js does
        not add them where an element with the id exists.
    """

    is_inline: bool
    style: str
    theme: str
    script: str
    plotly: str
    policy: str
    style_ids: tuple[str, ...]


def write_assets(folder: Path, segments: Iterable[Segment]) -> Assets:
    """Write the files beside the page, with a hash of the content in each name."""
    return Assets(
        is_inline=False,
        style=_write_hashed(folder, "dashboard.css", style_text(segments)),
        theme=_write_hashed(folder, "theme.js", _static("scripts/theme.js")),
        script=_write_hashed(folder, "dashboard.js", _script_text()),
        plotly=_write_hashed(folder, "plotly.min.js", plotly_text()),
        # 'self' for a web server, file: for a page on disk
        policy=POLICY.format(sources="script-src 'self' file:; style-src 'self' file:"),
        style_ids=_style_ids(),
    )


def inline_assets(segments: Iterable[Segment]) -> Assets:
    """Return the inline texts; the policy allows them by their hashes."""
    style, theme, script = map(
        _inlinable, (style_text(segments), _static("scripts/theme.js"), _script_text())
    )
    scripts = " ".join(map(_source, (theme, script, plotly_text())))
    return Assets(
        is_inline=True,
        style=style,
        theme=theme,
        script=script,
        plotly=PLOTLY.name,
        policy=POLICY.format(sources=f"script-src {scripts}; style-src {_source(style)}"),
        style_ids=_style_ids(),
    )


def plotly_text() -> str:
    """Return plotly.js."""
    return PLOTLY.read_text(encoding="utf-8")


def style_text(segments: Iterable[Segment]) -> str:
    """Return the style sheet with the colours of the segments."""
    return "".join((*(_static(f"styles/{name}") for name in STYLES), _colours(segments)))


def _script_text() -> str:
    return "".join(_static(f"scripts/{name}") for name in SCRIPTS)


def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _inlinable(text: str) -> str:
    """Return a text; a `ReportError` where it would end its own element."""
    if re.search("</(script|style)|<!--", text, flags=re.IGNORECASE):
        raise ReportError("A script or style of the page contains the end of an element.")
    return text


def _source(text: str) -> str:
    """Return the hash of a text for the policy.

    Examples
    --------
    >>> _source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _write_hashed(folder: Path, name: str, text: str) -> str:
    """Write a file with a hash of the content in its name; return the name."""
    raw = text.encode("utf-8")
    stem, _, ending = name.partition(".")
    hashed = f"{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{ending}"
    (folder / hashed).write_bytes(raw)
    return hashed


def _style_ids() -> tuple[str, ...]:
    return tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', plotly_text()))))


def check_colours(segments: Iterable[Segment]) -> None:
    """Raise a `ReportError` where a segment has an invalid colour."""
    for row in segments:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", row.colour):
            raise ReportError(
                f"The colour '{row.colour}' of segment {row.segment} is not like #0f766e. "
                "Correct the seed segment_actions and run 'tillsight build'."
            )


def _colours(segments: Iterable[Segment]) -> str:
    return "".join(
        f".segment-{row.segment_order} {{ --segment: {row.colour}; }}\n" for row in segments
    )
