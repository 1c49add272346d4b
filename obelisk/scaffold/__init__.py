"""Projects that `obelisk` writes for people to begin with. What they are made from lies in ``templates``."""
