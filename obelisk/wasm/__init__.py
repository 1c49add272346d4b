"""Running WebAssembly components: reflection, compilation, the binding to wasmtime and the host side of guests."""
