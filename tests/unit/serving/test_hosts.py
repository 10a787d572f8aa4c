"""Which names the page's server answers to."""

from __future__ import annotations

import pytest

from serving.hosts import check_allowed, check_endpoint, is_answered
from serving.settings import ServeError


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost:9000",
        "localhost.",
        "page.localhost:8000",
        "127.0.0.1",
        "127.0.0.1:9000",
        "127.8.9.1",
        "[::1]",
        "[::1]:8000",
        "name-8000.app.github.dev",
        "name-8000.euw.devtunnels.ms:443",
        "8000-name.ws-eu.gitpod.io",
    ],
)
def test_names_of_this_machine_and_of_tunnels_are_answered(host: str) -> None:
    assert is_answered(host, [])


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8000",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "app.github.dev.evil.example",
        "evilapp.github.dev",
        "localhost@evil.example",
        "localhost:8000@evil.example",
        "localhost evil.example",
        "192.168.1.5:8000",
        "0.0.0.0:8000",
        "[fe80::1]",
        "[::1",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    assert not is_answered(host, [])


def test_the_operator_allows_one_name_or_all_under_it() -> None:
    assert is_answered("Digits.Example:443", ["digits.example"])
    assert not is_answered("a.digits.example", ["digits.example"])
    assert is_answered("a.digits.example", [".digits.example"])
    assert not is_answered("digits.example", [".digits.example"])


@pytest.mark.parametrize("name", ["https://digits.example", "digits.example:8000", "digits.example/page", "*", "", "."])
def test_what_is_no_name_cannot_be_allowed(name: str) -> None:
    with pytest.raises(ServeError, match=r"is not the name of a host; accepted are .* digits\.example"):
        check_allowed(name)


def test_a_name_is_allowed_whatever_its_case() -> None:
    assert [check_allowed("Digits.Example"), check_allowed(".example")] == ["digits.example", ".example"]


def test_an_endpoint_to_allow_is_an_origin() -> None:
    origins = ["https://API.example", "http://127.0.0.1:8180", "http://[::1]:8080"]
    assert list(map(check_endpoint, origins)) == [origin.lower() for origin in origins]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example",
        "https://api.example/",
        "https://api.example/api",
        "ftp://api.example",
        "https://*",
        "https://a;b",
    ],
)
def test_an_endpoint_that_is_no_origin_is_named(url: str) -> None:
    with pytest.raises(ServeError, match="accepted are scheme, host and port"):
        check_endpoint(url)
