"""Files that somebody names are regular ones of bounded size, and refused in one line where they are not."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import superpose
from superpose import RecipeError, class_of, digest, read_json, read_text, read_yaml, regular_file
from superpose.sampling.saved_state import load_state
from superpose_deepfloyd.embeddings import Embeddings
from superpose_networks import read_weights, tensor_shapes
from superpose_networks.pickled import read_checkpoint

READERS: dict[str, Callable[[Path], object]] = {
    "regular_file": regular_file,
    "read_text": read_text,
    "read_json": read_json,
    "read_yaml": read_yaml,
    "read_weights": read_weights,
    "read_checkpoint": read_checkpoint,
    "tensor_shapes": tensor_shapes,
    "digest": digest,
    "load_state": lambda path: load_state(path, superpose.make("scheduler", "ddim", steps=2)),
    "texts": Embeddings.of,
    "labels": lambda path: class_of("A", 3, path),
    "classes": lambda path: superpose.model("ldm", path=path.parent / "a.ckpt", classes=path).shape,
}


def special(kind: str, path: Path) -> None:
    match kind:
        case "missing":
            pass
        case "a folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(str(path))
        case "link to a device":
            path.symlink_to("/dev/zero")
        case "link to a pipe":
            os.mkfifo(path.parent / "pipe")
            path.symlink_to(path.parent / "pipe")
        case "link to itself":
            path.symlink_to(path)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".json", ".txt"])
@pytest.mark.parametrize(
    "kind", ["missing", "a folder", "pipe", "socket", "link to a device", "link to a pipe", "link to itself"]
)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_regular_file_is_never_opened(reader: str, kind: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").touch()
    path = tmp_path / f"m{suffix}"
    special(kind, path)
    with pytest.raises(RecipeError, match=rf"m{suffix}(: no such file| is a|: .*symbolic)") as caught:
        READERS[reader](path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", ["read_text", "read_json", "read_yaml", "labels", "classes"])
def test_text_is_bounded_before_it_is_read(reader: str, tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").touch()
    with (tmp_path / "m.txt").open("wb") as file:
        file.truncate(2**40)  # with holes: it takes no space
    with pytest.raises(RecipeError, match="bytes, more than"):
        READERS[reader](tmp_path / "m.txt")


@pytest.mark.skipif(not Path("/proc/kallsyms").exists(), reason="a system without /proc")
def test_what_the_system_makes_up_is_bounded() -> None:
    with pytest.raises(RecipeError, match="more than the 1000 bytes"):  # it says that it has 0
        read_text(Path("/proc/kallsyms"), 1000)


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match=r"m\.txt is not text in UTF-8"):
        read_text(tmp_path / "m.txt")
