"""The averaging of networks that are held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from superpose import NetworkPredictor, PromptError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import EncodePrompt, Model, NoisePredictor


def misfit(predictors: Sequence[NoisePredictor]) -> str:
    """Why the weights of networks can't be averaged; "" where they can."""
    for predictor in predictors:
        if not isinstance(predictor, NetworkPredictor) or not predictor.averaged:
            kind = getattr(getattr(predictor, "model", None), "kind", type(predictor).__name__)
            return f"{kind} does not say which of its weights can be averaged"
    first, *others = ({name: tuple(it.shape) for name, it in _weights(each)} for each in predictors)
    for number, other in enumerate(others, 1):
        if unlike := sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name)):
            name = unlike[0]
            return f"of {name} model 0 has {first.get(name, 'none')}, and model {number} {other.get(name, 'none')}"
    first, *others = ((each.parameterization, each.dtype) for each in predictors if isinstance(each, NetworkPredictor))
    if any(other != first for other in others):
        return "they predict different things (epsilon, v, the clean image)"
    return ""


@torch.no_grad()
def averaged(models: Sequence[Model], shares: Sequence[float], device: str, dtype: str) -> NoisePredictor:
    """The network of the first, with weights that are the mean of all.

    Arguments:
        models: The fine-tunes.
        shares: Of each, which sum to 1.
        device: Where it runs.
        dtype: What it computes in; the mean is one of float64, rounded once.

    Raises:
        RecipeError: They are not the same network.
    """
    if device == "meta":
        return models[0].load(device, dtype)
    members = [model.load() for model in models]
    if why := misfit(members):
        raise RecipeError(f"soup: {why}")
    total: dict[str, Tensor] = {}
    for member, share in zip(members, shares, strict=True):
        for name, weight in _weights(member):
            total[name] = total.get(name, 0) + weight.double() * share
    soup = models[0].load(device, dtype)
    assert isinstance(soup, NetworkPredictor)  # noqa: S101  (it is: the same model was one above)
    for name, weight in _weights(soup):
        weight.copy_(total[name])
    told = [member.encode_prompt for member in members if isinstance(member, NetworkPredictor)]
    soup.encode_prompt = _mean_of(told, shares, soup.dtype)
    return soup


def _mean_of(encoders: Sequence[EncodePrompt], shares: Sequence[float], dtype: torch.dtype) -> EncodePrompt:
    """What all are told of a prompt: features are averaged, and rows of a table must be the same."""

    def encode(prompt: str) -> Mapping[str, Tensor]:
        first, *others = (encoder(prompt) for encoder in encoders)
        told = {}
        for name, tensor in first.items():
            rest = [other[name] for other in others]
            if tensor.is_floating_point():
                each = zip((tensor, *rest), shares, strict=True)
                told[name] = sum(it.double() * share for it, share in each).to(dtype)  # type: ignore[union-attr]
            elif all(torch.equal(tensor, it) for it in rest):
                told[name] = tensor
            else:
                raise PromptError(f"soup: {prompt!r} is another row in the table of one of them than in another's")
        return told

    return encode


def _weights(predictor: NoisePredictor) -> Iterator[tuple[str, Tensor]]:
    """Parameters and buffers of what can be averaged, by their names."""
    for number, module in enumerate(predictor.averaged if isinstance(predictor, NetworkPredictor) else ()):
        for name, weight in (*module.named_parameters(), *module.named_buffers()):
            yield f"{number}.{name}", weight
