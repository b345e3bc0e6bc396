"""The networks of latent diffusion against diffusers: same weights, turn by turn, float32.

python benchmarks/latent.py [threads]
"""

import statistics
import sys
import time
import warnings
from functools import partial

import torch

from superpose_networks import assign, ready
from superpose_networks.latent import Autoencoder, LatentUNet, diffusers_autoencoder, diffusers_unet

warnings.simplefilter("ignore")
import diffusers  # noqa: E402  (what it warns of while it is imported is not ours)

UNET = {"block_out_channels": (64, 128, 256, 256), "cross_attention_dim": 256, "attention_head_dim": 4}
FIRST = {
    "block_out_channels": (32, 64, 128, 128),
    "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}


def ratio(ours, theirs, turns):
    times = {ours: [], theirs: []}
    for turn in range(turns + 1):
        for one, taken in times.items():
            start = time.perf_counter()
            one()
            if turn:  # the first warms up
                taken.append(time.perf_counter() - start)
    mine, others = (statistics.median(taken) for taken in times.values())
    return mine / others


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(**UNET).eval()
    mine = LatentUNet(diffusers_unet("diffusers", dict(unet.config)))
    first = diffusers.AutoencoderKL(**FIRST).eval()
    my_first = Autoencoder(diffusers_autoencoder("diffusers", dict(first.config)))
    for network, theirs in ((mine, unet), (my_first, first)):
        assign(network, dict(theirs.state_dict()), "diffusers")
        ready(network)
    print("| network | batch | ours / diffusers |\n|---|---|---|")
    for batch, turns in ((1, 9), (8, 7)):
        x, z = torch.randn(batch, 4, 32, 32), torch.randn(batch, 4, 32, 32)
        words, images, t = torch.randn(batch, 77, 256), torch.randn(batch, 3, 256, 256), torch.tensor(500)
        pairs = {
            "U-Net": (partial(mine, x, t, words), partial(unet, x, t, words)),
            "decoder": (partial(my_first.decode, z), partial(first.decode, z)),
            "encoder": (partial(my_first.encode, images), partial(first.encode, images)),
        }
        for name, (ours, theirs) in pairs.items():
            print(f"| {name} | {batch} | {ratio(ours, theirs, turns):.2f} |", flush=True)


if __name__ == "__main__":
    main()
