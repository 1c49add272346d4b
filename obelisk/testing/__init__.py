"""The kit for authors of plugins and components; the engine never imports it.

``storage``, the suite for storages, needs pytest and pytest-asyncio.
"""
