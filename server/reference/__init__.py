"""The tables of ``docs/`` that are written from the code: ``python -m server.reference`` brings them up to date."""
