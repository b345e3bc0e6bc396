"""The laws have teeth: what breaks them is caught, with the figure."""

import random
from typing import NamedTuple

import attrs
import pytest
import torch

from superpose import (
    Canvas,
    Clip,
    Constraint,
    Decomposition,
    Denoiser,
    Edit,
    Guidance,
    LawError,
    Mix,
    Prediction,
    Prompted,
    Scheduler,
    TableSchedule,
    Term,
    View,
    guided,
)
from superpose.testing import (
    check_clip,
    check_constraint,
    check_decomposition,
    check_guidance,
    check_predictor,
    check_view,
)
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import GaussianPredictor, TinyPredictor
from superpose_schedulers.ddim import DDIM


@attrs.frozen(kw_only=True)
class Gain(View):
    """White balance: its inverse undoes it, and it is no view all the same."""

    kind = "gain"

    def apply(self, x):
        return x * 1.5

    def invert(self, x):
        return x / 1.5


@attrs.frozen(kw_only=True)
class Blur(View):
    """Averages neighbours."""

    kind = "blur"

    def apply(self, x):
        return (x + x.roll(1, -1) + x.roll(1, -2)) / 3

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Nearest135(View):
    """Turns by 135 degrees, taking for each place the pixel nearest to where it came from."""

    kind = "nearest-135"
    back: int = 1

    def apply(self, x):
        angle = torch.tensor(135.0 * self.back).deg2rad()
        c, s = float(angle.cos()), float(angle.sin())
        turn = torch.tensor([[[c, -s, 0], [s, c, 0]]], dtype=x.dtype).expand(len(x), 2, 3)
        grid = torch.nn.functional.affine_grid(turn, list(x.shape), align_corners=False)
        return torch.nn.functional.grid_sample(x, grid, "nearest", "reflection", align_corners=False)

    def invert(self, x):
        return attrs.evolve(self, back=-self.back).apply(x)


@attrs.frozen(kw_only=True)
class Coloured(View):
    """Keeps every length on average, and correlates neighbours."""

    kind = "coloured"

    def apply(self, x):
        return (x + x.roll(1, -1)) / 2**0.5

    def invert(self, x):
        return (x + x.roll(-1, -1)) / 2**0.5


@attrs.frozen(kw_only=True)
class Views(View):
    """A lawful view, but for what a test replaces."""

    kind = "views"
    apply_: object = None
    invert_: object = None
    carry_: object = None

    def apply(self, x):
        return self.apply_(x) if self.apply_ else x.flip(-1)

    def invert(self, x):
        return self.invert_(x) if self.invert_ else x.flip(-1)

    def apply_to_variance(self, variance):
        return self.carry_(variance) if self.carry_ else variance.flip(-1)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (Gain(), r"view 'gain' Gain\(\) at 3x16x16: it changes the length of an image by up to 1.5 times"),
        (Blur(), r"changes the length of an image by up to 0\.5\d+ times"),
        (Nearest135(), r"changes the length of an image by up to (0\.9\d*|1\.\d+) times"),
        (Coloured(), r"changes the length of an image by up to (0\.9\d*|1\.0\d+) times"),
        (Views(invert_=lambda x: x), r"invert\(apply\(x\)\) is off from x by \d"),
        (Views(apply_=lambda x: x.flip(-1) + 0.1), r"apply is not linear: the value of 2x - 3y is off by 0\.2"),
        (Views(apply_=lambda x: x.abs()), r"apply is not linear"),
        (Views(apply_=lambda x: x.mul_(-1)), r"apply writes to its argument \(by up to \d"),
        (Views(apply_=lambda x: x.flip(0)), r"apply of one image changes by \d.* with the images beside it"),
        (Views(apply_=lambda x: x.flip(-1).double()), r"apply answers torch.float32 in torch.float64"),
        (Views(carry_=lambda v: -v.flip(-1)), r"apply_to_variance makes a variance of 1 everywhere differ from 1 by 2"),
        (Views(carry_=lambda v: 2 * v.flip(-1) - v.mean()), r"apply_to_variance takes variances in \[.*\] to \[-"),
    ],
    ids=lambda it: it.kind if isinstance(it, View) else "",
)  # fmt: skip
def test_what_is_no_view_is_caught(view, says):
    with pytest.raises(LawError, match=says):
        check_view(view, 3, 16, 16)


