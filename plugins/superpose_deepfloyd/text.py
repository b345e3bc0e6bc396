"""Texts through IF's encoder, T5 (Raffel et al. 2020, arXiv:1910.10683), by way of transformers (extra ``[text]``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import Problem, RecipeError, read_json, torch_dtype
from superpose_deepfloyd.embeddings import cleaned
from superpose_deepfloyd.stage import text_folders
from superpose_networks import (
    Part,
    WeightedPrompt,
    WeightFile,
    assign,
    load_tokenizer,
    ready,
    tell_of_lost_words,
    token_spans,
    weight_files,
)

#: Tokens of a prompt: what is longer is cut off, what is shorter is padded, for that is how the networks were trained.
TOKENS = 77


@attrs.frozen(eq=False)
class TextFolder:
    """A text encoder in its folder: what it makes of prompts, before and after its weights are read.

    Attributes:
        path: Folder of an IF pipeline, or of its encoder.
        variant: Which files of weights; None for the full ones, which are read too where there are none of the variant.
    """

    path: Path
    variant: str | None = None

    @cached_property
    def file(self) -> WeightFile:
        """The encoder's weights."""
        return WeightFile(weight_files(text_folders(self.path)[0], self.variant, optional=True)[1])

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer that belongs to the encoder.

        Raises:
            RecipeError: It is not there or not readable, or transformers is not installed.
        """
        try:
            return load_tokenizer(text_folders(self.path)[1])
        except RecipeError as error:
            raise RecipeError(f"{error}; or give embeddings, a file of texts") from error

    def problems(self, prompt: str) -> Iterator[Problem]:
        """None with any text, if there is a tokenizer; words that are too many are told of (a `superpose.Notice`)."""
        return Problem.caught("", lambda: self._read(prompt))

    def _read(self, prompt: str) -> None:
        read = WeightedPrompt.of(cleaned(prompt))
        tell_of_lost_words(self.tokenizer, read.text, TOKENS)
        if read.marked is not None:
            read.of_tokens(token_spans(self.tokenizer, read.text, TOKENS))

    @property
    def shards(self) -> Sequence[Path]:
        """Every file of weights."""
        return self.file.shards

    def open(self, device: str, dtype: str) -> Callable[[str], Tensor]:
        """Read the weights; what the encoder says of a prompt, shape (1, 77, width)."""
        return self.load(device, dtype).states

    def load(self, device: str = "cpu", dtype: str = "float32") -> T5:
        """The encoder, straight to ``device`` and in ``dtype``; nothing is downloaded.

        Raises:
            RecipeError: It is not there or not readable, or transformers is not installed.
        """
        try:
            from transformers import T5Config, T5EncoderModel
        except ImportError as error:
            raise RecipeError('texts need transformers: pip install "superpose[text]", or give embeddings') from error
        file, config = self.file, read_json(text_folders(self.path)[0] / "config.json")
        try:
            with torch.device("meta"):  # no memory, no random numbers
                encoder: Any = T5EncoderModel(T5Config.from_dict(dict(config)))
        except Exception as error:  # a reader that is fed broken files may raise anything
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise RecipeError(f"{self.path} has no readable T5 encoder: {reason}") from error
        # transformers' own way of reading would hold all of the file beside the weights.
        assign(encoder, _weights(file, encoder, device, torch_dtype(dtype)), str(file.path))
        return T5(self.tokenizer, ready(encoder))


@attrs.frozen(eq=False)
class T5:
    """A text encoder with its tokenizer."""

    tokenizer: Any
    encoder: Any

    @torch.no_grad()
    def __call__(self, prompt: str) -> tuple[Tensor, Tensor]:
        """Encode a prompt: states (1, 77, width), and a mask (1, 77) that is 0 at padding."""
        read = WeightedPrompt.of(cleaned(prompt))
        states = read.told(self._encode, partial(token_spans, self.tokenizer, length=TOKENS))
        return states, self._tokens(read.text).attention_mask

    def states(self, prompt: str) -> Tensor:
        """The first of the two."""
        return self(prompt)[0]

    def _encode(self, text: str) -> Tensor:
        states: Tensor = self.encoder(**self._tokens(text)).last_hidden_state
        return states

    def _tokens(self, text: str) -> Any:
        tokens = self.tokenizer(text, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt")
        return tokens.to(self.encoder.device)


def _weights(file: WeightFile, encoder: Any, device: str, dtype: torch.dtype) -> dict[str, Tensor]:
    """The weights of an encoder in a file, which may have a decoder as well."""
    # What these maps write is too large for float16, as transformers knows.
    wide = (".wo.weight",) if dtype == torch.float16 else ()
    [given] = file.read([Part(dtype, within=("shared.", "encoder."), wide=wide)], device)
    for copy, name in encoder._tied_weights_keys.items():  # one table, of which a file may have either name
        given[copy] = given[name] = given[name] if name in given else given[copy]
    return given
