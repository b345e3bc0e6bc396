"""Estimates: everything that tells the clean image behind a noisy one. Pure functions of a state and its level."""
