"""When what runs: jobs declared in code, run by the one process that holds the lease."""
