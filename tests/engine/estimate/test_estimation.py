"""Estimates under way: gradient modes stay where they were switched on, and wrong returns are told by name and line."""

import re

import attrs
import pytest
import torch

from superpose import (
    Constraint,
    Decomposition,
    Denoiser,
    Edit,
    Estimate,
    Mix,
    NoiseLevel,
    PluginError,
    Prediction,
    Rule,
    Scheduler,
    Term,
    View,
    factorized,
    make,
    prompted,
    sample,
    together,
    viewed,
)
from superpose.estimate.blame import whose
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)
HERE = re.escape(__file__)


def noise(rows=2):
    return torch.randn(rows, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@attrs.frozen(eq=False)
class Inner(Denoiser):
    """Hands through, and does what a test says on the way."""

    inner: Denoiser
    how: object

    def estimate(self, x, level):
        return self.how(self.inner, x, level)


class Watching(TinyPredictor):
    """Notes whether gradients were on when it was asked."""

    def __init__(self):
        super().__init__()
        self.modes = []

    def predict(self, x, level, conditioning):
        self.modes.append(torch.is_grad_enabled())
        return super().predict(x, level, conditioning)


def with_gradients(inner, x, level):
    """Keeps gradients on for two rounds, as a posterior sampler does."""
    with torch.enable_grad():
        first = yield from inner.estimate(x, level)
        assert torch.is_grad_enabled(), "it goes on in the mode that it has chosen"
        return (yield from inner.estimate(0.9 * x + 0.1 * level.alpha * first.clean, level))


def plainly(seen):
    def how(inner, x, level):
        seen.append(torch.is_grad_enabled())
        first = yield from inner.estimate(x, level)
        seen.append(torch.is_grad_enabled())
        second = yield from inner.estimate(0.5 * x + 0.5 * level.alpha * first.clean, level)
        seen.append(torch.is_grad_enabled())
        return second

    return how


@pytest.mark.parametrize("first", [0, 1])
def test_gradients_that_one_branch_switches_on_are_off_beside_it(first):
    network, seen = Watching(), []
    branches = [Term(Inner(prompted(network, "a"), with_gradients), 0.5)]
    branches.insert(first, Term(Inner(prompted(network, "b"), plainly(seen)), 0.5))
    with torch.no_grad():
        got = Mix(tuple(branches))(noise(), MOMENT)
        assert not torch.is_grad_enabled()
    assert seen == [False] * 3
    assert network.modes == [False, False], "networks are asked in the mode of who evaluates"
    assert not got.clean.requires_grad


def test_a_branch_that_fails_leaves_no_mode_behind():
    """The neighbour is stopped inside ``enable_grad``; closing it later would switch the mode of whoever runs then."""

    def fails(inner, x, level):
        yield from inner.estimate(x, level)
        raise ValueError("no")

    network = TinyPredictor()
    mix = Mix(
        (Term(Inner(prompted(network, "a"), with_gradients), 0.5), Term(Inner(prompted(network, "b"), fails), 0.5))
    )
    with torch.no_grad(), pytest.raises(ValueError, match="no"):
        mix(noise(), MOMENT)
    del mix
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("mode", [torch.inference_mode, lambda: torch.autocast("cpu", dtype=torch.bfloat16)])
def test_modes_that_can_not_be_handed_off_are_refused(mode):
    def inside(inner, x, level):
        with mode():
            return (yield from inner.estimate(x, level))

    with pytest.raises(PluginError, match=rf"inside, {HERE}:\d+ yields inside inference_mode or autocast"):
        Inner(prompted(TinyPredictor(), "a"), inside)(noise(), MOMENT)
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")


def forgets(inner, x, level):
    estimate = inner.estimate(x, level)
    return Estimate(estimate.clean)
    yield []


def returns(value):
    def how(inner, x, level):
        estimate = yield from inner.estimate(x, level)
        return value(estimate)

    return how


def yields(value):
    def how(inner, x, level):
        yield value

    return how


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (forgets, rf"^forgets, {HERE}:\d+: 'generator' object has no attribute 'clean'; .* `estimate = yield from"),
        (lambda inner, x, level: Estimate(x), rf"^Inner.estimate, {HERE}:\d+ returns a superpose.Estimate and yields"),
        (returns(lambda it: it.clean), rf"^how, {HERE}:\d+ returns a torch.Tensor, and must return a superpose.Estim"),
        (returns(lambda it: it.clean.numpy()), r"returns a numpy.ndarray, and must return a superpose.Estimate"),
        (returns(lambda it: None), r"returns nothing, and must return a superpose.Estimate"),
        (returns(lambda it: Estimate(it.clean.numpy())), r"an Estimate whose clean is a numpy.ndarray"),
        (returns(lambda it: Estimate(it.clean, 0.5)), r"an Estimate whose variance is a float"),
        (returns(lambda it: with_gradients(None, None, None)), r"returns a generator, not an estimate; .* `estim"),
        (returns(lambda it: Estimate(it.clean[:1])), r"Inner.estimate, .* returns a tensor of shape \(1, 3, 8, 8\)"),
        (yields(3), r"how, .* yields an int, and must yield a list of superpose.Query"),
        (yields([3]), r"yields a list of an int, and must yield a list of superpose.Query"),
    ],
)  # fmt: skip
def test_an_estimate_that_is_none_is_told_by_name_and_line(how, says):
    with pytest.raises(PluginError, match=says):
        Inner(prompted(TinyPredictor(), "a"), how)(noise(), MOMENT)


