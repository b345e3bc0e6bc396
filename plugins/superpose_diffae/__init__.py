"""Diffusion autoencoders: a semantic code and a stochastic one, in and out."""
