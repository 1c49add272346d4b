"""``wasi:filesystem``: directories of the host that a guest sees, and nothing above them.

Theory of operation
    A component's ``Directories`` (``mounts``) opens its mounts once, when the server starts. Each run has ``Preopens``: what
    it was given, and the ``Files`` that it opens. A handler hands each blocking call to the component's threads as a *job*
    and returns a ``Later``; the guest stays parked, the loop goes on. A job gets numbers of open files and bytes, and
    raises ``OSError``, whose errno becomes the error code of the WIT.

    Handles and jobs are counted (``handles``): a file is closed when no resource of the guest holds it and no job uses it.
    So ending a run closes its files at once, those in use when the call returns, and a number is never used for another
    file under a job's feet.

    A path is walked one name at a time from an open directory, never through a link that the kernel follows, and never by
    the kernel's ``..`` (``paths``). So whoever renames or replaces directories meanwhile can make a walk fail, but not lead
    it out.

Decisions where the WIT leaves a choice
    * All descriptors below a mount that can be written have ``mutate-directory``, asked for or not: guests whose libc came
      before that flag never ask for it.
    * An entry whose name is not UTF-8 is left out of ``read-directory``; a link with such a target is
      ``illegal-byte-sequence``.
    * Only regular files and directories are opened. FIFOs, sockets and devices are ``unsupported``; they can be listed,
      renamed and removed.
    * A time before 1970 cannot be told and is left out of ``stat``.
    * ``truncate`` without ``write`` is ``invalid``, as POSIX leaves it undefined.
"""
