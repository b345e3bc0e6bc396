"""Cascades: recipes with stages, from the file to the pictures, killed and gone on with."""

import math
import re
import tomllib

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

import superpose
from folders import contents
from small_models import LargerPredictor, enlarged
from superpose import RecipeError, View, compose, inspect, loads, make, option, prompted, run, sample, to_pixels
from superpose.cli import main
from superpose.media.png import read_origin
from superpose.plugins import Registry, load_plugins
from superpose.running import job as running
from superpose.running import sampler
from superpose.running.citation import used
from superpose.running.view_consistency import view_consistency
from superpose.testing.predictors import TinyPredictor

pytestmark = pytest.mark.usefixtures("small")

RECIPE = """\
prompt = "cat"

[model]
kind = "small-first"

[scheduler]
kind = "dpmpp"
steps = 4

[[stage]]
[stage.model]
kind = "small-larger"
size = 16
spread = 0.5

[stage.scheduler]
kind = "dpmpp"
steps = 5

[[stage]]
[stage.model]
kind = "small-larger"
size = 32
spread = 0.25

[stage.scheduler]
kind = "ddim"
steps = 3

[run]
samples = 3
at_once = 2
"""


def recipe(*overrides, text=RECIPE):
    return loads(text, name="cascade.toml", overrides=overrides)


def refused(*overrides, text=RECIPE):
    with pytest.raises(RecipeError) as raised:
        inspect(recipe(*overrides, text=text))
    return str(raised.value)


class TestPictures:
    def test_each_stage_paints_over_the_pictures_of_the_one_before(self):
        small = compose(recipe())
        low = small.trajectory((0, 1)).run()
        assert low.shape == (2, 3, 8, 8)
        for stage, size in zip(small.stages[1:], (16, 32), strict=True):
            large = stage.trajectory((0, 1), low).run()
            off = large - enlarged(low, size)
            assert float(off.std()) < 0.75, "what it gives is not the picture, enlarged"
            assert float(off.std()) > 0.02
            low = large
        assert low.shape == (2, 3, 32, 32)

    def test_the_pictures_handed_on_are_not_rounded(self, tmp_path):
        text = RECIPE.replace("spread = 0.5", "spread = 0.0").replace("spread = 0.25", "spread = 0.0")
        outcome = run(recipe(text=text), tmp_path, device="cpu")
        low = compose(recipe(text=text)).trajectory((0, 1, 2)).run()
        for path, want in zip(outcome.images, to_pixels(enlarged(low, 32)), strict=True):
            assert np.array_equal(np.asarray(Image.open(path)), want)

    def test_a_sample_does_not_depend_on_how_many_there_are(self, tmp_path):
        many = run(recipe("run.samples=5", "run.at_once=4"), tmp_path / "many", device="cpu").images
        few = run(recipe("run.samples=1", "run.at_once=1"), tmp_path / "few", device="cpu").images
        assert np.array_equal(np.asarray(Image.open(many[0])), np.asarray(Image.open(few[0])))

    def test_it_can_be_put_together_by_hand(self, tmp_path):
        first, second, third = (
            TinyPredictor((3, 8, 8)),
            *(LargerPredictor((3, size, size), spread) for size, spread in ((16, 0.5), (32, 0.25))),
        )
        methods = (
            make("scheduler", "dpmpp", steps=4),
            make("scheduler", "dpmpp", steps=5),
            make("scheduler", "ddim", steps=3),
        )
        options = {"samples": 3, "batch_size": 4}
        low = None
        for number, (network, method) in enumerate(zip((first, second, third), methods, strict=True)):
            low = sample(prompted(network, "cat"), method, network, low=low, stage=number, **options)
        outcome = run(recipe(), tmp_path, device="cpu")
        for path, want in zip(outcome.images, to_pixels(low), strict=True):
            assert np.array_equal(np.asarray(Image.open(path)), want)

    def test_constraints_are_the_first_stages(self, tmp_path):
        Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
        mask = Image.new("L", (8, 8))
        mask.putpixel((7, 7), 255)
        mask.save(tmp_path / "corner.png")
        text = RECIPE.replace("spread = 0.5", "spread = 0.0").replace("spread = 0.25", "spread = 0.0")
        text += '[[constraint]]\nkind = "inpaint"\nimage = "red.png"\nmask = "corner.png"\n'
        outcome = run(loads(text, folder=tmp_path), tmp_path / "out", device="cpu")
        got = np.asarray(Image.open(outcome.images[0]))
        assert got.shape == (32, 32, 3)
        assert (got[:16, :16] == (255, 0, 0)).all()


