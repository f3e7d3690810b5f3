"""Documents, help, descriptions and source avoid a few phrases that are hard to understand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import typer
import yaml

from scripts.cli.app import app
from tests.project.source_code import PACKAGES, ROOT, tracked_files

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md", "Makefile")
# Each phrase with the usual term.
UNUSUAL = {
    r"\bjudg(e|es|ed|ing|ement)\b(?! by\b)": "evaluate, classify",
    r"\bdeal(s|t)? (out|anew|rows)\b|\bdealt\b": "permute, distribute",
    r"\breaders? who stays?\b": "open readers",
    r"\bwhat stands\b|\bstands? (beside|around|in the place)\b": "is, contains",
    r"\bthe house\b": "the project",
    r"\bthose of them\b|\bthe same of\b": "name the noun",
    r"\bfor anybody\b": "public",
    r"\bwhat must be so\b": "precondition",
    r"\bgenerations?\b(?![/\"])": "release",  # the folder is named generations/
    r"\bloaded already\b": "already loaded",
}


def descriptions(node: object) -> Iterator[str]:
    """Yield every description within a parsed yml."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "description" and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(node, list):
        for value in node:
            yield from descriptions(value)


def help_texts(command: click.Command) -> Iterator[str]:
    """Yield the help of a command, of its options and of its subcommands."""
    yield command.help or ""
    yield from (getattr(parameter, "help", None) or "" for parameter in command.params)
    for inner in getattr(command, "commands", {}).values():
        yield from help_texts(inner)


def unusual(name: str, text: str) -> list[str]:
    """Return each unusual phrase of a text with the words around it, and the usual term."""
    plain = " ".join(text.split())
    return [
        f"{name}: '{plain[max(0, found.start() - 40) : found.end() + 40]}': {usual}"
        for phrase, usual in UNUSUAL.items()
        for found in re.finditer(phrase, plain, re.IGNORECASE)
    ]


def test_documents_use_the_usual_terms():
    nested = [str(path) for path in tracked_files() if path.name == "README.md"]
    names = sorted({*DOCUMENTS, *nested})
    found = [line for name in names for line in unusual(name, (ROOT / name).read_text())]
    assert not found, "\n".join(found)


def test_descriptions_of_models_use_the_usual_terms():
    files = [path for path in tracked_files() if path.parts[0] == "dbt_project"]
    texts = [
        (str(path), text)
        for path in files
        if path.suffix == ".yml"
        for text in descriptions(yaml.safe_load((ROOT / path).read_text()))
    ]
    assert len(texts) > 500
    found = [line for name, text in texts for line in unusual(name, text)]
    assert not found, "\n".join(found)


def test_source_uses_the_usual_terms():
    suffixes = {".py", ".sql", ".js", ".j2"}
    files = [
        path
        for path in tracked_files()
        if path.suffix in suffixes and path.parts[0] in {*PACKAGES, "dbt_project"}
    ]
    assert len(files) > 200
    found = [line for path in files for line in unusual(str(path), (ROOT / path).read_text())]
    assert not found, "\n".join(found)


def test_help_uses_the_usual_terms():
    texts = list(help_texts(typer.main.get_command(app)))
    assert len(texts) > 50
    found = [line for text in texts for line in unusual("--help", text)]
    assert not found, "\n".join(found)
