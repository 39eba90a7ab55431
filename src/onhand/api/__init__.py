"""HTTP: Litestar routes over the services, problem details, API keys."""