class TestGoingOn:
    @pytest.mark.parametrize(("stop", "steps"), [(2, [3, 4]), (6, [3, 4, 5]), (11, [3])])
    def test_a_run_stopped_in_any_stage_goes_on_to_the_same_bytes(self, tmp_path, monkeypatch, stop, steps):
        """Ten states are kept a batch: 4 of the first stage, 5 of the second, 3 of the third."""
        path = tmp_path / "cascade.toml"
        path.write_text(RECIPE)
        whole, stopped = tmp_path / "whole", tmp_path / "stopped"
        assert main(["run", str(path), "--out", str(whole), "--device", "cpu"]) == 0
        seen = []

        def interrupt(self, state):
            self.latest = state
            seen.append(state.step)
            if len(seen) == stop:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(sampler.Keeper, "keep", interrupt)
            assert main(["run", str(path), "--out", str(stopped), "--device", "cpu"]) == 1
        assert not list(stopped.glob("*.png"))
        again, keep = [], sampler.Keeper.keep
        monkeypatch.setattr(sampler.Keeper, "keep", lambda self, state: (again.append(state.step), keep(self, state)))
        assert main(["run", str(path), "--out", str(stopped), "--device", "cpu", "--resume"]) == 0
        assert again[: len(steps)] == steps, "steps were made again"
        assert contents(stopped) == contents(whole)

    def test_progress_counts_every_stage(self, tmp_path):
        seen = []

        class Watch:
            def see(self, step):
                seen.append(step.index)

        with running.Job.of(recipe(), tmp_path, device="cpu") as job:
            list(job.make(job.pending, [Watch()]))
            assert job.steps == len(seen) == 2 * (4 + 5 + 3)

    def test_an_image_is_made_again_from_itself(self, tmp_path):
        first = run(recipe(), tmp_path / "one", device="cpu").images[1]
        again = superpose.replay(first, tmp_path / "two", device="cpu")
        assert again.read_bytes() == first.read_bytes()
        origin = read_origin(first)
        assert origin.weights == {"first": "1" * 64, "larger": "2" * 64}
        assert origin.versions["superpose-small"] == "0.1"
        assert len(tomllib.loads(origin.recipe)["stage"]) == 2


class TestRecipes:
    def test_overrides_reach_into_stages(self):
        changed = recipe("stage.0.scheduler.steps=7", "stage.1.model.spread=0", "stage.1.guidance.kind=cfg")
        assert changed.stage[0].scheduler.steps == 7
        assert changed.stage[1].model.spread == 0
        assert changed.stage[1].guidance.kind == "cfg"

    def test_what_is_wrong_is_told_where_it_is(self):
        text = RECIPE.replace("spread = 0.5", "spraed = 0.5").replace("steps = 3", "steps = 0")
        with pytest.raises(RecipeError) as raised:
            recipe(text=text)
        first, second = (text.splitlines().index(what) + 1 for what in ("spraed = 0.5", "steps = 0"))
        assert str(raised.value).splitlines() == [
            f"cascade.toml:{first}:1: stage.0.model.spraed: unknown key; did you mean 'spread'?",
            f"cascade.toml:{second}:1: stage.1.scheduler.steps: must be at least 1, got 0",
        ]

    def test_a_stage_without_its_parts(self):
        with pytest.raises(RecipeError) as raised:
            recipe(text=RECIPE.partition("[[stage]]")[0] + '[[stage]]\nprompt = "b"\n')
        said = str(raised.value)
        assert "stage.0.model: missing; write [stage.model] and its kind" in said
        assert "stage.0.prompt: unknown key" in said

    def test_a_model_stands_where_it_can(self):
        swapped = refused("model.kind=small-larger")
        assert re.search(r"model: small-larger enlarges pictures of a stage before: .* \[\[stage\]\]", swapped)
        said = refused(
            text=RECIPE.replace('kind = "small-larger"\nsize = 16\nspread = 0.5', 'kind = "small-first"\nsize = 16')
        )
        assert "stage.0.model: small-first paints from noise alone: a [[stage]] needs a model that enlarges" in said

    def test_a_size_that_can_not_be_told_is_told_where_it_is(self):
        said = refused("stage.1.model.size=13")
        assert said == "cascade.toml:21:1: stage.1.model: size = 13: nothing is enlarged to that"

    def test_a_scheduler_that_does_not_fit_its_stage(self):
        told = refused("scheduler.kind=flow-euler", "stage.0.scheduler.kind=flow-euler").splitlines()
        assert [line.split(": ")[1] for line in told] == ["scheduler", "stage.0.scheduler"], (
            "each is told at its own place"
        )

    def test_a_view_is_checked_at_every_size(self):
        views = '[[view]]\nkind = "identity"\nprompt = "a"\n[[view]]\nkind = "permute"\npatches = 4\nprompt = "b"\n'
        text = RECIPE.replace('prompt = "cat"\n', "") + views
        inspect(recipe(text=text))
        said = refused("stage.1.model.size=30", text=text)
        assert "view.1.patches: at stage 2, permute can't cut 30x30 images into 4x4 equal patches" in said
        said = refused("view.1.patches=3", text=text)
        assert said.count("permute can't cut 8x8") == 1

    def test_a_mistake_in_a_prompt_is_told_once(self):
        text = RECIPE.replace('"cat"', '"unknown"').replace('kind = "small-first"', 'kind = "small-first"\nsize = 4')
        assert refused(text=text).splitlines() == ["cascade.toml:1:1: prompt: unknown prompt 'unknown'"]

    def test_a_negative_prompt_is_for_the_stages_with_guidance(self):
        text = 'negative = "dog"\n' + RECIPE
        assert "a negative prompt says nothing without guidance" in refused(text=text)
        for where in ("guidance.kind=cfg", "stage.0.guidance.kind=cfg"):
            rows = [stage.rows for stage in inspect(recipe(where, text=text)).stages]
            assert sorted(rows) == [1, 1, 2], where

    def test_everything_used_is_cited(self):
        assert "arXiv 2104.07636" in {paper for kind in used(recipe()) for paper in kind.papers}

    def test_each_stage_is_shown_with_its_cost(self, tmp_path, capsys):
        path = tmp_path / "cascade.toml"
        path.write_text(RECIPE)
        assert main(["check", str(path)]) == 0
        said = capsys.readouterr().out
        assert [line for line in said.splitlines() if line.startswith("stage")] == [
            "stage 0: 1 network row a sample and step, 4 evaluations: 4 rows a sample, 12 for 3 samples",
            "stage 1: 1 network row a sample and step, 5 evaluations: 5 rows a sample, 15 for 3 samples",
            "stage 2: 1 network row a sample and step, 3 evaluations: 3 rows a sample, 9 for 3 samples",
        ]
        assert "small-larger size=32 spread=0.25: 3 channels, 32x32 pixels" in said


