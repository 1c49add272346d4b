"""The log of a server process: on a standard stream, and in files."""
