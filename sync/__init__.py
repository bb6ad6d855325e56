"""Replication in the manner of Apache CouchDB: documents, revision trees, feeds, and the store behind them.

This package knows documents and revisions. It never imports ``server``; the application tells it who may do what
through :mod:`sync.access`.
"""
