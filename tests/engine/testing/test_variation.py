"""Variants of a kind: one option at a time, at its choices and the ends of its range, and no other than it admits."""

import attrs
import pytest

from superpose import View, option
from superpose.plugins import load_plugins
from superpose.testing.variation import variants


class Base(View):
    def apply(self, x):
        return x

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Varied(Base):
    """Has an option of each form."""

    kind = "varied"
    axis: str = option("a", doc="choices", choices=("a", "b", "c"))
    count: int = option(2, doc="a range", ge=1, le=5)
    share: float = option(0.5, doc="an open range", gt=0, lt=1)
    on: bool = option(True, doc="a flag")
    many: tuple[str, ...] = option((), doc="of these", choices=("x", "y"), each=True)

    def __attrs_post_init__(self):
        """Refuse two options together."""
        if self.axis == "c" and self.on:
            raise ValueError("c is off")


def test_one_option_at_a_time():
    found = variants(Varied)
    assert found[0] == Varied()
    changed = [{k: v for k, v in attrs.asdict(it).items() if v != getattr(Varied(), k)} for it in found[1:]]
    assert all(len(options) == 1 for options in changed), changed
    assert {"axis": "b"} in changed
    assert {"axis": "c"} not in changed, "what the class refuses is none"
    assert [options["count"] for options in changed if "count" in options] == [1, 5, 3, 4]
    assert [options["share"] for options in changed if "share" in options] == [0.75]
    assert {"on": False} in changed
    assert len(found) == len(set(found))


def test_what_needs_an_option_has_none():
    @attrs.frozen(kw_only=True)
    class Needy(Base):
        """Needs one."""

        kind = "needy"
        path: str = option(doc="required")

    assert variants(Needy) == []
    assert variants(View) == [], "nobody is an interface"


@pytest.mark.parametrize("role", ["view", "scheduler", "clip"])
def test_every_variant_of_ours_can_be_made(role):
    for kind in load_plugins().kinds(role).values():
        for variant in variants(kind):
            assert type(variant) is kind
