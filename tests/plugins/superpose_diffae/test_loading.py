"""Files are recognised, refused in words, and read where and how they are wanted."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

import plain_diffae as plain
import superpose
from superpose import PromptError, RecipeError, refuse
from superpose_diffae.codes import Code
from superpose_diffae.model import DiffusionAutoencoder, betas
from superpose_diffae.templates import TEMPLATES, Template

LATENT = {"layers": 3, "skips": (1, 2)}
RECORD = {"latent_beta_scheduler": "const0.008", "T": 1000}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, record=RECORD, **LATENT)
    return path


def test_all_is_seen_in_the_file(path):
    model = DiffusionAutoencoder(path=path)
    assert model.shape == (3, 8, 8)
    assert model.schedule == superpose.TableSchedule.named("linear")
    assert model.layout.latent.skips == (1, 2)
    assert model.layout.code == 20
    assert list(model.weights()) == ["path"]


def test_the_averaged_weights_are_taken(path):
    """The raw ones, which differ, stand beside them; a file without prefixes is read as well."""
    table, config = plain.checkpoint(path, record=RECORD, **LATENT)
    image, z = torch.randn(1, 3, 8, 8), torch.randn(1, 20)
    bare = path.with_name("bare.safetensors")
    extra = {"conds_mean": torch.full((20,), 0.1), "conds_std": torch.full((20,), 2.0)}
    save_file({name: value.clone() for name, value in table.items()} | extra, bare)
    loaded = [DiffusionAutoencoder(path=path), DiffusionAutoencoder(path=bare, image_size=8, latent_betas="linear")]
    with torch.no_grad():
        wanted = plain.decoder(table, config, image, torch.tensor([3]), z)
        for network in (model.load().network for model in loaded):
            torch.testing.assert_close(network(image, torch.tensor([3]), z), wanted, atol=1e-4, rtol=1e-4)


def test_what_is_not_in_the_file_is_asked_for(tmp_path):
    path = tmp_path / "last.ckpt"
    plain.checkpoint(path, noise=False, **LATENT)
    with pytest.raises(RecipeError, match=r"does not show how large its images are: write template = .*image_size"):
        _ = DiffusionAutoencoder(path=path).shape
    with pytest.raises(
        RecipeError, match=r"betas of its latent network: write template = .*latent_betas = 'const0.008'"
    ):
        DiffusionAutoencoder(path=path, image_size=8).load()
    model = DiffusionAutoencoder(path=path, image_size=8, latent_betas="const0.008").load()
    assert model.encode_prompt.networks.latent.schedule == betas("const0.008", 1000)
    deep = tmp_path / "deep.ckpt"
    plain.checkpoint(deep, enc_blocks=2, enc_mult=(1, 2))
    with pytest.raises(RecipeError, match="write encoder_blocks = the number of residual blocks"):
        _ = DiffusionAutoencoder(path=deep).layout
    assert DiffusionAutoencoder(path=deep, encoder_blocks=2).layout.encoder.widths == (32, 64)


def test_options_win_over_template_and_template_over_file(path, monkeypatch):
    with pytest.raises(
        RecipeError, match=r"last\.ckpt \(ffhq256_autoenc\) is not of this template: its widths of the dec"
    ):
        _ = DiffusionAutoencoder(path=path, image_size=16, template="ffhq256_autoenc").shape
    monkeypatch.setattr(Template, "check", lambda *_: None)  # a file small enough for a test is of no template
    assert DiffusionAutoencoder(path=path, template="ffhq256_autoenc").shape == (3, 256, 256)
    assert DiffusionAutoencoder(path=path, image_size=16, template="ffhq256_autoenc").shape == (3, 16, 16)
    with pytest.raises(ValueError, match="must be one of 'celeba64d2c_autoenc'"):
        DiffusionAutoencoder(path=path, template="ffhq512_autoenc")


def test_templates_are_the_published_ones():
    """Widths from templates.py, as channels times factors; layers from templates_latent.py."""
    published = {
        "ffhq128_autoenc_130M": (128, 128, (1, 1, 2, 3, 4), 10),
        "ffhq256_autoenc": (256, 128, (1, 1, 2, 2, 4, 4), 10),
        "celeba64d2c_autoenc": (64, 64, (1, 2, 4, 8), 10),
        "bedroom128_autoenc": (128, 128, (1, 1, 2, 3, 4), 20),
        "horse128_autoenc": (128, 128, (1, 1, 2, 3, 4), 20),
    }
    for name, (size, channels, factors, layers) in published.items():
        assert TEMPLATES[name] == (size, tuple(channels * factor for factor in factors), layers), name


def test_betas():
    assert betas("linear", 1000) == superpose.TableSchedule.named("linear")
    constant = betas("const0.008", 1000)
    assert constant.alphas_cumprod[:2] == pytest.approx((0.992, 0.992**2))
    with pytest.raises(RecipeError, match="no betas are called 'sqrt'"):
        betas("sqrt", 1000)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_text("hello"), "is not a readable file"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "is not a readable file"),
        (
            lambda path: torch.save({"state_dict": {"conv_in.weight": torch.zeros(1)}}, path),
            "is no diffusion autoencoder",
        ),
        (lambda path: torch.save({"weights": torch.nn.Linear(1, 1)}, path), "it holds the keys 'weights', a torch.nn"),
    ],
)
def test_wrong_files_are_one_line(path, spoil, message):
    spoil(path)
    with pytest.raises(RecipeError, match=message) as error:
        DiffusionAutoencoder(path=path).load()
    assert "\n" not in str(error.value)


def test_a_tensor_that_is_missing_or_of_another_shape_is_named(path):
    stored = torch.load(path, weights_only=True)
    state = stored["state_dict"]
    del state["ema_model.out.0.weight"]
    torch.save(stored, path)
    with pytest.raises(RecipeError, match=r"last\.ckpt does not fit .*1 missing: conv_norm_out.weight"):
        DiffusionAutoencoder(path=path).load()
    state["ema_model.out.0.weight"], state["conds_mean"] = torch.zeros(32), torch.zeros(1, 7)
    torch.save(stored, path)
    with pytest.raises(RecipeError, match="needs conds_mean and conds_std, each of 20 numbers"):
        DiffusionAutoencoder(path=path).load()
    del state["conds_mean"]
    torch.save(stored, path)
    with pytest.raises(RecipeError, match=r"does not say how: write statistics = 'latent\.pkl'"):
        DiffusionAutoencoder(path=path).load()


def test_prompts(path, tmp_path):
    plain_path = tmp_path / "plain.ckpt"
    plain.checkpoint(plain_path)
    codes = (Code(name="me", image=tmp_path / "me.png"), Code(name="mixed", between=("me", "")))
    model = DiffusionAutoencoder(path=plain_path, code=codes)
    refuse(model.prompt_problems("me"), PromptError)
    for prompt in ("", "mixed"):
        with pytest.raises(PromptError, match="is drawn by a latent network, and the file has none: take"):
            refuse(model.prompt_problems(prompt), PromptError)
    with pytest.raises(PromptError, match=r"no code is named 'mee' \(nearest: 'me'"):
        refuse(model.prompt_problems("mee"), PromptError)
    with pytest.raises(PromptError, match=r"no code is named 'x' \(no code has one\)"):
        refuse(DiffusionAutoencoder(path=path).prompt_problems("x"), PromptError)
    for prompt in ("", "mixed"):
        refuse(DiffusionAutoencoder(path=path, code=codes).prompt_problems(prompt), PromptError)


def test_codes_that_contradict_are_refused(path, tmp_path):
    image = tmp_path / "me.png"
    with pytest.raises(RecipeError, match="has an image and is between two codes"):
        Code(name="a", image=image, between=("b", "c"))
    with pytest.raises(RecipeError, match="a code needs a name"):
        Code(name="")
    for codes, message in (
        ((Code(name="a"), Code(name="a")), "two codes are named 'a'"),
        ((Code(name="a", between=("b", "")),), r"'a' is between codes written above it \(none\), not 'b'"),
        ((Code(name="a", attribute="Smiling"),), "write classifier = the file that knows it"),
    ):
        with pytest.raises(RecipeError, match=message):
            DiffusionAutoencoder(path=path, code=codes)


def test_dtype_and_memory(path):
    """The decoder is in the dtype asked for; what is asked once an image stays in float32."""
    model = DiffusionAutoencoder(path=path).load(dtype="bfloat16")
    assert model.network.conv_in.weight.dtype == torch.bfloat16
    assert model.encode_prompt.networks.encoder.conv_in.weight.dtype == torch.float32
    level = model.schedule.level(0, 500)
    x = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        half = model.predict(x, level, {"code": torch.randn(1, 20)}).output
    assert half.dtype == torch.bfloat16


def test_importing_the_plugin_brings_no_torch():
    code = "import sys, superpose_diffae; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
