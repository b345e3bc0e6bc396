"""The laws of schedulers of other processes have teeth, shown on one of Gaussian noise: it is sampled likewise."""

import attrs
import pytest
import torch

from small_models import Exact
from superpose import LawError, Scheduler, make
from superpose.testing.law import figures
from superpose.testing.processes import keeps_samples_apart, laws, repeats_itself

MODEL = Exact(size=4)


@attrs.frozen(kw_only=True, eq=False)
class Changed(Scheduler):
    """DDPM in three steps, with a step that a test changes."""

    kind = "changed"
    change: object
    inner: Scheduler = attrs.field(factory=lambda: make("scheduler", "ddpm", steps=3))

    def plan(self, schedule):
        return self.inner.plan(schedule)

    def step(self, denoise, x, here, there, state, noise, jumped):
        x, state = self.inner.step(denoise, x, here, there, state, noise, jumped)
        return self.change(x), state


def test_a_lawful_scheduler_passes():
    got = figures(laws(make("scheduler", "ddpm", steps=3), MODEL))
    assert list(got) == ["descends", "repeats-itself", "keeps-samples-apart"]
    assert got["repeats-itself"] == got["keeps-samples-apart"] == 0


def test_what_is_no_repetition_is_caught():
    generator = torch.Generator().manual_seed(0)
    wandering = Changed(change=lambda x: x + torch.randn(x.shape, generator=generator))
    with pytest.raises(LawError, match=r"scheduler 'changed' .* at the end: a second run ends \d.* away"):
        repeats_itself(wandering, MODEL.load(), "grey")
    with pytest.raises(LawError, match="at the end: the states are not finite"):
        repeats_itself(Changed(change=lambda x: x / 0), MODEL.load(), "grey")


def test_samples_that_are_mixed_are_caught_and_named():
    mixing = Changed(change=lambda x: x + 1e-3 * (x[:1] - x))
    assert repeats_itself(mixing, MODEL.load(), "grey") == 0, "it is the same mixture every time"
    with pytest.raises(LawError, match=r"at sample 1: it ends \d.* away from itself among others"):
        keeps_samples_apart(mixing, MODEL.load(), "grey")


def test_it_is_the_prompt_that_says_nothing_that_is_sampled():
    predictor = MODEL.load()
    list(figures(laws(make("scheduler", "ddpm", steps=1), attrs.evolve(MODEL))))
    repeats_itself(make("scheduler", "ddpm", steps=1), predictor, MODEL.unconditional)
    assert set(predictor.told) == {"grey"}
