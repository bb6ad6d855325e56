"""For developers: ``python -m server.database.revise "what changes"`` writes a migration from what the tables became.

The new file is compared against a database brought to the newest revision so far. Read it before you commit it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script

from server.database.migrate import config, upgrade


def revise(message: str, number: str) -> None:
    """Write ``migrations/versions/<number>_<message>.py``."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'revise.db'}"
        upgrade(url)
        written = command.revision(config(url), message, autogenerate=True, rev_id=number)
    if isinstance(written, Script):
        for tidy in (["check", "--quiet", "--fix", "--exit-zero"], ["format", "--quiet"]):
            subprocess.run(["ruff", *tidy, written.path], check=True)  # noqa: S603, S607  a developer's own tool


if __name__ == "__main__":
    versions = Path(__file__).parent.parent.parent / "migrations" / "versions"
    revise(sys.argv[1], f"{len(list(versions.glob('[0-9]*.py'))) + 1:04d}")
