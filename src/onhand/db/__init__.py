"""SQL in .sql files, typed rows, migrations, connections. PostgreSQL only."""
