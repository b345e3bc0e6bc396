"""Plugins: who registers which kind, found through the entry-point group ``superpose``."""

from __future__ import annotations

from superpose.plugins.discovery import BLOCK as BLOCK
from superpose.plugins.discovery import GROUP as GROUP
from superpose.plugins.discovery import discover as discover
from superpose.plugins.discovery import load_plugins as load_plugins
from superpose.plugins.hooks import hookimpl as hookimpl
from superpose.plugins.hooks import hookspec as hookspec
from superpose.plugins.registry import Plugin as Plugin
from superpose.plugins.registry import PluginStatus as PluginStatus
from superpose.plugins.registry import Registrations as Registrations
from superpose.plugins.registry import Registry as Registry

__all__ = [
    "BLOCK",
    "GROUP",
    "Plugin",
    "PluginStatus",
    "Registrations",
    "Registry",
    "discover",
    "hookimpl",
    "hookspec",
    "load_plugins",
]
