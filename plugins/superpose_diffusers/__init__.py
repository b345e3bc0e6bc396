"""A bridge that makes any denoiser of diffusers a noise predictor."""
