"""A sweep that takes no time: letters of an exact model, in few steps."""

import textwrap

from superpose import load_sweep

RECIPE = """
    prompt = "A"

    [model]
    kind = "mixture"

    [scheduler]
    kind = "ddim"
    steps = 2

    [run]
    samples = 2
    threads = 1
"""
AXES = """
    [sweep.axes]
    prompt = ["A", "V"]
    "run.seed" = {range = [0, 3]}
"""


def written(folder, axes=AXES, recipe=RECIPE, name="letters.toml"):
    """A recipe with axes, as a file."""
    path = folder / name
    path.write_text(textwrap.dedent(recipe) + textwrap.dedent(axes))
    return path


def swept(folder, axes=AXES, *overrides):
    """The same, read."""
    return load_sweep(written(folder, axes), overrides)


def images_of(out):
    """The bytes of every image of a sweep, by its place."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.glob("jobs/*/0*.png"))}


def left_over(out):
    """What lies in the folder of a sweep and is no result."""
    known = {"jobs", "sweep.jsonl", "results.jsonl", "results.csv"}
    extra = [path.name for path in out.iterdir() if path.name not in known and not path.name.startswith("xy")]
    return extra + [path.name for path in out.glob("jobs/*/*") if "part" in path.name or "state" in path.name]
