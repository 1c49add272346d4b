"""Two storages side by side: whatever is done, they answer alike.

``python -m obelisk.testing.differential --storage NAME`` compares an installed storage with the memory storage, which is the
oracle; ``running.compare_with_memory`` does the same in a test. Needs hypothesis.
"""
