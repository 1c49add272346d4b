"""What ``obelisk plugins new`` writes."""
