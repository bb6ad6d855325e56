"""The history of the database's shape, told by Alembic."""
