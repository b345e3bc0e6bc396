"""Compositions that nobody wrote: drawn at random from everything registered, with networks of any sort."""

from __future__ import annotations

import random
import re

import attrs
import numpy as np
import torch
from PIL import Image
from torch import nn

from problems import told
from small_models import LINEAR, Beheld, WavesPredictor, enlarged
from superpose import (
    Arrangement,
    Classifier,
    ClassifierPredictor,
    Conditioning,
    FlowSchedule,
    Model,
    Optimiser,
    Prediction,
    StaticClip,
    SuperposeError,
    compose,
    inspect,
    make,
)
from superpose.estimate.reduction import REDUCTIONS
from superpose.plugins import load_plugins
from superpose.recipe import ComposeTerm, ComposeTerms, PartTerms, Recipe, Run, Stage, Subject, ViewTerm
from superpose.recipe.extent import Extent
from superpose.running.composition import batch_size_of
from superpose.testing import variants
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.looks import Look

KINDS = load_plugins()
#: Says what to do, or what would do.
CURE = re.compile(
    r"\b(use|write|choose|give|remove|add|say|show|keep|make|must|needs|takes|at most|at least|belongs|whole)\b",
    re.IGNORECASE,
)
SEES = ("image", "part")


class Learned(TinyPredictor):
    """Says something of the variance, too."""

    def __init__(self, shape, learned, **options):
        super().__init__(shape, **options)
        self.learned_variance = learned

    def predict(self, x, level, conditioning):
        answer = super().predict(x, level, conditioning)
        if self.learned_variance == "learned_range":
            return Prediction(answer.output, torch.tanh(answer.output.roll(1, 1)))
        return Prediction(answer.output, answer.output.roll(1, 1) - 4)


class Edited(Beheld):
    """Sees a picture of each sample's own beside the state, and a number: of the stage before, or drawn."""

    def conditioning(self, low, noise):
        shown = noise("shown") if low is None else enlarged(low, self.shape[-1])
        return Conditioning(shown, {"own": noise("own")[:, :1, :1, :1]})


