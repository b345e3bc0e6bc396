"""Pixel models: diffusers UNet2DModel folders, OpenAI guided-diffusion files, the PyTorch DDPM port and EDM."""
