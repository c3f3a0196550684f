"""The JSON API and the board."""
