"""superpose serve: take recipes by HTTP and run them one after another."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

from superpose.cli.printing import say
from superpose.errors import RecipeError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("folder", type=Path, help="folder of the queue: recipes, events and images of all tasks")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; beyond this machine with a token")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 for any that is free")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument(
        "--allow", type=Path, action="append", default=[], metavar="DIR", help="folder that recipes may read files of"
    )
    parser.add_argument("--allow-hub", action="store_true", help="let recipes name models that the hub's cache has")
    parser.add_argument("--max-samples", type=int, default=64, metavar="N", help="samples of a recipe, at most")
    parser.add_argument("--max-seconds", type=float, default=600.0, metavar="S", help="time of a task, at most")
    parser.add_argument("--max-queue", type=int, default=100, metavar="N", help="tasks that wait, at most")
    parser.add_argument("--keep", type=int, default=1000, metavar="N", help="ended tasks whose files are kept")
    parser.epilog = "The token is read from SUPERPOSE_TOKEN: the arguments of a program are seen by others."


def main(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; a task that runs then goes on at the next start."""
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise RecipeError('superpose serve needs starlette and uvicorn: pip install "superpose[serve]"') from error

    from superpose.media.writing import make_writable
    from superpose.running.lock import locked
    from superpose.running.service.app import application
    from superpose.running.service.guard import is_loopback
    from superpose.running.service.runner import Runner
    from superpose.running.service.screening import Bounds
    from superpose.running.service.tasks import Tasks

    token = os.environ.pop("SUPERPOSE_TOKEN", "") or None  # workers need not know it
    if token is None and not is_loopback(arguments.host):
        raise RecipeError(
            f"{arguments.host} is reached from other machines: set SUPERPOSE_TOKEN, or listen on 127.0.0.1"
        )
    for folder in arguments.allow:
        if not folder.is_dir():
            raise RecipeError(f"--allow {folder}: no such folder")
    root = arguments.folder.absolute()
    make_writable(root)
    if not arguments.allow_hub:  # what other programs have fetched is nothing that a recipe may read
        os.environ["HF_HUB_CACHE"] = str(root / "no-hub")
    bounds = Bounds(
        samples=arguments.max_samples,
        seconds=arguments.max_seconds,
        queue=arguments.max_queue,
        kept=arguments.keep,
    )
    runner = Runner(Tasks(root / "tasks"), bounds, tuple(it.absolute() for it in arguments.allow), arguments.device)
    with locked(root), _listening(arguments.host, arguments.port) as listening:
        host, port = listening.getsockname()[:2]
        say(f"serving http://{f'[{host}]' if ':' in host else host}:{port}")
        config = uvicorn.Config(
            application(runner, token),
            log_level="warning",
            server_header=False,
            limit_concurrency=200,
            timeout_graceful_shutdown=3,
        )
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise RecipeError(f"can't listen on {host}, port {port}: {error}") from error
