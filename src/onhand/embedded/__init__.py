"""A real PostgreSQL of one's own: found, initialised, started, shared and stopped without the user's help."""
