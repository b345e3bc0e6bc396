"""EDM's pickles become harmless folders: no code of theirs runs, and what is converted samples."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import superpose
from edm_pickles import SAID, pickled, restated
from superpose import EDMSchedule, NoiseLevel, PromptError, refuse
from superpose_edm.convert import main


@pytest.mark.usefixtures("theirs")
def test_a_converted_network_answers_as_the_original(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, weights = restated()
    source = pickled(tmp_path / "edm.pkl", weights, **SAID)
    assert main([str(source), str(tmp_path / "net")]) == 0
    assert "EDMPrecond around SongUNet" in capsys.readouterr().out
    assert not Path("ran").exists(), "code of the file was run"
    model = superpose.make("model", "edm", path=tmp_path / "net")
    assert model.schedule == EDMSchedule()
    assert model.shape == (3, 8, 8)
    predictor, x, sigma = model.load(), torch.randn(2, 3, 8, 8) * 3, 2.5
    whole = (sigma**2 + 0.25) ** 0.5
    for prompt, row in (("2", torch.eye(4)[2]), ("", torch.zeros(4))):
        given = predictor.gather([predictor.condition(prompt)] * 2)
        noise = torch.full((2,), sigma).log() / 4
        with torch.inference_mode():
            answer = network(x / whole, noise, row.expand(2, -1))
            want = 0.25 / whole**2 * x + sigma * 0.5 / whole * answer
            got = predictor.predict(x, NoiseLevel(0, 500.0, 1.0, sigma), given).output
        torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)
    with pytest.raises(PromptError, match="a class from 0 to 3"):
        refuse(model.prompt_problems("4"), PromptError)
