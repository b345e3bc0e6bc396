"""The one predictor of networks: the model's own word for what it says, functions for all that sets families apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor, nn

import superpose
from superpose import (
    ChannelGroup,
    Conditioning,
    GaussianProcess,
    Model,
    NetworkPredictor,
    NoiseLevel,
    PluginError,
    Problem,
    PromptError,
    StaticClip,
    TableSchedule,
)
from superpose.testing import check_predictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


@attrs.frozen(kw_only=True)
class Any3(Model):
    """A model of 3 channels that knows two prompts."""

    kind = "any3"
    schedule = TableSchedule.named("cosine")
    process = GaussianProcess()
    shape = 3, 4, 4
    learned_variance: Any = None
    image_shape: Any = (3, 4, 4)
    concat_conditioning: Any = ()
    differentiable: bool = True

    @property
    def clip(self) -> Any:
        return StaticClip()

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        if prompt not in ("", "red"):
            yield Problem("", f"unknown prompt {prompt!r}")

    def load(self, device: str = "cpu", dtype: str = "float32") -> Any:
        raise AssertionError("it is put together here")


class Network(nn.Module):
    """A convolution of so many channels in and out, told a number; it notes what it was asked."""

    def __init__(self, read: int = 3, written: int = 3) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(read, written, 3, padding=1).requires_grad_(False)
        self.asked: list[tuple[torch.dtype, torch.Size, float]] = []

    def forward(self, x: Tensor, t: Tensor, number: Tensor) -> Tensor:
        self.asked.append((x.dtype, t.shape, float(t)))
        out: Tensor = self.conv(x.to(self.conv.weight.dtype)) * number.view(-1, 1, 1, 1)
        return out


def numbers(prompt: str) -> dict[str, Tensor]:
    return {"number": torch.tensor([2.0 if prompt else 1.0], requires_grad=True) * 1}


def test_a_plain_network_obeys_the_laws() -> None:
    check_predictor(NetworkPredictor(Any3(), Network(), numbers), ("", "red"))


def test_the_model_is_taken_at_its_word() -> None:
    said = {"learned_variance": "learned_range", "image_shape": (3, 8, 8), "differentiable": False}
    said["concat_conditioning"] = (ChannelGroup(1, "mask"),)
    model = Any3(**said)
    predictor = NetworkPredictor(model, Network(), numbers)
    for name in (*said, "shape", "schedule", "process", "clip"):
        assert getattr(predictor, name) == getattr(model, name), name
    assert NetworkPredictor(Any3(), Network(), numbers).learned_variance == "none"


def test_states_are_cast_and_times_are_one_number() -> None:
    network = Network()
    x = torch.randn(2, 3, 4, 4)
    predictor = NetworkPredictor(Any3(), network, numbers, "cpu", torch.bfloat16)
    predictor.predict(x, LEVEL, {"number": torch.ones(2)})
    assert network.asked == [(torch.bfloat16, torch.Size(), 500.0)]


def test_a_prompt_is_told_once_without_gradients() -> None:
    predictor = NetworkPredictor(Any3(), Network(), numbers)
    red = predictor.condition("red")
    assert (red.prompt, red.tensors["number"].tolist(), red.tensors["number"].requires_grad) == ("red", [2.0], False)
    with pytest.raises(PromptError, match="unknown prompt 'blue'"):
        predictor.condition("blue")


@pytest.mark.parametrize(("learned", "written", "fits"), [
    (None, 3, True), (None, 6, True), (None, 4, False), (None, 2, False),
    ("learned", 6, True), ("learned_range", 6, True), ("learned_range", 3, False), ("learned", 7, False),
])  # fmt: skip
def test_further_channels_are_the_variance_or_nothing(learned: Any, written: int, fits: bool) -> None:
    network = Network(3, written)
    predictor = NetworkPredictor(Any3(learned_variance=learned), network, numbers)
    x, told = torch.randn(2, 3, 4, 4), {"number": torch.ones(2)}
    if not fits:
        with pytest.raises(PluginError, match=f"network of 'any3' writes {written} channels for states of 3"):
            predictor.predict(x, LEVEL, told)
        return
    answer, whole = predictor.predict(x, LEVEL, told), network.conv(x)
    assert torch.equal(answer.output, whole[:, :3])
    assert answer.variance is None if learned is None else torch.equal(answer.variance, whole[:, 3:])


def test_a_pass_of_its_own_way() -> None:
    """Preconditioning, times of another shape: whatever a family does is one function."""
    network = Network()

    def forward(x: Tensor, level: NoiseLevel, conditioning: Any) -> Tensor:
        return x / level.alpha - network(x, torch.tensor(level.ratio), **conditioning)

    predictor = NetworkPredictor(Any3(), network, numbers, parameterization="sample", forward=forward)
    x, told = torch.randn(2, 3, 4, 4), {"number": torch.ones(2)}
    assert torch.equal(predictor.predict(x, LEVEL, told).output, x / 0.6 - network.conv(x))
    assert network.asked[0][2] == pytest.approx(0.8 / 0.6)


def test_what_lies_beside_the_samples() -> None:
    def lay(low: Any, noise: Any) -> Conditioning:
        return Conditioning(low.mean(1, keepdim=True) + noise("low")[:, :1])

    predictor = NetworkPredictor(Any3(), Network(4), numbers, lay_conditioning=lay)
    check_predictor(predictor, ("",), low=(3, 4, 4))
    assert NetworkPredictor(Any3(), Network(), numbers).conditioning(None, lambda *_: torch.zeros(1)) is None


def test_latents() -> None:
    class Doubled:
        def encode(self, images: Tensor) -> Tensor:
            return images[..., ::2, ::2] * 2

        def decode(self, states: Tensor) -> Tensor:
            return states.repeat_interleave(2, 2).repeat_interleave(2, 3) / 2

    x = torch.randn(1, 3, 4, 4)
    latent = NetworkPredictor(Any3(image_shape=(3, 8, 8)), Network(), numbers, autoencoder=Doubled())
    assert torch.equal(latent.decode(x)[..., 1::2, ::2], x / 2)
    assert torch.equal(latent.encode(latent.decode(x)), x)
    pixels = NetworkPredictor(Any3(), Network(), numbers)
    assert pixels.encode(x) is x
    assert pixels.decode(x) is x


def test_it_samples() -> None:
    predictor = NetworkPredictor(Any3(), Network(), numbers)
    scheduler = superpose.make("scheduler", "ddim", steps=2)
    images = superpose.sample(superpose.prompted(predictor, "red"), scheduler, predictor, samples=2)
    assert images.shape == (2, 3, 4, 4)
    assert images.isfinite().all()
