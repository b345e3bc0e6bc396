"""A guidance for each part of the image."""

import pytest
import torch

from guided import asked
from problems import told
from superpose import RecipeError, factorized, loads, make, prompted
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

HYBRID = make("decomposition", "hybrid")


def banded(low=3.0, high=9.0, decomposition=HYBRID):
    base = tuple(make("guidance", "cfg", scale=scale) for scale in (low, high))
    return make("guidance", "banded", decomposition=decomposition, base=base)


def test_each_part_is_guided_by_its_own():
    low, high = (asked(make("guidance", "cfg", scale=scale)) for scale in (3.0, 9.0))
    want = HYBRID.split(low)[0] + HYBRID.split(high)[1]
    torch.testing.assert_close(asked(banded()), want, atol=1e-5, rtol=1e-5)


def test_equal_ones_are_the_one_and_cost_no_more():
    network = TinyPredictor()
    torch.testing.assert_close(
        asked(banded(4.0, 4.0), network), asked(make("guidance", "cfg", scale=4.0)), atol=1e-5, rtol=1e-5
    )
    assert network.blocks == [4]  # two samples, two prompts


def test_a_part_may_have_another_kind_of_guidance():
    rule = make("guidance", "banded", decomposition=HYBRID, base=(make("guidance", "apg"), make("guidance", "cfg")))
    check_guidance(rule, height=16, width=16, rows=2)


def test_it_is_a_lawful_guidance():
    check_guidance(banded(), rows=2)


def test_parts_without_a_guidance_are_refused():
    with pytest.raises(RecipeError, match="1 guidances, and must have one for each part of hybrid: low, high"):
        make("guidance", "banded", decomposition=HYBRID, base=(make("guidance", "cfg"),))


def test_what_the_decomposition_refuses_is_refused():
    text = """
        prompt = "R"
        model = { kind = "glyphs" }
        scheduler = { kind = "ddim", steps = 2 }
        [guidance]
        kind = "banded"
        decomposition = { kind = "hybrid" }
        base = [{ kind = "cfg", scale = 2.0 }, { kind = "cfg", scale = 6.0 }]
    """
    assert loads(text).guidance == banded(2.0, 6.0)
    colours = banded(decomposition=make("decomposition", "colour"))
    assert "only one" in told(colours, type("Grey", (), {"shape": (1, 8, 8)})())


def test_it_is_a_factorized_denoiser():
    network = TinyPredictor()
    x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(1)
    cat = prompted(network, "cat")
    one = banded(1.0, 1.0).denoiser(network, cat.condition, network.condition(""))
    torch.testing.assert_close(one(x, level).clean, factorized(HYBRID, [cat, cat])(x, level).clean)
