"""What is measured, one module each; ``benchmarks.workload`` says what such a module has."""
