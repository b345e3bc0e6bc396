"""Recipes from strangers read allowed files alone and stay within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from superpose import RecipeError
from superpose.running.service.screening import Allowed, Bounds, as_toml, screened

PLAIN = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddim", steps = 2}\n'


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    """A folder with a picture in it, and links out of it; beside it a picture that nobody may read."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    for path in (folder / "in.png", tmp_path / "out.png"):
        Image.new("RGB", (32, 32)).save(path)
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder / "round")
    return folder


def picture(name: str) -> str:
    return PLAIN.replace('prompt = "A"', f"image = '{name}'")


def test_a_file_of_an_allowed_folder_is_found_by_its_whole_name_and_by_its_own(allowed: Path) -> None:
    for name in ("in.png", str(allowed / "in.png"), "./in.png", f"../{allowed.name}/in.png"):
        assert screened(picture(name), Bounds(), (allowed,)).subject.image == (allowed / "in.png").resolve()


HOSTILE = [
    "../out.png", "link.png", "up/out.png", "/etc/passwd", "../../../../../../etc/passwd", "~/.ssh/id_rsa",
    "in.png\\u0000",
    "round", "file:///etc/passwd", "none.png", "//etc/passwd", "/proc/self/environ",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_other_file_is_read_whether_it_is_there_or_not(allowed: Path, name: str) -> None:
    text = PLAIN.replace('prompt = "A"', f'image = "{name}"')
    with pytest.raises(RecipeError, match=r"recipe:1:1: image: this service has no file .* that recipes may read"):
        screened(text, Bounds(), (allowed,))


OPTIONS = [
    "model = {{kind = 'ddpm', path = '{}'}}",
    "model = {{kind = 'guided-diffusion', path = '{}', betas = 'linear'}}",
    "constraint = [{{kind = 'inpaint', image = '{0}', mask = '{0}'}}]",
    "guidance = {{kind = 'autoguidance', model = {{kind = 'ddpm', path = '{}'}}}}",
]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("folders", [(), (Path("/usr/share"),)])
def test_no_option_of_a_kind_reads_a_file_of_the_server(option: str, folders: tuple[Path, ...]) -> None:
    name = option.partition(" ")[0]
    text = "\n".join(line for line in PLAIN.splitlines() if not line.startswith(name))
    with pytest.raises(RecipeError, match="this service has no file '/etc/passwd' that recipes may read"):
        screened(f"{text}\n{option.format('/etc/passwd')}\n", Bounds(), folders)


def test_bounds_are_told_all_at_once_with_their_lines() -> None:
    text = PLAIN + "[run]\nsamples = 65\nbatch_size = 4096\nat_once = 100\n"
    with pytest.raises(RecipeError) as told:
        screened(text, Bounds(), ())
    assert [str(line) for line in told.value.lines] == [
        "recipe:5:1: run.samples: 65 is more than this service allows: write at most 64",
        "recipe:6:1: run.batch_size: 4096 is more than this service allows: write at most 64",
        "recipe:7:1: run.at_once: 100 is more than this service allows: write at most 64",
    ]
    assert screened(text, Bounds(samples=65, rows=4096), ()).run.samples == 65


def test_json_is_a_recipe_too() -> None:
    body = b'{"prompt": "A", "model": {"kind": "glyphs"}, "scheduler": {"kind": "ddim", "steps": 2}}'
    assert screened(as_toml(body, "application/json"), Bounds(), ()) == screened(PLAIN, Bounds(), ())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"prompt": null}', b"1", b"[" * 100_000, b'{"a": ' * 5000, b"\xff"]
)
def test_what_is_no_json_of_a_recipe_is_one_line(body: bytes) -> None:
    with pytest.raises(RecipeError) as told:
        screened(as_toml(body, "application/json"), Bounds(), ())
    assert all("\n" not in str(line) for line in told.value.lines)


def test_allowed_files_are_a_mapping(allowed: Path) -> None:
    files = Allowed((allowed,))
    assert str((allowed / "in.png").resolve()) in [*files]
    assert len(files) == len([*files])
    assert "in.png" in files
    assert "../out.png" not in files
