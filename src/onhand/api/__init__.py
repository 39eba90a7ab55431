"""The HTTP API: a table of routes, one table of problems, and thin handlers over the services."""
