"""A gradient costs at most 3.2 forward passes, and with checkpointing the memory of one: counted, not timed.

The embedded network, in floating-point operations, and in bytes of the tensors that torch keeps to walk back.
"""

import attrs
import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

import superpose
from superpose import make, prompted, trajectory
from superpose_constraints.dps import Slope
from superpose_constraints.mmps import Matched
from superpose_constraints.pigdm import Guided
from superpose_operators.bound.masked import Masked

SHAPE = (3, 32, 32)
MASK = Masked(SHAPE, (torch.arange(32) < 16).float().expand(SHAPE))
TOLD = {"operator": MASK, "observed": torch.zeros(1, *SHAPE)}
RULES = {
    "dps": lambda: Slope(**TOLD),
    "pigdm": lambda: Guided(noise=0.05, **TOLD),
    "mmps": lambda: Matched(noise=0.05, **TOLD),
}
#: Walks back through the network.
WALKS = {"dps": 1, "pigdm": 1, "mmps": 4}


@pytest.fixture(scope="module")
def network():
    return superpose.model("glyphs")


def run(network, *rules, samples=2, checkpointing=False, batch_size=2):
    made = trajectory(
        prompted(network, "A"),
        make("scheduler", "ddim", steps=2, eta=1.0),
        network,
        samples=samples,
        constraints=rules,
        batch_size=batch_size,
    )
    return attrs.evolve(made, checkpointing=checkpointing)


def operations(made):
    state = made.start()
    state = made.step(state)  # at the first level there may be no signal, and nothing is steered
    with FlopCounterMode(display=False) as counter:
        made.step(state)
    return counter.get_total_flops()


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("kind", RULES)
def test_a_gradient_costs_a_pass_forth_and_one_back(kind, checkpointing, network):
    plain = operations(run(network))
    cost = operations(run(network, RULES[kind](), checkpointing=checkpointing)) / plain
    most = 3.2 if WALKS[kind] == 1 else 1 + WALKS[kind] * (1 + checkpointing) + 0.2
    assert 1.9 < cost <= most, f"{kind} costs {cost:.2f} forward passes"


def kept(made):
    """Bytes that torch keeps to walk back, at the most demanding step."""
    state = made.step(made.start())
    sizes = []

    def pack(tensor):
        sizes.append(tensor.numel() * tensor.element_size())
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        made.step(state)
    return sum(sizes)


def test_checkpointing_keeps_no_more_for_many_samples_than_states(network):
    """Without it what is kept grows with the samples; with it by the states themselves, a thousandth of that."""
    few, many = (kept(run(network, RULES["dps"](), samples=n)) for n in (2, 6))
    less = kept(run(network, RULES["dps"](), samples=6, checkpointing=True))
    assert many > 2.5 * few
    assert less < 0.05 * many, f"{less} bytes of {many}"


@pytest.mark.parametrize("kind", RULES)
def test_checkpointing_changes_no_bit(kind, network):
    plain, again = (run(network, RULES[kind](), samples=3, checkpointing=it).run() for it in (False, True))
    assert torch.equal(plain, again)


def test_it_is_an_option_of_a_recipe(tmp_path):
    text = 'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
    text += "[run]\ncheckpointing = true\n"
    composition = superpose.compose(superpose.loads(text))
    assert composition.stages[0].checkpointing
    assert composition.trajectory((0,)).checkpointing
    [image] = superpose.run(superpose.loads(text), tmp_path / "a").images
    [plain] = superpose.run(superpose.loads(text, overrides=["run.checkpointing=false"]), tmp_path / "b").images
    assert image.read_bytes() == plain.read_bytes()
