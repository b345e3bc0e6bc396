"""``[interpolate]`` beside a prompt: what a recipe with it makes, says and refuses."""

import numpy as np
import pytest
import torch

import superpose
from superpose import RecipeError
from superpose.media.sheet import readings
from superpose.recipe import dumps, loads

TEXT = """
prompt = "bold A in red"
[model]
kind = "glyphs-ldm"
[scheduler]
kind = "ddim"
steps = 2
[run]
threads = 1
"""


def recipe(way="", text=TEXT):
    return loads(f"{way}\n{text}", name="it.toml", folder=".")


def images(recipe, samples=(0, 1)):
    return superpose.compose(recipe).trajectory(list(samples)).run()


def test_the_ends_are_either_recipe_bit_for_bit_and_the_middle_is_neither():
    first, last = recipe(), recipe(text=TEXT.replace("bold A in red", "O in blue"))
    at = {mix: images(recipe(f'interpolate = {{to = "O in blue", mix = {mix}}}')) for mix in (0, 0.5, 1)}
    assert torch.equal(at[0], images(first))
    assert torch.equal(at[1], images(last))
    assert min(float((at[0.5] - at[end]).abs().max()) for end in (0, 1)) > 0.1


def test_a_sample_is_the_same_alone():
    half = recipe('interpolate = {to = "O in blue", mix = 0.5}')
    assert torch.equal(images(half)[1:], images(half, [1]))


def test_it_stands_wherever_a_prompt_stands_and_is_written_out():
    view = '[[view]]\nkind = "identity"\nprompt = "A"\ninterpolate = {to = "O", mix = 0.25}\n'
    both = TEXT.replace('prompt = "bold A in red"', "") + view + '[[view]]\nkind = "rotate"\nprompt = "V"\n'
    read = recipe(text=both)
    assert recipe(text=dumps(read)).subject == read.subject
    labels = [(reading.label, reading.prompt) for reading in readings(read.subject)]
    assert labels == [("A to O, 0.25", None), ("V", "V")]
    superpose.inspect(read)
    ended = recipe('interpolate = {to = "O", mix = 1}')
    assert [(reading.label, reading.prompt) for reading in readings(ended.subject)] == [("O", "O")]
    assert list(ended.subject.prompts()) == ["O"]


@pytest.mark.parametrize(
    ("way", "text", "wrong"),
    [
        ('interpolate = {to = "O in mauve"}', TEXT, r"interpolate.to: .*mauve"),
        ('interpolate = {to = "O", mix = 2}', TEXT, r"interpolate.mix: "),
        ('interpolate = {to = "O", path = "arc"}', TEXT, r"interpolate.path: .*slerp"),
        ('interpolate = {to = "O"}', TEXT.replace('prompt = "bold A in red"', '[compose]\nand = ["A"]'), "give prompt"),
        (
            'interpolate = {to = "O"}',
            TEXT.replace("glyphs-ldm", "glyphs").replace("bold A in red", "A"),
            r"interpolate: glyphs tells its network prompts between which there is nothing",
        ),
        (
            'interpolate = {to = "O"}',
            TEXT.replace("glyphs-ldm", "pictograms").replace("bold A in red", "cat").replace('"O"', '"dog"')
            + '[guidance]\nkind = "classifier"\nclassifier = {kind = "pictograms-classifier"}\n',
            r"interpolate",
        ),
    ],
)
def test_what_it_refuses(way, text, wrong):
    with pytest.raises(RecipeError, match=wrong):
        superpose.inspect(recipe(way, text))


def test_a_prompt_edited_by_its_words_is_a_prompt():
    edit = '[[constraint]]\nkind = "prompt-to-prompt"\nsource = "A in red"\n'
    with pytest.raises(RecipeError, match="edits one prompt, and what is shown has none"):
        superpose.inspect(recipe('interpolate = {to = "O in blue"}', TEXT + edit))


def test_wildcards_are_chosen_at_its_end_too(tmp_path):
    from superpose.recipe.wildcards import Wildcards, has_wildcards

    subject = recipe('interpolate = {to = "{O|C|Q} in blue"}', TEXT.replace("glyphs-ldm", "glyphs-ldm")).subject
    assert has_wildcards(subject)
    chosen = {Wildcards(tmp_path).resolved(subject, 0, sample).interpolate.to for sample in range(20)}
    assert chosen == {"O in blue", "C in blue", "Q in blue"}


def test_codes_of_images_are_mixed_as_codes_between_them_are(tmp_path):
    """The way between two codes of a diffusion autoencoder is that which ``between`` of a code makes."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for name in "ab":
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    codes = "".join(f'[[model.code]]\nname = "{n}"\nimage = "{tmp_path / n}.png"\n' for n in "ab")
    codes += '[[model.code]]\nname = "between"\nbetween = ["a", "b"]\nmix = 0.25\n'
    model = loads(
        f'prompt = "a"\n[model]\nkind = "glyphs-diffae"\n{codes}[scheduler]\nkind = "ddim"\n', name="x", folder="."
    )
    predictor = model.model.load()
    half = superpose.interpolated(predictor, "a", "b", 0.25, predictor.interpolation)
    wanted = predictor.condition("between").tensors
    for name, tensor in half.tensors.items():
        assert torch.allclose(tensor, wanted[name], atol=1e-6)
