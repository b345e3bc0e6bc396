"""superpose serve: what it refuses before it listens."""

from __future__ import annotations

import builtins
import socket
from pathlib import Path
from typing import Any

import pytest

from superpose.cli import main


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["serve", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_beyond_this_machine_it_wants_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(capsys, tmp_path, "--host", "0.0.0.0")
    assert "0.0.0.0 is reached from other machines: set SUPERPOSE_TOKEN, or listen on 127.0.0.1" in said


def test_a_folder_that_recipes_may_read_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--allow" in refusal(capsys, tmp_path, "--allow", tmp_path / "none")


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"can't listen on 127.0.0.1, port {port}" in refusal(capsys, tmp_path, "--port", port)


def test_without_the_extra_it_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "uvicorn":
            raise ImportError(name)
        return usual(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert 'pip install "superpose[serve]"' in refusal(capsys, tmp_path)
