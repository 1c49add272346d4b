"""The pure core: what a log means and what a workflow's calls do to it. No I/O, no clock, no randomness."""
