"""The laws of guidances have teeth: what breaks one is caught, with the figure."""

import random

import attrs
import pytest
import torch

from superpose import Denoiser, Guidance, LawError, Mix, Prompted, Term, guided
from superpose.testing import check_guidance


def mixed(*weights, variance=(1.0, 0.0)):
    @attrs.frozen(kw_only=True)
    class Given(Guidance):
        """Weights that a test chooses."""

        kind = "given"

        def denoiser(self, predictor, condition, negative):
            both = Prompted(predictor, condition), Prompted(predictor, negative)
            return Mix(tuple(
                Term(d, w, variance_weight=v) for d, w, v in zip(both * 2, weights, variance * 2, strict=False)
            ))  # fmt: skip

    return Given()


@attrs.frozen(kw_only=True)
class Doubled(Guidance):
    """Asks the network twice, at slightly different images."""

    kind = "doubled"
    scale: float = 2.0

    def denoiser(self, predictor, condition, negative):
        return Mix((
            Term(Prompted(predictor, condition), 0.5),
            Term(Prompted(predictor, condition), 0.5, before=lambda x: x.clone()),
            Term(Prompted(predictor, negative), 0.0),
        ))  # fmt: skip


@attrs.frozen(kw_only=True)
class Elsewhere(Guidance):
    """Compositions start from another network than the one it guides by."""

    kind = "elsewhere"

    def denoiser(self, predictor, condition, negative):
        return guided(Prompted(predictor, condition), Prompted(predictor, negative), 2.0)

    def unprompted(self, predictor, negative):
        return Prompted(predictor, predictor.condition("dog"))


@pytest.mark.parametrize(
    ("guidance", "says"),
    [
        (Elsewhere(), r"unprompted\(\) is \d\.\d+ away from what it makes of a prompt that says nothing"),
        (mixed(3.0, -1.0), r"mix is not lawful: its terms are \d\.\d+ away from adding up to the identity"),
        (mixed(3.0, -2.0, variance=(3.0, -2.0)), r"its variance is up to \d\.\d+ outside those of the two prompts"),
        (mixed(3.0, -2.0, variance=(0.0, 0.0)), "it loses the learned variance of the network"),
        (Doubled(), r"at scale 1 it asks 2 rows a sample, where 1 is enough"),
    ],
)
def test_what_is_no_guidance_is_caught(guidance, says):
    with pytest.raises(LawError, match=says):
        check_guidance(guidance)


def doing(change):
    """A guidance that does something to what a lawful one says; ``change`` is given (clean, moment, memory)."""

    @attrs.frozen(eq=False)
    class Changed(Denoiser):
        inner: Denoiser
        memory: dict

        def estimate(self, x, level):
            estimate = yield from self.inner.estimate(x, level)
            return estimate._replace(clean=change(estimate.clean, level, self.memory))

    @attrs.frozen(kw_only=True)
    class Doing(Guidance):
        """A rule that a test chooses."""

        kind = "doing"
        memory: dict = attrs.field(factory=dict)

        def denoiser(self, predictor, condition, negative):
            return Changed(guided(Prompted(predictor, condition), Prompted(predictor, negative), 2.0), self.memory)

    return Doing()


def seldom(memory):
    """False the first few times."""
    memory["n"] = memory.get("n", 0) + 1
    return memory["n"] > 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda clean, at, _: clean + 1e-5 * torch.randn(()), "it draws from torch's global generator"),
        (lambda clean, at, _: clean + random.uniform(1e-5, 2e-5), r"asked again at t = 500 it differs by .*e-0"),
        (lambda clean, at, memory: clean + 2e-5 * seldom(memory), "it keeps something between calls"),
        (lambda clean, at, _: clean + 1e-5 * clean.mean(), "changes by .* with the samples beside it"),
        (lambda clean, at, _: clean + 1e-5 * clean[:1], "changes by .* with the samples beside it"),
    ],
    ids=["torch's generator", "python's generator", "counts calls", "mean", "first"],
)  # fmt: skip
def test_a_guidance_that_is_not_a_function_of_its_sample_is_caught(change, says):
    """Each is so little that equal prompts still look equal."""
    with pytest.raises(LawError, match=says):
        check_guidance(doing(change))


def test_a_guidance_that_asks_too_much_is_caught():
    with pytest.raises(LawError, match="it asks 2 rows a sample, and may ask 1"):
        check_guidance(mixed(3.0, -2.0), rows=1)
