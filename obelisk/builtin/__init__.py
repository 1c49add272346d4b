"""Plugins that ship with the kernel. They are loaded by name, and nobody imports them."""
