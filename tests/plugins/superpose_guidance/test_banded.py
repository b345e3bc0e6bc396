"""A guidance for each part of the image."""

import pytest
import torch

from problems import told
from superpose import RecipeError, factorized, loads, make, prompted, trajectory
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

HYBRID = make("decomposition", "hybrid")


def banded(low=3.0, high=9.0, decomposition=HYBRID):
    base = tuple(make("guidance", "cfg", scale=scale) for scale in (low, high))
    return make("guidance", "banded", decomposition=decomposition, base=base)


def asked(rule, network=None):
    network = network or TinyPredictor()
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    return rule.denoiser(network, network.condition("cat"), network.condition(""))(x, level).clean


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


def in_parts(*base, kind="laplacian", **options):
    return make("guidance", "banded", decomposition=make("decomposition", kind, **options), base=base, sees="part")


@pytest.mark.parametrize("kind", ["laplacian", "haar", "dct"])
def test_in_parts_what_measures_nothing_is_the_same(kind):
    base = tuple(make("guidance", "cfg", scale=scale) for scale in (2.0, 5.0, 9.0))
    bands, network = make("decomposition", kind, bands=3), TinyPredictor()
    parts = make("guidance", "banded", decomposition=bands, base=base, sees="part")
    whole = make("guidance", "banded", decomposition=bands, base=base)
    torch.testing.assert_close(asked(parts, network), asked(whole), atol=1e-4, rtol=1e-5)
    assert network.blocks == [4]  # two samples, two prompts, whatever the number of parts


def test_in_parts_contrasts_are_those_of_the_parts():
    strong = make("guidance", "rescale", base=make("guidance", "cfg", scale=9.0), share=1.0)
    bands = make("decomposition", "haar", bands=2)
    got, want = asked(in_parts(strong, strong, kind="haar", bands=2)), asked(make("guidance", "cfg", scale=1.0))
    for name in bands.names:
        contrasts = [bands.part(name)(image).std((1, 2, 3)) for image in (got, want)]
        torch.testing.assert_close(*contrasts)


@pytest.mark.parametrize("decomposition", ["laplacian", "haar"])
def test_in_parts_guidances_of_all_sorts_are_lawful(decomposition):
    worse = make("model", "glyphs")  # whatever a law reads in its place
    inside = make("guidance", "interval", base=make("guidance", "perp-neg"), start=0.2, stop=0.9)
    for band in (make("guidance", "apg"), make("guidance", "cfg-plus-plus"), inside, make("guidance", "dual")):
        check_guidance(in_parts(band, make("guidance", "cfg"), kind=decomposition, bands=2), rows=3)
    check_guidance(in_parts(*[make("guidance", "autoguidance", model=worse)] * 3, kind=decomposition), rows=2)


def test_in_parts_momentum_is_that_of_each():
    """And a run that is gone on with remembers it."""
    apg = make("guidance", "apg", momentum=-0.5)
    rule, scheduler = in_parts(apg, apg, bands=2), make("scheduler", "ddim", steps=4)

    def run():
        network = TinyPredictor()
        denoiser = rule.denoiser(network, network.condition("cat"), network.condition(""))
        return trajectory(denoiser, scheduler, network, samples=2)

    first, state = run(), run().start()
    whole = first.run()
    for _ in range(2):
        state = run().step(state)
    assert {memory.shape[-1] for _, _, memory in state.denoiser_memory} == {4, 8}
    assert torch.equal(run().run(state=state), whole)
