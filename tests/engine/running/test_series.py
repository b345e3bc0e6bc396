"""A run over several files: each image is that of its file alone, and it goes on, is replayed and refused as others."""

import attrs
import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, load, replay, run
from superpose.cli import main
from superpose.media.animation import write_animation
from superpose.media.films import write_frames
from superpose.media.png import read_origin
from superpose.running.composition import compose
from superpose.running.inspection import inspect

RECIPE = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 4
[[constraint]]
kind = "sdedit"
image = "in/*.png"
strength = 0.5
[run]
seed = 3
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    for name in ("dog", "cat", "emu"):
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "r.toml").write_text(RECIPE)
    return tmp_path


def pixels(path):
    return np.asarray(Image.open(path))


def test_images_are_called_as_their_files_and_are_those_of_each_alone(folder):
    outcome = run(load(folder / "r.toml"), folder / "out")
    assert [path.name for path in outcome.images] == ["cat.png", "dog.png", "emu.png"]
    for sample, path in enumerate(outcome.images):
        assert read_origin(path).sample == sample
        alone = load(folder / "r.toml", [f"constraint.0.image={folder}/in/{path.name}", f"run.samples={sample + 1}"])
        [*_, mine] = run(alone, folder / f"alone-{sample}").images
        assert np.array_equal(pixels(path), pixels(mine)), path.name
    assert outcome.sheet.name == "sheet.png"
    again = run(load(folder / "out" / "recipe.toml"), folder / "again")
    assert [path.read_bytes() for path in again.images] == [path.read_bytes() for path in outcome.images]


def test_an_image_is_replayed_to_the_byte(folder):
    outcome = run(load(folder / "r.toml"), folder / "out")
    made = replay(outcome.images[1], folder / "replayed")
    assert made.name == "dog.png"
    assert made.read_bytes() == outcome.images[1].read_bytes()


def test_what_is_missing_alone_is_made_again(folder):
    outcome = run(load(folder / "r.toml"), folder / "out")
    before = {path: path.stat().st_mtime_ns for path in outcome.images}
    outcome.images[2].unlink()
    again = run(load(folder / "r.toml"), folder / "out", resume=True)
    assert again.images[2].exists()
    assert [path.stat().st_mtime_ns for path in again.images[:2]] == [before[path] for path in outcome.images[:2]]


def test_shared_noise_is_that_of_the_same_sample_for_all(folder):
    shared = run(load(folder / "r.toml", ["run.noise=shared"]), folder / "out")
    own = run(load(folder / "r.toml"), folder / "own")
    assert [read_origin(path).sample for path in shared.images] == [0, 0, 0]
    assert shared.images[0].read_bytes() == own.images[0].read_bytes()
    assert not np.array_equal(pixels(shared.images[1]), pixels(own.images[1]))


def test_images_of_another_recipe_are_not_replaced(folder):
    run(load(folder / "r.toml"), folder / "out")
    with pytest.raises(RecipeError, match=r"holds images of another recipe \(cat\.png is one\)"):
        run(load(folder / "r.toml", ["run.seed=4"]), folder / "out")
    run(load(folder / "r.toml", ["run.seed=4"]), folder / "out", overwrite=True)


def test_a_film_becomes_a_film_of_the_same_times(folder):
    frames = [pixels(path) for path in sorted((folder / "in").iterdir())]
    write_animation(folder / "moving.gif", frames, (1, 2, 4), 10)
    film = load(folder / "r.toml", [f"constraint.0.image={folder}/moving.gif", "run.noise=shared"])
    outcome = run(film, folder / "out")
    assert [path.name for path in outcome.images] == [f"moving-{i:04}.png" for i in range(3)]
    assert outcome.sheets[-1].name == "moving.gif"
    (folder / "frames").mkdir()
    assert write_frames(outcome.sheets[-1], folder / "frames").ticks == (10, 20, 40)


def test_check_looks_at_every_file_and_counts_them(folder, capsys):
    one = inspect(load(folder / "r.toml", [f"constraint.0.image={folder}/in/cat.png"]))
    assert inspect(load(folder / "r.toml")) == one
    assert main(["check", str(folder / "r.toml")]) == 0
    assert "3 files" in " ".join(capsys.readouterr().out.split())
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "in" / "small.png")
    with pytest.raises(RecipeError, match=r"small\.png: is 8x8"):
        inspect(load(folder / "r.toml"))


def test_what_makes_one_image_says_so(folder):
    with pytest.raises(RecipeError, match="names several files: run it with superpose run"):
        compose(load(folder / "r.toml"))


def test_noise_is_shared_by_files_alone(folder):
    recipe = load(folder / "r.toml", [f"constraint.0.image={folder}/in/cat.png", "run.noise=shared"])
    with pytest.raises(RecipeError, match="shared noise is of runs over several files"):
        inspect(recipe)


def test_the_command_prints_every_image_and_the_best_are_refused(folder, capsys):
    assert main(["run", str(folder / "r.toml"), "--out", str(folder / "out")]) == 0
    printed = capsys.readouterr().out.split()
    assert [path.rsplit("/", 1)[-1] for path in printed] == ["cat.png", "dog.png", "emu.png", "sheet.png"]
    best = ["--best", "1", "--of", "2", "--classifier", "glyphs-classifier"]
    assert main(["run", str(folder / "r.toml"), "--out", str(folder / "best"), *best]) == 2
    assert "names several files" in capsys.readouterr().err


def test_weights_are_read_once(folder, monkeypatch):
    recipe = load(folder / "r.toml")
    read, kind = [], type(recipe.model)
    load_it = kind.load
    monkeypatch.setattr(kind, "load", lambda self, device, *a: (read.append(device), load_it(self, device, *a))[1])
    run(attrs.evolve(recipe), folder / "out")
    assert [device for device in read if device != "meta"] == ["cpu"]
