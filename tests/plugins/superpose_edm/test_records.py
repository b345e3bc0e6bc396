"""Pickles of EDM: plain records are read, and hostile files run nothing."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from edm_pickles import TRAP
from superpose_edm.convert import main


class Hostile:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def traps() -> dict[str, Any]:
    touch = Hostile(Path.touch, Path("ran"))
    return {
        "a call": Hostile(exec, TRAP),
        "a call in the network": {"ema": touch},
        "a call in a tensor": Hostile(torch.storage._load_from_bytes, pickle.dumps(touch)),
        "a call in a legacy tensor": Hostile(torch.load, "weights.pt"),
        "an import": Hostile(__import__, "this"),
    }


@pytest.mark.parametrize("trap", traps())
def test_hostile_files_are_refused_and_run_nothing(
    trap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "this", raising=False)
    Path("edm.pkl").write_bytes(pickle.dumps(traps()[trap]))
    assert main(["edm.pkl", "net"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("edm.pkl is not one of EDM's pickles: ")
    assert said.count("\n") == 1, said
    assert not Path("ran").exists(), f"{trap}: it was run"
    assert "this" not in sys.modules, f"{trap}: it was imported"
    assert not Path("net").exists()
