"""unCLIP's prior: what diffusers' own pipeline draws of the same words from the same noise, sample by sample."""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import superpose
import tiny_pipelines
from superpose import RecipeError
from superpose.cli import main
from superpose.testing import check_predictor
from superpose_diffusers.folder import PRIOR_PARTS
from superpose_diffusers.image_prompts import ImagePrompt
from superpose_diffusers.model import Diffusers
from unclip_runs import DDIM, SCALE, SHAPE, STEPS, apart, latents

WIDTH, PRIOR_STEPS = 24, 5
WORDS, NEGATIVE = "a red cube", "a ball of glass"


def drawn(purpose: str, sample: int) -> Tensor:
    """A sample's own noise for vectors."""
    return superpose.Noise(0, (sample,), SHAPE).draw(-1, purpose).flatten(1)[:, :WIDTH]


def generator(start: Tensor) -> torch.Generator:
    digest = hashlib.blake2b(start.numpy().tobytes(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


def theirs(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch, sample: int, noise_level: int = 0, prior_scale: float = 4.0
) -> Tensor:
    """Final latents of one sample by the whole pipeline of diffusers."""
    start = drawn("beside:image prior", sample)
    module = sys.modules[type(pipeline).__module__]
    monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: drawn("beside:image embedding", sample))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pipeline(
            prompt=WORDS, negative_prompt=NEGATIVE, guidance_scale=SCALE, num_inference_steps=STEPS,
            latents=superpose.Noise(0, (sample,), SHAPE).draw(-1, "start"), noise_level=noise_level,
            output_type="latent", prior_latents=start, generator=generator(start),
            prior_num_inference_steps=PRIOR_STEPS, prior_guidance_scale=prior_scale,
        ).images  # fmt: skip


def opened(path: Path, **options: Any) -> superpose.NoisePredictor:
    return superpose.model("diffusers", path=path, **{"prior_steps": PRIOR_STEPS, "words_alone": (NEGATIVE,)} | options)


@pytest.mark.parametrize(("noise_level", "scale"), [(0, 4.0), (300, 4.0), (0, 1.0)])
def test_words_are_told_as_by_diffusers(
    noise_level: int, scale: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tiny_pipelines.save("unclip prior", tmp_path / "model")
    model = opened(tmp_path / "model", noise_level=noise_level, prior_scale=scale)
    want = torch.cat([theirs(pipeline, monkeypatch, sample, noise_level, scale) for sample in (0, 1)])
    off = apart(latents(model, WORDS, NEGATIVE), want)
    assert off < 1e-4
    options = {"noise_level": noise_level, "prior_scale": scale}
    assert apart(latents(model, "a red ball", NEGATIVE), want) > 1e-2, "the words are seen"
    alone = opened(tmp_path / "model", **options, words_alone=(WORDS, NEGATIVE))
    assert apart(latents(alone, WORDS, NEGATIVE), want) > 1e-2, "and so is the image"
    negative = opened(tmp_path / "model", **options, words_alone=())
    assert apart(latents(negative, WORDS, NEGATIVE), want) > 1e-3, "which negative words have as well, unless told"
    other = opened(tmp_path / "model", **options, prior_steps=PRIOR_STEPS + 1)
    assert apart(latents(other, WORDS, NEGATIVE), want) > 10 * off, "and its steps"


def test_a_scheduler_of_unclip_goes_down_all_its_levels(
    copied: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As UnCLIPPipeline asks it; StableUnCLIPPipeline does not say where a step goes, and it goes by one of 1000."""
    import diffusers

    folder = copied("unclip prior")
    index = folder / "model_index.json"
    changed = json.loads(index.read_text()) | {"prior_scheduler": ["diffusers", "UnCLIPScheduler"]}
    index.write_text(json.dumps(changed))
    scheduler = diffusers.UnCLIPScheduler(prediction_type="sample", clip_sample_range=2.0)
    scheduler.save_pretrained(folder / "prior_scheduler")
    pipeline = diffusers.StableUnCLIPPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    step = scheduler.step
    scheduler.set_timesteps(PRIOR_STEPS)
    times = scheduler.timesteps.tolist()
    following = dict(zip(times, [*times[1:], None], strict=True))

    def whole(clean: Tensor, timestep: Tensor, sample: Tensor, generator: Any = None, **more: Any) -> Any:
        return step(clean, timestep, sample, following[int(timestep)], generator, **more)

    monkeypatch.setattr(scheduler, "step", whole)
    pipeline.prior_scheduler = scheduler
    assert apart(latents(opened(folder), WORDS, NEGATIVE, (1,)), theirs(pipeline, monkeypatch, 1)) < 1e-4
    monkeypatch.setattr(scheduler, "step", step)
    assert apart(latents(opened(folder), WORDS, NEGATIVE, (1,)), theirs(pipeline, monkeypatch, 1)) > 1e-3


def test_a_sample_is_the_same_in_every_batch_and_the_prior_is_asked_once_for_each(
    saved: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    asked = []
    forward = diffusers.PriorTransformer.forward

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        asked.append(1)
        return forward(self, *given, **named)

    monkeypatch.setattr(diffusers.PriorTransformer, "forward", counted)
    model = opened(saved("unclip prior"))
    three = latents(model, WORDS, NEGATIVE, (0, 1, 2))
    assert len(asked) == 3 * PRIOR_STEPS
    fresh = opened(saved("unclip prior"))
    one, both = superpose.prompted(fresh, WORDS), {}
    for samples in ((2,), (0, 1, 2)):
        run = superpose.trajectory(one, DDIM, fresh, samples=samples, batch_size=1)
        both[len(samples)] = run.run()
    assert torch.equal(both[1][0], both[3][2])
    assert apart(three[0:1], three[1:2]) > 1e-2


def test_the_laws_of_predictors_hold(saved: Callable[[str], Path]) -> None:
    check_predictor(opened(saved("unclip prior")), [WORDS, NEGATIVE, ""])


def test_a_run_is_replayed(saved: Callable[[str], Path], tmp_path: Path) -> None:
    path = saved("unclip prior")
    (tmp_path / "r.toml").write_text(
        f'prompt = "{WORDS}"\n[model]\nkind = "diffusers"\npath = "{path.as_posix()}"\nprior_steps = 2\n'
        '[scheduler]\nkind = "ddim"\nsteps = 2\n[guidance]\nkind = "cfg"\nscale = 3\n[run]\nsamples = 2\n'
    )
    assert main(["check", str(tmp_path / "r.toml")]) == 0
    assert main(["run", str(tmp_path / "r.toml"), "--out", str(tmp_path / "out")]) == 0
    made = tmp_path / "out" / "0001.png"
    assert main(["replay", str(made), "--out", str(tmp_path / "again"), "--input", f"{path.name}={path}"]) == 0
    assert (tmp_path / "again" / made.name).read_bytes() == made.read_bytes()


def test_between_two_prompts_is_nothing_that_a_prior_would_know(saved: Callable[[str], Path], tmp_path: Path) -> None:
    model = opened(saved("unclip prior"))
    assert model.interpolation is None
    with pytest.raises(RecipeError, match="numbers or masks, and between those is nothing"):
        superpose.interpolated(model, WORDS, NEGATIVE, 0.5)
    path = saved("unclip prior")
    (tmp_path / "r.toml").write_text(
        f'prompt = "{WORDS}"\ninterpolate = {{to = "a ball", mix = 0.5}}\n[model]\nkind = "diffusers"\n'
        f'path = "{path.as_posix()}"\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
    )
    with pytest.raises(RecipeError, match=r"r\.toml:2:1: interpolate"):
        superpose.inspect(superpose.load(tmp_path / "r.toml"))


def test_the_noise_of_a_prior_belongs_to_a_sample(saved: Callable[[str], Path]) -> None:
    model = opened(saved("unclip prior"))
    level, x = model.schedule.level(0, 500), superpose.Noise(0, (0, 1), SHAPE).draw(-1, "start")
    assert superpose.prompted(model, NEGATIVE)(x, level).clean.shape == x.shape, "words alone need none"
    with pytest.raises(RecipeError, match="the noise on an image's embedding belongs to a sample"):
        superpose.prompted(model, WORDS)(x, level)


@pytest.mark.parametrize("options", [{"prior_steps": 3}, {"prior_scale": 2.0}, {"words_alone": ("a",)}])
def test_options_of_a_prior_are_refused_where_there_is_none(saved: Callable[[str], Path], options: Any) -> None:
    [name] = options
    with pytest.raises(RecipeError, match=f"{name} is for a prior, and this StableUnCLIPImg2ImgPipeline has none"):
        _ = Diffusers(path=saved("unclip"), **options).shape
    with pytest.raises(RecipeError, match=f"{name} is for networks that are told images"):
        _ = Diffusers(path=saved("stable diffusion"), **options).shape


def test_images_are_refused_where_nothing_reads_them(saved: Callable[[str], Path], tmp_path: Path) -> None:
    prompt = ImagePrompt(name="cube", image=tmp_path / "cube.png")
    with pytest.raises(
        RecipeError, match="draws images from words, and there is no image_encoder: remove image_prompt"
    ):
        _ = Diffusers(path=saved("unclip prior"), image_prompt=(prompt,)).shape


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("prior/config.json", {"embedding_dim": 25}, "different widths: prior 25, image_normalizer 24, denoiser 24"),
        (
            "model_index.json",
            {"prior_scheduler": ["diffusers", "EulerDiscreteScheduler"]},
            "prior_scheduler is a Euler",
        ),
        ("model_index.json", {"prior_text_encoder": [None, None]}, "doesn't know without its prior_text_encoder"),
        ("model_index.json", {key: [None, None] for key in PRIOR_PARTS}, "is told images, and there is no image_enc"),
        ("model_index.json", {"prior": ["somewhere", "PriorTransformer"]}, "part 'prior' is a PriorTransformer of 'so"),
    ],
)
def test_folders_that_do_not_fit(
    file: str, changes: dict[str, Any], message: str, copied: Callable[[str], Path]
) -> None:
    path = copied("unclip prior") / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(RecipeError, match=message):
        _ = Diffusers(path=path.parents[len(Path(file).parts) - 1]).shape
