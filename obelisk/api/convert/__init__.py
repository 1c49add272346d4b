"""How what the engine knows is written in messages, and read from them again; one module per kind of thing.

``x_message`` writes, ``x_of`` reads. Nothing is lost on the way, with two exceptions: a response's ``finished_version`` and
the time of a captured ``finished`` have no place in their messages. What another version of the server sends and this one
does not know is a ``ClientError``.
"""
