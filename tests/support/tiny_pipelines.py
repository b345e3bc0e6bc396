"""Pipelines of diffusers of every kind that the bridge knows, tiny and random, saved as published ones are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

with warnings.catch_warnings():  # what the libraries warn of while they are imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers
    import transformers

WORDS = ("<pad>", "<s>", "a", "red", "blue", "cube", "ball", "of", "glass", "</s>")
WIDTH = 32  # of every text encoder


def tokenizer(length: int) -> Any:
    """One that knows the words above."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="a"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(word, WORDS.index(word)) for word in ("<s>", "</s>")]
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "a"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=length, **special)


def clip(projected: bool = False, width: int = WIDTH) -> Any:
    config = transformers.CLIPTextConfig(
        hidden_size=width, intermediate_size=37, num_attention_heads=4, num_hidden_layers=3, vocab_size=len(WORDS),
        projection_dim=width, hidden_act="gelu", pad_token_id=0, bos_token_id=1, eos_token_id=9,
        max_position_embeddings=16,
    )  # fmt: skip
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)


def t5() -> Any:
    config = transformers.T5Config(
        vocab_size=len(WORDS), d_model=WIDTH, d_kv=8, d_ff=37, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    return transformers.T5EncoderModel(config)


def gemma() -> Any:
    config = transformers.Gemma2Config(
        vocab_size=len(WORDS), hidden_size=8, intermediate_size=8, num_attention_heads=2, num_key_value_heads=1,
        num_hidden_layers=1, head_dim=4, max_position_embeddings=512,
    )  # fmt: skip
    return transformers.Gemma2Model(config)


def kl(channels: int = 4, **more: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2, latent_channels=channels, norm_num_groups=4, **more,
    )  # fmt: skip


def text_unet(words: int = WIDTH, **more: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=8, norm_num_groups=4, cross_attention_dim=words,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4, **more,
    )  # fmt: skip


def stable_diffusion() -> Any:
    scheduler = diffusers.DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, steps_offset=1
    )
    return diffusers.StableDiffusionPipeline(
        vae=kl(), text_encoder=clip(), tokenizer=tokenizer(16), unet=text_unet(), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def unclip() -> Any:
    """Stable unCLIP, whose normaliser has moments as random as all else, and noise that shows at low levels."""
    from diffusers.pipelines.stable_diffusion import StableUnCLIPImageNormalizer

    vision = transformers.CLIPVisionConfig(
        hidden_size=WIDTH, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, image_size=16,
        patch_size=4, projection_dim=24,
    )  # fmt: skip
    parts = stable_diffusion().components
    for name in ("safety_checker", "feature_extractor"):
        parts.pop(name)
    parts["unet"] = text_unet(class_embed_type="projection", projection_class_embeddings_input_dim=48)
    return diffusers.StableUnCLIPImg2ImgPipeline(
        **{name: part for name, part in parts.items() if name != "image_encoder"},
        image_encoder=transformers.CLIPVisionModelWithProjection(vision),
        feature_extractor=transformers.CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size=16),
        image_normalizer=StableUnCLIPImageNormalizer(24),
        image_noising_scheduler=diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
    )  # fmt: skip


def unclip_prior() -> Any:
    """Stable unCLIP that draws its embeddings from words, whose prior has moments as random as all else."""
    parts = unclip().components
    prior = diffusers.PriorTransformer(
        num_attention_heads=2, attention_head_dim=12, num_layers=1, embedding_dim=24, num_embeddings=16,
        additional_embeddings=4,
    )  # fmt: skip
    about = {"variance_type": "fixed_small_log", "prediction_type": "sample", "clip_sample_range": 2.0}
    return diffusers.StableUnCLIPPipeline(
        **{name: part for name, part in parts.items() if name not in ("image_encoder", "feature_extractor")},
        prior=prior, prior_tokenizer=tokenizer(16), prior_text_encoder=clip(projected=True, width=24),
        prior_scheduler=diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2", clip_sample=True, **about),
    )  # fmt: skip


def told_guidance() -> Any:
    parts = stable_diffusion().components
    parts["unet"] = text_unet(time_cond_proj_dim=16)
    return diffusers.StableDiffusionPipeline(**parts, requires_safety_checker=False)


def sdxl() -> Any:
    scheduler = diffusers.EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="v_prediction"
    )
    unet = text_unet(
        2 * WIDTH, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        vae=kl(latents_mean=[0.1, -0.2, 0.3, 0.0], latents_std=[1.5, 2.0, 0.5, 1.0]), text_encoder=clip(),
        text_encoder_2=clip(projected=True), tokenizer=tokenizer(16), tokenizer_2=tokenizer(16), unet=unet,
        scheduler=scheduler, add_watermarker=False,
    )  # fmt: skip


