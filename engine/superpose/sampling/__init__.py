"""Sampling: the loop, and everything that moves a state along its plan."""
