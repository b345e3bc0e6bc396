"""Sweeps: many jobs of one recipe, each done exactly once wherever it runs."""
