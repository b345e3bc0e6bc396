"""A report has a line for every law, with a figure that was measured or the reason."""

import attrs
import pytest
import torch

from small_models import First
from superpose import (
    Canvas,
    Constraint,
    Edit,
    PluginError,
    Problem,
    RecipeError,
    Rule,
    Scheduler,
    TableSchedule,
    View,
    option,
)
from superpose.plugins import Plugin, Registry, load_plugins
from superpose.plugins.registry import Registrations
from superpose.testing import Line, check_scheduler, check_view, report, report_plugin
from superpose.testing.views import laws
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.heun import Heun

REGISTRY = load_plugins()
SMALL = [(3, 8, 8), (1, 9, 7)]


@attrs.frozen(kw_only=True)
class Leaky(View):
    """A mirror that loses one part in a thousand: orthogonal to the eye, and not to the law."""

    kind = "leaky"
    loss: float = option(1e-3, doc="part that is lost", ge=0, le=0.5)

    def apply(self, x):
        return x.flip(-1) * (1 - self.loss)

    def invert(self, x):
        return x.flip(-1) / (1 - self.loss)


def by_law(cls, sizes=SMALL):
    return {line.law: line for line in report(cls, sizes)}


def test_a_lawful_view_has_its_figures():
    lines = by_law(REGISTRY.get("view", "rotate"))
    assert set(lines) == {law.name for law in laws(REGISTRY.get("view", "rotate")(), 3, 8, 8)}
    for line in lines.values():
        assert line.status == "ok", line
        assert isinstance(line.figure, float), line
    assert lines["keeps-lengths"].figure == pytest.approx(1, abs=1e-12)
    # 0.011 is what chance makes of 65,000 values: a figure of exactly 0 would mean that nothing was measured.
    assert 1e-4 < lines["keeps-noise-white"].figure < 0.02
    # Half a turn and a degree more at 8x8; at 9x7 only half a turn.
    assert lines["keeps-lengths"].cases == 3


def test_a_line_reads_as_documented():
    line = Line(role="view", kind="roll", law="keeps-lengths", where="3x32x32", figure=1.0, cases=1)
    assert str(line) == "view roll  keeps-lengths  3x32x32  ok  1.0000000"
    assert str(attrs.evolve(line, figure=3.21e-16)).endswith("ok  3.2e-16")
    assert str(attrs.evolve(line, figure=0.0)).endswith("ok  0")
    assert str(attrs.evolve(line, figure=2)).endswith("ok  2")
    assert str(attrs.evolve(line, figure=None, status="broken", why="no")).endswith("3x32x32  BROKEN  no")


def test_a_view_that_is_nearly_orthogonal_fails_with_the_number_and_the_reason():
    lines = by_law(Leaky)
    line = lines["keeps-lengths"]
    assert (line.status, line.where, line.figure) == ("broken", "3x8x8", None)
    assert line.why == (
        "it changes the length of an image by up to 0.999 times; a view is orthogonal, and moves or mixes values "
        "without making them larger or smaller"
    )
    assert lines["undoes"].status == "ok", "its inverse undoes it, which proves nothing"
    assert lines["is-transpose"].status == "broken"


def test_the_options_of_a_broken_variant_are_named():
    @attrs.frozen(kw_only=True)
    class Lossless(Leaky):
        """The same, without loss unless it is asked for."""

        kind = "lossless"
        loss: float = option(0.0, doc="part that is lost", ge=0, le=0.5)

    line = by_law(Lossless)["keeps-lengths"]
    assert (line.status, line.where) == ("broken", "3x8x8 loss=0.5")


