"""The description says what the service does, and nothing else."""

from __future__ import annotations

from pathlib import Path

from superpose.running.service.app import application
from superpose.running.service.openapi import description, page
from superpose.running.service.runner import Runner
from superpose.running.service.screening import Bounds
from superpose.running.service.tasks import Tasks


def test_every_route_is_described_and_every_description_is_a_route(tmp_path: Path) -> None:
    described = {
        (path, method.upper())
        for path, item in description(token=False)["paths"].items()
        for method in item
        if method != "parameters"
    }
    routes = application(Runner(Tasks(tmp_path), Bounds())).routes
    served = {(route.path, method) for route in routes for method in route.methods - {"HEAD"}}  # type: ignore[attr-defined]
    assert described == served - {("/", "GET"), ("/openapi.json", "GET")}


def test_the_token_is_told_of_where_one_is_wanted() -> None:
    assert "security" not in description(token=False)
    assert description(token=True)["security"] == [{"token": []}]
    assert "Bearer TOKEN" in page(description(token=True))
    assert "Bearer TOKEN" not in page(description(token=False))


def test_the_page_names_every_path_and_loads_nothing() -> None:
    text = page(description(token=False))
    for path in description(token=False)["paths"]:
        assert f" {path}</code>" in text
    assert "src=" not in text
    assert "<script" not in text
