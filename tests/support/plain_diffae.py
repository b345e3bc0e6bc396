"""The diffusion autoencoder said again, plainly: functions of a table of tensors by the original names (2111.15640).

Where the table lacks a tensor a random one is put in, so that one pass also makes a checkpoint of any configuration.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (its usual name)

SMALL = {
    "channels": 32, "mult": (1, 1), "enc_mult": (1, 1), "blocks": 1, "enc_blocks": 1, "attn": (1,), "enc_attn": (1,),
    "code": 20, "heads": 1, "updown": True, "layers": 0, "hidden": 48, "skips": (), "norm": True, "bias": 1, "size": 8,
}  # fmt: skip


class Table(dict):
    """Tensors by name; random where missing."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = torch.Generator().manual_seed(seed)

    def get_or_make(self, name: str, shape: tuple[int, ...]) -> Tensor:
        if name not in self:
            drawn = torch.randn(shape, generator=self.random)
            fan = math.prod(shape[1:])
            one = "norm.weight" in name or (len(shape) == 1 and name.endswith("weight"))
            self[name] = 1 + 0.2 * drawn if one else 0.1 * drawn if len(shape) == 1 else drawn / math.sqrt(fan)
        return self[name]

    def linear(self, name, x, out):
        weight = self.get_or_make(f"{name}.weight", (out, x.shape[1]))
        return F.linear(x, weight, self.get_or_make(f"{name}.bias", (out,)))

    def conv(self, name, x, out, size=3, stride=1):
        weight = self.get_or_make(f"{name}.weight", (out, x.shape[1], size, size))
        return F.conv2d(x, weight, self.get_or_make(f"{name}.bias", (out,)), stride=stride, padding=size // 2)

    def norm(self, name, x):
        weight, bias = (self.get_or_make(f"{name}.{part}", (x.shape[1],)) for part in ("weight", "bias"))
        return F.group_norm(x, 32, weight, bias, 1e-5)


def embedding(t: Tensor, width: int) -> Tensor:
    half = width // 2
    angles = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(half) / half)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def block(p: Table, name: str, x: Tensor, out: int, emb=None, z=None, way=None) -> Tensor:
    resample = {
        None: lambda y: y, "up": lambda y: F.interpolate(y, scale_factor=2), "down": lambda y: F.avg_pool2d(y, 2),
    }[way]  # fmt: skip
    h = p.conv(f"{name}.in_layers.2", resample(F.silu(p.norm(f"{name}.in_layers.0", x))), out)
    x = resample(x)
    if emb is not None:
        scale, shift = p.linear(f"{name}.emb_layers.1", F.silu(emb), 2 * out)[:, :, None, None].chunk(2, dim=1)
        more = p.linear(f"{name}.cond_emb_layers.1", F.silu(z), out)[:, :, None, None]
        h = (p.norm(f"{name}.out_layers.0", h) * (1 + scale) + shift) * (1 + more)
        h = p.conv(f"{name}.out_layers.3", F.silu(h), out)
    return h + (x if x.shape[1] == out else p.conv(f"{name}.skip_connection", x, out, size=1))


