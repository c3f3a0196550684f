"""The server-rendered board."""
