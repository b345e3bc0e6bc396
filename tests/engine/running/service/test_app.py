"""The service as its clients know it: real sockets, real workers, hostile recipes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import PLAIN, Served, served
from superpose import loads, run

LONG = PLAIN.replace("steps = 2", "steps = 900") + "samples = 4\nat_once = 1\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service")) as service:
        yield service


def test_a_recipe_becomes_the_images_of_a_run(service: Served, tmp_path: Path) -> None:
    recipe = PLAIN + "samples = 2\n"
    task = service.add(recipe)
    events = [event["event"] for event in service.events(task)]
    assert events[0] == "queued"
    assert events[-2:] == ["made", "finished"]
    assert events.count("image") == 2
    assert [it["event"] for it in service.events(task, len(events) - 1)] == ["finished"]
    status, shown = service.ask("GET", f"/tasks/{task}")
    assert (status, shown["state"], shown["images"]) == (200, "finished", ["0000.png", "0001.png", "sheet.png"])
    for path in run(loads(recipe), tmp_path, device="cpu").images:
        assert service.ask("GET", f"/tasks/{task}/images/{path.name}") == (200, path.read_bytes())
    assert shown in service.ask("GET", "/tasks")[1]
    assert service.ask("DELETE", f"/tasks/{task}")[0] == 204
    assert service.ask("GET", f"/tasks/{task}")[0] == 404


def test_what_contradicts_itself_fails_with_its_lines(service: Served) -> None:
    task = service.add(PLAIN.replace('"A"', '"no letter"'))
    assert service.until(task, "failed")["errors"][0].startswith("recipe:1:1: prompt: ")
    assert service.ask("GET", f"/tasks/{task}")[1]["state"] == "failed"


def test_cancelling_ends_what_runs_and_what_waits(service: Served) -> None:
    first, second = service.add(LONG), service.add(LONG)
    service.until(first, "step")
    assert service.ask("DELETE", f"/tasks/{first}")[0] == 409
    assert service.ask("POST", f"/tasks/{second}/cancel")[1]["state"] == "cancelled"
    assert service.ask("POST", f"/tasks/{first}/cancel")[1]["state"] == "cancelled"
    assert service.ask("POST", f"/tasks/{first}/cancel")[1]["state"] == "cancelled"
    assert [event["event"] for event in service.events(second)] == ["queued", "cancelled"]
    assert service.ask("DELETE", f"/tasks/{first}")[0] == 204


WRONG = {
    "malformed": ("prompt = ", "not TOML"),
    "nested": ("a = " + "[" * 3000, "nested too deeply"),
    "a plugin": ("requires = ['evil-plugin']\n" + PLAIN, "evil-plugin"),
    "a folder of plugins": ("plugins_dir = '/tmp'\n" + PLAIN, "unknown key"),
    "an import path": (PLAIN.replace('"glyphs"', '"os:system"'), "no such model 'os:system'"),
    "weights": (PLAIN.replace('kind = "glyphs"', 'kind = "glyphs", path = "/etc"'), "no file '/etc' that recipes"),
    "traversal": (PLAIN.replace('prompt = "A"', 'image = "../../../etc/passwd"'), "no file '../../../etc/passwd'"),
    "huge": (PLAIN + "samples = 100000\n", "write at most 64"),
    "a sweep": (PLAIN + "[sweep.axes]\n'run.seed' = [0, 1]\n", "superpose sweep makes them all"),
    "a sweep over files": (PLAIN + "[sweep.axes]\nprompt = {files = '/etc/*'}\n", "superpose sweep makes them all"),
    "numbers": (PLAIN + f"seed = {'9' * 5000}\n", "digits"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_before_it_waits(service: Served, name: str) -> None:
    text, says = WRONG[name]
    status, answer = service.ask("POST", "/tasks", text)
    assert status == 422
    assert says in "\n".join(answer["errors"])
    assert all(error.startswith("recipe") for error in answer["errors"])


def test_what_is_too_long_or_no_recipe_is_refused(service: Served) -> None:
    assert service.ask("POST", "/tasks", "#" * 300_000)[0] == 413
    assert service.ask("POST", "/tasks", PLAIN, {"Content-Type": "text/plain"})[0] == 415
    assert service.ask("POST", "/tasks", b"\xff\xfe")[0] == 422
    assert service.ask("POST", "/tasks", json.dumps({"prompt": "A"}), {"Content-Type": "application/json"})[0] == 422
    assert service.ask("PUT", "/tasks")[0] == 405


@pytest.mark.parametrize(
    "path", ["/tasks/..%2f..%2fetc", "/tasks/%00", "/tasks/" + "f" * 16, "/tasks/../../etc/passwd", "/etc/passwd"]
)
def test_no_path_leads_to_a_file(service: Served, path: str) -> None:
    assert service.ask("GET", path)[0] == 404
    assert service.ask("GET", f"{path}/images/0000.png")[0] == 404


def test_only_images_are_fetched(service: Served) -> None:
    task = service.add(PLAIN.replace('"A"', '"no letter"'))
    for name in ("..%2ftask.json", "..%2frecipe.toml", "recipe.toml", "%2e%2e%2flog.txt", "0000.png"):
        assert service.ask("GET", f"/tasks/{task}/images/{name}")[0] == 404


def test_a_page_elsewhere_can_ask_nothing(service: Served) -> None:
    assert service.ask("GET", "/tasks", headers={"Host": "evil.example"})[0] == 403
    assert service.ask("POST", "/tasks", PLAIN, {"Origin": "http://evil.example"})[0] == 403


def test_the_description_is_served(service: Served) -> None:
    status, api = service.ask("GET", "/openapi.json")
    assert (status, api["openapi"]) == (200, "3.1.0")
    assert b"POST /tasks" in service.ask("GET", "/")[1]


def test_a_killed_service_goes_on_and_makes_the_same_bytes(tmp_path: Path) -> None:
    recipe = PLAIN.replace("steps = 2", "steps = 60") + "samples = 3\nat_once = 1\n"
    with served(tmp_path / "queue") as service:
        task = service.add(recipe)
        service.until(task, "image")
        assert service.ask("GET", f"/tasks/{task}")[1]["state"] == "running"
        service.kill()
    with served(tmp_path / "queue") as service:
        service.until(task, "finished")
        started = [event for event in service.events(task) if event["event"] == "started"]
        assert len(started) == 2
        assert started[1]["pending"] < started[0]["pending"]
        images = [service.ask("GET", f"/tasks/{task}/images/000{i}.png")[1] for i in range(3)]
    assert images == [path.read_bytes() for path in run(loads(recipe), tmp_path / "run", device="cpu").images]
    left = [path.name for path in (tmp_path / "queue" / "tasks" / task / "images").iterdir() if path.name[0] == "."]
    assert not left


def test_a_task_has_an_end_and_a_stranger_no_answer(tmp_path: Path) -> None:
    with served(tmp_path, "--max-seconds", "0.2", "--max-queue", "1", token="secret") as service:
        task = service.add(LONG)
        assert service.ask("POST", "/tasks", LONG)[0] == 503
        service.token = None
        assert service.ask("GET", f"/tasks/{task}")[0] == 401
        service.token = "secret"
        while not (shown := service.ask("GET", f"/tasks/{task}")[1])["errors"]:
            os.sched_yield()
        assert shown["state"] == "failed"
        assert shown["errors"] == ["took more than the 0.2 s that this service allows"]