def test_other_errors_of_a_denoiser_stay_what_they_are():
    def fails(inner, x, level):
        return (yield from inner.estimate(x, level)).clear

    with pytest.raises(AttributeError, match="clear"):
        Inner(prompted(TinyPredictor(), "a"), fails)(noise(), MOMENT)


def test_together_takes_estimates_only():
    with pytest.raises(PluginError, match=r"together was given a superpose\.Prompted"):
        next(together([prompted(TinyPredictor(), "a")]))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x, "returns a torch.Tensor, and must return a superpose.Prediction"),
        (lambda x: Prediction(x.numpy()), "returns a numpy.ndarray, and must return a torch.Tensor"),
        (lambda x: Prediction(x[:1]), r"returns a tensor of shape \(1, 3, 8, 8\) for 2 rows"),
    ],
)
def test_a_network_that_answers_something_else_is_told(answer, says):
    class Wrong(TinyPredictor):
        """Answers what a test says."""

        def predict(self, x, level, conditioning):
            return answer(x)

    with pytest.raises(PluginError, match=rf"^Wrong.predict, {HERE}:\d+ {says}"):
        prompted(Wrong(), "a")(noise(), MOMENT)


@attrs.frozen(kw_only=True)
class Hooked(Rule):
    """One hook that a test chooses."""

    kind = "rule"
    edit: object = None

    def before(self, x, here, noise):
        return self.edit(x)


@attrs.frozen(kw_only=True)
class Cleaning(Hooked):
    """The same for the clean image."""

    kind = "cleaning"

    def on_clean(self, clean, here):
        return self.edit(clean)

    def before(self, x, here, noise):
        return Edit(x)


@attrs.frozen(kw_only=True)
class Finishing(Hooked):
    """The same for the picture."""

    kind = "finishing"

    def before(self, x, here, noise):
        return Edit(x)

    def finish(self, image):
        return self.edit(image)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Hooked(edit=lambda x: x), r"Hooked.before, .* returns a torch.Tensor, and must return a superpose.Edit"),
        (Hooked(edit=lambda x: None), "Hooked.before, .* returns nothing, and must return a superpose.Edit"),
        (Hooked(edit=lambda x: Edit(x.numpy())), "Hooked.before, .* returns a numpy.ndarray, and must return a torch"),
        (Hooked(edit=lambda x: Edit(x[:, :1])), r"returns a tensor of shape \(2, 1, 8, 8\), and must return one of"),
        (Cleaning(edit=lambda x: x), "Cleaning.on_clean, .* returns a torch.Tensor, and must return a superpose.Edit"),
        (Finishing(edit=Edit), "Finishing.finish, .* returns a superpose.Edit, and must return a torch.Tensor"),
    ],
)  # fmt: skip
def test_an_edit_that_is_none_is_told_by_name_and_line(rule, says):
    network = TinyPredictor()
    run = make("scheduler", "ddim", steps=2), network
    with pytest.raises(PluginError, match=says):
        sample(prompted(network, "a"), *run, samples=2, constraints=[rule])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (lambda x: x, "returns a torch.Tensor, and must return the pair"),
        (lambda x: (x.numpy(), None), "returns a numpy.ndarray"),
        (lambda x: (x[:1], None), r"returns a tensor of shape \(1, 3, 8, 8\) for 2 rows"),
    ],
)
def test_a_step_that_is_none_is_told(given, says):
    """A tensor of two samples could be unpacked into a state and a memory without anybody seeing it."""

    @attrs.frozen(kw_only=True)
    class Odd(Scheduler):
        """Returns what a test chooses."""

        kind = "odd"

        def plan(self, schedule):
            return make("scheduler", "ddim", steps=2).plan(schedule)

        def step(self, denoise, x, here, there, state, noise, jumped):
            return given(x)

    network = TinyPredictor()
    with pytest.raises(PluginError, match=f"Odd.step, .* {says}"):
        sample(prompted(network, "a"), Odd(), network, samples=2)


