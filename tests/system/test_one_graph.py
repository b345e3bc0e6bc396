"""Every network is one graph where it is compiled: no layer of a family falls out of it, at no noise level."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import superpose
from checkpoints import FAMILIES
from graphs import Graphs
from superpose import Model, NoisePredictor
from superpose.plugins import load_plugins
from superpose.testing import variants
from superpose.testing.networks import _laid

REGISTRY = load_plugins()
#: Kinds without a network of torch.
NONE = {"gaussian", "mixture"}
#: Kinds whose checkpoints are those of another kind, with other prompts or channels beside the state.
LIKE = {"deepfloyd-upscaler", "guided-diffusion-upscaler", "instruct-pix2pix"}
#: Kinds that are made of another model.
MADE_OF = {
    "soup": {"models": tuple(superpose.make("model", kind) for kind in ("glyphs", "glyphs-moved"))},
    "word": {"letters": 3, "model": superpose.make("model", "glyphs")},
}
#: A prompt, where not everything is one.
PROMPTS = {"guided-diffusion": "3", "word": "HUT"}


def embedded() -> list[str]:
    """Kinds that load as they come."""
    named = {family.partition(",")[0] for family in FAMILIES}
    return [kind for kind, cls in REGISTRY.kinds("model").items() if kind not in named | NONE | LIKE and variants(cls)]


def asked(model: Model, predictor: NoisePredictor, rows: int = 2) -> tuple[torch.Tensor, dict[str, Any]]:
    """States and conditioning of a question."""
    told = predictor.condition(PROMPTS.get(str(model.kind), model.unconditional))
    given = dict(predictor.gather([told] * rows))
    x = torch.randn(rows, *predictor.shape, generator=torch.Generator().manual_seed(0))
    channels, height, width = model.image_shape
    low = (channels, height // 2, width // 2) if model.upscales else None
    if (laid := _laid(predictor, low, slice(rows))) is not None:
        x = x if laid.channels is None else torch.cat([x, laid.channels], 1)
        given |= laid.per_sample
    return x, given


@torch.no_grad()
def held(model: Model) -> None:
    """Ask a model at three noise levels, compiled and not."""
    predictor = model.load()
    x, given = asked(model, predictor)
    levels = [predictor.schedule.level(0, predictor.schedule.steps * i // 10) for i in (9, 5, 1)]
    plain = [predictor.predict(x, level, given).output for level in levels]
    graphs = Graphs()
    assert predictor.compile(graphs), f"{model.kind} has nothing to compile"
    for level, want in zip(levels, plain, strict=True):
        got = predictor.predict(x, level, given).output
        assert torch.allclose(got, want, rtol=1e-4, atol=1e-4), f"{model.kind} compiled is another network"
        alone = predictor.predict(x[1:], level, {name: value[1:] for name, value in given.items()}).output
        assert torch.equal(alone, got[1:]), f"{model.kind}: a row compiled is another beside others"
    assert len(graphs) == 1, f"{model.kind} is {len(graphs)} graphs"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_checkpoints_is_one_graph(family: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what libraries warn of while they write checkpoints is not ours
        options = FAMILIES[family](tmp_path, 2)
    held(superpose.make("model", family.partition(",")[0], **options))


@pytest.mark.parametrize("kind", [*embedded(), *MADE_OF])
def test_an_embedded_model_is_one_graph(kind: str) -> None:
    held(superpose.make("model", kind, **MADE_OF.get(kind, {})))


def test_every_kind_of_model_is_held_to_it() -> None:
    held_here = {family.partition(",")[0] for family in FAMILIES} | {*embedded(), *MADE_OF}
    assert {*REGISTRY.kinds("model")} == held_here | NONE | LIKE
