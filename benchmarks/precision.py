"""What half precision costs and gives: ``python benchmarks/precision.py``

The embedded model in bfloat16 beside float32: time of a forward pass, error of the network's answer, and error of whole
samples from the same noise (the state is float32 in both). Then the order of its memory, in seconds of the processor:
pixels before channels (channels-last), in which networks are read to a processor, beside channels before pixels.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

import superpose


def seconds(model: superpose.NoisePredictor, x: torch.Tensor, level: superpose.NoiseLevel, given: object) -> float:
    start = time.process_time()
    model.predict(x, level, given)  # type: ignore[arg-type]
    return time.process_time() - start


def relative(got: torch.Tensor, want: torch.Tensor) -> float:
    return float((got - want).norm() / want.norm())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--samples", type=int, default=8)
    chosen = parser.parse_args()
    half, full = superpose.model("glyphs", dtype="bfloat16"), superpose.model("glyphs")
    x = torch.randn(chosen.rows, *full.shape, generator=torch.Generator().manual_seed(0))
    level = full.schedule.level(0, 500)
    given = full.gather([full.condition("A")] * chosen.rows)
    with torch.inference_mode():
        taken = [(seconds(half, x, level, given), seconds(full, x, level, given)) for _ in range(chosen.repeats + 3)]
        ratio = statistics.median(a / b for a, b in taken[3:])
        answers = [model.predict(x, level, given).output.float() for model in (half, full)]
        other = superpose.model("glyphs")
        for module in other.modules:  # type: ignore[attr-defined]  # a network predictor, which has them
            module.to(memory_format=torch.contiguous_format)
        taken = [(seconds(full, x, level, given), seconds(other, x, level, given)) for _ in range(chosen.repeats + 3)]
        order = statistics.median(a / b for a, b in taken[3:])
    print(f"forward, {chosen.rows} rows: channels-last / channels first {order:.2f}")
    print(f"forward, {chosen.rows} rows: bfloat16 / float32 {ratio:.2f}; its answer is off by {relative(*answers):.1e}")
    for kind, steps in (("ddim", 50), ("dpmpp", 20)):
        scheduler = superpose.make("scheduler", kind, steps=steps)
        images = [
            superpose.sample(superpose.prompted(model, "A"), scheduler, model, samples=chosen.samples, seed=0)
            for model in (half, full)
        ]
        print(f"{kind}, {steps} steps: samples are off by {relative(*images):.1e}")


if __name__ == "__main__":
    main()
