"""Recipes: typed, read from TOML with every mistake told at once, and written back."""

from __future__ import annotations

from superpose.recipe.dump import dumps as dumps
from superpose.recipe.interpolation import Interpolation as Interpolation
from superpose.recipe.json_schema import schema as schema
from superpose.recipe.loading import load as load
from superpose.recipe.loading import loads as loads
from superpose.recipe.mistakes import Mistake as Mistake
from superpose.recipe.mistakes import MistakesError as MistakesError
from superpose.recipe.mistakes import Source as Source
from superpose.recipe.subject import ComposeTerm as ComposeTerm
from superpose.recipe.subject import ComposeTerms as ComposeTerms
from superpose.recipe.subject import PartTerms as PartTerms
from superpose.recipe.subject import Subject as Subject
from superpose.recipe.subject import ViewTerm as ViewTerm
from superpose.recipe.sweep import Point as Point
from superpose.recipe.sweep import Sweep as Sweep
from superpose.recipe.sweep import SweepOptions as SweepOptions
from superpose.recipe.sweep import load_sweep as load_sweep
from superpose.recipe.tables import Recipe as Recipe
from superpose.recipe.tables import Run as Run
from superpose.recipe.tables import Stage as Stage
