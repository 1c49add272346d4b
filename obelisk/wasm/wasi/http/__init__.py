"""``wasi:http``: messages, the client of activities, what a run may send, with which secrets, and what is kept of it.

Theory of operation
    A request passes in this order: ``target.parse_target`` reads where the guest wants to send it, ``Policy.check`` asks
    both allow-lists, each address that the host's name resolves to passes ``Policy.check_address``, and the connection goes
    to an address that passed. ``Replacer`` puts secrets where the grant allows them; the guest, logs and traces see only
    placeholders. ``HttpTraces`` keeps what becomes part of the run's last event. All belong to one run: see ``access``.

    ``client.HttpClient`` does that for one run and gives each request that passed an ``exchange``, which has a connection of
    its own and streams both ways. A guest and an exchange meet in two places only: ``outgoing_content``, which holds what
    the guest wrote until it is sent, and ``incoming_content``, which holds what came until the guest reads it. Both are
    bounded, so that each side waits for the other. Whoever serves a guest that exports ``incoming-handler`` makes an
    ``IncomingRequest`` and a ``ResponseOutparam``, puts both into the guest's sandbox, feeds the one content and takes from
    the other.

    Nobody here follows redirects: a guest that does sends another request, which is checked like the first.
"""
