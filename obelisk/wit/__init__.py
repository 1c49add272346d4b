"""WIT: a model of types and interfaces, its text, and the functions that the engine derives from exports."""
