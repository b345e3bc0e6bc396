"""Operators on images of one size: what the kinds of this package are bound to. They import torch."""
