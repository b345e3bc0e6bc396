"""Who may ask: whoever has the token, or this machine by its own name."""

from __future__ import annotations

import pytest

from superpose.running.service.guard import Guard, is_loopback


async def nobody(*_: object) -> None:
    raise AssertionError


def status(token: str | None, path: str = "/tasks", **headers: str) -> int:
    scope = {
        "type": "http", "path": path, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]
    }  # fmt: skip
    refused = Guard(nobody, token).refusal(scope)
    return 200 if refused is None else refused.status_code


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com", "", "127.0.0.1.x"]
)
def test_others_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_a_token_is_wanted_for_everything_but_the_description() -> None:
    assert status("secret") == 401
    assert status("secret", authorization="Bearer wrong") == status("secret", authorization="secret") == 401
    assert status("secret", authorization="Bearer sécret") == 401
    assert status("secret", authorization="Bearer secret", host="example.com") == 200
    assert status("secret", "/") == status("secret", "/openapi.json") == 200
    assert status("secret", "//") == status("secret", "/tasks/x") == 401


def test_without_one_a_page_of_a_stranger_is_refused() -> None:
    assert (
        status(None, host="127.0.0.1:8000") == status(None, host="[::1]:8000") == status(None, host="localhost") == 200
    )
    assert status(None, host="evil.example:8000") == status(None) == 403
    assert status(None, host="localhost:8000", origin="http://localhost:8000") == 200
    assert status(None, host="localhost:8000", origin="http://evil.example") == 403
    assert status(None, host="localhost:8000", origin="null") == 403
