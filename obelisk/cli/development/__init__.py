"""How ``obelisk dev`` works: watching files, building, and reloading a server that runs in this process."""
