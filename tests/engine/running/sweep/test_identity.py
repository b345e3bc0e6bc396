"""Identities: what changes a byte changes them, and what changes none does not."""

import subprocess
import sys

import attrs
import pytest

import superpose
from made_sweeps import RECIPE
from superpose.running import record
from superpose.running.sweep import identity as module
from superpose.running.sweep.identity import identity


def recipe(**changes):
    return superpose.loads(RECIPE.replace("    ", ""), overrides=[f"{key}={value}" for key, value in changes.items()])


PLAIN = identity(recipe(), [0, 1])


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "V"},
        {"run.seed": 1},
        {"scheduler.steps": 3},
        {"run.threads": 2},
        {"run.batch_size": 9},
        {"run.dtype": "bfloat16"},
    ],
)
def test_what_changes_a_byte_is_another_job(changes):
    assert identity(recipe(**changes), [0, 1]) != PLAIN


@pytest.mark.parametrize("changes", [{"run.samples": 9}, {"run.at_once": 3}, {"run.device": "cpu"}, {}])
def test_what_changes_none_is_the_same(changes):
    assert identity(recipe(**changes), [0, 1]) == PLAIN


def test_samples_versions_and_weights_count(monkeypatch):
    assert identity(recipe(), [0, 2]) != PLAIN
    monkeypatch.setattr(module, "_torch", lambda: "99")
    assert identity(recipe(), [0, 1]) != PLAIN
    monkeypatch.undo()
    real = module.versions_of
    monkeypatch.setattr(module, "versions_of", lambda recipe: {**real(recipe), "superpose-hinge": "1"})
    assert identity(recipe(), [0, 1]) != PLAIN
    monkeypatch.undo()
    monkeypatch.setattr(type(recipe().model), "weights", lambda self: {"a": "1"})
    assert identity(recipe(), [0, 1]) != PLAIN


def test_a_file_counts_by_its_content_and_not_by_its_place(tmp_path):
    named = []
    for folder, content in (("one", b"a" * 2000), ("two", b"a" * 2000), ("three", b"b" * 2000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "view.npy").write_bytes(content)
        text = RECIPE.replace("    ", "").replace('prompt = "A"', 'prompt = "A"\nnegative = "V"')
        made = superpose.loads(text, folder=tmp_path / folder)
        named.append((made, tmp_path / folder / "view.npy"))
    # A recipe is told from another by the files that it names: here by those of a subject that is a given image.
    subjects = [attrs.evolve(made.subject, prompt=None, negative=None, image=path) for made, path in named]
    one, two, three = (identity(attrs.evolve(recipe(), subject=subject), [0]) for subject in subjects)
    assert one == two != three


def test_no_torch_is_imported_for_it():
    script = (
        "import sys\nfrom superpose import loads\nfrom superpose.running.sweep.identity import identity\n"
        f"identity(loads({RECIPE.replace('    ', '')!r}), [0])\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_versions_are_those_of_the_plugins_that_are_used():
    assert set(record.versions_of(recipe())) == {"superpose"}
