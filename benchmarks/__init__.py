"""Measurements of the engine. Each module measures one thing and prints it: ``python -m benchmarks.cpu_bound``."""
