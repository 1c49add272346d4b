"""How what the engine knows is written in messages, and read from them again; one module per kind of thing.

``x_message`` writes, ``x_of`` reads. Nothing is lost on the way, with one exception: a response's ``finished_version`` has
no place in its message. What another version of the server sends and this one does not know is a ``ClientError``.
"""
