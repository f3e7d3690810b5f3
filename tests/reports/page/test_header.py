"""The head of the page."""

from __future__ import annotations

from dataclasses import replace

from reports.marts.build import BuildInfo
from reports.page.header import data_tests_passed


def test_a_failed_data_test_changes_the_tone():
    build = BuildInfo(
        *("Shop", "2024-06-30", "2024-01-01", 30, "ntile", "return", None, None, None),
        *(1, 1, 1, 1, 1, 1, 64, 63, None),
    )
    assert data_tests_passed(build) == ("63 of 64 data tests passed", "bad")
    assert data_tests_passed(replace(build, data_tests=0)) == ("No data tests have run", "none")
