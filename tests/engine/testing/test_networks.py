"""The laws of predictors and models have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from small_models import Beheld, LargerPredictor, Waves, WavesPredictor, pixels, waves
from superpose import ChannelGroup, Conditioning, LawError, Model, Prediction, StaticClip, TableSchedule, make, option
from superpose.testing import check_predictor, report
from superpose.testing.learned import WithVariance
from superpose.testing.networks import enlarges_canvases, loads_what_it_says
from superpose.testing.predictors import GaussianPredictor, TinyPredictor


def test_lawful_predictors_pass():
    check_predictor(TinyPredictor(), ["a", "b"])
    check_predictor(WithVariance(TinyPredictor((1, 7, 9))))
    check_predictor(GaussianPredictor(), t=10)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x - x.mean(0), r"Wrong: row \d changes by \d.* with the rows beside it"),
        (lambda x: x[:, :2], r"Wrong answers \(4, 3, 8, 8\) with output of shape \(4, 2, 8, 8\)"),
        (lambda x: x.mul_(2), "Wrong writes to the images it is asked about"),
        (lambda x: x.int(), "Wrong answers with output of torch.int32"),
        (lambda x: x / 0, "Wrong answers with output that is not finite"),
        (lambda x: x.detach(), "Wrong: torch finds no gradient of its answer; say differentiable = False"),
        (lambda x: x + x.detach(), r"Wrong: its gradient is 1 times its length away from the slope of its answer"),
        (
            lambda x: x + (x.mean(0) - x.mean(0).detach()) * x * 1e-3,
            r"Wrong: the gradient of row \d changes by \d.* with the rows beside it",
        ),
    ],
)
def test_what_is_no_predictor_is_caught(answer, says):
    class Wrong(TinyPredictor):
        """Answers what a test chooses."""

        def predict(self, x, level, conditioning):
            return Prediction(answer(x))

    with pytest.raises(LawError, match=says):
        check_predictor(Wrong())


def test_a_predictor_that_says_it_is_not_differentiable_is_not_held_to_be():
    class Whole(TinyPredictor):
        """Answers in whole steps."""

        differentiable = False

        def predict(self, x, level, conditioning):
            return Prediction(x.detach().round())

    assert list(check_predictor(Whole())) == ["answers-in-form", "keeps-rows-apart"]


def test_a_variance_that_was_not_promised_is_caught():
    class Silent(WithVariance):
        """Says it has no variance, and has one."""

        learned_variance = "none"

    with pytest.raises(LawError, match="Silent answers a variance, and its learned_variance is 'none'"):
        check_predictor(Silent(TinyPredictor()))


class Turning(TinyPredictor):
    """Turns sharply, as the exact answer does between the modes of a mixture."""

    def predict(self, x, level, conditioning):
        return Prediction((1000 * x.mean((1, 2, 3), keepdim=True)).sin() + 0 * x)


def test_a_network_that_turns_sharply_has_its_slope_all_the_same():
    figures = check_predictor(Turning(), t=500)
    assert figures["differentiates"] < 0.2


@attrs.frozen(kw_only=True)
class Liar(Model):
    """Says one thing and loads another, where it is told to."""

    kind = "liar"
    side: int = option(8, doc="pixels that are loaded", choices=(8, 16))
    steps: int = option(1000, doc="times that are loaded", ge=1)
    betas: str = option("linear", doc="noise levels that are loaded", choices=("linear", "cosine"))
    loaded: object = None

    shape = (3, 8, 8)
    schedule = TableSchedule.named("linear")

    def load(self, device="cpu", dtype="float32"):
        predictor = TinyPredictor((3, self.side, self.side), TableSchedule.named(self.betas, self.steps))
        for name, value in (self.loaded or {}).items():
            setattr(predictor, name, value)
        return predictor

    def prompt_problems(self, prompt):
        return ()


def test_a_model_is_loaded_and_held_to_what_it_says():
    lines = {line.law: line for line in report(Liar)}
    assert list(lines) == [
        "loads-what-it-says",
        "answers-in-form",
        "keeps-rows-apart",
        "differentiates",
        "keeps-gradients-apart",
    ]
    assert {line.status for line in lines.values()} == {"ok"}
    assert 0.5 < lines["answers-in-form"].figure < 100, "the largest value of an answer to white noise"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Liar(side=16), r"says its shape is \(3, 8, 8\), and loads one of \(3, 16, 16\)"),
        (Liar(steps=100), "says it has 1000 times, and loads 100"),
        (Liar(betas="cosine"), r"loads noise levels that are up to 0\.\d+ away from those it says"),
        (Liar(loaded={"differentiable": False}), "says its differentiable is True, and loads False"),
        (Liar(loaded={"clip": StaticClip()}), r"says its clip is None, and loads StaticClip\(range=1.0\)"),
        (
            Liar(loaded={"concat_conditioning": (ChannelGroup(1, "mask"),)}),
            r"says its concat_conditioning is \(\), and loads \(ChannelGroup\(",
        ),
    ],
)
def test_a_model_that_loads_something_else_is_caught(model, says):
    with pytest.raises(LawError, match=f"model 'liar' {says}"):
        loads_what_it_says(model, model.load())


class Variant(Liar):
    """Says that a variance is learned."""

    learned_variance = "learned"


def test_a_model_that_says_another_variance_is_caught_and_one_that_cannot_say_is_not():
    with pytest.raises(LawError, match="says its learned_variance is 'learned', and loads 'none'"):
        loads_what_it_says(Variant(), Variant().load())
    learned = WithVariance(TinyPredictor())
    assert Liar().learned_variance is None
    assert loads_what_it_says(Liar(), learned) == 0


def test_a_lawful_first_stage():
    figures = check_predictor(WavesPredictor((3, 8, 8)), ["a", ""])
    assert list(figures) == [
        "encodes-and-decodes",
        "answers-in-form",
        "keeps-rows-apart",
        "differentiates",
        "keeps-gradients-apart",
    ]
    assert figures["encodes-and-decodes"] < 1e-6
    assert {line.status for line in report(Waves)} == {"ok"}


@pytest.mark.parametrize(
    ("methods", "says"),
    [
        ({"encode": lambda self, x: x}, r"encode gives \(2, 3, 8, 8\) where \(2, 12, 4, 4\) is announced"),
        ({"decode": lambda self, z: z}, r"decode gives \(2, 12, 4, 4\) where \(2, 3, 8, 8\) is announced"),
        ({"decode": lambda self, z: pixels(z) / 0}, "decode gives what is not finite"),
        ({"encode": lambda self, x: waves(x.mul_(2))}, "encode writes to its argument"),
        ({"decode": lambda self, z: pixels(z.mul_(2))}, "decode writes to its argument"),
    ],
)
def test_what_is_no_first_stage_is_caught(methods, says):
    wrong = type("Wrong", (WavesPredictor,), methods)
    with pytest.raises(LawError, match=f"Wrong: {says}"):
        check_predictor(wrong((3, 8, 8)))


class _Pretending(Waves):
    shape = (12, 8, 8)
    image_shape = (3, 8, 8)


def test_a_model_that_announces_other_pictures_is_caught():
    with pytest.raises(LawError, match=r"says its image_shape is \(3, 8, 8\), and loads one of \(3, 16, 16\)"):
        loads_what_it_says(_Pretending(), WavesPredictor((3, 16, 16)))


def test_the_laws_know_what_is_laid_beside():
    figures = check_predictor(Beheld((3, 8, 8)), ["a", "b"], low=(3, 8, 8))
    assert list(figures) == [
        "lays-row-for-row",
        "answers-in-form",
        "keeps-rows-apart",
        "differentiates",
        "keeps-gradients-apart",
    ]
    check_predictor(LargerPredictor((3, 16, 16), 0.1), low=(3, 4, 4))


class Mixing(Beheld):
    """Lays the mean of all samples beside each."""

    def conditioning(self, low, noise):
        return Conditioning(low - low.mean(0), {"own": torch.zeros(len(low), 1, 1, 1)})


class Short(Beheld):
    """Forgets rows."""

    def conditioning(self, low, noise):
        return Conditioning(low, {"own": torch.zeros(1, 1, 1, 1)})


class Small(Beheld):
    """Lays what is smaller than a state."""

    def conditioning(self, low, noise):
        return Conditioning(low[..., :4, :4], {"own": torch.zeros(len(low), 1, 1, 1)})


class Neighbourly(Beheld):
    """Answers by what is beside the others."""

    def predict(self, x, level, conditioning):
        return super().predict(x, level, conditioning | {"own": conditioning["own"].flip(0)})


@pytest.mark.parametrize(
    ("cls", "says"),
    [
        (Mixing, r"Mixing: channels of sample 0 changes by .* with the samples beside it"),
        (Short, "Short lays 1 rows of own beside 4 samples"),
        (Small, r"Small lays \(4, 3, 4, 4\) beside states of \(3, 8, 8\)"),
        (Neighbourly, r"Neighbourly: row \d changes by .* with the rows beside it"),
    ],
)
def test_what_lays_beside_wrongly_is_caught(cls, says):
    with pytest.raises(LawError, match=says):
        check_predictor(cls((3, 8, 8)), low=(3, 8, 8))


def test_what_enlarges_canvases_lays_what_is_as_large_as_the_noise():
    assert enlarges_canvases(make("model", "glyphs-cascade").load(), (3, 32, 32)) == 0
    with pytest.raises(LawError, match="LargerPredictor lays 8x16 places over a canvas of 16x32; lay what is as large"):
        enlarges_canvases(LargerPredictor((3, 16, 16)), (3, 8, 8))
