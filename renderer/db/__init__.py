"""The only door to SQLAlchemy."""
