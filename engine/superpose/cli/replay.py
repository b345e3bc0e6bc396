"""superpose replay: make an image again from the recipe inside it, the same bytes under the same name."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from superpose.cli.printing import LINE, say
from superpose.cli.recipes import add_download, add_input, named_files, registry
from superpose.terminal import printable


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("image", type=Path, metavar="IMAGE.png", help="an image that superpose wrote")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="folder for the new image")
    add_input(parser)
    add_download(parser)
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")


def main(arguments: argparse.Namespace) -> int:
    """Replay, and say whether the bytes are the same; where they are not, what differs."""
    registry(strict=arguments.strict_plugins)

    from superpose.media.png import read_origin
    from superpose.running.replay import replay

    path = replay(
        arguments.image,
        arguments.out,
        inputs=named_files(arguments.input),
        device=arguments.device,
        allow_download=arguments.allow_download,
        tell=lambda what: print(f"superpose: {printable(what, LINE)}", file=sys.stderr),
    )
    say(path)
    if path.read_bytes() == arguments.image.read_bytes():
        print("the same bytes", file=sys.stderr)
        return 0
    old, new = read_origin(arguments.image), read_origin(path)
    changed = [
        f"{name} was {getattr(old, part).get(name)}, is {getattr(new, part).get(name)}"
        for part in ("versions", "weights")
        for name in sorted({*getattr(old, part), *getattr(new, part)})
        if getattr(old, part).get(name) != getattr(new, part).get(name)
    ]
    if old.device != new.device:
        changed.append(f"the device was {old.device}, is {new.device}")
    why = "; ".join(changed) or "another family of processor, or versions of Pillow, most likely"
    print(f"not the same bytes: {printable(why, LINE)}", file=sys.stderr)
    return 1
