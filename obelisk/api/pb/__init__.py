"""Generated from ``obelisk/api/proto`` by ``tools/generate_proto.py``; not edited by hand."""
