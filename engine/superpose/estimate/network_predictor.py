"""The one predictor of networks: what sets families apart is given to it as data and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, final

import attrs
import torch
from torch import Tensor, nn

from superpose.errors import PluginError, PromptError
from superpose.estimate.attention import sites_in
from superpose.estimate.compiling import Backend, compile_module, compiled_answer, compiling
from superpose.estimate.prediction import Parameterization, Prediction
from superpose.estimate.predictor import Condition, Conditioning, NoisePredictor
from superpose.estimate.problem import problems_of, refuse
from superpose.estimate.tensors import torch_dtype

if TYPE_CHECKING:
    from superpose.estimate.attention import Token
    from superpose.estimate.model import Model
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise

#: Tensors of one row each that a prompt becomes, by the names of the network's arguments; the same for every prompt.
EncodePrompt: TypeAlias = "Callable[[str], Mapping[str, Tensor]]"
#: One forward pass, as `NoisePredictor.predict` takes its arguments: the output alone, its variance behind it.
Forward: TypeAlias = "Callable[[Tensor, NoiseLevel, Mapping[str, Tensor]], Tensor]"
#: Channels beside the samples of a run, as `NoisePredictor.conditioning`.
LayConditioning: TypeAlias = "Callable[[Tensor | None, StepNoise], Conditioning | None]"


class Autoencoder(Protocol):
    """Way between pictures (N, C, H, W) in [-1, 1] and the states of a latent model."""

    def encode(self, images: Tensor, /) -> Tensor:
        """The states of pictures."""
        ...

    def decode(self, states: Tensor, /) -> Tensor:
        """The pictures of states."""
        ...


@final
@attrs.define(eq=False)
class NetworkPredictor(NoisePredictor):
    """A network of torch and all that is needed to ask it.

    What the model says of the network before its weights are read (shapes, noise levels, process, clip, learned
    variance, channels beside the state) holds for the predictor too, and is taken from there.

    Attributes:
        model: What the recipe says of the network.
        network: Output for states (N, C, H, W), times () and the tensors of conditions by name, N rows each. Further
            channels behind the C of the state are its variance, or are left out where the model has none.
        encode_prompt: What the network is told of a prompt that the model knows; called once, before the loop, without
            gradients.
        device: Where it runs.
        dtype: What it computes in: the states it is asked about are cast to it.
        parameterization: What its output means.
        forward: One forward pass, where it is more than ``network(x, t, **conditioning)``: a preconditioning, times of
            another shape.
        lay_conditioning: What lies beside the samples of a run.
        autoencoder: Where states are latents, the way between them and pictures.
        modules: What of it `compile` compiles, each where it is called: what denoises, what encodes and decodes
            pictures, what reads prompts. ``network`` alone where it is a module and nothing is said.
        averaged: What of it has the weights that the mean of several fine-tunes is made of, where nothing else of it is
            learned but tables of features of prompts; none where that is not said.
    """

    model: Model
    network: Callable[..., Tensor]
    encode_prompt: EncodePrompt
    device: torch.device = attrs.field(default=torch.device("cpu"), converter=torch.device)
    dtype: torch.dtype = attrs.field(default=torch.float32, converter=torch_dtype)
    parameterization: Parameterization = attrs.field(default="epsilon", kw_only=True)
    forward: Forward = attrs.field(kw_only=True)
    lay_conditioning: LayConditioning | None = attrs.field(default=None, kw_only=True)
    autoencoder: Autoencoder | None = attrs.field(default=None, kw_only=True)
    modules: tuple[nn.Module, ...] = attrs.field(kw_only=True)
    averaged: tuple[nn.Module, ...] = attrs.field(default=(), kw_only=True)
    _compiled: bool = attrs.field(default=False, init=False)

    @modules.default
    def _itself(self) -> tuple[nn.Module, ...]:
        return (self.network,) if isinstance(self.network, nn.Module) else ()

    @forward.default
    def _plain(self) -> Forward:
        network, dtype, device = self.network, self.dtype, self.device

        def forward(x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
            return network(x.to(dtype), torch.full((), level.t, device=device), **conditioning)

        return forward

    def __attrs_post_init__(self) -> None:
        """Take over what the model says."""
        model = self.model
        self.shape, self.schedule, self.process, self.clip = model.shape, model.schedule, model.process, model.clip
        self.learned_variance = model.learned_variance or "none"
        self.concat_conditioning, self.differentiable = model.concat_conditioning, model.differentiable
        self.interpolation = model.interpolation
        self.sites = sites_in(self.network) if isinstance(self.network, nn.Module) else ()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return self.model.image_shape

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures."""
        return images if self.autoencoder is None else self._asked(self.autoencoder.encode, images.to(self.device))

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states."""
        return states if self.autoencoder is None else self._asked(self.autoencoder.decode, states)

    def condition(self, prompt: str) -> Condition:
        """A prompt as the network is told it, on its device."""
        refuse(problems_of(self.model.prompt_problems, prompt), PromptError)
        with torch.no_grad(), compiling():
            tensors = self.encode_prompt(prompt)
        return Condition(prompt, {name: tensor.to(self.device) for name, tensor in tensors.items()})

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt."""
        return self.model.tokens(prompt)

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Channels beside the samples of a run."""
        with compiling():
            return None if self.lay_conditioning is None else self.lay_conditioning(low, noise)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Compile its modules, each as one graph, through which torch differentiates once."""
        for module in self.modules:
            compile_module(module, backend)
        self._compiled = bool(self.modules)
        return self._compiled

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        answer = (
            compiled_answer(lambda x, told: self.forward(x, level, told), x, conditioning)
            if self._compiled
            else self.forward(x, level, conditioning)
        )
        channels, learned = self.shape[0], self.learned_variance != "none"
        if answer.shape[1] not in ((2 * channels,) if learned else (channels, 2 * channels)):
            raise PluginError(
                f"the network of {self.model.kind!r} writes {answer.shape[1]} channels for states of {channels}, and "
                f"its learned_variance is {self.learned_variance!r}: it must write the state's, or twice as many"
            )
        return Prediction(answer[:, :channels], answer[:, channels:] if learned else None)

    def _asked(self, way: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """What the autoencoder makes of pictures or states."""
        return compiled_answer(lambda x, _: way(x), x) if self._compiled else way(x)
