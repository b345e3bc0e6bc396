"""superpose observe: observe an image through an operator, to try restoring it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import complain, say
from superpose.cli.recipes import kind_named, registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.estimate.operator import Operator


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("image", metavar="IMAGE", type=Path, help="the image that is observed")
    parser.add_argument(
        "--operator",
        required=True,
        metavar="KIND",
        help="what is observed: an operator's name, or a table as in a recipe; superpose kinds operator lists them",
    )
    parser.add_argument(
        "--option", metavar="KEY=VALUE", action="append", default=[], help="an option of the operator, such as factor=2"
    )
    parser.add_argument("--noise", type=float, default=0.0, metavar="S", help="deviation of the noise, of [-1, 1]")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the noise")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .png or a .npy file")


def main(arguments: argparse.Namespace) -> int:
    """Write what was observed."""
    from superpose.estimate.problem import problems_of, refuse
    from superpose.media.images import read_image, read_picture
    from superpose.media.observations import write_observation
    from superpose.sampling.noise import START, Noise

    if not (arguments.noise >= 0 and 0 <= arguments.seed < 2**63):
        raise RecipeError("--noise and --seed are at least 0")
    known = registry(strict=arguments.strict_plugins)
    operator: Operator = kind_named("operator", "--operator", arguments.operator, known, arguments.option)
    height, width, channels = read_picture(arguments.image).shape
    shape = channels, height, width
    refuse(problems_of(operator.problems, shape))
    bound = operator.bound_to(shape)
    observed = bound.apply(read_image(arguments.image, shape)[None])
    if arguments.noise:
        noise = Noise(arguments.seed, (0,), bound.observed_shape).draw(START, "observe")
        observed = observed + arguments.noise * bound.within(noise)
    cut = write_observation(observed[0], arguments.out)
    say(arguments.out)
    if cut:
        complain(f"{cut:.1%} of the values are beyond black and white, and were cut off: a .npy file keeps them")
    return 0
