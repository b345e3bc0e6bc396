"""Files of diffusion transformers: the paper's and those of diffusers, or one sentence why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import superpose
from ldm_dit_original import OriginalDiT
from superpose import NoisePredictor, RecipeError
from superpose_dit.model import DiffusionTransformer

FIXTURE = Path(__file__).parents[2] / "fixtures" / "df_h_dit"


@pytest.fixture(scope="module")
def model() -> NoisePredictor:
    return superpose.model("dit", path=FIXTURE / "pipeline")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to break."""
    return Path(shutil.copytree(FIXTURE / "pipeline", tmp_path / "pipeline"))


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def randomized(network: torch.nn.Module) -> torch.nn.Module:
    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[OriginalDiT, Path]:
    """A network of the paper's code, and its file."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network: Any = randomized(OriginalDiT(size=8, patch=2, channels=4, width=384, depth=2, heads=6, classes=10))
    path = tmp_path_factory.mktemp("dit") / "DiT-S-2.pt"
    torch.save(network.state_dict(), path)
    return network, path


@pytest.mark.parametrize("form", ["pt", "ema", "safetensors"])
def test_files_of_the_paper(form: str, original: tuple[Any, Path], tmp_path: Path) -> None:
    theirs, path = original
    if form == "ema":
        decoy = {name: torch.zeros_like(value) for name, value in theirs.state_dict().items()}
        path = tmp_path / "0400000.pt"
        torch.save({"model": decoy, "ema": theirs.state_dict(), "opt": {"state": {}}}, path)
    elif form == "safetensors":
        path = tmp_path / "dit.safetensors"
        save_file(theirs.state_dict(), path)
    model = superpose.model("dit", path=path, vae=FIXTURE / "pipeline" / "vae")
    x = torch.randn(2, *model.shape, generator=torch.Generator().manual_seed(1))
    conditions = [model.condition("7"), model.condition("")]
    for t in (999.0, 500.5, 0.0):
        want = theirs(x, torch.full((2,), t), torch.tensor([7, 10]))
        said = model.predict(x, model.schedule.level(0, t), model.gather(conditions))
        assert said.variance is not None
        off = (torch.cat([said.output, said.variance], dim=1) - want).abs().max()
        assert off <= 2e-5 * want.abs().max(), (t, off)
    assert (model.learned_variance, model.image_shape) == ("learned_range", (3, 16, 16))


def test_a_single_embedding_is_in_memory_once(original: tuple[Any, Path]) -> None:
    model: Any = superpose.model("dit", path=original[1], vae=FIXTURE / "pipeline" / "vae")
    tables = [block.norm1.emb.class_embedder["embedding_table"].weight for block in model.network.transformer_blocks]
    assert len({table.data_ptr() for table in tables}) == 1


def test_the_configuration_as_it_was_first_published(folder: Path) -> None:
    rewrite(
        folder / "transformer" / "config.json", _class_name="Transformer2DModel", cross_attention_dim=None,
        double_self_attention=False, num_vector_embeds=None, only_cross_attention=False, use_linear_projection=False,
    )  # fmt: skip
    assert DiffusionTransformer(path=folder).shape == (4, 8, 8)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("transformer", {"norm_type": "ada_norm_single"}, "norm_type = 'ada_norm_single' is not supported; supported"),
        ("transformer", {"caption_length": 3}, "caption_length = 3 is not known; known: num_attention_heads"),
        ("transformer", {"activation_fn": "geglu"}, r"'activation_fn' must be in .*'gelu-approximate'"),
        ("transformer", {"patch_size": 3}, "patches of 3 on 8 are not supported: features must be a multiple of 4"),
        ("transformer", {"num_layers": 3}, "does not fit its configuration: 19 missing: transformer_blocks.2"),
        ("vae", {"latent_channels": 8}, "vae makes latents of 8 channels, and .* reads 4"),
        ("scheduler", {"prediction_type": "v_prediction"}, "prediction_type is 'v', and every DiT predicts epsilon"),
    ],
)
def test_configurations_that_are_refused(file: str, changes: dict[str, Any], message: str, folder: Path) -> None:
    name = "scheduler_config.json" if file == "scheduler" else "config.json"
    rewrite(folder / file / name, **changes)
    with pytest.raises(RecipeError, match=message):
        superpose.model("dit", path=folder)


def test_files_that_are_refused(original: tuple[Any, Path], tmp_path: Path) -> None:
    theirs, path = original
    vae = FIXTURE / "pipeline" / "vae"
    with pytest.raises(RecipeError, match=r"DiT-S-2.pt is a transformer alone: write vae = the folder"):
        _ = DiffusionTransformer(path=path).shape
    with pytest.raises(
        RecipeError, match="is 384 wide; how many heads it has can't be seen in it: write heads = a div"
    ):
        _ = DiffusionTransformer(path=path, vae=vae, heads=5).shape
    state = dict(theirs.state_dict())
    del state["pos_embed"]
    torch.save(state, other := tmp_path / "other.pt")
    with pytest.raises(
        RecipeError, match="no diffusion transformer of the paper's code: no pos_embed among x_embedder"
    ):
        _ = DiffusionTransformer(path=other, vae=vae).shape
    with pytest.raises(RecipeError, match=r"none.pt: no such file"):
        _ = DiffusionTransformer(path=tmp_path / "none.pt", vae=vae).shape
