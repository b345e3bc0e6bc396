"""A recipe that is checked and put together opens each file once for what it says, and once for its weights."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from checkpoints import FAMILIES
from openings import Openings
from superpose import Recipe, compose, inspect, loads
from superpose_glyphs.model import EMBEDDED

#: transformers opens a tokenizer's files as often as it likes; how often it is asked is counted by the other one.
THEIRS = "tokenizer_config.json"
DDIM = "{kind = 'ddim', steps = 2}"
#: Kinds that come with the package, and what a recipe of one has beside its model.
OURS = {
    "glyphs": "prompt = 'A'\nguidance = {kind = 'classifier', classifier = {kind = 'glyphs-classifier'}}",
    "glyphs-moved": "prompt = 'A'",
    "glyphs-ldm": "prompt = 'bold A'\nguidance = {kind = 'cfg', scale = 2.0}",
    "glyphs-diffae": "prompt = ''",
    "glyphs-edit": "prompt = 'make it red'",
    "pictograms": "prompt = 'cat'\nguidance = {kind = 'classifier', classifier = {kind = 'pictograms-classifier'}}",
    "glyphs-cascade": f"prompt = 'A'\nstage = [{{model = {{kind = 'glyphs-cascade'}}, scheduler = {DDIM}}}]",
}


VIEWS = ("identity", "flip")


def of(openings: Openings) -> dict[str, int]:
    """The counts of files that are ours to open."""
    assert openings.counts, "nothing was opened below the folder"
    return {name: count for name, count in openings.counts.items() if Path(name).name != THEIRS}


def recipe(family: str, folder: Path) -> Recipe:
    """Two views with a prompt and a negative one each, so that much is asked of the model."""
    options = FAMILIES[family](folder, 2)
    prompts = ("1", "2", "3") if family == "guided-diffusion" else ("", "", "")
    if family in ("ldm", "stable-diffusion", "diffusers", "deepfloyd, its text encoder"):
        prompts = ("a red cube", "a blue ball", "glass")
    views = [
        f"{{kind = '{kind}', prompt = '{prompt}'}}" for kind, prompt in zip(("identity", "flip"), prompts, strict=False)
    ]
    model = ", ".join(f"{key} = {value!r}" for key, value in {"kind": family.partition(",")[0], **options}.items())
    return loads(
        f"view = [{', '.join(views)}]\nnegative = '{prompts[2]}'\nmodel = {{{model}}}\n"
        f"scheduler = {DDIM}\nguidance = {{kind = 'cfg', scale = 2.0}}"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_each_file_is_opened_twice_at_most(family: str, tmp_path: Path) -> None:
    made = recipe(family, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the libraries think of our own small files is nothing to mend
        with Openings(tmp_path) as checked:
            inspect(made)
        with Openings(tmp_path) as composed:
            compose(made)
    assert max(of(checked).values()) == 1, f"checked: {of(checked)}"
    together = checked.counts + composed.counts
    assert max(count for name, count in together.items() if name in of(checked) | of(composed)) <= 2, f"{together}"


@pytest.mark.parametrize("kind", OURS)
def test_so_are_those_that_come_with_the_package(kind: str) -> None:
    first = "glyphs" if kind == "glyphs-cascade" else kind
    made = loads(f"{OURS[kind]}\nmodel = {{kind = '{first}'}}\nscheduler = {DDIM}")
    with Openings(EMBEDDED) as openings:
        compose(made)
    assert max(of(openings).values()) <= 2, f"{openings.counts}"
    assert any(name.startswith(kind) for name in openings.counts)


def test_every_way_of_opening_is_counted(tmp_path: Path) -> None:
    names = ("text", "bytes", "low", "a.safetensors", "a.pt")
    for name in names[:3]:
        (tmp_path / name).write_text("1")
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.pt")
    with Openings(tmp_path) as openings:
        (tmp_path / "text").read_text()
        (tmp_path / "bytes").open("rb").close()
        os.close(os.open(tmp_path / "low", os.O_RDONLY))
        with safe_open(tmp_path / "a.safetensors", framework="pt") as _:
            pass
        torch.load(tmp_path / "a.pt", weights_only=True)
        Path(__file__).read_text()
    (tmp_path / "text").read_text()
    assert openings.counts == dict.fromkeys(names, 1)
