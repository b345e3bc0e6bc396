"""Places of models' files: on this machine, or on a hub, from which nothing is fetched unless somebody allows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from superpose.errors import RecipeError

#: Formats of other frameworks, which lie beside the weights in many repositories.
FOREIGN = ("*.h5", "*.msgpack", "*.onnx", "*.onnx_data", "*.tflite", "*.ot", "*.xml")

_allowed: ContextVar[bool] = ContextVar("downloads", default=False)


@contextmanager
def downloads(allowed: bool = True) -> Iterator[None]:
    """Let `locate` download as long as the block runs; with ``allowed`` False only if a block around this one does."""
    token = _allowed.set(allowed or _allowed.get())
    try:
        yield
    finally:
        _allowed.reset(token)


def locate(path: Path | None, hub: str | None) -> Path:
    """The file or folder of a model that is given as ``path`` or as ``hub``.

    Arguments:
        path: Where it is on this machine.
        hub: Its name on the Hugging Face hub, such as ``google/ddpm-cifar10-32``. What was fetched before is taken from
            the hub's own cache; it is downloaded only inside of ``downloads(True)``, which is ``--allow-download``.

    Raises:
        RecipeError: If not exactly one is given, or it is not on this machine and may not or can't be fetched.
    """
    if (path is None) == (hub is None):
        raise RecipeError("give path, a file or folder on this machine, or hub, a name on the hub: one of them")
    if path is not None:
        if not path.exists():
            raise RecipeError(f"{path}: no such file or folder")
        return path
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise RecipeError(f'hub = {hub!r} needs huggingface_hub: pip install "superpose[hub]"') from error
    allowed = _allowed.get()
    try:
        return Path(snapshot_download(str(hub), local_files_only=not allowed, ignore_patterns=list(FOREIGN)))
    except LocalEntryNotFoundError as error:
        if not allowed:
            raise RecipeError(
                f"{hub} is not on this machine, and nothing is downloaded unasked: pass --allow-download, or give path"
            ) from error
        raise RecipeError(f"{hub} can't be fetched: the hub does not answer, and it is not on this machine") from error
    except (HfHubHTTPError, ValueError, OSError) as error:  # ValueError for a name that can't be one
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RecipeError(f"{hub} can't be fetched: {reason}") from error
