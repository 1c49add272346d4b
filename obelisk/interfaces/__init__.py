"""What plugin authors implement. Everything here is public and changes only with a minor version."""
