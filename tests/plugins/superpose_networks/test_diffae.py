"""The networks compute what the original does, whatever their size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_diffae as plain
from superpose_diffae.layout import recognise
from superpose_diffae.loading import describe, lazy_decoder, lazy_encoder, lazy_latent
from superpose_diffae.templates import TEMPLATES

FACTORS = st.lists(st.sampled_from([1, 2]), min_size=1, max_size=3).map(tuple)


@st.composite
def configurations(draw):
    mult, enc_mult = draw(FACTORS), draw(FACTORS)
    layers = draw(st.sampled_from([0, 2, 4]))
    return {
        "channels": 32,
        "mult": mult,
        "enc_mult": enc_mult,
        "blocks": draw(st.integers(1, 2)),
        "enc_blocks": draw(st.integers(1, 2)),
        "attn": draw(st.sets(st.integers(0, len(mult) - 1))),
        "enc_attn": draw(st.sets(st.integers(0, len(enc_mult) - 1))),
        "code": draw(st.sampled_from([20, 24, 33])),
        "heads": draw(st.sampled_from([1, 2, 4])),
        "updown": draw(st.booleans()),
        "layers": layers,
        "hidden": draw(st.sampled_from([40, 48])),
        "skips": draw(st.sets(st.integers(1, max(layers - 1, 1)))) if layers else (),
        "norm": draw(st.booleans()),
        "bias": draw(st.sampled_from([0, 1])),
    }


@settings(max_examples=6)
@given(config=configurations(), seed=st.integers(0, 2**16))
def test_any_configuration(config, seed, tmp_path_factory):
    path = tmp_path_factory.mktemp("ckpt") / "last.ckpt"
    table, config = plain.checkpoint(path, seed, **config)
    known = describe(path)
    layout = recognise({name: tuple(value.shape) for name, value in table.items()}, "the table", config["enc_blocks"])
    assert (layout.decoder.blocks, len(layout.decoder.widths)) == (config["blocks"], len(config["mult"]))
    random = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=random)

    side, heads = 2 * 2 ** (max(len(config["mult"]), len(config["enc_mult"])) - 1), config["heads"]
    x, z, t = draw(2, 3, side, side), draw(2, config["code"]), torch.tensor([7, 640])
    with torch.no_grad():
        ours = lazy_decoder(known, layout, heads).load("cpu", torch.float32)
        torch.testing.assert_close(ours(x, t, z), plain.decoder(table, config, x, t, z), atol=2e-4, rtol=1e-4)
        ours = lazy_encoder(known, layout, heads).load("cpu", torch.float32)
        torch.testing.assert_close(ours(x), plain.encoder(table, config, x), atol=2e-4, rtol=1e-4)
        lazy = lazy_latent(known, layout, config["bias"])
        assert (lazy is None) == (config["layers"] == 0)
        if lazy is not None:
            ours = lazy.load("cpu", torch.float32)
            torch.testing.assert_close(ours(z, t), plain.latent(table, config, z, t), atol=2e-4, rtol=1e-4)


def test_rows_do_not_know_their_neighbours(tmp_path):
    path = tmp_path / "last.ckpt"
    table, config = plain.checkpoint(path, layers=3, skips=(1, 2))
    layout = recognise({name: tuple(value.shape) for name, value in table.items()}, "the table")
    x, z = torch.randn(5, 3, 8, 8), torch.randn(5, config["code"])
    decoder = lazy_decoder(describe(path), layout, 1).load("cpu", torch.float32)
    latent = lazy_latent(describe(path), layout, 1).load("cpu", torch.float32)
    t = torch.tensor([250.0])
    order = torch.tensor([3, 0, 4, 1, 2])
    with torch.no_grad():
        assert torch.equal(decoder(x, t, z)[order], decoder(x[order], t, z[order]))
        drawn = latent(z, t)
        assert all(torch.equal(drawn[i : i + 1], latent(z[i : i + 1], t)) for i in range(5))
        styles = decoder.styles(z)
        assert styles.shape == (5, 32 * 10)
        assert torch.equal(styles[2:3], decoder.styles(z[2:3]))


@pytest.mark.parametrize("name", ["ffhq256_autoenc", "celeba64d2c_autoenc", "horse128_autoenc"])
def test_public_templates_are_recognised(name):
    template = TEMPLATES[name]
    levels, base = len(template.widths), template.widths[0]
    mult = tuple(width // base for width in template.widths)
    with torch.device("meta"):
        table = plain.Table()
        table.get_or_make = lambda key, shape: dict.setdefault(table, key, torch.empty(shape))
        config = plain.SMALL | {
            "channels": base, "mult": mult, "enc_mult": (*mult, mult[-1]),
            "blocks": 2, "enc_blocks": 2, "attn": (levels - 2,), "enc_attn": (levels - 2,), "code": 512, "heads": 1,
            "layers": template.layers, "hidden": 2048, "skips": range(1, template.layers),
        }  # fmt: skip
        image = torch.empty(1, 3, template.size, template.size)
        plain.decoder(table, config, image, torch.empty(1), torch.empty(1, 512))
        plain.encoder(table, config, image)
        plain.latent(table, config, torch.empty(1, 512), torch.empty(1))
    layout = recognise({key: tuple(value.shape) for key, value in table.items()}, name)
    template.check(layout, latent=True, source=name)
    assert layout.decoder.attends == tuple(level == levels - 2 for level in range(levels))
    assert layout.latent.skips == tuple(range(1, template.layers))
