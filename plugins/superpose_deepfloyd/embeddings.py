"""Texts as their encoder understood them, saved: a text encoder of 5 billion numbers need be in memory only once.

A file is a safetensors file with

- ``states``: what the encoder said of every token of every prompt, padding included, shape (prompts, tokens, width);
- ``mask``: 1 where a token is one of the prompt, 0 where it is padding, shape (prompts, tokens). The networks do not
  ask for it: they look at the padding as well;
- in its metadata, ``prompts``: the prompts in that order, as a JSON list.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import Problem, PromptError, RecipeError, refuse, regular_file, write_tensors

if TYPE_CHECKING:
    from torch import Tensor

COMMAND = "python -m superpose_deepfloyd.embed"


def cleaned(prompt: str) -> str:
    """A prompt as the encoder is shown it: IF's pipelines lower it and cut off white space around it."""
    return prompt.lower().strip()


@attrs.frozen
class Embeddings:
    """A file of saved texts: where each prompt stands in it, and the (tokens, width) of one."""

    path: Path
    places: Mapping[str, int]
    shape: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> Embeddings:
        """The prompts of a file; no text is read yet.

        Raises:
            RecipeError: There is no such file, or it is no file of texts.
        """
        from safetensors import SafetensorError, safe_open

        if not path.exists():
            raise RecipeError(f"{path}: no such file; {COMMAND} writes it")
        regular_file(path)
        try:
            with safe_open(path, framework="pt") as file:
                prompts = json.loads((file.metadata() or {})["prompts"])
                count, tokens, width = file.get_slice("states").get_shape()
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise RecipeError(f"{path} is no file of texts ({error}); {COMMAND} writes one") from error
        if len(prompts) != count:
            raise RecipeError(f"{path} names {len(prompts)} prompts and holds {count} texts: write it anew")
        return cls(path, {cleaned(prompt): place for place, prompt in enumerate(prompts)}, (tokens, width))

    def problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is not in the file, with the nearest that are."""
        if cleaned(prompt) in self.places:
            return
        near = difflib.get_close_matches(cleaned(prompt), self.places, n=3, cutoff=0.5) or list(self.places)[:8]
        more = f", ... ({len(self.places)} in all)" if len(near) < len(self.places) else ""
        what = "the empty prompt, which guidance needs, is" if not cleaned(prompt) else f"prompt {prompt!r} is"
        found = f"{what} not in {self.path}, which has {', '.join(map(repr, near))}{more}"
        yield Problem("", found, f"write it there with {COMMAND}")

    @property
    def shards(self) -> Sequence[Path]:
        """The file."""
        return (self.path,)

    def open(self, device: str, dtype: str) -> Callable[[str], Tensor]:
        """What the file has of a prompt, shape (1, tokens, width), as stored; it stays open as long as that is kept."""
        from safetensors import safe_open

        del device, dtype
        states: Any = safe_open(regular_file(self.path), framework="pt").get_slice("states")  # type: ignore[no-untyped-call]

        def told(prompt: str) -> Tensor:
            refuse(self.problems(prompt), PromptError)
            place = self.places[cleaned(prompt)]
            found: Tensor = states[place : place + 1]
            return found

        return told


def write(path: Path, prompts: list[str], states: Tensor, mask: Tensor) -> None:
    """Write a file of texts: ``states`` (prompts, tokens, width), ``mask`` (prompts, tokens); whole or not at all."""
    tensors = {"states": states, "mask": mask}
    write_tensors(tensors, path, {"prompts": json.dumps(prompts)})
