"""The problems of ``benchmarks/inverse.py``, and the same by azula 0.11.1 and deepinv 0.5.0, in one run.

    pip install azula==0.11.1 deepinv==0.5.0      # in an environment of their own: nothing here needs them
    python benchmarks/inverse_peers.py [METHOD ...]

Printed are both tables of errors of ``docs/inverse.md``: all of our methods, then other programs' beside ours.

Each program samples the problems of ``benchmarks/inverse.py`` with the same exact network, operators, observations and
noise, and with as many network calls. azula has our noise levels as well; deepinv has its own, since its methods fix
them. Options are those that come with each program, but where the whole batch has one norm (azula's DPS): its strength
is multiplied by the root of the batch, so that each sample has about its own. Figures as in the first table.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import inverse
import torch
from torch import Tensor

import superpose
from superpose import LinearOperator

STEPS = {"ddrm": 25, "dps": 200}
PEERS = {
    "ddrm": ("deepinv",),
    "diffpir": ("azula", "deepinv"),
    "pigdm": ("azula", "deepinv"),
    "tmpd": ("azula",),
    "mmps": ("azula", "deepinv"),
    "dps": ("azula", "deepinv"),
}


@attrs.frozen
class Known:
    """The exact network, whatever program asks it."""

    images: Any
    evaluations: inverse.Evaluations

    def __call__(self, x: Tensor, alpha: float, sigma: float) -> Tensor:
        """The clean image, which torch can differentiate."""
        rows = x.flatten(1).double()
        clean = self.images.denoised(rows, alpha, sigma, rows.new_ones(len(rows), 1)).view_as(x).to(x.dtype)
        self.evaluations.count(clean)
        return clean


def by_azula(method: str, exact: inverse.Exact, network: Any, known: Known) -> Tensor:
    """Samples of azula, on our noise levels."""
    from azula import guidance, sample
    from azula.denoise import Denoiser, DiracPosterior
    from azula.linalg.covariance import IsotropicCovariance

    steps = STEPS.get(method, 100)
    plan = superpose.make("scheduler", "ddpm" if method == "dps" else "ddim", steps=steps).plan(network.schedule)

    def schedule(t: Tensor) -> tuple[Tensor, Tensor]:
        level = plan.levels[steps - round(float(t) * steps)]
        return torch.tensor(level.alpha), torch.tensor(level.sigma)

    class Asked(Denoiser):  # type: ignore[misc]
        def forward(self, x_t: Tensor, t: Tensor, **_: Any) -> Any:
            alpha, sigma = schedule(t)
            return DiracPosterior(mean=known(x_t, float(alpha), float(sigma)))

    asked, apply = Asked(), partial(applied, exact.operator)
    asked.schedule = schedule
    y, variance = exact.observed, torch.tensor(inverse.NOISE**2)
    options: dict[str, Any] = {"steps": steps, "silent": True}
    if method == "dps":
        sampler = guidance.DPSSampler(asked, y, apply, zeta=inverse.SAMPLES**0.5, **options)
    elif method == "pigdm":
        sampler = guidance.PGDMSampler(asked, y, apply, exact.operator.pseudo_inverse, eta=1.0, **options)
    else:
        made = {
            "mmps": lambda: guidance.MMPSDenoiser(asked, y, apply, cov_y=IsotropicCovariance(variance), iterations=3),
            "tmpd": lambda: guidance.TMPDenoiser(asked, y, apply, var_y=variance),
            "diffpir": lambda: guidance.DiffPIRDenoiser(asked, y, apply, var_y=variance),
        }[method]()
        sampler = sample.DDIMSampler(made, eta=1.0, **options)
    torch.manual_seed(inverse.SEED)
    result: Tensor = sampler(torch.randn(inverse.SAMPLES, *inverse.SHAPE) * plan.levels[0].prior)
    return result


def applied(operator: LinearOperator, x: Tensor) -> Tensor:
    """What is observed, for a program that wants a function."""
    return operator.apply(x)


def by_deepinv(method: str, exact: inverse.Exact, known: Known) -> Tensor:
    """Samples of deepinv, whose images are in [0, 1], in the coordinates of the operator."""
    import deepinv
    from deepinv.sampling import DDRM, DPS, AncestralSolver, DiffPIR, PosteriorDiffusion, VariancePreservingDiffusion
    from deepinv.sampling.noisy_datafidelity import MomentMatchingDataFidelity, PiGDMDataFidelity

    steps, spectrum = STEPS.get(method, 100), exact.operator.spectrum
    assert spectrum is not None

    class Asked(deepinv.models.Denoiser):  # type: ignore[misc]
        def forward(self, x: Tensor, sigma: Any, **_: Any) -> Tensor:
            deviation = float(torch.as_tensor(sigma).detach().flatten()[0])
            return (known(2 * x - 1, 1.0, 2 * deviation) + 1) / 2

    asked, fidelity = Asked(), deepinv.optim.data_fidelity.L2()
    physics = deepinv.physics.DecomposablePhysics(
        U=lambda v: v,
        U_adjoint=lambda v: v,
        V=spectrum.image,
        V_adjoint=spectrum.coordinates,
        mask=spectrum.values[None],
        img_size=inverse.SHAPE,
        noise_model=deepinv.physics.GaussianNoise(inverse.NOISE / 2),
    )
    grey = spectrum.values * spectrum.coordinates(torch.ones(1, *inverse.SHAPE))
    y = ((spectrum.observed(exact.observed) + grey) / 2).expand(inverse.SAMPLES, *inverse.SHAPE).contiguous()
    torch.manual_seed(inverse.SEED)
    if method == "ddrm":
        made = DDRM(asked, sigmas=torch.linspace(1, 0, steps).numpy())
    elif method == "diffpir":
        made = DiffPIR(asked, fidelity, sigma=inverse.NOISE / 2, max_iter=steps)
    elif method == "dps":
        made = DPS(asked, num_steps=steps + 1)
    else:
        term = {"pigdm": PiGDMDataFidelity, "mmps": MomentMatchingDataFidelity}[method](denoiser=asked)
        sde = VariancePreservingDiffusion(alpha=1.0)
        made = PosteriorDiffusion(term, asked, sde, AncestralSolver(timesteps=torch.linspace(1, 0, steps + 1)))
    result: Tensor = made(y, physics) * 2 - 1
    return result.float()


def main(chosen: list[str]) -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    bench = inverse.Bench.set_up()
    ours = bench.table(chosen)
    known = Known(bench.network.images, bench.evaluations)
    print("\n| method | program | network calls | " + " | ".join(bench.problems) + " |")
    print("|---|---|---|" + "---|" * len(bench.problems))
    for method, peers in PEERS.items():
        if chosen and method not in chosen:
            continue
        name = f"`{method}`"
        print(f"| {name} | superpose | {ours[name]}", flush=True)
        theirs: dict[str, Callable[[inverse.Exact], Tensor]] = {
            "azula": partial(by_azula, method, network=bench.network, known=known),
            "deepinv": partial(by_deepinv, method, known=known),
        }
        for peer in peers:
            print(f"| {name} | {peer} | {bench.row(theirs[peer])}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
