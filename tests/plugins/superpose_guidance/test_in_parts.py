"""Guidance of a part that sees nothing but the part."""

import pytest
import torch

from guided import asked
from superpose import Context, Query, make, trajectory
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor
from superpose_guidance.in_parts import InParts, Lens, PartPredictor


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


def lens(network, number=1, kind="haar"):
    return Lens(make("decomposition", kind, bands=3), number, Context.of(network))


def asked_whole(network, x, level):
    """The clean image that a network speaks of, by its own process."""
    answer = network.predict(x, level, network.gather([network.condition("cat")] * len(x)))
    return network.process.read(network.parameterization, answer.output, x, level)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_part_of_a_network_says_the_coefficients_of_its_clean_image(number):
    network = TinyPredictor()
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    part = lens(network, number).of(network)
    want = part.lens.decomposition.analysis(asked_whole(network, x, level))[number]
    conditioning = part.gather([part.condition("cat")] * 2)
    torch.testing.assert_close(part.predict(x, level, conditioning).output, want)
    said = network.predict(x, level, conditioning)
    known = {}
    told = part.told(Query(network, x, part.condition("cat")), level, said, known)
    torch.testing.assert_close(told.output, want)
    assert known[id(said)][0] is said  # kept, or another answer might be given its identity


def test_a_network_is_seen_through_a_lens_as_one_object():
    network, other = TinyPredictor(), TinyPredictor()
    through = lens(network)
    assert isinstance(through.of(network), PartPredictor)
    assert through.of(network) is through.of(network)
    assert through.of(network) is not through.of(other)
    assert through.of(network).parameterization == "sample"
    assert (through.of(network).shape, through.of(network).schedule) == (network.shape, network.schedule)


def test_where_no_part_is_steered_the_whole_is_not():
    network = TinyPredictor()
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    rule = in_parts(make("guidance", "cfg"), make("guidance", "cfg"), bands=2)
    denoiser = rule.denoiser(network, network.condition("cat"), network.condition(""))
    assert isinstance(denoiser, InParts)
    estimate = denoiser(torch.zeros(1, 3, 16, 16), level)
    assert estimate.guidance_gradient is None
    assert estimate.renoise is None
