"""A folder of diffusers, or a checkpoint of DDPM's port, as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import Condition, NoiseLevel, NoisePredictor, Prediction, class_of
from superpose_ddpm.port_names import LANDMARK, port_names
from superpose_networks import UNet2D, assign, load_unet2d, read_weights, ready

if TYPE_CHECKING:
    from superpose_ddpm.model import DDPMFolder


class FolderPredictor(NoisePredictor):
    """A `UNet2D` and what is written of its noise levels.

    Arguments:
        model: What the recipe says of it.
        device: Where it runs.
        dtype: What it computes in.
    """

    def __init__(self, model: DDPMFolder, device: str, dtype: str) -> None:
        self.model, self.shape, self.schedule, self.clip = model, model.shape, model.schedule, model.clip
        self.parameterization, self.learned_variance = model.parameterization, model.learned_variance
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.network = (
            load_unet2d(model.folder, device, self.dtype, model.variant) if model.path.is_dir() else self._port()
        )

    def _port(self) -> UNet2D:
        with torch.device("meta"):  # no memory, no random numbers
            network = UNet2D(self.model.config)
        weights = port_names(read_weights(self.model.path, self.device, self.dtype, landmark=LANDMARK))
        assign(network, weights, str(self.model.path))
        return ready(network)

    def condition(self, prompt: str) -> Condition:
        """The class that the prompt names."""
        label = class_of(prompt, self.network.config.num_class_embeds, self.model.labels)
        return Condition(prompt, {} if label is None else {"label": torch.tensor([label], device=self.device)})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)
        output, *variance = self.network(x.to(self.dtype), t, conditioning.get("label")).split(self.shape[0], 1)
        return Prediction(output, *variance)
