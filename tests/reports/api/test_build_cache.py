from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from itertools import cycle

import pytest

from reports.api import build_cache
from reports.api.options import ApiOptions
from reports.api.routes.site import Site

ADDRESSES = [
    "/api/customers/segments",
    "/api/customers/rfm?limit=40",
    "/api/customers/c01/details",
    "/api/model/metrics",
    "/api/health",
]


@pytest.fixture
def shops(marts, tmp_path):
    """Two builds that differ in every answer: each says its own day, names and amounts."""
    found = []
    for name, day in (("old", "2024-06-30"), ("new", "2024-07-30")):
        path = tmp_path / f"{name}.db"
        shutil.copy(marts, path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "update build_info set as_of_date = ?, build_fingerprint = ?",
                (day, hashlib.sha256(name.encode()).hexdigest()[:16]),
            )
            for table in ("customers", "customer_360"):
                connection.execute(f"update {table} set name = ? || customer_id", (name,))
            connection.execute("update model_runs set verdict = ? where is_in_use = 1", (name,))
            connection.execute("update products set product_name = ? || product_id", (name,))
            connection.execute("update segments set customers = customers + ?", (name == "new",))
            connection.commit()
        found.append(path)
    return found


def publish(path, place):
    """Put a copy in the place of what is published, at once, as a build does."""
    aside = place.with_name("aside.db")
    shutil.copy(path, aside)
    aside.replace(place)


async def changed(client, build):
    """Ask until another build answers."""
    for _ in range(500):
        answer = await client.get("/api/health")
        if answer.headers.get("x-tillsight-build") not in {None, build}:
            return answer.headers["x-tillsight-build"]
        await asyncio.sleep(0.01)
    raise AssertionError("the new build was never served")


def fingerprints(asking, shops):
    """Return what each address answers to each build."""
    return [
        {address: told(api.get(address)) for address in ADDRESSES}
        for api in (asking(shop) for shop in shops)
    ]


def told(answer):
    assert answer.status_code == 200, answer.text
    found = answer.json()
    for name in ("timestamp", "build"):
        found.pop(name, None)
    return found


def test_every_response_is_from_one_build_during_publishes(asking, shops, tmp_path):
    expected = fingerprints(asking, shops)
    assert all(expected[0][address] != expected[1][address] for address in ADDRESSES)
    place = tmp_path / "marts.db"
    publish(shops[0], place)
    api = asking(place)
    seen: Counter[int] = Counter()
    builds: dict[str, set[int]] = {}

    async def reader(number):
        for address in [*ADDRESSES[number:], *ADDRESSES[:number]] * 40:
            answer = await api.client.get(address)
            which = [shop[address] for shop in expected].index(told(answer))
            seen[which] += 1
            builds.setdefault(answer.headers["x-tillsight-build"], set()).add(which)
            await asyncio.sleep(0)

    async def publisher():
        for shop in [shops[1], shops[0]] * 10:
            await asyncio.to_thread(publish, shop, place)
            await asyncio.sleep(0.02)

    async def all_at_once():
        await asyncio.gather(publisher(), *(reader(number) for number in range(5)))

    api.run(all_at_once())
    assert min(seen[0], seen[1]) > 0
    assert sorted(map(sorted, builds.values())) == [[0], [1]]


def test_every_list_is_from_one_build_during_publishes(asking, shops, tmp_path):
    body = {"segment": None}
    whole = [asking(shop).post("/api/export/customers", json=body).content for shop in shops]
    place = tmp_path / "marts.db"
    publish(shops[0], place)
    api = asking(place)
    found = []

    async def all_at_once():
        for shop, _ in zip(cycle([shops[1], shops[0]]), range(20), strict=False):
            asked = asyncio.create_task(api.client.post("/api/export/customers", json=body))
            await asyncio.to_thread(publish, shop, place)
            answer = await asked
            assert answer.status_code == 200
            found.append(answer.content)

    api.run(all_at_once())
    assert set(found) == set(whole)


def test_a_new_build_is_served_without_a_restart(asking, shops, tmp_path):
    place = tmp_path / "marts.db"
    publish(shops[0], place)
    api = asking(place)
    before = api.get(ADDRESSES[0])
    publish(shops[1], place)
    api.run(changed(api.client, before.headers["x-tillsight-build"]))
    after = api.get(ADDRESSES[0])
    assert before.json() != after.json()
    tag = {"if-none-match": before.headers["etag"]}
    assert api.get(ADDRESSES[0], headers=tag).status_code == 200


def test_marts_that_disappear_and_return_are_served_again(asking, shops, tmp_path, caplog):
    place = tmp_path / "marts.db"
    api = asking(place)
    assert "marts.db does not exist" in caplog.text
    assert api.get(ADDRESSES[0]).status_code == 503
    assert api.get("/api/health").status_code == 503
    publish(shops[0], place)
    assert api.get(ADDRESSES[0]).status_code == 200
    place.unlink()
    assert [api.get(address).status_code for address in ADDRESSES] == [503] * 5
    publish(shops[1], place)
    assert api.get("/api/health").json()["as_of_date"] == "2024-07-30"


def test_the_page_is_found_during_publishes(tmp_path):
    """Publishing turns a link: a lookup that resolved it twice would look into two folders."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name)
    (tmp_path / "site").symlink_to("one")
    is_over = threading.Event()

    def publish_on():
        for name in cycle(("two", "one")):
            (tmp_path / "aside").symlink_to(name)
            (tmp_path / "aside").replace(tmp_path / "site")
            if is_over.is_set():
                break

    publisher = threading.Thread(target=publish_on)
    publisher.start()
    site = Site(ApiOptions(tmp_path / "marts.db", tmp_path / "site", tmp_path / "docs.html"))
    found = [site.lookup_path("index.html")[1] for _ in range(5_000)]
    is_over.set()
    publisher.join()
    assert None not in found
    assert site.lookup_path("../secret")[1] is None


def test_a_damaged_file_gives_500_until_the_next_publish(asking, shops, tmp_path):
    place = tmp_path / "marts.db"
    publish(shops[0], place)
    api = asking(place)
    build = api.get(ADDRESSES[0]).headers["x-tillsight-build"]
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database " * 500)
    publish(damaged, place)

    async def until_told():
        for _ in range(500):
            if (await api.client.get(ADDRESSES[0])).status_code == 500:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nobody noticed")

    api.run(until_told())
    publish(shops[1], place)
    api.run(changed(api.client, build))


def test_the_build_is_read_again_after_an_hour(asking, shops, tmp_path, monkeypatch):
    place = tmp_path / "marts.db"
    publish(shops[0], place)
    api = asking(place)
    first = api.get(ADDRESSES[0]).json()
    marks = []
    real = build_cache.open_build
    monkeypatch.setattr(build_cache, "open_build", lambda path: marks.append(1) or real(path))
    assert api.get(ADDRESSES[0]).json() == first
    assert not marks
    now = build_cache.seconds()
    monkeypatch.setattr(build_cache, "seconds", lambda: now + 3601)
    assert api.get(ADDRESSES[0]).json() == first
    api.run(asyncio.sleep(0.2))
    assert marks == [1]
