"""The processes: a supervisor, workers that answer requests on one shared socket, and one that runs the jobs."""
