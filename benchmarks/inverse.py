"""Posterior samplers against the exact posterior of a normal distribution: the first table of ``docs/inverse.md``.

    python benchmarks/inverse.py [METHOD ...]

``benchmarks/inverse_peers.py`` makes this table and that of other programs in one run.

An image is drawn from the embedded model `gaussian`, halved to 16x16, observed with noise 0.05, and sampled back. What
the images are then like is known: the exact mean and covariance. Told is how far the mean of the samples is from it, in
deviations of the exact posterior (all of an image's directions together); the variance of the samples as a share of the
exact one, of all directions together and of that which is least known; and how often the network was asked, and how
often it was walked back through. Chance
alone leaves a distance of 1 / sqrt(samples) = 0.07, and of the variance of the least known direction a tenth.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import attrs
import numpy as np
import torch
from PIL import Image
from torch import Tensor

import superpose
from superpose import Constraint, LinearOperator, NoClip, Operator, Schedule
from superpose.sampling.rule import Rule
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.predictor import ExactPredictor

NOISE, SAMPLES, SEED = 0.05, 192, 1
SHAPE = (3, 16, 16)


def halved() -> Path:
    """A mask whose right half is white: that is not seen."""
    pixels = np.zeros(SHAPE[1:], np.uint8)
    pixels[:, SHAPE[2] // 2 :] = 255
    path = Path(tempfile.mkdtemp()) / "mask.png"
    Image.fromarray(pixels).save(path)
    return path


def smaller(normal: Normal) -> Normal:
    """The distribution of images of which every four pixels have become one."""
    averaged = superpose.make("operator", "block-average", factor=2).bound_to((3, 32, 32))
    there = averaged.apply(torch.eye(len(normal.mean), dtype=torch.float64).view(-1, 3, 32, 32)).flatten(1)
    inside = normal.components @ there
    spread = normal.variances - normal.rest
    values, vectors = torch.linalg.eigh((inside.T * spread) @ inside + normal.rest * there.T @ there)
    own = values > 1.001 * values[0]  # the others differ by the noise alone
    return Normal(normal.mean @ there, vectors.T[own], values[own], values[0])


def operators() -> dict[str, Operator]:
    """The problems."""
    make = superpose.make
    return {
        "half": make("operator", "mask", mask=halved()),
        "random 20 %": make("operator", "random-mask", share=0.2),
        "4 times smaller": make("operator", "block-average", factor=4),
        "blur": make("operator", "gaussian-blur", sigma=1.5),
        "grey": make("operator", "grey"),
    }


@attrs.frozen
class Method:
    """A method as it is tried.

    Attributes:
        constraint: Its kind.
        scheduler: The scheduler's kind and options.
        options: Options of the constraint.
    """

    constraint: str
    scheduler: dict[str, Any]
    options: dict[str, Any] = attrs.field(factory=dict)


DDIM = {"kind": "ddim", "steps": 100}
METHODS = {
    "`ddnm`": Method("ddnm", DDIM),
    "`ddrm`": Method("ddrm", {"kind": "ddim", "steps": 25}),
    "`diffpir`": Method("diffpir", DDIM),
    "`daps`": Method("daps", DDIM),
    "`daps`, `flow = 5`": Method("daps", {"kind": "ddim", "steps": 20}, {"flow": 5}),
    "`pigdm`": Method("pigdm", DDIM | {"eta": 1.0}),
    "`pigdm`, `iterations = 2`": Method("pigdm", DDIM | {"eta": 1.0}, {"iterations": 2}),
    "`pigdm`, `iterations = 3`": Method("pigdm", DDIM | {"eta": 1.0}, {"iterations": 3}),
    "`pigdm`, `iterations = 3`, 33 steps": Method(
        "pigdm", {"kind": "ddim", "steps": 33, "eta": 1.0}, {"iterations": 3}
    ),
    '`pigdm`, `form = "score"`': Method("pigdm", DDIM | {"eta": 1.0}, {"form": "score"}),
    '`pigdm`, `form = "paper"`': Method("pigdm", DDIM | {"eta": 1.0}, {"form": "paper"}),
    "`tmpd`": Method("tmpd", DDIM | {"eta": 1.0}),
    "`mmps`": Method("mmps", DDIM | {"eta": 1.0}),
    "`dps`": Method("dps", {"kind": "ddpm", "steps": 200}, {"scale": 1.0}),
}


class Problem(Protocol):
    """A problem to be solved."""

    operator: LinearOperator
    observed: Tensor


@attrs.frozen
class Exact:
    """The exact posterior of a problem, and what was observed."""

    operator: LinearOperator
    observed: Tensor
    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, kind: Operator, normal: Any) -> Exact:
        """Draw an image, observe it, and say what the images are like that may be behind that."""
        operator = kind.bound_to(SHAPE)
        assert isinstance(operator, LinearOperator)
        generator = torch.Generator().manual_seed(SEED)
        width, count = len(normal.mean), len(normal.variances)
        rest = normal.rest.sqrt() * torch.randn(width, generator=generator, dtype=torch.float64)
        along = normal.variances.sqrt() * torch.randn(count, generator=generator, dtype=torch.float64)
        image = normal.mean + rest + (along - rest @ normal.components.T) @ normal.components
        seen = operator.apply(image.view(1, *SHAPE))
        observed = seen + NOISE * operator.within(torch.randn(seen.shape, generator=generator, dtype=torch.float64))
        matrix = operator.apply(torch.eye(width, dtype=torch.float64).view(-1, *SHAPE)).flatten(1).T
        matrix = matrix[matrix.abs().sum(1) > 0]  # places of a mask that are not seen say nothing
        y = observed.flatten()[operator.apply(torch.ones(1, *SHAPE).double()).flatten() != 0]
        covariance = normal.covariance()
        crossed = covariance @ matrix.T
        inner = matrix @ crossed + NOISE**2 * torch.eye(len(matrix), dtype=torch.float64)
        gain = torch.linalg.solve(inner, crossed.T).T
        return cls(
            operator, observed.float(), normal.mean + gain @ (y - matrix @ normal.mean), covariance - gain @ crossed.T
        )

    def judged(self, samples: Tensor) -> tuple[float, float, float]:
        """Distance of the mean, share of the variance, and share of that in the least known direction."""
        rows = samples.flatten(1).double()
        off = float((rows.mean(0) - self.mean).norm() / self.covariance.trace().sqrt())
        share = float((rows - rows.mean(0)).square().sum() / (len(rows) - 1) / self.covariance.trace())
        values, vectors = torch.linalg.eigh(self.covariance)
        return off, share, float((rows @ vectors[:, -1]).var() / values[-1])


def rule_of(method: Method, exact: Problem) -> Rule:
    """The rule of a method, made without files."""
    from superpose_constraints import daps, ddnm, ddrm, diffpir, dps, mmps, pigdm, tmpd

    told: dict[str, Any] = {"operator": exact.operator, "observed": exact.observed, **method.options}
    rules: dict[str, Callable[..., Rule]] = {
        "daps": daps.Annealed,
        "ddnm": ddnm.NullSpace,
        "ddrm": ddrm.Restored,
        "diffpir": diffpir.Weighed,
        "dps": dps.Slope,
        "mmps": mmps.Matched,
        "pigdm": pigdm.Guided,
        "tmpd": tmpd.Projected,
    }
    return rules[method.constraint](**told, **({} if method.constraint == "dps" else {"noise": NOISE}))


def network_of(normal: Normal, schedule: Schedule) -> Any:
    """The network that knows that distribution exactly."""
    return ExactPredictor(Mixture((normal,), torch.ones(1).double()), ("",), SHAPE, schedule, "cpu")


def sampled(method: Method, exact: Problem, network: Any) -> Tensor:
    """Samples of a method."""
    options = dict(method.scheduler)
    scheduler = superpose.make("scheduler", options.pop("kind"), **options)
    rules: list[Constraint | Rule] = [rule_of(method, exact)]
    prompted = superpose.prompted(network, "")
    return superpose.sample(prompted, scheduler, network, samples=SAMPLES, constraints=rules, clip=NoClip())


@attrs.frozen
class Evaluations:
    """How often a network was asked, and how often it was walked back through.

    Attributes:
        asked: One for each forward pass.
        back: One for each walk back.
    """

    asked: list[int] = attrs.field(factory=list)
    back: list[int] = attrs.field(factory=list)

    def count(self, output: Tensor) -> None:
        """Count a forward pass, and from now on the walks back from what came out."""
        self.asked.append(1)
        if output.requires_grad:
            output.register_hook(lambda _: self.back.append(1))

    def of(self, network: Any) -> None:
        """Count those of a network."""
        predict = network.predict

        def counted(*arguments: Any) -> Any:
            prediction = predict(*arguments)
            self.count(prediction.output)
            return prediction

        network.predict = counted

    def taken(self, runs: int) -> str:
        """How many a run had, and forget them."""
        asked, back = len(self.asked) // runs, len(self.back) // runs
        self.asked.clear()
        self.back.clear()
        return f"{asked}, {back} back" if back else str(asked)


@attrs.frozen
class Bench:
    """The problems, and the network that knows the images exactly.

    Attributes:
        problems: By name.
        network: Told by the evaluations that it was asked.
        evaluations: Of the network.
    """

    problems: dict[str, Exact]
    network: Any
    evaluations: Evaluations

    @classmethod
    def set_up(cls) -> Bench:
        """Of the model `gaussian`."""
        whole: Any = superpose.model("gaussian")
        normal = smaller(whole.images.normals[0])
        network, evaluations = network_of(normal, whole.schedule), Evaluations()
        evaluations.of(network)
        return cls({name: Exact.of(kind, normal) for name, kind in operators().items()}, network, evaluations)

    def row(self, sample: Callable[[Exact], Tensor]) -> str:
        """What a table says of a way to sample."""
        cells = [exact.judged(sample(exact)) for exact in self.problems.values()]
        told = [", ".join(f"{figure:,.2f}" for figure in cell) for cell in cells]
        return f"{self.evaluations.taken(len(cells))} | {' | '.join(told)} |"

    def table(self, chosen: list[str]) -> dict[str, str]:
        """Print the table of the methods that are chosen, or of all; its rows by method."""
        print("| method | network calls | " + " | ".join(self.problems) + " |")
        print("|---|---|" + "---|" * len(self.problems))
        rows = {}
        for name, method in METHODS.items():
            if not chosen or method.constraint in chosen:
                rows[name] = self.row(partial(sampled, method, network=self.network))
                print(f"| {name} | {rows[name]}", flush=True)
        return rows


if __name__ == "__main__":
    Bench.set_up().table(sys.argv[1:])
