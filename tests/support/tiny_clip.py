"""A small CLIP of random weights, and what transformers says with it."""

from pathlib import Path

import pytest
import torch

TOKENIZER = Path(__file__).parents[1] / "fixtures" / "df_d_stable_diffusion" / "pipeline" / "tokenizer"


def written(path):
    """A CLIPModel of random weights, in the layout of transformers; the folder."""
    transformers = pytest.importorskip("transformers")
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
