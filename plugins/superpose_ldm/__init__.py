"""Latent diffusion: Stable Diffusion, CompVis LDM, InstructPix2Pix and diffusion transformers."""