def test_the_worst_figure_is_told():
    """A rounding error that grows with the option."""

    @attrs.frozen(kw_only=True)
    class Rounded(View):
        """A mirror that is a little off."""

        kind = "rounded"
        off: float = option(1e-7, doc="by what", ge=0, le=2e-5)

        def apply(self, x):
            return x.flip(-1) * (1 + self.off)

        def invert(self, x):
            return x.flip(-1)

    line = by_law(Rounded)["keeps-lengths"]
    assert line.status == "ok"
    assert line.figure == pytest.approx(1 + 2e-5, abs=1e-9)
    assert line.where == "3x8x8 off=2e-05"


def test_what_refuses_every_size_is_broken_with_its_reason():
    @attrs.frozen(kw_only=True)
    class Proud(Leaky):
        """Takes nothing."""

        kind = "proud"

        def problems(self, shape):
            return [Problem("", "proud takes no image")]

    [line] = report(Proud, SMALL)
    assert (line.law, line.status, line.why) == ("accepts", "broken", "proud takes no image")


def test_what_has_no_default_is_skipped_with_the_cure():
    [line] = report(REGISTRY.get("constraint", "inpaint"))
    assert line.status == "skipped"
    assert line.why == ("no default for image, mask: call superpose.testing.check_constraint in a test of your own")


def test_what_refuses_itself_as_it_comes_is_skipped():
    """Its options have defaults, and one of two must be given all the same."""

    @attrs.frozen(kw_only=True)
    class Either(Leaky):
        """Wants a file or a name."""

        kind = "either"

        def __attrs_post_init__(self):
            raise RecipeError("give path or hub")

    [line] = report(Either, SMALL)
    assert (line.law, line.status) == ("can-be-tried", "skipped")
    assert "give path or hub: call superpose.testing.check_view in a test of your own" in line.why


def test_a_kind_that_crashes_is_a_line_and_no_traceback():
    @attrs.frozen(kw_only=True)
    class Crash(View):
        """Knows only squares, and says so to nobody."""

        kind = "crash"

        def apply(self, x):
            return x + x.transpose(-1, -2)[..., :8, :8]

        def invert(self, x):
            raise KeyError("x")

    lines = by_law(Crash)
    assert lines["invert-is-linear"].why == "KeyError: 'x'"
    assert lines["keeps-lengths"].status == "broken"

    @attrs.frozen(kw_only=True)
    class Stillborn(Crash):
        """Can't even be asked."""

        kind = "stillborn"

        def problems(self, shape):
            raise ZeroDivisionError("no\nsize")

    [line] = report(Stillborn, SMALL)
    assert (line.law, line.status, line.why) == ("can-be-tried", "broken", "ZeroDivisionError: no size")


def test_a_plan_that_is_broken_is_told_once():
    """The hooks can't be tried where the plan has no step; that is no second fault."""

    @attrs.frozen(kw_only=True)
    class Lazy(Constraint, Rule):
        """Wants no steps."""

        kind = "lazy"

        def bind(self, canvas):
            return self

        def plan(self, plan):
            return attrs.evolve(plan, levels=plan.levels[:1])

        def before(self, x, here, noise):
            return Edit(x, jumped=False)

    [line] = report(Lazy, SMALL)
    assert (line.law, line.status, line.why) == ("keeps-plans-whole", "broken", "it leaves the plan no step")


def test_a_constraint_that_fits_no_canvas_is_told():
    @attrs.frozen(kw_only=True)
    class Wide(Constraint, Rule):
        """Wants panoramas."""

        kind = "wide"

        def bind(self, canvas):
            return self

        def problems(self, canvas: Canvas):
            raise RecipeError("wide wants panoramas")

    [line] = report(Wide, SMALL)
    assert (line.law, line.why) == ("accepts", "wide wants panoramas")


@attrs.frozen(kw_only=True)
class Boastful(Scheduler):
    """Euler's method, which says that it is of order 2."""

    kind = "boastful"
    steps: int = option(50, doc="steps", ge=1)

    @property
    def order(self):
        return 2

    def plan(self, schedule):
        return DDIM(steps=self.steps).plan(schedule)

    def step(self, *arguments, **named):
        return DDIM(steps=self.steps).step(*arguments, **named)


