"""WASI 0.2 for guests, in Python: one module for each package.

Theory of operation
    A guest that calls a WASI function parks. Its owner looks the function up (``functions``) and calls it on the loop with
    the guest's ``Sandbox`` and the lifted arguments. A handler returns the value for the guest, or a ``Later`` when it has
    to wait; then the guest stays parked until the awaitable is done, and everybody else goes on. Handlers raise
    ``GuestTrapError`` for what WASI answers with a trap.

    A resource is an object in the sandbox's table; the guest holds its number. What the guest drops is closed before its
    next call is answered. ``Sandbox.close`` closes all that is left, at once and without waiting: that is what cancelling
    a run means for its sockets and files.

    Arguments and results have the form that ``lift`` and ``lower`` give them: names with ``_`` for ``-``, ``{"ok": ...}``
    and ``{"err": ...}`` for results, a case without payload as its name, one with payload as ``{name: payload}``, a list of
    bytes as ``bytes``, a handle as its number.

The rules come from the WIT documentation of the WASI 0.2 packages.
"""
