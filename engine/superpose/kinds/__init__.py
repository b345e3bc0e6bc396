"""Kinds that recipes name: the table of roles."""