def test_a_scheduler_reaches_the_order_that_it_states():
    lines = by_law(Heun)
    assert {line.status for line in lines.values()} == {"ok"}
    assert lines["converges-at-order-2"].figure == pytest.approx(2, abs=0.2)
    line = by_law(Boastful)["converges-at-order-2"]
    assert line.status == "broken"
    assert line.why == "it is said to be of order 2, and measured to be of 0.99"


def test_the_checks_give_the_figures():
    figures = check_view(REGISTRY.get("view", "flip")(), 3, 8, 8)
    assert figures["keeps-lengths"] == pytest.approx(1, abs=1e-12)
    figures = check_scheduler(DDIM(steps=3), TableSchedule.named("linear"), order=1)
    assert figures["converges-at-order-1"] == pytest.approx(1, abs=0.1)
    assert figures["descends"] == 3


@pytest.mark.parametrize("role", ["guidance", "decomposition"])
def test_ours_pass(role):
    for cls in REGISTRY.kinds(role).values():
        for line in report(cls, [(3, 8, 8)]):
            assert line.status == "ok" or line.law == "all", str(line)  # what needs another kind is tried elsewhere


def test_a_model_without_its_weights_is_skipped(monkeypatch):
    def load(self, device="cpu", dtype="float32"):
        raise RecipeError("weights are not here")

    monkeypatch.setattr(First, "load", load)
    [line] = report(First)
    assert (line.law, line.status, line.why) == ("can-be-tried", "skipped", "weights are not here")


def a_plugin(*kinds, **fields):
    draft = Registrations()
    for kind in kinds:
        draft.register(kind.role)(kind)
    return Plugin(distribution="superpose-leaky", version="0.3", **fields, adds=draft.adds), draft


def test_a_plugin_is_checked_whole():
    registry = Registry([a_plugin(Leaky, Boastful, name="leaky", module="wave")])
    lines = list(report_plugin("leaky", SMALL, registry))
    assert [line.kind for line in lines if line.law in {"imports-fast", "descends", "keeps-lengths"}] == [
        "leaky",
        "boastful",
        "leaky",
    ]
    assert lines[0].law == "imports-fast"
    assert 0 < lines[0].figure < 0.5
    assert list(map(str, lines[1:])) == list(map(str, report_plugin("superpose-leaky", SMALL, registry)))[1:]


def test_what_is_not_loaded_can_not_be_checked():
    crash = Plugin(name="crash", distribution="superpose-crash", version="0.1", status="broken", why="OSError: disk")
    off = attrs.evolve(crash, name="off", status="blocked", why="by SUPERPOSE_BLOCK_PLUGINS")
    registry = Registry([(crash, Registrations()), (off, Registrations())])
    [line] = report_plugin("crash", registry=registry)
    assert str(line) == "plugin crash  loads  BROKEN  broken: OSError: disk"
    with pytest.raises(PluginError, match=r"plugin 'off' \(superpose-crash 0.1\) is blocked"):
        list(report_plugin("off", registry=registry))
    with pytest.raises(PluginError, match="no plugin 'crush' is installed; did you mean 'crash'"):
        list(report_plugin("crush", registry=registry))


def test_a_kind_that_refuses_some_options_together_is_checked_with_the_others():
    @attrs.frozen(kw_only=True)
    class Window(View):
        """The identity, with two options that depend on each other."""

        kind = "window"
        start: float = option(0.2, doc="start", ge=0, le=1)
        stop: float = option(0.8, doc="stop", ge=0, le=1)

        def __attrs_post_init__(self):
            if self.stop <= self.start:
                raise ValueError("empty")

        def apply(self, x: torch.Tensor):
            return x

        invert = apply

    lines = by_law(Window)
    assert {line.status for line in lines.values()} == {"ok"}
    assert lines["undoes"].cases > 2
