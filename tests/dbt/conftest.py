from __future__ import annotations

from typing import Any

import pytest

from scripts.dbt_runner import Dbt
from scripts.settings import Settings


@pytest.fixture(scope="session")
def manifest(tmp_path_factory, settings_in) -> Any:
    settings: Settings = settings_in(tmp_path_factory.mktemp("manifest"))
    return Dbt(settings).manifest


@pytest.fixture(scope="session")
def models(manifest) -> list[Any]:
    found = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    return sorted(found, key=lambda node: node.name)
