"""EDM's networks once more, as plain formulas over a table of tensors by the names of its files."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

SONG = {
    "model_channels": 128, "channel_mult": [1, 2, 2, 2], "channel_mult_emb": 4, "num_blocks": 4,
    "attn_resolutions": [16], "embedding_type": "positional", "channel_mult_noise": 1, "encoder_type": "standard",
    "decoder_type": "standard", "resample_filter": [1, 1],
}  # fmt: skip
DHARIWAL = {
    "model_channels": 192, "channel_mult": [1, 2, 3, 4], "channel_mult_emb": 4, "num_blocks": 3,
    "attn_resolutions": [32, 16, 8],
}  # fmt: skip


class Weights(dict[str, Tensor]):
    """Tensors by name; one that is asked for and not there is drawn."""

    def of(self, name: str, *shape: int) -> Tensor:
        if name not in self:
            fan = math.prod(shape[1:]) if len(shape) > 1 else 9
            self[name] = torch.randn(shape) / math.sqrt(fan) + ("norm" in name and name.endswith("weight"))
        assert self[name].shape == shape, name
        return self[name]


class Restated:
    def __init__(self, weights: Weights, kind: str, written: int, **said: Any) -> None:
        self.w, self.song, self.written, self.said = weights, kind == "SongUNet", written, said
        self.c = (SONG if self.song else DHARIWAL) | said
        taps = torch.tensor(self.c.get("resample_filter", [1, 1]), dtype=torch.float32)
        self.kernel = torch.outer(taps, taps) / taps.sum() ** 2
        self.pad = (len(taps) - 1) // 2

    def conv(self, name: str, x: Tensor, out: int, size: int, padding: int | None = None) -> Tensor:
        w, b = self.w.of(f"{name}.weight", out, x.shape[1], size, size), self.w.of(f"{name}.bias", out)
        return functional.conv2d(x, w, b, padding=size // 2 if padding is None else padding)

    def linear(self, name: str, x: Tensor, out: int, bias: bool = True) -> Tensor:
        w = self.w.of(f"{name}.weight", out, x.shape[1])
        return x @ w.T + (self.w.of(f"{name}.bias", out) if bias else 0)

    def norm(self, name: str, x: Tensor) -> Tensor:
        c = x.shape[1]
        w, b = self.w.of(f"{name}.weight", c), self.w.of(f"{name}.bias", c)
        return functional.group_norm(x, min(32, c // 4), w, b, 1e-6 if self.song else 1e-5)

    def resampled(self, x: Tensor, way: str | None, padding: int | None = None) -> Tensor:
        kernel = self.kernel.expand(x.shape[1], 1, -1, -1)
        padding = self.pad if padding is None else padding
        if way == "down":
            return functional.conv2d(x, kernel, stride=2, padding=padding, groups=x.shape[1])
        if way == "up":
            return functional.conv_transpose2d(x, 4 * kernel, stride=2, padding=padding, groups=x.shape[1])
        return x

    def block(self, name: str, x: Tensor, out: int, way: str | None = None, attention: bool = False) -> Tensor:
        scale = math.sqrt(0.5) if self.song else 1
        silu = functional.silu
        h = self.conv(f"{name}.conv0", self.resampled(silu(self.norm(f"{name}.norm0", x)), way), out, 3)
        e = self.linear(f"{name}.affine", self.e, out * (1 if self.song else 2))[:, :, None, None]
        if self.song:
            h = silu(self.norm(f"{name}.norm1", h + e))
        else:
            a, b = e.chunk(2, 1)
            h = silu(self.norm(f"{name}.norm1", h) * (1 + a) + b)
        h = self.conv(f"{name}.conv1", h, out, 3)
        shortcut = self.resampled(x, way)
        if x.shape[1] != out or (way and self.song):
            shortcut = self.conv(f"{name}.skip", shortcut, out, 1)
        h = (h + shortcut) * scale
        heads = 1 if self.song else out // 64
        if attention and heads:
            n, c, height, width = h.shape
            qkv = self.conv(f"{name}.qkv", self.norm(f"{name}.norm2", h), 3 * c, 1)
            q, k, v = qkv.reshape(n * heads, c // heads, 3, height * width).unbind(2)
            seen = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(c // heads), 2)
            h = (self.conv(f"{name}.proj", (v @ seen.transpose(1, 2)).reshape(h.shape), c, 1) + h) * scale
        return h

    def embedded(self, noise: Tensor, labels: Tensor | None) -> Tensor:
        width = self.c["model_channels"] * (self.c["channel_mult_noise"] if self.song else 1)
        half, out = width // 2, self.c["model_channels"] * self.c["channel_mult_emb"]
        if self.song and self.c["embedding_type"] == "fourier":
            angle = 2 * math.pi * noise[:, None] * self.w.of("map_noise.freqs", half)
        else:
            angle = noise[:, None] * 10000 ** -(torch.arange(half) / (half - self.song))
        e = torch.cat([angle.sin(), angle.cos()] if self.song else [angle.cos(), angle.sin()], 1)
        silu = functional.silu
        if not self.song:
            e = self.linear("map_layer1", silu(self.linear("map_layer0", e, out)), out)
            return silu(e if labels is None else e + self.linear("map_label", labels, out, bias=False))
        if labels is not None:
            e = e + self.linear("map_label", labels * math.sqrt(labels.shape[1]), width)
        return silu(self.linear("map_layer1", silu(self.linear("map_layer0", e, out)), out))

    def __call__(self, x: Tensor, noise: Tensor, labels: Tensor | None) -> Tensor:
        c, image = self.c, x
        self.e = self.embedded(noise, labels)
        widths = [c["model_channels"] * m for m in c["channel_mult"]]
        h, skips = x, []
        for level, width in enumerate(widths):
            size = c["img_resolution"] >> level
            name = f"enc.{size}x{size}"
            if level == 0:
                h = self.conv(f"{name}_conv", h, c["model_channels"] if self.song else width, 3)
            else:
                h = self.block(f"{name}_down", h, h.shape[1], "down")
                if c.get("encoder_type") == "skip":
                    image = self.resampled(image, "down")
                    h = h + self.conv(f"{name}_aux_skip", image, h.shape[1], 1)
                elif c.get("encoder_type") == "residual":
                    wide = self.conv(f"{name}_aux_residual", image, h.shape[1], 3, padding=1 + self.pad)
                    h = image = (h + self.resampled(wide, "down", padding=0)) / math.sqrt(2)
            skips.append(h)
            for i in range(c["num_blocks"]):
                h = self.block(f"{name}_block{i}", h, width, attention=size in c["attn_resolutions"])
                skips.append(h)
        picture = None
        for level, width in reversed(list(enumerate(widths))):
            size = c["img_resolution"] >> level
            name, bottom = f"dec.{size}x{size}", level == len(widths) - 1
            if bottom:
                h = self.block(f"{name}_in1", self.block(f"{name}_in0", h, width, attention=True), width)
            else:
                h = self.block(f"{name}_up", h, h.shape[1], "up")
            for i in range(c["num_blocks"] + 1):
                attends = size in c["attn_resolutions"] and (not self.song or i == c["num_blocks"])
                h = self.block(f"{name}_block{i}", torch.cat([h, skips.pop()], 1), width, attention=attends)
            if self.song and (level == 0 or c["decoder_type"] == "skip"):
                picture = None if picture is None else self.resampled(picture, "up")
                seen = functional.silu(self.norm(f"{name}_aux_norm", h))
                seen = self.conv(f"{name}_aux_conv", seen, self.written, 3)
                picture = seen if picture is None else picture + seen
        if picture is not None:
            return picture
        return self.conv("out_conv", functional.silu(self.norm("out_norm", h)), self.written, 3)
