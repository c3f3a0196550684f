"""Sahut: harvests public complaints about public services and carries each to a ticket and an answer."""
