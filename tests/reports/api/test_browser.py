from __future__ import annotations

import pytest

from tests.support.server import serving


@pytest.mark.browser
def test_the_served_page_works_and_its_links_resolve(demo_shop, chromium):
    with serving(demo_shop.data_dir) as served, chromium.new_context() as context:
        complaints = []
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served.address}/")
        page.wait_for_selector("html[data-table=ready]")
        page.wait_for_selector("[data-drawn]")
        assert page.url == f"{served.address}/site/"
        page.locator("#customers-table .opener").first.click()
        page.locator("#drawer h3", has_text="Scores").wait_for()
        links = page.locator("a[href]").evaluate_all(
            "all => all.map((one) => new URL(one.getAttribute('href'), document.baseURI).href)"
        )
        own = {link.split("#")[0] for link in links if link.startswith(served.address)}
        answers = {link: context.request.get(link) for link in own}
        assert {link: answer.status for link, answer in answers.items()} == dict.fromkeys(own, 200)
        named = {link.rsplit("/", 1)[1] for link in own}
        assert {"customers.csv", "customers_lost.csv", "dbt_docs.html"} <= named
        listed = answers[f"{served.address}/exports/customers.csv"].text()
        assert listed.startswith("customer_id,name,segment,rfm_score,purchase_probability")
        script = page.locator("script[src]").first.evaluate("one => one.src")
        assert "immutable" in context.request.get(script).headers["cache-control"]
        assert not complaints
