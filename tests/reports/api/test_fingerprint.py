from __future__ import annotations

import json


def test_api_page_and_lists_name_the_same_build(asking, demo_shop):
    listed = json.loads((demo_shop.exports_dir / "build.json").read_text())["build_fingerprint"]
    page = (demo_shop.site_dir / "index.html").read_text(encoding="utf-8")
    api = asking(demo_shop.marts_db)
    assert api.get("/api/health").json()["build"] == listed
    assert api.get("/api/customers/segments").headers["x-tillsight-build"] == listed
    assert f'<meta name="tillsight-build" content="{listed}">' in page
