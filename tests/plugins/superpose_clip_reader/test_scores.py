"""CLIP as a reader, held to transformers' own model on a small random checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch

from made_runs import made_run
from superpose import RecipeError, make
from superpose.cli import main
from superpose.search.scores import read_scores

TOKENIZER = Path(__file__).parents[2] / "fixtures" / "df_d_stable_diffusion" / "pipeline" / "tokenizer"
VIEWS = """[model]
kind = "pictograms"
[scheduler]
kind = "ddim"
steps = 2
[[view]]
kind = "identity"
prompt = "cat"
[[view]]
kind = "rotate"
degrees = 180
prompt = "dog"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A CLIPModel of random weights, in the layout of transformers."""
    transformers = pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("clip")
    tokenizer = transformers.CLIPTokenizer.from_pretrained(TOKENIZER)
    shared = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    special = {key: getattr(tokenizer, key) for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    text = {**shared, **special, "vocab_size": len(tokenizer), "max_position_embeddings": 16}
    config = transformers.CLIPConfig(
        text_config=text, vision_config={**shared, "image_size": 32, "patch_size": 8}, projection_dim=12
    )
    torch.manual_seed(0)
    network = transformers.CLIPModel(config).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:  # what is initialised small makes all images alike
            torch.nn.init.normal_(parameter, std=0.3)
    network.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def wanted(folder, images, texts):
    """Cosines and temperature of transformers' own forward pass."""
    transformers = pytest.importorskip("transformers")
    network = transformers.CLIPModel.from_pretrained(folder).eval()
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    mean, deviation = (
        torch.tensor(it).view(3, 1, 1)
        for it in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    )
    tokens = tokenizer(list(texts), padding=True, return_tensors="pt")
    with torch.no_grad():
        out = network(pixel_values=((images + 1) / 2 - mean) / deviation, **tokens)
        return out.logits_per_image.double(), float(network.logit_scale.exp())


def test_logits_are_those_of_transformers(folder):
    images = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    reader = make("classifier", "clip-reader", path=folder).among(["a cat", "two dogs", "a cat"])
    assert (reader.classes, reader.label("two dogs"), reader.shape) == (2, 1, (3, 32, 32))
    asked = make("classifier", "clip-reader", path=folder, template="a {}").among(["cat"]).load()
    network = reader.load()
    want, scale = wanted(folder, images, ["a cat", "two dogs"])
    got = network.logits(images, reader.schedule.level(0, 0))
    assert torch.allclose(got.double(), want, atol=1e-5)
    assert want.std(0).min() > 1e-2, "all images are alike to it: nothing is tested"
    assert torch.allclose(network.alignment(got).double(), want / scale, atol=1e-5)
    assert network.alignment(got).abs().max() <= 1
    assert torch.allclose(asked.texts[0], network.texts[0], atol=1e-6), "a template is not filled in"


def test_scores_are_those_of_visual_anagrams(folder, tmp_path, capsys):
    out = tmp_path / "run"
    pixels = made_run(out, VIEWS, count=6, side=32)
    assert main(["score", str(out), "--classifier", "clip-reader", "--option", f"path={folder}"]) == 0
    said = capsys.readouterr().out
    images = torch.from_numpy(np.asarray(pixels) / 127.5 - 1).float().permute(0, 3, 1, 2)
    rows = [wanted(folder, view, ["cat", "dog"]) for view in (images, images.flip(2, 3))]
    matrix, scale = torch.stack([logits for logits, _ in rows], 1), rows[0][1]  # (N, views, prompts)
    alignment = (matrix / scale).diagonal(dim1=1, dim2=2).min(-1).values
    both = (matrix.softmax(1) + matrix.softmax(2)) / 2
    concealment = both.diagonal(dim1=1, dim2=2).mean(-1)
    scores = read_scores(out)
    found = [scores.images[f"{k:04}.png"] for k in range(6)]
    assert [score.alignment for score in found] == pytest.approx(alignment.tolist(), abs=1e-4)
    assert [score.concealment for score in found] == pytest.approx(concealment.tolist(), abs=1e-4)
    figures = scores.summary["alignment"]
    assert figures["q0.9"] == pytest.approx(np.quantile(alignment, 0.9), abs=1e-4)
    assert figures["q0.95"] == pytest.approx(np.quantile(alignment, 0.95), abs=1e-4)
    assert "read by clip-reader, 6 samples" in said


def test_what_does_not_fit_is_refused(folder, tmp_path):
    reader = make("classifier", "clip-reader", path=folder)
    with pytest.raises(RecipeError, match="has no texts to tell images apart by"):
        reader.load()
    with pytest.raises(RecipeError, match=r"template 'cat' has no place for the text: write \{\}"):
        make("classifier", "clip-reader", path=folder, template="cat")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(RecipeError, match="is no CLIPModel of transformers"):
        _ = make("classifier", "clip-reader", path=tmp_path).shape
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(RecipeError, match=r"has no model\.safetensors"):
        make("classifier", "clip-reader", path=tmp_path).weights()


def test_it_guides_nothing(folder, tmp_path, capsys):
    recipe = tmp_path / "a.toml"
    guidance = (
        f'[guidance]\nkind = "classifier"\nclassifier = {{kind = "clip-reader", path = "{folder}", texts = ["A"]}}'
    )
    head = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
    recipe.write_text(f'prompt = "A"\n{head}{guidance}\n')
    assert main(["check", str(recipe)]) == 2
    assert "noise" in capsys.readouterr().err
