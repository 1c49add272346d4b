"""Projects that begin with files which Obelisk writes."""
