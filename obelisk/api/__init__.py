"""The gRPC interface: its messages, the server, and how what the engine knows is written in messages."""