def test_a_lawful_view_passes():
    check_view(Views(), 3, 16, 16)


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (Gain(), r"white noise with standard deviation 1\.5\d*, not 1"),
        (Blur(), r"white noise with standard deviation 0\.5\d+, not 1"),
        (Coloured(), r"white noise with correlation 0\.(49|50)\d* from one column to the next, not 0"),
    ],
)
def test_noise_that_is_no_longer_white_is_caught_by_itself(view, says):
    from superpose.testing.views import keeps_noise_white

    with pytest.raises(LawError, match=says):
        keeps_noise_white(view, 3, 16, 16)


def test_a_transpose_that_is_only_an_inverse_is_caught():
    """A shear undoes itself exactly, and keeps no length."""
    from superpose.testing.views import is_transpose, undoes

    view = Views(
        apply_=lambda x: torch.cat([x[..., :1] + x[..., 1:2], x[..., 1:]], -1),
        invert_=lambda x: torch.cat([x[..., :1] - x[..., 1:2], x[..., 1:]], -1),
    )
    undoes(view, 3, 8, 8)
    with pytest.raises(LawError, match="invert is not the transpose of apply"):
        is_transpose(view, 3, 8, 8)


def low(x):
    return (x + x.roll(1, -1) + x.roll(-1, -1)) / 3


@attrs.frozen(kw_only=True)
class Halves(Decomposition):
    """Two parts that a test chooses."""

    kind = "halves"
    names = ("low", "high")
    parts: object = None
    alone: object = None

    def split(self, x):
        return self.parts(x)

    def part(self, name):
        return self.alone if self.alone else super().part(name)


@pytest.mark.parametrize(
    ("parts", "alone", "says"),
    [
        (lambda x: (low(x) / 2, (x - low(x)) / 2), None, r"its parts sum to something \d\.\d+ away from the image"),
        (lambda x: (low(x),), None, "it has 1 parts and the names low, high"),
        (lambda x: (x.clamp(-1, 1), x - x.clamp(-1, 1)), None, "part 'low' is not linear"),
        (lambda x: (low(x), x - low(x)), lambda x: x, r"part 'low' alone is \d\.\d+ away from that of the split"),
        (lambda x: (x.mean(0, keepdim=True).expand_as(x), x - x.mean(0, keepdim=True)), None,
         r"part 'low' of one image changes by \d"),
    ],
    ids=["averaged", "one part", "not linear", "another part alone", "over the batch"],
)  # fmt: skip
def test_what_is_no_decomposition_is_caught(parts, alone, says):
    with pytest.raises(LawError, match=says):
        check_decomposition(Halves(parts=parts, alone=alone), 3, 16, 16)


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


@pytest.mark.parametrize(
    ("guidance", "says"),
    [
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


@attrs.frozen(kw_only=True)
class Rule(Constraint):
    """Hooks that a test chooses."""

    kind = "rule"
    edit: object = None
    levels: object = None

    def plan(self, plan):
        return self.levels(plan) if self.levels else plan

    def before(self, x, here, noise):
        return Edit(self.edit(x, noise)) if self.edit else Edit(x)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Rule(edit=lambda x, noise: x.add_(1)), r"before writes to its argument \(by up to 1\)"),
        (Rule(edit=lambda x, noise: x[:, :1]), r"before makes \(3, 1, 8, 8\), torch.float32 of \(3, 3, 8, 8\)"),
        (
            Rule(edit=lambda x, noise: x + torch.rand(1)),
            r"before differs by 0\.\d+ the second time; take randomness from",
        ),
        (Rule(edit=lambda x, noise: x - x.mean(0)), r"before of one sample changes by \d"),
        (Rule(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[:1])), "leaves the plan no step"),
        (Rule(levels=lambda plan: type(plan).of(plan.levels[:-1])), "its plan ends at NoiseLevel"),
        (
            Rule(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[2:])),
            r"moments have the places \[2, 3, 4, 5, 6\]",
        ),
    ],
)
def test_what_is_no_constraint_is_caught(rule, says):
    with pytest.raises(LawError, match=says):
        check_constraint(rule, Canvas((3, 8, 8)))


