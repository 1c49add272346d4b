"""Measurements of Obelisk, and of other engines on the same work; see ``docs/explanation/performance.md``.

    python -m benchmarks list
    python -m benchmarks run [NAME...] [--peers] [--json FILE] [--rounds N] [--quick]

* ``workloads``      what is measured, one module each; ``workload`` says what such a module has and which there are
* ``peers``          other engines; ``peer`` says what such a module has, ``shared_work`` which work they share
* ``run``            goes through them; ``bench`` is what a workload is handed, ``disk`` the bare speed beside it
* ``results``        what was found, with every sample and the settings; ``table`` shows it
* ``server``, ``client``   a real server process, and calls to it over gRPC
* ``guests``         components for work that ``examples/wat`` has none for
"""
