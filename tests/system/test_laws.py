"""Everything registered is held to the laws of its role: a new kind is tested the moment it is registered."""

from pathlib import Path

import pytest
from hypothesis import given

from fuzzing import fuzz
from problems import told
from superpose.plugins import load_plugins
from superpose.testing import check_clip, check_decomposition, check_guidance, check_view, variants
from superpose.testing.strategies import sizes

REGISTRY = load_plugins()
PLUGINS = Path(__file__).parents[1] / "plugins"
#: Kinds that need something to be told: each has a test file of its own, which holds it to the laws.
ELSEWHERE = {
    "guidance": {"autoguidance", "banded", "classifier", "ensemble", "interval", "rescale"},
    "view": {"chain", "pieces"},
    "decomposition": {"principal", "regions"},
    "clip": set[str](),
}
#: Sizes that networks have, two that nobody thought of, and two of larger canvases.
PLAIN = [
    (3, 8, 8),
    (3, 16, 16),
    (1, 28, 28),
    (3, 32, 32),
    (4, 64, 64),
    (3, 33, 33),
    (1, 63, 63),
    (3, 64, 32),
    (3, 24, 40),
    (3, 40, 40),
]


def every(role: str) -> list[object]:
    """All kinds of a role in all their variants, as parameters with readable names."""
    return [
        pytest.param(instance, id=f"{kind}-{instance}")
        for kind, cls in REGISTRY.kinds(role).items()
        for instance in variants(cls)
    ]


@pytest.mark.parametrize("role", ["view", "decomposition", "guidance", "clip"])
def test_every_kind_has_a_variant_to_be_tested(role):
    for kind, cls in REGISTRY.kinds(role).items():
        held = kind in ELSEWHERE[role] and any(
            f"check_{role}(" in alone.read_text() for alone in PLUGINS.glob(f"*/test_{kind}.py")
        )
        assert variants(cls) or held, f"{role} {kind} must be told something: no law is tested"


@pytest.mark.parametrize("view", every("view"))
def test_a_view_is_orthogonal_at_the_sizes_of_networks(view):
    accepted = [size for size in PLAIN if not told(view, size)]
    assert accepted, f"{view} accepts none of {PLAIN}"
    for size in accepted:
        check_view(view, *size)


@pytest.mark.parametrize("view", every("view"))
@fuzz(12)
@given(size=sizes())
def test_a_view_is_orthogonal_at_every_size_it_accepts(view, size):
    if why := told(view, size):
        assert str(view.kind) in why, f"{view} refuses {size} without saying who it is: {why}"
        return
    check_view(view, *size)


@pytest.mark.parametrize("decomposition", every("decomposition"))
@fuzz(12)
@given(size=sizes(channels=(3, 4, 1)))
def test_parts_are_linear_and_sum_to_the_image(decomposition, size):
    if why := told(decomposition, size):
        assert str(decomposition.kind) in why, f"{decomposition} refuses {size} without saying who it is: {why}"
        return
    check_decomposition(decomposition, *size)


@pytest.mark.parametrize("decomposition", every("decomposition"))
def test_a_decomposition_accepts_colour_images(decomposition):
    sizes = [size for size in ((3, 8, 8), (3, 32, 32), (3, 64, 64), (3, 33, 31)) if not told(decomposition, size)]
    assert decomposition != variants(type(decomposition))[0] or (3, 32, 32) in sizes
    for size in sizes:
        check_decomposition(decomposition, *size)


@pytest.mark.parametrize("guidance", every("guidance"))
def test_guidance_adds_up(guidance):
    rows = 3 if guidance.kind in ("dual", "perp-neg") else 2
    check_guidance(guidance, rows=rows)
    check_guidance(guidance, 1, 9, 7, rows=rows)


@pytest.mark.parametrize("clip", every("clip"))
def test_clipping_keeps_what_is_in_range(clip):
    for size in PLAIN:
        check_clip(clip, *size)