def test_lawful_constraints_and_predictors_pass():
    check_constraint(Rule(edit=lambda x, noise: x + noise("own")), Canvas((3, 8, 8)))
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
    ],
)
def test_what_is_no_predictor_is_caught(answer, says):
    class Wrong(TinyPredictor):
        """Answers what a test chooses."""

        def predict(self, x, level, conditioning):
            return Prediction(answer(x))

    with pytest.raises(LawError, match=says):
        check_predictor(Wrong())


def test_a_variance_that_was_not_promised_is_caught():
    class Silent(WithVariance):
        """Says it has no variance, and has one."""

        learned_variance = "none"

    with pytest.raises(LawError, match="Silent answers a variance, and its learned_variance is 'none'"):
        check_predictor(Silent(TinyPredictor()))


class Past(NamedTuple):
    """What a scheduler remembers; a test gives its class another home."""

    clean: torch.Tensor


def remembering(home):
    """A scheduler whose memory's class is not in its own module; it says so or not."""
    elsewhere = type("Elsewhere", (Past,), {"__module__": "superpose.testing.law"})

    @attrs.frozen(kw_only=True)
    class Remembering(Scheduler):
        """Euler's method, which remembers what it saw."""

        kind = "remembering"
        memory = elsewhere if home else None

        def plan(self, schedule):
            return DDIM(steps=4).plan(schedule)

        def step(self, denoise, x, here, there, state, noise, jumped):
            return DDIM(steps=4).step(denoise, x, here, there, None, noise, jumped)[0], elsewhere(x.clone())

    return Remembering()


def test_a_memory_that_can_not_be_saved_is_caught():
    """The batch that it belongs to would begin again without a word."""
    from superpose.testing.schedulers import can_be_saved

    schedule = TableSchedule.named("linear")
    with pytest.raises(LawError, match=r"its memory can't be saved .* say memory = Elsewhere in its class"):
        can_be_saved(remembering(False), remembering(False).plan(schedule), (3, 4, 4))


def test_a_memory_of_another_module_is_saved_where_the_scheduler_names_it():
    from superpose.testing.schedulers import can_be_saved

    scheduler = remembering(True)
    assert can_be_saved(scheduler, scheduler.plan(TableSchedule.named("linear")), (3, 4, 4)) == 0


@attrs.frozen(kw_only=True)
class Stretched(Clip):
    """Scales every image to fill the range."""

    kind = "stretched"

    def apply(self, clean):
        return clean / clean.abs().amax((1, 2, 3), keepdim=True)


@attrs.frozen(kw_only=True)
class Shared(Clip):
    """Scales all images by the loudest of them."""

    kind = "shared"

    def apply(self, clean):
        return clean / clean.abs().max().clamp(min=1.0)


@attrs.frozen(kw_only=True)
class Halved(Clip):
    """Makes everything softer, whether it is too loud or not."""

    kind = "halved"

    def apply(self, clean):
        return clean / 2


@attrs.frozen(kw_only=True)
class Absolute(Clip):
    """Makes what is dark bright."""

    kind = "absolute"

    def apply(self, clean):
        return clean.abs().clamp(max=1.0)


@pytest.mark.parametrize(
    ("clip", "why"),
    [
        (Stretched(), "it makes values larger, by up to"),
        (Shared(), "apply of one image changes by .* with the images beside it"),
        (Halved(), "it changes what it has clipped already, by"),
        (Absolute(), "it turns dark values into bright ones"),
    ],
    ids=lambda it: getattr(it, "kind", ""),
)
def test_a_clipping_that_breaks_a_law_is_caught(clip, why):
    with pytest.raises(LawError, match=why):
        check_clip(clip, 3, 8, 8)
