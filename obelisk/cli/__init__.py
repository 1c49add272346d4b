"""The ``obelisk`` command. Modules are imported when their command is used: help and client calls answer quickly."""
