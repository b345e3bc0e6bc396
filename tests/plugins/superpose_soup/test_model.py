"""The model soup: one of equal fine-tunes is the model, all hashes are in its images, strangers are refused."""

import pytest
import torch

from superpose import RecipeError, compose, inspect, loads, make, replay, run
from superpose.media.png import read_origin

RECIPE = """prompt = "A"
[model]
{model}
[scheduler]
kind = "ddim"
steps = 2
[run]
samples = 2
"""
BOTH = 'kind = "soup"\nmodels = [{kind = "glyphs"}, {kind = "glyphs-moved"}]'


def images(model):
    return compose(loads(RECIPE.format(model=model))).stages[0].trajectory([0, 1]).run()


def test_two_equal_models_are_one():
    twice = images('kind = "soup"\nmodels = [{kind = "glyphs"}, {kind = "glyphs"}]')
    assert torch.equal(twice, images('kind = "glyphs"'))


def test_shares_go_from_one_to_the_other():
    soup, first, other = images(BOTH), images('kind = "glyphs"'), images('kind = "glyphs-moved"')
    almost = images(BOTH + "\nweights_of = [1.0, 1e-9]")
    torch.testing.assert_close(almost, first, atol=1e-4, rtol=0)
    assert min(float((soup - each).abs().max()) for each in (first, other)) > 0.01


def test_all_hashes_are_in_its_images_and_it_is_made_again(tmp_path):
    [image, *_] = run(loads(RECIPE.format(model=BOTH)), out=tmp_path / "run").images
    weights = read_origin(image).weights
    assert set(weights) == {"0-glyphs", "1-glyphs-moved"}
    assert weights["1-glyphs-moved"] == make("model", "glyphs-moved").weights()["glyphs-moved"]
    assert replay(image, tmp_path / "again").read_bytes() == image.read_bytes()


def test_it_asks_the_rows_of_one():
    assert (
        inspect(loads(RECIPE.format(model=BOTH))).total == inspect(loads(RECIPE.format(model='kind = "glyphs"'))).total
    )


@pytest.mark.parametrize(
    ("models", "why"),
    [
        ("[]", "models is empty"),
        ('[{kind = "glyphs"}]\nweights_of = [1.0, 2.0]', "weights_of has 2 shares for 1 models"),
        (
            '[{kind = "glyphs"}, {kind = "pictograms"}]',
            "pictograms has other states, noise levels or var",
        ),
        ('[{kind = "gaussian"}]', "does not say which of its weights can be averaged"),
    ],
)
def test_what_can_not_be_averaged_is_refused_before_any_weight_is_read(models, why):
    with pytest.raises(RecipeError, match=why):
        inspect(loads(RECIPE.format(model=f'kind = "soup"\nmodels = {models}')))


def test_a_prompt_that_one_does_not_know_is_refused():
    with pytest.raises(RecipeError, match="unknown prompt 'cat'"):
        inspect(loads(RECIPE.format(model=BOTH).replace('"A"', '"cat"')))
