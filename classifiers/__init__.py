"""Models that say what a mention is."""
