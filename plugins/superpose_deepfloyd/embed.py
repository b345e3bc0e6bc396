"""Write a file of texts: ``python -m superpose_deepfloyd.embed --text-encoder FOLDER --out FILE "a prompt" ...``.

The empty prompt, which guidance needs, is written along. Prompts of a file that is there already are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from superpose import RecipeError, SuperposeError, printable
from superpose_deepfloyd.embeddings import Embeddings, cleaned, write
from superpose_deepfloyd.stage import text_folders


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m superpose_deepfloyd.embed", description=__doc__)
    parser.add_argument("--text-encoder", type=Path, required=True, help="folder of an IF pipeline, or of its encoder")
    parser.add_argument("--out", type=Path, required=True, help="the file to write, or to add to")
    parser.add_argument("--device", default="cpu", help="a torch device")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    parser.add_argument("prompts", nargs="+", help="prompts, as recipes will have them")
    asked = parser.parse_args(arguments)
    try:
        prompts = embed(asked.text_encoder, asked.out, asked.prompts, asked.device, asked.dtype)
    except (SuperposeError, OSError) as error:
        parser.exit(1, f"{printable(error)}\n")
    sys.stdout.write(f"{printable(asked.out)}: {', '.join(map(repr, prompts))}\n")


def embed(encoder: Path, out: Path, prompts: Sequence[str], device: str = "cpu", dtype: str = "float32") -> list[str]:
    """Write the texts of ``prompts`` and of the empty prompt to ``out``, beside those there; return all it has then."""
    text_folders(encoder)  # refused before torch and transformers are imported, which takes seconds
    import torch
    from safetensors.torch import load_file

    from superpose_deepfloyd.text import TextFolder

    known: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    if out.exists():
        places, kept = Embeddings.of(out).places, load_file(out)
        known = {prompt: (kept["states"][i], kept["mask"][i]) for prompt, i in places.items()}
    wanted = [prompt for prompt in dict.fromkeys(map(cleaned, ["", *prompts])) if prompt not in known]
    if wanted:
        speak = TextFolder(encoder).load(device, dtype)
        for prompt in wanted:
            states, mask = speak(prompt)
            known[prompt] = states[0].cpu(), mask[0].to("cpu", torch.uint8)
    every = list(known.values())
    if len({(states.shape, states.dtype) for states, _ in every}) > 1:
        raise RecipeError(f"{out} holds texts of another encoder or dtype: write to another file")
    write(out, list(known), torch.stack([states for states, _ in every]), torch.stack([mask for _, mask in every]))
    return list(known)


if __name__ == "__main__":
    main()