@attrs.frozen(kw_only=True)
class Tiny(Model):
    """A random network of any sort."""

    kind = "tiny"
    sort: str = "plain"
    seed: int = 0
    size: tuple[int, int, int] = (3, 8, 8)
    flow: bool = False
    parameterization: str = "epsilon"

    @property
    def shape(self):
        channels, height, width = self.size
        return (4 * channels, height // 2, width // 2) if self.sort == "latent" else self.size

    @property
    def image_shape(self):
        return self.size

    @property
    def schedule(self):
        return FlowSchedule() if self.flow else LINEAR

    @property
    def upscales(self):
        return self.sort == "larger"

    @property
    def has_concat_conditioning(self):
        return self.sort in ("larger", "edited")

    @property
    def clip(self):
        return None if self.sort == "latent" else StaticClip()

    @property
    def learned_variance(self):
        return self.sort if self.sort.startswith("learned") else "none"

    def load(self, device="cpu", dtype="float32"):
        told = {"schedule": self.schedule, "parameterization": self.parameterization}
        if self.sort.startswith("learned"):
            made = Learned(self.size, self.sort, seed=self.seed, **told)
        elif self.has_concat_conditioning:
            made = Edited(self.size)
        else:
            latent = self.sort == "latent"
            made = WavesPredictor(self.size) if latent else TinyPredictor(self.size, seed=self.seed, **told)
        made.schedule, made.clip = self.schedule, self.clip
        if self.sort != "latent":
            made.parameterization = self.parameterization
        return made

    def prompt_problems(self, prompt):
        return ()


@attrs.frozen(kw_only=True)
class Sorting(Classifier):
    """A random classifier."""

    kind = "sorting"
    shape: tuple[int, int, int]
    flow: bool = False
    classes = 4

    @property
    def schedule(self):
        return FlowSchedule() if self.flow else LINEAR

    def load(self, device="cpu", dtype="float32"):
        return Sorter(self.shape)


class Sorter(ClassifierPredictor):
    """One linear layer."""

    def __init__(self, shape):
        self.shape, self.device = shape, torch.device("cpu")
        self.weights = nn.functional.normalize(torch.randn(64, 4, generator=torch.Generator().manual_seed(1)))

    def logits(self, x, level):
        return torch.tanh(nn.functional.adaptive_avg_pool2d(x, 4).mean(1).flatten(1)) @ self.weights[:16]


def guides(kind, model):
    """Whether a guidance of that kind, as it comes, has nothing against a model."""
    return not any(told(it, model) for it in variants(KINDS.get("guidance", kind)))


class Drawn:
    """A recipe and everything in it, drawn from the registry by a seed."""

    def __init__(self, seed, folder):
        self.random, self.folder = random.Random(seed), folder
        self.flow = self.random.random() < 0.2
        sort = self.random.choice(["plain", "plain", "latent", "edited", "learned", "learned_range"])
        size = self.random.choice([(3, 8, 8), (3, 8, 8), (3, 12, 12), (3, 8, 12), (1, 8, 8)])
        kind = "sample" if self.random.random() < 0.2 else "flow" if self.flow else self.random.choice(["epsilon", "v"])
        self.model = Tiny(sort=sort, size=size, flow=self.flow, parameterization=kind)
        self.words, self.negatives = "abc", "xyz"
        if (exact := seed % 10) in (3, 7):  # models whose answer is exact, of letters and of one distribution
            self.flow, self.model = False, make("model", {3: "gaussian", 7: "mixture"}[exact])
            if exact == 3:
                self.words = self.negatives = [""]
        self.sort = getattr(self.model, "sort", "exact")
        self.staged = self.sort != "exact" and self.random.random() < 0.25

    def recipe(self):
        pick, stages = self.random, []
        if self.staged:
            channels, height, width = self.model.size
            large = Tiny(sort="larger", size=(channels, 2 * height, 2 * width), flow=self.flow, parameterization="v")
            stages = [Stage(model=large, scheduler=self.scheduler(), guidance=self.guidance(large))]
        return Recipe(
            model=self.model,
            scheduler=self.scheduler(),
            guidance=(guidance := self.guidance(self.model)),
            subject=self.outermost(guidance and not stages),
            stage=stages,
            constraint=[self.constraint()] * (pick.random() < 0.3),
            run=Run(seed=pick.randrange(100), threads=1),
        )

    def on_canvas(self):
        """The same, painted on several images of the model at once, or on a wider one."""
        recipe, several = attrs.evolve(self.recipe(), stage=()), self.random.choice(["canvases", "windows", "panorama"])
        _, height, width = self.model.shape
        views = {
            "canvases": [make("view", "canvas", number=number, of=2) for number in (0, 1)],
            "windows": [make("view", "window", left=left) for left in (0, width // 2)],
            "panorama": [make("view", "panorama", wrap=self.random.choice(["none", "both"]))],
        }[several]
        extent = Extent(count=2) if several == "canvases" else Extent(size=(height, width + width // 2))
        terms = [ViewTerm(view=view, subject=self.subject(2)) for view in views]
        return attrs.evolve(
            recipe, canvas=extent, subject=Subject(view=terms, negative=recipe.subject.negative), constraint=()
        )

    def outermost(self, negates):
        """A subject, whose guidance is the recipe's."""
        subject = self.subject(3)
        if subject.image is not None:  # alone it is no composition
            subject = Subject(prompt=self.words[0])
        return attrs.evolve(subject, guidance=None, negative=self.negatives[-1] if negates else None)

    def one_of(self, role, fits):
        """A variant of a kind of that role; mostly one that fits."""
        # What optimises, and what it alone can follow, is held to the same by tests of its own.
        kinds = [cls for cls in KINDS.kinds(role).values() if not issubclass(cls, Optimiser | Arrangement)]
        instances = [kind for cls in kinds for kind in variants(cls)]
        instances += self.of_files(role)
        self.random.shuffle(instances)
        return instances[0] if self.random.random() < 0.03 else next(filter(fits, instances))

    def of_files(self, role):
        """Kinds that need a file, or others of their role."""
        _, height, width = self.model.image_shape
        if role == "view":
            quarters = np.kron([[10, 80], [160, 240]], np.ones((height // 2, width // 2)))
            turned = [make("view", "flip"), make("view", "negate")]
            return [make("view", "pieces", picture=self.drawn("pieces", quarters)), make("view", "chain", views=turned)]
        if role == "decomposition":
            ramp = np.linspace(0, 255, width)[None].repeat(height, 0)
            soft = make("decomposition", "regions", picture=self.drawn("ramp", ramp))
            halves = self.drawn("halves", np.where(ramp > 99, 255, 0))
            hard = make("decomposition", "regions", picture=halves, colours=("black", "white"))
            rows = np.random.default_rng(0).normal(size=(3, *self.model.shape)).astype(np.float32)
            np.save(self.folder / "components.npy", rows)
            return [soft, hard, make("decomposition", "principal", components=self.folder / "components.npy")]
        return []

    def drawn(self, name, values):
        """A grey picture in a file."""
        path = self.folder / f"{name}.png"
        Image.fromarray(np.asarray(values).astype(np.uint8)).save(path)
        return path

    def scheduler(self):
        def fits(scheduler):
            try:
                scheduler.plan(self.model.schedule)
            except SuperposeError:
                return False
            return not told(scheduler, self.model.learned_variance)

        return attrs.evolve(self.one_of("scheduler", fits), steps=self.random.randint(2, 4))

    def guidance(self, model, chance=0.5):
        if self.random.random() > chance:
            return None
        kinds = sorted(KINDS.kinds("guidance"))
        if self.random.random() > 0.03:  # without an attention, those that change one are refused
            kinds = [kind for kind in kinds if guides(kind, model)]
        cls = KINDS.get("guidance", self.random.choice(kinds))
        needs = {field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING}
        inner = self.guidance(model, 0.5) or make("guidance", "cfg", scale=3.0)
        if needs == {"base"}:
            return cls(base=inner)
        other = model if self.sort == "exact" else attrs.evolve(model, seed=1)
        if needs in ({"model"}, {"models"}):
            return cls(model=other) if needs == {"model"} else cls(models=(other,), base=inner)
        if needs == {"base", "decomposition"}:
            bands = self.one_of("decomposition", self.fits)
            base, sees = [inner, *[make("guidance", "cfg")] * (len(bands.names) - 1)], self.random.choice(SEES)
            return cls(decomposition=bands, base=base, sees=sees)
        if not needs:
            return self.random.choice(variants(cls))
        told = {"classifier": Sorting(shape=model.shape, flow=self.flow), "label": str(self.random.randrange(4))}
        return cls(**told, base=self.guidance(model, 0.3))

    def constraint(self):
        cls = KINDS.get("constraint", self.random.choice(sorted(KINDS.kinds("constraint"))))
        values = self.picture()
        files = {"image": self.drawn("image", values), "mask": self.drawn("mask", np.where(values > 99, 255, 0))}
        told = {name: file for name, file in files.items() if hasattr(cls, name)}
        if hasattr(cls, "decomposition"):
            told["decomposition"] = self.one_of("decomposition", self.fits)
        if hasattr(cls, "operator"):
            operators = [kind for operator in KINDS.kinds("operator").values() for kind in variants(operator)]
            told |= {"operator": self.random.choice(operators), "observed": files["image"], "noise": 0.1}
        if hasattr(cls, "source"):
            told["source"] = self.random.choice(self.words)
        if hasattr(cls, "loss"):
            told["loss"] = KINDS.get("loss", "edges")(image=files["image"])
        if hasattr(cls, "looks"):
            told["looks"] = (Look(), Look(turn=90))
        if hasattr(cls, "words"):
            told["words"] = tuple(self.words[:2])
        return cls(**told)

    def populations(self, size):
        """One of each kind of population, which resamples wherever it can."""
        for cls in KINDS.kinds("population").values():
            names, told = {field.name for field in attrs.fields(cls)}, {"size": size}
            if "classifier" in names:
                told |= {"classifier": Sorting(shape=self.model.image_shape, flow=self.flow), "label": "2"}
            if "loss" in names:
                told["loss"] = KINDS.get("loss", "edges")(image=self.drawn("wanted", self.picture()))
            if "operator" in names:
                seen = KINDS.get("operator", "random-mask")(share=0.5)
                told |= {"operator": seen, "observed": self.drawn("seen", self.picture()), "noise": 0.5}
            yield cls(**told | ({"resample": 1.0} if "resample" in names else {}))

    def picture(self):
        return np.random.default_rng(self.random.randrange(9)).integers(0, 256, self.model.image_shape[1:])

    def fits(self, kind):
        """Whether a view or decomposition can act on what the model paints."""
        return not told(kind, self.model.shape)

    def subject(self, depth):
        pick = self.random
        told = {}
        if (guidance := self.guidance(self.model, 0.15)) is not None:
            told = {"guidance": guidance, "negative": pick.choice(self.negatives)}
        shape = pick.choice(["view", "decomposition", "decomposition", "compose", "prompt"]) if depth else "prompt"
        if shape == "decomposition":
            parts = self.one_of("decomposition", self.fits)
            told["decomposition"] = PartTerms(
                decomposition=parts, parts=tuple((name, self.subject(depth - 1)) for name in parts.names)
            )
            return Subject(**told)
        if shape == "view":
            views = [self.one_of("view", self.fits) for _ in range(pick.randint(1, 3))]
            weights = [pick.choice([1.0, 1.0, 0.3]) for _ in views]
            terms = [
                ViewTerm(view=view, weight=weight, subject=self.subject(depth - 1))
                for view, weight in zip(views, weights, strict=True)
            ]
            if len({term.weight for term in terms}) == 1:
                told["reduction"] = pick.choice([None, None, None, *REDUCTIONS])
            return Subject(view=terms, **told)
        if shape == "compose":
            conjuncts, negated = (
                [ComposeTerm(weight=pick.choice([1.0, 0.5]), subject=self.subject(depth - 1)) for _ in range(count)]
                for count in (pick.randint(1, 2), pick.randint(0, 1))
            )
            return Subject(compose=ComposeTerms(conjuncts=conjuncts, negated=negated), **told)
        if pick.random() < 0.15 and not self.staged:  # a given image has the size of one stage
            return Subject(image=self.drawn(f"given-{pick.randrange(3)}", self.picture()))
        return Subject(prompt=pick.choice(self.words), **told)


def pictures(composition, *samples):
    """The pictures of a whole cascade."""
    low = None
    for stage in composition.stages:
        low = stage.trajectory(samples, low).run()
    return low


def composed(recipe):
    """The composition; None where the recipe is refused, with a cure."""
    try:
        inspection = inspect(recipe)
    except SuperposeError as error:
        if not CURE.search(str(error)):
            raise AssertionError(f"refused without a cure: {error}") from error
        return None
    # What check lets through is never refused by run, which is told the rows and need not inspect again to count them.
    return compose(attrs.evolve(recipe, run=attrs.evolve(recipe.run, batch_size=batch_size_of(recipe, inspection))))
