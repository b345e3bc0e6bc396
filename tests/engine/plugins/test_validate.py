"""What is refused as a kind, and in which words."""

import attrs
import pytest

from example_kinds import KINDS
from superpose.errors import PluginError
from superpose.estimate.decomposition import Decomposition
from superpose.estimate.view import View
from superpose.kinds.kind import option
from superpose.kinds.roles import ROLES
from superpose.plugins import Registry
from superpose.plugins.validate import validate
from superpose.sampling.constraint import Constraint
from superpose.sampling.scheduler import Scheduler


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.kind)
def test_the_examples_pass_the_judge(cls):
    validate(cls, cls.role)


class Still(View):
    """A view."""

    kind = "still"

    def apply(self, x):
        return x

    def invert(self, x):
        return x


FREEZE = attrs.frozen(kw_only=True)


def made(decorator=FREEZE, bases=(Still,), options=(), **body):
    fields = {name: value for name, _, value in options}
    annotations = {name: annotation for name, annotation, _ in options}
    body = {"__doc__": "Made.", "kind": "made", "__annotations__": annotations, **fields, **body}
    return decorator(type("Made", bases, body))


class Split(Decomposition):
    """Parts."""

    def split(self, x):
        return (x,)


FROZEN = "view 'made' must be a frozen attrs class: decorate it with @attrs.frozen(kw_only=True)"
NAMES = "it must be a tuple of different names, such as ('low', 'high')"


@pytest.mark.parametrize(
    ("cls", "role", "message"),
    [
        (
            made(),
            "scheduler",
            "register_schedulers was given Made, whose role is 'view'; register it in register_views",
        ),
        (made(role="lens"), "view", "register_views was given Made, whose role is 'lens'"),
        (
            made(role="scheduler"),
            "scheduler",
            "Made says it is a scheduler and does not inherit from superpose.Scheduler",
        ),
        (made(decorator=lambda cls: cls), "view", FROZEN),
        (made(decorator=attrs.define(kw_only=True)), "view", FROZEN),
        (type("Made", (made(),), {"__doc__": "Heir.", "kind": "made"}), "view", FROZEN),
        (
            made(decorator=attrs.frozen, options=[("x", int, option(1, doc="d"))]),
            "view",
            "view 'made' takes options by position: decorate it with @attrs.frozen(kw_only=True)",
        ),
        (made(bases=(View,)), "view", "view 'made' does not define apply, invert"),
        (made(__doc__=""), "view", "view 'made' has no docstring, which is its manual page"),
        *[
            (
                made(kind=kind),
                "view",
                (
                    f"Made.kind is {kind!r}; it must be lower case letters and digits with single hyphens between, "
                    "such as 'tiles' or 'tiles-of-two'"
                ),
            )
            for kind in ("Made", "my_view", "-a", "a--b", "a:b", "", 3, None)
        ],
        *[
            (
                made(options=[(name, str, option("", doc="d"))]),
                "view",
                f"view 'made': option {name!r} has a name that recipes use themselves; rename it",
            )
            for name in ("prompt", "view", "decomposition", "negative", "guidance", "weight")
        ],
        (
            made(bases=(Split,), names=("low", "high"), options=[("low", str, option("", doc="d"))]),
            "decomposition",
            "decomposition 'made': option 'low' has a name that recipes use themselves; rename it",
        ),
        (made(bases=(Split,)), "decomposition", "decomposition 'made' does not define names"),
        (made(bases=(Split,), names=None), "decomposition", f"decomposition 'made': names is None; {NAMES}"),
        (made(bases=(Split,), names=()), "decomposition", f"decomposition 'made': names is (); {NAMES}"),
        (
            made(bases=(Split,), names=("a", "a")),
            "decomposition",
            f"decomposition 'made': names is ('a', 'a'); {NAMES}",
        ),
        (
            made(options=[("x", int, attrs.field(default=1))]),
            "view",
            "view 'made': option 'x' of Made is not made by superpose.option(default, doc=...)",
        ),
        (made(options=[("x", int, option(0, doc="d", ge=1))]), "view", "view 'made': must be at least 1, got 0"),
        (len, "view", "register takes classes of kinds, got <built-in function len>"),
    ],
)
def test_the_judge_refuses(cls, role, message):
    with pytest.raises(PluginError) as caught:
        validate(cls, role)
    assert str(caught.value) == message


def test_a_registry_of_classes_is_judged_too():
    with pytest.raises(PluginError, match="has no docstring"):
        Registry.of(made(__doc__=""))


def test_roles_are_those_of_the_interfaces():
    assert {name: role.base.role for name, role in ROLES.items()} == {name: name for name in ROLES}
    assert ROLES["scheduler"].base is Scheduler
    assert ROLES["constraint"].base is Constraint
