"""Every exception that Obelisk raises.

* ObeliskError
  * ConfigError                 the TOML file, an environment override or a flag is wrong
  * PluginError                 a plugin does not load, or two offer the same name
  * ComponentError              a component cannot be read, compiled or used
    * LinkError                 imports do not match what the deployment exports
  * StorageError                the storage cannot do what was asked
    * SchemaVersionError        the database was written by another schema version
    * CommitRefusedError        a batch was refused: a version or a response cursor moved
    * CommitUnknownError        whether a batch was committed is not known
    * IllegalTransitionError    an event does not fit the state of its execution
  * InputError                  a caller asked for something that cannot be
    * InvalidIdError            text that is not an id
    * InvalidNameError          text that is not a function, interface or package name
    * InvalidValueError         a value does not fit its WIT type
    * FunctionNotFoundError     no component exports the function
    * ExecutionNotFoundError    no execution has the id
    * DelayNotFoundError        no execution asked for the delay
    * ExecutionConflictError    the execution exists with another function, other parameters or another result
    * ExecutionStateError       what was asked does not fit what the execution is doing, or what it is
  * NondeterminismError         a workflow asked for something else than its history holds
  * GuestError                  a guest trapped, ran out of something or could not start
    * GuestTrapError            a guest asked a host function for what cannot be: it has to trap
    * GuestExitError            a guest ended itself
    * RequestDeniedError        a guest's HTTP request is not allowed
    * InvalidTargetError        what a guest wants to send a request to cannot be
  * ServerError                 a port is in use, a listener failed
  * ClientError                 the command line could not reach or use a server
  * WorkflowTestError           a test of a workflow found what it may not, or cannot go on

A program that embeds the engine catches ``ObeliskError``::

    try:
        result = await engine.executions.wait(execution_id)
    except ObeliskError as error:
        print(error)

Every message names the thing, what was found, what was expected, and where it helps the next step.
"""

from __future__ import annotations


class ObeliskError(Exception):
    """The root of everything that Obelisk raises on purpose."""


class ConfigError(ObeliskError):
    """The configuration is wrong; the message gives the path of the key."""


class PluginError(ObeliskError):
    """A plugin does not load, is missing, or clashes with another."""


class ComponentError(ObeliskError):
    """A component cannot be read, compiled or used."""


class LinkError(ComponentError):
    """Imports and exports do not match; the message lists every mismatch."""


class StorageError(ObeliskError):
    """The storage cannot do what was asked."""


class SchemaVersionError(StorageError):
    """The database was written by another schema version."""


class CommitRefusedError(StorageError):
    """Nothing of the batch was written: an execution's version or response cursor had moved."""


class CommitUnknownError(StorageError):
    """The write may or may not have happened; state has to be read again."""


class IllegalTransitionError(StorageError):
    """An event cannot be appended in the execution's state."""


class InputError(ObeliskError):
    """A caller asked for something that cannot be."""


class InvalidIdError(InputError):
    """Text that is not an id."""


class InvalidNameError(InputError):
    """Text that is not a function, interface or package name."""


class InvalidValueError(InputError):
    """A value does not fit its WIT type."""


class FunctionNotFoundError(InputError):
    """No component of the deployment exports the function."""


class ExecutionNotFoundError(InputError):
    """No execution has the id."""


class DelayNotFoundError(InputError):
    """No execution asked for the delay."""


class ExecutionConflictError(InputError):
    """The execution id is taken by another function or other parameters, or has another result."""


class ExecutionStateError(InputError):
    """What was asked does not fit what the execution is doing, or what it is."""


class NondeterminismError(ObeliskError):
    """A workflow asked for something else than its history holds; ``report`` shows both, line by line."""

    def __init__(self, message: str, *, report: str | None = None) -> None:
        super().__init__(message)
        self.report = report


class GuestError(ObeliskError):
    """A guest trapped, ran out of something, or could not start."""


class GuestTrapError(GuestError):
    """A guest broke a rule of a host function, or asked for what it cannot have; it has to trap."""


class GuestExitError(GuestError):
    """A guest ended itself; ``status`` is its exit code."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exited with status {status}")
        self.status = status


class RequestDeniedError(GuestError):
    """A guest's HTTP request is not allowed.

    ``request`` is its method and URL, fit to be shown; ``who`` names the list that refused it, ``why`` what is missing.
    """

    def __init__(self, request: str, who: str, why: str) -> None:
        super().__init__(f"outgoing HTTP request {request} denied by {who}: {why}")
        self.request = request
        self.who = who
        self.why = why


class InvalidTargetError(GuestError):
    """What a guest wants to send a request to cannot be: its method, scheme, authority or path is wrong."""


class ServerError(ObeliskError):
    """The server cannot listen or serve."""


class ClientError(ObeliskError):
    """The command line could not reach or use a server."""


class WorkflowTestError(ObeliskError):
    """A test of a workflow cannot go on, or found what it may not: a failed execution or replay, a stub that is missing."""
