"""A service of its own process, asked as any program would ask it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

PLAIN = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 2}\n[run]\nthreads = 1\n'
#: Seconds that nothing here takes.
PATIENCE = 600


@attrs.define
class Served:
    """A service that runs."""

    process: subprocess.Popen[str]
    host: str
    port: int
    token: str | None = None

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and answer: what JSON says, else the bytes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, body, {"Content-Type": "application/toml", **given, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.status, json.loads(content) if is_json else content
        finally:
            connection.close()

    def add(self, recipe: str) -> str:
        """Queue a recipe that is right; its id."""
        status, task = self.ask("POST", "/tasks", recipe)
        assert status == 201, task
        return str(task["id"])

    def events(self, task: str, seen: int = 0) -> Iterator[dict[str, Any]]:
        """Events as they come, up to the last one."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"/tasks/{task}/events", headers={"Last-Event-ID": str(seen)})
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        finally:
            connection.close()

    def until(self, task: str, event: str) -> dict[str, Any]:
        """Follow a task up to an event."""
        found = next((it for it in self.events(task) if it["event"] == event), None)
        assert found, f"{event} never came: {[*self.events(task)]}"
        return found

    def kill(self) -> None:
        """End it as the system does where memory is short."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def served(folder: Path, *options: str, token: str | None = None) -> Iterator[Served]:
    """A service in a folder."""
    command = [sys.executable, "-m", "superpose.cli", "serve", str(folder), "--port", "0", "--device", "cpu", *options]
    command[1:3] = ["-c", "import sys; from superpose.cli import main; sys.exit(main())"]
    settings = {name: value for name, value in os.environ.items() if name != "SUPERPOSE_TOKEN"}
    settings |= {"SUPERPOSE_TOKEN": token} if token else {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().removeprefix("serving http://")
            host, _, port = address.rpartition(":")
            yield Served(process, host, int(port), token)
        finally:
            process.terminate()
