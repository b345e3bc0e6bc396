"""Spectrograms as images: sounds."""
