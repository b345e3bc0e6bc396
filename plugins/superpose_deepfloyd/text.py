"""Texts through IF's encoder, T5 (Raffel et al. 2020, arXiv:1910.10683), by way of transformers (extra ``[text]``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import RecipeError, read_json
from superpose_deepfloyd.embeddings import cleaned
from superpose_deepfloyd.stage import text_folders
from superpose_networks import assign, read_weights, ready, weight_files

#: Tokens of a prompt: what is longer is cut off, what is shorter is padded, for that is how the networks were trained.
TOKENS = 77


@attrs.frozen(eq=False)
class T5:
    """A text encoder with its tokenizer."""

    tokenizer: Any
    encoder: Any

    @classmethod
    def load(cls, path: Path, device: str = "cpu", dtype: str = "float32", variant: str | None = None) -> T5:
        """The encoder at ``path``, straight to ``device`` and in ``dtype``; nothing is downloaded.

        Raises:
            RecipeError: It is not there or not readable, or transformers is not installed.
        """
        try:
            from transformers import T5Config, T5EncoderModel
        except ImportError as error:
            raise RecipeError('texts need transformers: pip install "superpose[text]", or give embeddings') from error
        encoder_folder, _ = text_folders(path)
        _, weights = weight_files(encoder_folder, variant, optional=True)
        try:
            config = T5Config.from_dict(dict(read_json(encoder_folder / "config.json")))
            with torch.device("meta"):  # no memory, no random numbers
                encoder: Any = T5EncoderModel(config)
        except RecipeError:
            raise
        except Exception as error:  # a reader that is fed broken files may raise anything
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise RecipeError(f"{path} has no readable T5 encoder with its tokenizer: {reason}") from error
        # transformers' own way of reading would hold all of the file beside the weights.
        assign(encoder, _weights(weights, encoder, device, getattr(torch, dtype)), str(weights))
        return cls(tokenizer_of(path), ready(encoder))

    @torch.no_grad()
    def __call__(self, prompt: str) -> tuple[Tensor, Tensor]:
        """Encode a prompt: states (1, 77, width), and a mask (1, 77) that is 0 at padding."""
        tokens = self.tokenizer(
            cleaned(prompt), padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
        )
        mask = tokens.attention_mask.to(self.encoder.device)
        states = self.encoder(tokens.input_ids.to(mask.device), attention_mask=mask).last_hidden_state
        return states, mask

    def states(self, prompt: str) -> Tensor:
        """The first of the two."""
        return self(prompt)[0]


def tokenizer_of(path: Path) -> Any:
    """The tokenizer that belongs to the encoder at ``path``.

    Raises:
        RecipeError: It is not there or not readable, or transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise RecipeError('texts need transformers: pip install "superpose[text]", or give embeddings') from error
    try:
        return AutoTokenizer.from_pretrained(text_folders(path)[1], local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a reader that is fed broken files may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{path} has no readable T5 encoder with its tokenizer: {reason}") from error


def _weights(path: Path, encoder: Any, device: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """The weights of an encoder in a file, which may have a decoder as well."""
    given = read_weights(path, device, dtype, within=("shared.", "encoder."))
    if dtype == torch.float16:  # what these maps write is too large for it, as transformers knows
        wide = [name for name in given if name.endswith(".wo.weight")]
        for name in wide:
            del given[name]
        given |= read_weights(path, device, within=wide)
    for copy, name in encoder._tied_weights_keys.items():  # one table, of which a file may have either name
        given[copy] = given[name] = given[name] if name in given else given[copy]
    return given
