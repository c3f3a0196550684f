"""SQLite and PostgreSQL behind the ports of the core; the only room that knows SQLAlchemy."""