def attention(p: Table, name: str, x: Tensor, heads: int) -> Tensor:
    n, c, height, width = x.shape
    flat = p.norm(f"{name}.norm", x).reshape(n, c, -1)
    weight = p.get_or_make(f"{name}.qkv.weight", (3 * c, c, 1))
    qkv = F.conv1d(flat, weight, p.get_or_make(f"{name}.qkv.bias", (3 * c,)))
    q, k, v = qkv.reshape(n * heads, 3 * c // heads, -1).split(c // heads, dim=1)
    seen = torch.einsum("bts,bcs->bct", torch.einsum("bct,bcs->bts", q, k).div(math.sqrt(c // heads)).softmax(-1), v)
    out = F.conv1d(
        seen.reshape(n, c, -1), p.get_or_make(f"{name}.proj_out.weight", (c, c, 1)),
        p.get_or_make(f"{name}.proj_out.bias", (c,)),
    )  # fmt: skip
    return x + out.view(n, c, height, width)


def down(p, c, prefix, x, mult, blocks, attn, emb=None, z=None):
    h = p.conv(f"{prefix}input_blocks.0.0", x, c["channels"] * mult[0])
    kept, number = [h], 1
    for level, factor in enumerate(mult):
        for _ in range(blocks):
            h = block(p, f"{prefix}input_blocks.{number}.0", h, c["channels"] * factor, emb, z)
            if level in attn:
                h = attention(p, f"{prefix}input_blocks.{number}.1", h, c["heads"])
            kept.append(h)
            number += 1
        if level != len(mult) - 1:
            name = f"{prefix}input_blocks.{number}.0"
            if c["updown"]:
                h = block(p, name, h, h.shape[1], emb, z, "down")
            else:
                h = p.conv(f"{name}.op", h, h.shape[1], stride=2)
            kept.append(h)
            number += 1
    for i in range(3):
        name = f"{prefix}middle_block.{i}"
        h = attention(p, name, h, c["heads"]) if i == 1 else block(p, name, h, h.shape[1], emb, z)
    return h, kept


def encoder(p: Table, c: dict, images: Tensor) -> Tensor:
    h, _ = down(p, c, "encoder.", images, c["enc_mult"], c["enc_blocks"], c["enc_attn"])
    h = F.silu(p.norm("encoder.out.0", h)).mean((2, 3), keepdim=True)
    return p.conv("encoder.out.3", h, c["code"], size=1).flatten(1)


def decoder(p: Table, c: dict, x: Tensor, t: Tensor, z: Tensor) -> Tensor:
    emb = p.linear("time_embed.time_embed.0", embedding(t, c["channels"]), c["code"])
    emb = p.linear("time_embed.time_embed.2", F.silu(emb), c["code"])
    h, kept = down(p, c, "", x, c["mult"], c["blocks"], c["attn"], emb, z)
    number, bottom = 0, len(c["mult"]) - 1
    for level in range(bottom, -1, -1):
        for i in range(c["blocks"] + 1):
            name, place = f"output_blocks.{number}", 1
            h = torch.cat([h, kept.pop()], dim=1)
            h = block(p, f"{name}.0", h, c["channels"] * c["mult"][level], emb, z)
            if level in c["attn"]:
                h, place = attention(p, f"{name}.1", h, c["heads"]), 2
            if level and i == c["blocks"]:
                if c["updown"]:
                    h = block(p, f"{name}.{place}", h, h.shape[1], emb, z, "up")
                else:
                    h = p.conv(f"{name}.{place}.conv", F.interpolate(h, scale_factor=2), h.shape[1])
            number += 1
    return p.conv("out.2", F.silu(p.norm("out.0", h)), 3)


def latent(p: Table, c: dict, z: Tensor, t: Tensor) -> Tensor:
    time = p.linear("latent_net.time_embed.0", embedding(t, 64), c["code"])
    time = F.silu(p.linear("latent_net.time_embed.2", F.silu(time), c["code"]))
    h = z
    for i in range(c["layers"]):
        name, last = f"latent_net.layers.{i}", i == c["layers"] - 1
        h = p.linear(
            f"{name}.linear", torch.cat([h, z], dim=1) if i in c["skips"] else h, c["code" if last else "hidden"]
        )
        if not last:
            h = h * (c["bias"] + p.linear(f"{name}.linear_emb", time, c["hidden"]))
            for part in ("weight", "bias"):  # one module under two names
                p[f"{name}.cond_layers.1.{part}"] = p[f"{name}.linear_emb.{part}"]
            if c["norm"]:
                names = (f"{name}.norm.weight", f"{name}.norm.bias")
                h = F.layer_norm(h, h.shape[1:], *(p.get_or_make(one, (c["hidden"],)) for one in names))
            h = F.silu(h)
    return h


@torch.no_grad()
def checkpoint(path, seed=0, *, record=None, noise=True, decoy=True, **changes):
    """Write a checkpoint as the original program does; returns its tensors by name and its configuration."""
    c, p = SMALL | changes, Table(seed)
    side = 2 ** max(len(c["mult"]), len(c["enc_mult"]))
    image, code = torch.zeros(1, 3, side, side), torch.zeros(1, c["code"])
    decoder(p, c, image, torch.zeros(1), code)
    encoder(p, c, image)
    if c["layers"]:
        latent(p, c, code, torch.zeros(1))
    state = {f"ema_model.{name}": value for name, value in p.items()}
    if decoy:
        state |= {f"model.{name}": value + 1 for name, value in p.items()}
    if noise:
        state["x_T"] = torch.zeros(2, 3, c["size"], c["size"])
    if c["layers"]:
        state |= {"conds_mean": torch.full((1, c["code"]), 0.1), "conds_std": torch.full((1, c["code"]), 2.0)}
    torch.save({"state_dict": state, "hyper_parameters": record or {}, "global_step": 1}, path)
    return p, c
