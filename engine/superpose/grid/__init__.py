"""Time grids: which of the levels that a network knows a run visits, each rule under the name of its origin.

Programs differ in this more than in anything else, and a grid that is off by one time gives other images. All examples:
T = 1000 times of the ``scaled_linear`` table, n = 20 steps.

=================== ============================== ==============================================================
openai              999, 946, 894 ... 53, 0        guided-diffusion ``space_timesteps``: "20", or sections
ddim-openai         950, 900 ... 0                 guided-diffusion "ddim20": a whole stride
compvis             951, 901 ... 1                 latent diffusion "uniform"; may have more than n steps
leading             950, 900 ... 0 (+ offset)      diffusers
trailing            999, 949 ... 49                diffusers, and arXiv 2305.08891, which argues for it
linspace            999, 946, 894 ... 53, 0        diffusers' DDIM and DDPM
linspace-dpm        999, 949, 899 ... 500 ... 50   diffusers' DPM-Solver and UniPC: n + 1 times, the last dropped
leading-dpm         940, 893 ... 47 (+ offset)     diffusers' DPM-Solver and UniPC: likewise
sgm                 999, 949 ... 49                Stability's LegacyDDPM discretization
linspace-fractional 999, 946.42 ... 0              diffusers' Euler, Heun and LMS; k-diffusion
karras              999, 961.73 ... 0              k-diffusion, arXiv 2206.00364: even in ratio ** (1 / rho)
karras-rounded      999, 962 ... 0                 diffusers' DPM-Solver and UniPC: times rounded, levels not
edm                 999, 962 ... 0                 EDM's own sampler: levels rounded to trained ones
exponential         999, 942.9 ... 0               k-diffusion: even in the logarithm of the ratio
flow                1000, 950 ... 50               rectified flow, shifted once
flow-diffusers      1000, 947.4 ... 1              diffusers' flow Euler, which shifts both ends twice
=================== ============================== ==============================================================
"""

from __future__ import annotations

from superpose.grid.plan import FINALS, GRIDS, plan_of

__all__ = ["FINALS", "GRIDS", "plan_of"]
