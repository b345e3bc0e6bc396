"""superpose: sample images from diffusion models by composition.

This module is the one public door: what is not here is not promised. Names are imported when they are first used, so
that ``import superpose`` brings no torch.

>>> import superpose
>>> model = superpose.model("glyphs")
>>> scheduler = superpose.make("scheduler", "ddim", steps=4)
>>> images = superpose.sample(superpose.prompted(model, "A"), scheduler, model, samples=2, seed=0)
>>> tuple(images.shape)
(2, 3, 32, 32)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from superpose import nn as nn
    from superpose import testing as testing
    from superpose.answer import Answerer as Answerer
    from superpose.classifier import Classifier as Classifier
    from superpose.classifier import ClassifierPredictor as ClassifierPredictor
    from superpose.clip import Clip as Clip
    from superpose.clip import Clipped as Clipped
    from superpose.clip import DynamicClip as DynamicClip
    from superpose.clip import NoClip as NoClip
    from superpose.clip import StaticClip as StaticClip
    from superpose.clip import published_clip as published_clip
    from superpose.composition import Composition as Composition
    from superpose.composition import compose as compose
    from superpose.conditioning import ChannelGroup as ChannelGroup
    from superpose.constraint import Canvas as Canvas
    from superpose.constraint import Constraint as Constraint
    from superpose.constraint import Edit as Edit
    from superpose.decomposition import Decomposition as Decomposition
    from superpose.denoiser import Ask as Ask
    from superpose.denoiser import Asking as Asking
    from superpose.denoiser import Denoiser as Denoiser
    from superpose.denoiser import Known as Known
    from superpose.denoiser import Mix as Mix
    from superpose.denoiser import Prompted as Prompted
    from superpose.denoiser import Term as Term
    from superpose.denoiser import factorized as factorized
    from superpose.denoiser import guided as guided
    from superpose.denoiser import prompted as prompted
    from superpose.denoiser import viewed as viewed
    from superpose.errors import LawError as LawError
    from superpose.errors import Notice as Notice
    from superpose.errors import PluginError as PluginError
    from superpose.errors import PromptError as PromptError
    from superpose.errors import RecipeError as RecipeError
    from superpose.errors import RunError as RunError
    from superpose.errors import SuperposeError as SuperposeError
    from superpose.estimation import together as together
    from superpose.files import read_text as read_text
    from superpose.files import regular_file as regular_file
    from superpose.grid import plan_of as plan_of
    from superpose.guidance import Guidance as Guidance
    from superpose.hub import downloads as downloads
    from superpose.hub import locate as locate
    from superpose.images import read_image as read_image
    from superpose.images import to_pixels as to_pixels
    from superpose.inspection import inspect as inspect
    from superpose.inversion import invert as invert
    from superpose.kind import Kind as Kind
    from superpose.kind import Limits as Limits
    from superpose.kind import option as option
    from superpose.labels import class_of as class_of
    from superpose.masks import read_mask as read_mask
    from superpose.models import Model as Model
    from superpose.noise import Noise as Noise
    from superpose.noise import NoiseSource as NoiseSource
    from superpose.noise import StepNoise as StepNoise
    from superpose.observer import Observer as Observer
    from superpose.observer import Step as Step
    from superpose.output.replay import replay as replay
    from superpose.output.run import Outcome as Outcome
    from superpose.output.run import run as run
    from superpose.plugins import hookimpl as hookimpl
    from superpose.prediction import Estimate as Estimate
    from superpose.prediction import LearnedVariance as LearnedVariance
    from superpose.prediction import Parameterization as Parameterization
    from superpose.prediction import Prediction as Prediction
    from superpose.prediction import steered as steered
    from superpose.predictor import Beside as Beside
    from superpose.predictor import Condition as Condition
    from superpose.predictor import NoisePredictor as NoisePredictor
    from superpose.processes import EDMSchedule as EDMSchedule
    from superpose.processes import FlowSchedule as FlowSchedule
    from superpose.processes import TableSchedule as TableSchedule
    from superpose.processes import VESchedule as VESchedule
    from superpose.processes import beta_schedule as beta_schedule
    from superpose.processes import published_parameterization as published_parameterization
    from superpose.processes import published_schedule as published_schedule
    from superpose.processes import published_table as published_table
    from superpose.recipe import Recipe as Recipe
    from superpose.recipe import dumps as dumps
    from superpose.recipe import load as load
    from superpose.recipe import loads as loads
    from superpose.recipe import schema as schema
    from superpose.sampling import State as State
    from superpose.sampling import Trajectory as Trajectory
    from superpose.sampling import renoised as renoised
    from superpose.schedule import Moment as Moment
    from superpose.schedule import Schedule as Schedule
    from superpose.scheduler.base import Plan as Plan
    from superpose.scheduler.base import Scheduler as Scheduler
    from superpose.scheduler.base import combine as combine
    from superpose.shortcuts import make as make
    from superpose.shortcuts import model as model
    from superpose.shortcuts import sample as sample
    from superpose.shortcuts import trajectory as trajectory
    from superpose.tables import Table as Table
    from superpose.tables import read_json as read_json
    from superpose.tables import read_yaml as read_yaml
    from superpose.terminal import printable as printable
    from superpose.view import View as View
    from superpose.writing import replacing as replacing
    from superpose.writing import write_tensors as write_tensors
    from superpose.writing import write_text as write_text

_HOMES = {
    "answer": "Answerer",
    "classifier": "Classifier ClassifierPredictor",
    "clip": "Clip Clipped DynamicClip NoClip StaticClip published_clip",
    "composition": "Composition compose",
    "conditioning": "ChannelGroup",
    "constraint": "Canvas Constraint Edit",
    "decomposition": "Decomposition",
    "denoiser": "Ask Asking Denoiser Known Mix Prompted Term factorized guided prompted viewed",
    "errors": "LawError Notice PluginError PromptError RecipeError RunError SuperposeError",
    "estimation": "together",
    "files": "read_text regular_file",
    "grid": "plan_of",
    "guidance": "Guidance",
    "hub": "downloads locate",
    "images": "read_image to_pixels",
    "inspection": "inspect",
    "inversion": "invert",
    "kind": "Kind Limits option",
    "labels": "class_of",
    "masks": "read_mask",
    "models": "Model",
    "noise": "Noise NoiseSource StepNoise",
    "observer": "Observer Step",
    "output.replay": "replay",
    "output.run": "Outcome run",
    "plugins": "hookimpl",
    "prediction": "Estimate LearnedVariance Parameterization Prediction steered",
    "predictor": "Beside Condition NoisePredictor",
    "processes": "EDMSchedule FlowSchedule TableSchedule VESchedule beta_schedule published_parameterization"
    " published_schedule published_table",
    "recipe": "Recipe dumps load loads schema",
    "sampling": "State Trajectory renoised",
    "schedule": "Moment Schedule",
    "scheduler.base": "Plan Scheduler combine",
    "shortcuts": "make model sample trajectory",
    "tables": "Table read_json read_yaml",
    "terminal": "printable",
    "view": "View",
    "writing": "replacing write_tensors write_text",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}
_ROOMS = ("nn", "testing")  # public modules

__all__ = [*_HOME, *_ROOMS]  # noqa: PLE0604  (names are strings, made from the table above)


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(importlib.import_module(f"superpose.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return importlib.import_module(f"superpose.{name}")
    raise AttributeError(f"superpose has no public name {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
