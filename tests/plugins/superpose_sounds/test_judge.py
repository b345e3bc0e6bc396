"""The judges of both sides: one looks at the image, the other listens to the file beside it."""

import numpy as np
import pytest
from PIL import Image

from superpose import make
from superpose_sounds.judge import judged, main
from superpose_sounds.medium import SpectrogramSound
from superpose_sounds.synthesis import sound
from superpose_sounds.wav import wav_of

LOOKS, LISTENS = make("classifier", "pictograms-classifier"), make("classifier", "sounds-classifier")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Alarms in blank images, of which the second is silent."""
    folder = tmp_path_factory.mktemp("run")
    for number in range(2):
        Image.new("RGB", (64, 64), "white").save(folder / f"{number:04}.png")
    (folder / "0000.wav").write_bytes(wav_of(sound("alarm", 1, 0), 16000))
    (folder / "0001.wav").write_bytes(wav_of(np.zeros(32768), 16000))
    return folder


def test_it_listens_to_the_file_and_not_to_the_image(folder):
    verdict = judged(sorted(folder.glob("*.png")), (LOOKS, "heart"), (LISTENS, "alarm"))
    assert verdict.heard.tolist() == [True, False]
    assert verdict.chance == 1 / (60 * 12)


def test_the_command_tells_both(folder, capsys):
    main([str(folder), "--shows", "heart", "--sounds", "alarm"])
    assert "heard as asked 1, both" in capsys.readouterr().out


def test_it_hears_what_the_medium_says():
    """Through Griffin and Lim a sound is what it was."""
    medium = SpectrogramSound(iterations=16)
    seen = medium.picture(sound("siren", 1, 3), 64)
    again = medium.picture(medium.sound(np.repeat(seen[:, :, None], 3, 2)), 64)
    assert np.corrcoef(seen.ravel(), again.ravel())[0, 1] > 0.8