@attrs.frozen(kw_only=True)
class Tinted(Constraint):
    """Binds to a rule that knows the canvas."""

    kind = "tinted"

    def bind(self, canvas):
        return Tint(torch.full(canvas.shape, 0.5))


@attrs.frozen(eq=False)
class Tint(Rule):
    """Adds a tint."""

    kind = "tinted"
    tint: torch.Tensor

    def finish(self, image):
        return image + self.tint


def test_a_constraint_is_bound_to_the_rule_that_is_obeyed():
    network = TinyPredictor()
    run = prompted(network, "a"), make("scheduler", "ddim", steps=2), network
    torch.testing.assert_close(sample(*run, constraints=[Tinted()]), sample(*run) + 0.5)


def test_a_constraint_that_binds_to_something_else_is_told():
    network = TinyPredictor()
    rule = type("Odd", (Tinted,), {"bind": lambda self, canvas: canvas, "__doc__": "Odd."})()
    with pytest.raises(PluginError, match=r"returns a superpose\.Canvas, and must return a superpose\.Rule"):
        sample(prompted(network, "a"), make("scheduler", "ddim", steps=2), network, constraints=[rule])


def test_the_plugin_is_named():
    told = whose(make("guidance", "cfg"), "denoiser")
    assert told.startswith("ClassifierFree.denoiser of plugin 'guidance' (superpose ")
    assert re.search(r"cfg\.py:\d+$", told)


def a_view(apply=lambda x: x, invert=lambda x: x, apply_to_variance=lambda x: x):
    """A view that does what a test says."""
    methods = {"apply": apply, "invert": invert, "apply_to_variance": apply_to_variance}
    return type("Odd", (View,), {name: lambda _, x, f=f: f(x) for name, f in methods.items()} | {"kind": "odd"})()


def parts(split):
    names = {"names": ("one", "other"), "kind": "odd"}
    return type("Odd", (Decomposition,), names | {"split": lambda _, x: split(x)})()


@pytest.mark.parametrize(
    ("method", "given", "says"),
    [
        ("apply", lambda x: x.numpy(), r"returns a numpy\.ndarray, and must return a torch\.Tensor"),
        ("apply", lambda x: x[0], r"returns a tensor of shape \(3, 8, 8\) for 1 rows"),
        ("apply", lambda x: x.flatten(1), r"returns a tensor of shape \(1, 192\), and must return images"),
        ("apply", lambda x: None, "returns nothing"),
        ("invert", lambda x: x.numpy(), r"returns a numpy\.ndarray"),
        ("invert", lambda x: x[..., :4], r"returns a tensor of shape \(1, 3, 8, 4\), and must return one of"),
        ("apply_to_variance", lambda x: x[:, :1], r"returns a tensor of shape \(1, 1, 8, 8\), and must return one of"),
    ],
)
def test_a_view_that_shows_no_images_is_told(method, given, says):
    network = TinyPredictor()
    tree = viewed([(a_view(**{method: given}), prompted(network, "a"))])
    with pytest.raises(PluginError, match=rf"Odd.{method}, {HERE}:\d+ {says}"):
        sample(tree, make("scheduler", "ddim", steps=2), network)


@pytest.mark.parametrize(
    ("split", "says"),
    [
        (lambda x: (x.numpy(), 0 * x), r"returns a numpy\.ndarray"),
        (lambda x: (x, x[..., :4]), r"returns a tensor of shape \(1, 3, 8, 4\), and must return one of"),
        (lambda x: (x,), "returns a tuple of 1, and must return a tuple of a tensor for each of one, other"),
        (lambda x: x, r"returns a torch\.Tensor, and must return a tuple of"),
        (lambda x: None, "returns nothing, and must return a tuple of"),
    ],
)
def test_a_decomposition_without_parts_is_told(split, says):
    network = TinyPredictor()
    tree = factorized(parts(split), [prompted(network, "a"), prompted(network, "b")])
    with pytest.raises(PluginError, match=rf"Odd.split, {HERE}:\d+ {says}"):
        sample(tree, make("scheduler", "ddim", steps=2), network)
