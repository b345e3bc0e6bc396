"""The constraints: rules that the trajectory obeys."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Constraint, hookimpl
from superpose_constraints.anti_segregation import AntiSegregation
from superpose_constraints.daps import DAPS
from superpose_constraints.ddnm import DDNM
from superpose_constraints.ddrm import DDRM
from superpose_constraints.diffpir import DiffPIR
from superpose_constraints.dps import DPS
from superpose_constraints.freeze import Freeze
from superpose_constraints.ilvr import ILVR
from superpose_constraints.inpaint import Inpaint
from superpose_constraints.inversion import Inversion
from superpose_constraints.looking_glass import LookingGlass
from superpose_constraints.mmps import MMPS
from superpose_constraints.null_text import NullText
from superpose_constraints.pigdm import PiGDM
from superpose_constraints.prompt_to_prompt import PromptToPrompt
from superpose_constraints.psld import PSLD
from superpose_constraints.sdedit import SDEdit
from superpose_constraints.tfg import TFG
from superpose_constraints.tmpd import TMPD
from superpose_constraints.zoom_stack import ZoomStack


@hookimpl
def register_constraints(register: Callable[[type[Constraint]], type[Constraint]]) -> None:
    """Register every constraint of this package."""
    for constraint in (AntiSegregation, Freeze, ILVR, Inpaint, Inversion, NullText, PromptToPrompt, SDEdit, TFG):
        register(constraint)
    for tied in (LookingGlass, ZoomStack):
        register(tied)
    for observed in (DAPS, DDNM, DDRM, DiffPIR, DPS, MMPS, PiGDM, PSLD, TMPD):
        register(observed)
