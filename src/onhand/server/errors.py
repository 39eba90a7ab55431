"""Why the server cannot start."""


class ServeError(Exception):
    """One sentence, fit for a terminal."""
