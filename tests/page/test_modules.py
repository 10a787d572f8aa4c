"""Runs the tests of the page's pure modules in Node.js; `node --test tests/page/*/*.test.js` alone does the same."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from model.locations import ROOT

FOLDER = ROOT / "tests" / "page"
FILES = sorted(FOLDER.glob("*/*.test.js"))


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        reason = "no node on the PATH: install Node.js 18 or newer"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def test_the_pages_pure_modules_pass_their_own_tests(node: str) -> None:
    result = subprocess.run([node, "--test", *FILES], capture_output=True, text=True, cwd=ROOT, timeout=100)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert len(FILES) > 4
    assert sorted(FOLDER.rglob("*.test.js")) == FILES, "`npm test` looks one folder deep"
