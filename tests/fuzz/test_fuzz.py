"""All that can be sent to ``/sync``, for a few seconds; with ``BAIJIAMEN_FUZZ_SECONDS`` for as long as that says.

``BAIJIAMEN_FUZZ_SEED`` chooses other dice. What was found is told with the request as it went over the wire.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.campaign import SECONDS, Campaign, roles
from tests.fuzz.conftest import Serving, basic
from tests.fuzz.watch import Process
from tests.fuzz.world import World
from tests.installation import PASSWORD
from tests.postgresql import Cluster

DATABASES: Final = ("w0", "w1", "_replicator")


def against(process: Process, password: str, area: str, share: float) -> None:
    known = roles(basic("admin", password), basic("phone", password), area=area, databases=DATABASES)
    Campaign(process, World(known), seconds=SECONDS or 8 * share).run()


def test_the_protocol(protocol: Serving, tmp_path: Path) -> None:
    against(protocol(str(tmp_path)), "pass", "area-d-1", 0.4)


def test_the_protocol_on_postgresql(protocol: Serving, cluster: Cluster) -> None:
    against(protocol(cluster.create()), "pass", "area-d-1", 0.2)


def test_the_application(application: Serving) -> None:
    against(application(""), PASSWORD, "area-d-1", 0.25)


def test_the_application_on_postgresql(application: Serving, cluster: Cluster) -> None:
    if not SECONDS:
        pytest.skip("the long form only: set BAIJIAMEN_FUZZ_SECONDS")
    against(application(cluster.create()), PASSWORD, "area-d-1", 0.0)
