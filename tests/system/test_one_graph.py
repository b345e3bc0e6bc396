"""Every network is one graph where it is compiled: no layer of a family falls out of it, at no noise level."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import superpose
import tiny_clip
from checkpoints import FAMILIES
from graphs import Graphs
from superpose import Classifier, Model, NoiseLevel, NoisePredictor
from superpose.plugins import load_plugins
from superpose.testing import variants
from superpose.testing.networks import _laid

#: Torch looks whether the states that it traces have a gradient, and hides from people that it warns itself of that.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
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
#: Networks of a diffusion autoencoder that only prompts about an image ask.
ENCODES_IMAGES = 1


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


def gradient(predictor: NoisePredictor, x: torch.Tensor, level: NoiseLevel, given: dict[str, Any]) -> torch.Tensor:
    """The slope of each answer's square along the states."""
    seen = x.clone().requires_grad_()
    [slope] = torch.autograd.grad(predictor.predict(seen, level, given).output.float().square().sum(), seen)
    return slope


def held(model: Model) -> None:
    """Ask a model all that a run asks it, compiled and not: each network is one graph, and one more with gradients."""
    predictor = model.load()
    x, given = asked(model, predictor)
    levels = [predictor.schedule.level(0, predictor.schedule.steps * i // 10) for i in (9, 5, 1)]
    states = x[:, : predictor.shape[0]]
    with torch.no_grad():
        pictures = predictor.decode(states)
        plain = [predictor.predict(x, level, given).output for level in levels], predictor.encode(pictures)
    slope = gradient(predictor, x, levels[1], given)
    graphs = Graphs()
    assert predictor.compile(graphs), f"{model.kind} has nothing to compile"
    with torch.no_grad():
        again = asked(model, predictor)[1]
        read = len(graphs)
        for level, want in zip(levels, plain[0], strict=True):
            got = predictor.predict(x, level, given).output
            assert torch.allclose(got, want, rtol=1e-4, atol=1e-4), f"{model.kind} compiled is another network"
            alone = predictor.predict(x[1:], level, {name: value[1:] for name, value in given.items()}).output
            assert torch.equal(alone, got[1:]), f"{model.kind}: a row compiled is another beside others"
        assert len(graphs) == read + 1, f"{model.kind} is {len(graphs) - read} graphs"
        for way, seen, want in ((predictor.decode, states, pictures), (predictor.encode, pictures, plain[1])):
            got = way(seen)
            assert torch.allclose(got, want, rtol=1e-4, atol=1e-4), f"{model.kind}: {way.__name__} is another"
            assert torch.equal(way(seen[1:]), got[1:]), (
                f"{model.kind}: a row to {way.__name__} is another beside others"
            )
    for name, value in again.items():
        assert torch.allclose(value, given[name], rtol=1e-4, atol=1e-4), f"{model.kind} reads {name} in another way"
    modules = getattr(getattr(predictor, "letter", predictor), "modules", ())
    apart = ENCODES_IMAGES if model.kind == "diffae" else 0
    assert len(graphs) == len(modules) - apart, f"{model.kind}: {len(modules)} networks are {len(graphs)} graphs"
    got = gradient(predictor, x, levels[1], given)
    assert torch.allclose(got, slope, rtol=1e-3, atol=1e-4 * float(slope.abs().max())), f"{model.kind}: another slope"
    assert len(graphs) == len(modules) - apart + 1, f"{model.kind} is several graphs with gradients"


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


def openai_classifier(folder: Path) -> Classifier:
    path = Path(__file__).parents[1] / "fixtures" / "gd_c_classifier_attnpool" / "classifier.pt"
    return superpose.make(
        "classifier", "guided-diffusion-classifier", path=path, betas="linear", blocks=1, head_width=16
    )


def clip_reader(folder: Path) -> Classifier:
    return superpose.make("classifier", "clip-reader", path=tiny_clip.written(folder), texts=("a cat", "a dog"))


#: Classifiers that need files or more, by kind.
CLASSIFIERS: dict[str, Callable[[Path], Classifier]] = {
    "guided-diffusion-classifier": openai_classifier,
    "clip-reader": clip_reader,
    "word-reader": lambda _: superpose.make(
        "classifier",
        "word-reader",
        letters=2,
        classifier=superpose.make("classifier", "glyphs-classifier"),
        words=("HU", "AB"),
    ),
}


@pytest.mark.parametrize("kind", REGISTRY.kinds("classifier"))
def test_a_classifier_is_one_graph_with_the_gradient_that_it_answers(kind: str, tmp_path: Path) -> None:
    build = CLASSIFIERS.get(kind, lambda _: superpose.make("classifier", kind))
    classifier = build(tmp_path).load()
    x = torch.randn(2, *classifier.shape, generator=torch.Generator().manual_seed(0))
    schedule, given = build(tmp_path).schedule, {"label": torch.tensor([0, 1])}
    levels = [schedule.level(0, t) for t in (schedule.steps - 1, 0)]
    plain = [classifier.predict(x, level, given).output for level in levels]
    with torch.no_grad():
        logits = classifier.logits(x, levels[0])
    graphs = Graphs()
    assert classifier.compile(graphs), f"{kind} has nothing to compile"
    for level, want in zip(levels, plain, strict=True):
        got = classifier.predict(x, level, given).output
        assert torch.allclose(got, want, rtol=1e-3, atol=1e-4 * float(want.abs().max())), f"{kind}: another gradient"
        alone = classifier.predict(x[1:], level, {"label": given["label"][1:]}).output
        assert torch.equal(alone, got[1:]), f"{kind}: a row compiled is another beside others"
    assert len(graphs) == 1, f"{kind} is {len(graphs)} graphs"
    with torch.no_grad():
        assert torch.allclose(classifier.logits(x, levels[0]), logits, rtol=1e-4, atol=1e-4)
    assert len(graphs) == 2, f"{kind} is {len(graphs) - 1} graphs without a gradient"
