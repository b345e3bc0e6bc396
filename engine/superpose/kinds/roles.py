"""The table of roles: every kind of piece that plugins add, and all that the program knows of it.

Hooks, the judging of registrations, the grammar of recipes, writer, schema, examples, manuals, the reference, the
scaffold and the cases of the laws are read off this table. A new role is one row here and one hook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from superpose.kinds.kind import Kind


@attrs.frozen(kw_only=True)
class Role:
    """A role: an interface that plugins implement, and the place of its kinds in a recipe.

    Attributes:
        name: The role, which is also its table in a recipe: ``view``.
        interface: What every kind of the role inherits from, as ``module:Class``.
        plural: What there are several of; its hook is ``register_`` and this word.
        title: Heading of its page in the reference.
        text: What its table says, for editors: one sentence.
        laws: The cases in which a kind is held to its laws, as ``module:function``; see `superpose.testing.cases`.
        in_recipe: Whether it has a table at the top of a recipe; others are named by options of kinds.
        inside: The table of a recipe that has its table in it; empty where none has.
        required: Whether that table must be there.
        many: Whether it is a list of tables, in order.
        in_stage: Whether each stage of a cascade may have a table of its own.
        in_subject: Whether a subject may have a table of its own.
        shows: Whether it is one of the things that a subject can be, instead of a prompt.
        heavy: Whether an instance holds the weights of a network, so that one is enough to be tried.
    """

    name: str
    interface: str
    plural: str
    title: str
    text: str
    laws: str
    in_recipe: bool = True
    inside: str = ""
    required: bool = False
    many: bool = False
    in_stage: bool = False
    in_subject: bool = False
    shows: bool = False
    heavy: bool = False

    @property
    def hook(self) -> str:
        """Name of the hook that registers its kinds."""
        return f"register_{self.plural}"

    @property
    def base(self) -> type[Kind]:
        """The class of its interface."""
        base: type[Kind] = _named(self.interface)
        return base

    def cases(self) -> Any:
        """The function that yields the cases of its laws."""
        return _named(self.laws)


def _named(place: str) -> Any:
    """Object called ``module:name``; named and not imported, so that the table is light and lies below all roles."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


_CASES = "superpose.testing.cases"

#: All roles by name, in the order in which a recipe is usually written.
ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            name="model",
            interface="superpose:Model",
            plural="models",
            title="Models",
            text="The network, and what it was trained on.",
            laws=f"{_CASES}:model",
            required=True,
            in_stage=True,
            heavy=True,
        ),
        Role(
            name="scheduler",
            interface="superpose:Scheduler",
            plural="schedulers",
            title="Schedulers",
            text="The sampling method: how a state moves from one noise level to the next.",
            laws=f"{_CASES}:scheduler",
            required=True,
            in_stage=True,
        ),
        Role(
            name="guidance",
            interface="superpose:Guidance",
            plural="guidances",
            title="Guidance",
            text="How a prompt becomes a denoiser; without one the prompt alone is asked.",
            laws=f"{_CASES}:guidance",
            in_stage=True,
            in_subject=True,
        ),
        Role(
            name="clip",
            interface="superpose:Clip",
            plural="clips",
            title="Clipping",
            text="How the clean image is kept in range; the model's own way when absent.",
            laws=f"{_CASES}:clip",
            in_stage=True,
        ),
        Role(
            name="classifier",
            interface="superpose:Classifier",
            plural="classifiers",
            title="Classifiers",
            text="A classifier of noisy images, which says what guides towards a class.",
            laws=f"{_CASES}:classifier",
            in_recipe=False,
        ),
        Role(
            name="view",
            interface="superpose:View",
            plural="views",
            title="Views",
            text="A view of the image, and what it shows.",
            laws=f"{_CASES}:view",
            many=True,
            in_subject=True,
            shows=True,
        ),
        Role(
            name="decomposition",
            interface="superpose:Decomposition",
            plural="decompositions",
            title="Decompositions",
            text="How the image is taken apart, and what each part shows.",
            laws=f"{_CASES}:decomposition",
            in_subject=True,
            shows=True,
        ),
        Role(
            name="operator",
            interface="superpose:Operator",
            plural="operators",
            title="Operators",
            text="What is observed of an image, from which a constraint finds it.",
            laws=f"{_CASES}:operator",
            in_recipe=False,
        ),
        Role(
            name="loss",
            interface="superpose:Loss",
            plural="losses",
            title="Losses",
            text="What is wanted of an image, towards which a constraint guides.",
            laws=f"{_CASES}:loss",
            in_recipe=False,
        ),
        Role(
            name="renderer",
            interface="superpose:Renderer",
            plural="renderers",
            title="Renderers",
            text="What draws an image that is optimised, whose parameters gradient steps move.",
            laws=f"{_CASES}:renderer",
            in_recipe=False,
        ),
        Role(
            name="constraint",
            interface="superpose:Constraint",
            plural="constraints",
            title="Constraints",
            text="A rule that the trajectory obeys.",
            laws=f"{_CASES}:constraint",
            many=True,
        ),
        Role(
            name="population",
            interface="superpose:Population",
            plural="populations",
            title="Populations",
            text="Several particles a sample, weighted on the way, of which one becomes the image.",
            laws=f"{_CASES}:population",
        ),
        Role(
            name="medium",
            interface="superpose:Medium",
            plural="media",
            title="Media",
            text="What the image is besides a picture, such as a sound: a file beside each.",
            laws=f"{_CASES}:medium",
        ),
        Role(
            name="executor",
            interface="superpose:Executor",
            plural="executors",
            title="Executors",
            text="Where the jobs of a sweep are carried out.",
            laws=f"{_CASES}:executor",
            in_recipe=False,
            inside="sweep",
        ),
    )
}