@attrs.frozen(kw_only=True)
class Shift(View):
    """Rolls the image sideways."""

    kind = "shift"
    columns: int = option(1, doc="columns to roll by", ge=1)

    def apply(self, x):
        return x.roll(self.columns, -1)

    def invert(self, x):
        return x.roll(-self.columns, -1)

    def scaled(self, factor):
        return attrs.evolve(self, columns=round(self.columns * factor))


class TestScale:
    def test_a_view_that_counts_pixels_is_scaled_for_each_stage(self):
        kinds = load_plugins()
        every = [cls for role in kinds.roles if role != "clip" for cls in kinds.kinds(role).values()]
        text = RECIPE.replace('prompt = "cat"\n', "") + '[[view]]\nkind = "shift"\ncolumns = 3\nprompt = "a"\n'
        shifted = loads(text, registry=Registry.of(*every, Shift))
        assert [stage.subject.view[0].view.columns for stage in shifted.stages] == [3, 6, 12]
        # One view is a run turned back; with nothing to add, every stage must enlarge what the view shows of the last.
        composition = compose(shifted)
        low = composition.trajectory((0,)).run()
        large = composition.stages[1].trajectory((0,), low)
        state = large.start()
        while state.step < large.steps:
            state = large.step(state)
        assert float((state.x - enlarged(low, 16)).std()) < 1

    @pytest.mark.parametrize(
        ("view", "share"),
        [
            (make("view", "flip"), 1.0),
            (make("view", "rotate", degrees=90), 1.0),
            (make("view", "negate"), 1.0),
            (make("view", "permute", patches=8), 1.0),
            (make("view", "permute", patches=64), 1.0),
            (make("view", "inner-circle"), 0.992),
            (make("view", "skew"), 0.438),
            (make("view", "square-hinge"), 0.223),
        ],
        ids=lambda value: getattr(value, "kind", ""),
    )
    def test_views_agree_as_far_as_those_of_the_original_program(self, view, share):
        """Measured on visual_anagrams' own views, at 64 and 256 pixels."""
        got = view_consistency(view, view.scaled(4), (3, 64, 64), (3, 256, 256))
        assert math.isclose(got, share, abs_tol=5.1e-4)

    def test_the_jigsaw_agrees_nearly(self):
        view = make("view", "jigsaw")
        assert view_consistency(view, view, (3, 64, 64), (3, 256, 256)) > 0.98

    def test_sides_that_are_no_multiple_are_not_compared(self):
        view = make("view", "flip")
        assert view_consistency(view, view, (3, 64, 64), (3, 96, 96)) is None

    def test_check_tells_how_far_views_agree(self, tmp_path, capsys):
        views = '[[view]]\nkind = "flip"\nprompt = "a"\n[[view]]\nkind = "square-hinge"\nprompt = "b"\n'
        path = tmp_path / "cascade.toml"
        path.write_text(RECIPE.replace('prompt = "cat"\n', "") + views)
        assert main(["check", str(path)]) == 0
        said = capsys.readouterr().out
        assert said.count("flip axis=vertical, 100.0% as at stage 0") == 2
        found = re.findall(r"square-hinge squares=3, (\d+\.\d)% as at stage 0", said)
        assert len(found) == 2
        assert all(float(share) < 100 for share in found)

    def test_decompositions_mean_the_same_at_every_size(self):
        hybrid, x = make("decomposition", "hybrid"), torch.randn(1, 3, 16, 16, dtype=torch.float64)
        x = torch.nn.functional.interpolate(x, 64, mode="bicubic")
        small, large = hybrid.part("low")(x), hybrid.part("low")(enlarged(x, 256))
        assert float((large - enlarged(small, 256)).std() / small.std()) < 0.2
