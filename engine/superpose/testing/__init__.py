"""The laws as functions, for everybody who writes a plugin: each raises `LawError` with the offender and the figure.

>>> import attrs
>>> from superpose import View
>>> from superpose.testing import check_view
>>> @attrs.frozen(kw_only=True)
... class Gain(View):
...     \"\"\"Shows the image brighter, which its inverse undoes, and is no view all the same.\"\"\"
...     kind = "gain"
...     def apply(self, x): return x * 1.5
...     def invert(self, x): return x / 1.5
>>> check_view(Gain(), 3, 8, 8)
Traceback (most recent call last):
    ...
superpose.errors.LawError: view 'gain' Gain() at 3x8x8: it changes the length of an image by up to 1.5 times; a view ...

Each gives the figures it has measured, and `report` those of every law of a kind, over its variants and some sizes:
``superpose plugins check NAME`` prints them.

Strategies for Hypothesis are in `superpose.testing.strategies`, predictors with closed forms in
`superpose.testing.predictors`.
"""

from __future__ import annotations

from superpose.testing.classifiers import check_classifier as check_classifier
from superpose.testing.clips import check_clip as check_clip
from superpose.testing.constraints import check_constraint as check_constraint
from superpose.testing.decompositions import check_decomposition as check_decomposition
from superpose.testing.densities import check_dispersion as check_dispersion
from superpose.testing.executors import check_executor as check_executor
from superpose.testing.guidances import check_guidance as check_guidance
from superpose.testing.import_time import check_import_time as check_import_time
from superpose.testing.losses import check_loss as check_loss
from superpose.testing.media import check_medium as check_medium
from superpose.testing.networks import check_predictor as check_predictor
from superpose.testing.operators import check_operator as check_operator
from superpose.testing.populations import check_population as check_population
from superpose.testing.renderers import check_renderer as check_renderer
from superpose.testing.report import LawStatus as LawStatus
from superpose.testing.report import Line as Line
from superpose.testing.report import report as report
from superpose.testing.report import report_plugin as report_plugin
from superpose.testing.schedulers import check_scheduler as check_scheduler
from superpose.testing.taps import check_tap as check_tap
from superpose.testing.variation import variants as variants
from superpose.testing.views import check_view as check_view

__all__ = [
    "LawStatus",
    "Line",
    "check_classifier",
    "check_clip",
    "check_constraint",
    "check_decomposition",
    "check_dispersion",
    "check_executor",
    "check_guidance",
    "check_import_time",
    "check_loss",
    "check_medium",
    "check_operator",
    "check_population",
    "check_predictor",
    "check_renderer",
    "check_scheduler",
    "check_tap",
    "check_view",
    "report",
    "report_plugin",
    "variants",
]
