"""Measures servers of the replication protocol: ``python -m tests.bench --help``; docs/benchmarks.md has figures."""
