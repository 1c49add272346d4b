"""The configuration: what ``obelisk.toml`` may hold, and reading it."""
