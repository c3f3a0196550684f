"""The domain: what Sahut knows and decides. Standard library only; imports nothing else of the project."""
