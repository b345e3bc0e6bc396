"""As much of diffusers as the bridge uses is there, in the version that is installed: names, arguments, answers."""

import inspect
import warnings

import pytest
import torch

from superpose_diffusers.pipeline import Network, Pipeline, PriorPipeline
from tiny_pipelines import stable_diffusion, unclip_prior

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers


@pytest.fixture(scope="module")
def pipeline():
    return stable_diffusion()


def members(protocol):
    methods = {name for name, value in vars(protocol).items() if inspect.isfunction(value) and name != "__init__"}
    return {name for name in methods if not name.startswith("_abc") and name not in ("__subclasshook__",)}


def test_a_pipeline_has_what_is_used_of_it(pipeline):
    for name in members(Pipeline):
        assert callable(getattr(pipeline, name)), name
    assert pipeline.device.type == "cpu"
    assert members(Pipeline) == {"encode_prompt", "get_guidance_scale_embedding"}


def test_a_pipeline_with_a_prior_has_what_is_used_of_it():
    prior = unclip_prior()
    assert members(PriorPipeline) == {"_encode_prior_prompt"}
    pooled, states, mask = prior._encode_prior_prompt("a red cube", prior.device, 1, True)
    assert (pooled.shape, states.shape, mask.shape, mask.dtype) == ((2, 24), (2, 16, 24), (2, 16), torch.bool)
    assert "generator" in inspect.signature(prior.prior_scheduler.step).parameters
    assert "prev_timestep" in inspect.signature(diffusers.UnCLIPScheduler.step).parameters


def test_its_network_answers_a_tuple_and_says_what_it_was_made_of(pipeline):
    network = pipeline.unet
    shape = 1, network.config.in_channels, 8, 8
    words = torch.zeros(1, 4, network.config.cross_attention_dim)
    with torch.no_grad():
        answer = network(torch.zeros(shape), torch.tensor(1.0), words, return_dict=False)
    assert isinstance(answer, tuple)
    assert answer[0].shape == shape
    assert "__call__" in vars(Network)


def test_features_of_a_scale_of_guidance_are_a_row_of_the_width_that_is_asked_for(pipeline):
    got = pipeline.get_guidance_scale_embedding(torch.tensor([3.0]), embedding_dim=6)
    assert got.shape == (1, 6)
    assert not torch.equal(got, pipeline.get_guidance_scale_embedding(torch.tensor([4.0]), embedding_dim=6))


@pytest.mark.parametrize("name", ["PixArtTransformer2DModel"])
def test_additional_conditions_are_what_pixart_calls_them(name):
    assert "use_additional_conditions" in inspect.signature(getattr(diffusers, name).__init__).parameters
