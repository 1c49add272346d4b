"""A seeded simulator of whole servers: the real engine and real guests on virtual time, on which everything goes wrong.

    python -m obelisk.testing.simulation --seeds 0:10000

A seed is a *scenario* (``scenario``): workflows that are generated, clients that submit, cancel, pause and ask again,
servers that crash, stop, stall and whose clocks jump, commits that are refused, lost or unknown, answers that overtake
each other, activities that trap, hang and fail. The *oracle* (``oracle``) looks at every batch that takes effect. When it
is calm again everything has to end; then each log is replayed, nothing may be left in any server, clients have to have
been told what the logs say, and a fixed scenario has to have come to the same as undisturbed.

One seed is one sequence of events, whatever machine plays it: time is virtual, ids are drawn, nothing waits for a thread.
"""
