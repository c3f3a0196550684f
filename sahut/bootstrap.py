"""Puts the parts together: the only module that names concrete ones."""