def sd3() -> Any:
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=8, patch_size=1, in_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
        caption_projection_dim=32, joint_attention_dim=2 * WIDTH, pooled_projection_dim=2 * WIDTH, out_channels=4,
    )  # fmt: skip
    return diffusers.StableDiffusion3Pipeline(
        vae=kl(shift_factor=0.0609, scaling_factor=1.5035), text_encoder=clip(projected=True),
        text_encoder_2=clip(projected=True), text_encoder_3=None, tokenizer=tokenizer(16), tokenizer_2=tokenizer(16),
        tokenizer_3=None, transformer=transformer, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    )  # fmt: skip


def flux(guided: bool = True) -> Any:
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=WIDTH, pooled_projection_dim=WIDTH, axes_dims_rope=(4, 4, 8), guidance_embeds=guided,
    )  # fmt: skip
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=guided)
    return diffusers.FluxPipeline(
        vae=kl(shift_factor=0.1159, scaling_factor=0.3611), text_encoder=clip(), text_encoder_2=t5(),
        tokenizer=tokenizer(16), tokenizer_2=tokenizer(16), transformer=transformer, scheduler=scheduler,
    )  # fmt: skip


def pixart(sigma: bool) -> Any:
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=8 if sigma else 128, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=3,
        caption_channels=WIDTH, cross_attention_dim=24, in_channels=4, out_channels=8,
    )  # fmt: skip
    pipeline = diffusers.PixArtSigmaPipeline if sigma else diffusers.PixArtAlphaPipeline
    scheduler = diffusers.DPMSolverMultistepScheduler() if sigma else diffusers.DDIMScheduler(clip_sample=False)
    return pipeline(transformer=transformer, vae=kl(), text_encoder=t5(), tokenizer=tokenizer(16), scheduler=scheduler)


def sana() -> Any:
    transformer = diffusers.SanaTransformer2DModel(
        patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
        num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
        sample_size=8,
    )  # fmt: skip
    vae = diffusers.AutoencoderDC(
        in_channels=3, latent_channels=4, attention_head_dim=2, encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"), encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8), encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1), decoder_layers_per_block=[1, 1], downsample_block_type="conv",
        upsample_block_type="interpolate", decoder_norm_types="rms_norm", decoder_act_fns="silu",
        scaling_factor=0.41407,
    )  # fmt: skip
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0)
    return diffusers.SanaPipeline(
        transformer=transformer, vae=vae, text_encoder=gemma(), tokenizer=tokenizer(16), scheduler=scheduler
    )


def aura_flow() -> Any:
    transformer = diffusers.AuraFlowTransformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, num_mmdit_layers=1, num_single_dit_layers=1, attention_head_dim=8,
        num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=WIDTH, out_channels=4,
        pos_embed_max_size=64,
    )  # fmt: skip
    return diffusers.AuraFlowPipeline(
        transformer=transformer, vae=kl(), text_encoder=t5(), tokenizer=tokenizer(16),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=1.73),
    )  # fmt: skip


def dit() -> Any:
    transformer = diffusers.DiTTransformer2DModel(
        sample_size=8, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=2, out_channels=8
    )
    names = {"0": "tench, Tinca tinca", "207": "golden retriever"}
    return diffusers.DiTPipeline(
        transformer=transformer, vae=kl(), scheduler=diffusers.DDIMScheduler(clip_sample=False), id2label=names
    )


def unet2d(**more: Any) -> Any:
    return diffusers.UNet2DModel(
        block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, sample_size=8, attention_head_dim=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"), **more,
    )  # fmt: skip


def ddpm() -> Any:
    scheduler = diffusers.DDIMScheduler(beta_schedule="squaredcos_cap_v2", clip_sample=False, prediction_type="sample")
    return diffusers.DDIMPipeline(unet=unet2d(), scheduler=scheduler)


def uncond_latent() -> Any:
    vq = diffusers.VQModel(
        block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2, latent_channels=3, norm_num_groups=4, num_vq_embeddings=16,
    )  # fmt: skip
    scheduler = diffusers.DDIMScheduler(clip_sample=False)
    return diffusers.LDMPipeline(vqvae=vq, unet=unet2d(), scheduler=scheduler)


PIPELINES: dict[str, Callable[[], Any]] = {
    "stable diffusion": stable_diffusion,
    "told guidance": told_guidance,
    "unclip": unclip,
    "unclip prior": unclip_prior,
    "sdxl": sdxl,
    "sd3": sd3,
    "flux dev": flux,
    "flux schnell": lambda: flux(guided=False),
    "pixart alpha": lambda: pixart(sigma=False),
    "pixart sigma": lambda: pixart(sigma=True),
    "sana": sana,
    "aura flow": aura_flow,
    "dit": dit,
    "ddpm": ddpm,
    "latent diffusion": uncond_latent,
}


def save(name: str, folder: Path) -> Any:
    """The pipeline of that name, every parameter random, saved in ``folder``; returned as it is in memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        pipeline = PIPELINES[name]()
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval()
                for parameter in part.parameters():
                    # Zeros and ones as well: a layer that does nothing hides what it is told.
                    parameter.data += 0.1 * torch.randn_like(parameter)
        pipeline.save_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
