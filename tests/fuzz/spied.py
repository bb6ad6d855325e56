"""A server process that can be asked how it is: run with ``protocol PLACE`` or with the words of ``baijiamen serve …``.

On SIGUSR1 it writes what it holds, as one line of JSON, to the file that ``BAIJIAMEN_SPIED`` names.
"""

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Final

ASKED: Final = signal.SIGUSR1


def main() -> None:
    place = Path(os.environ.pop("BAIJIAMEN_SPIED"))
    count = 0

    def tell(*_: object) -> None:
        nonlocal count
        count += 1
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        told = {
            "count": count,
            "tasks": sorted(str(getattr(each.get_coro(), "__qualname__", "?")) for each in asyncio.all_tasks()),
            "threads": sorted(each.name for each in threading.enumerate()),
            "objects": len(gc.get_objects()),
            "kinds": Counter(type(each).__qualname__ for each in gc.get_objects()).most_common(25),
        }
        written = place.with_suffix(".new")
        written.write_text(json.dumps(told))
        written.rename(place)

    signal.signal(ASKED, tell)
    if sys.argv[1] == "protocol":
        from tests.protocol import serve  # noqa: PLC0415  only one of the two servers is wanted

        sys.argv = [sys.argv[0], *sys.argv[2:]]
        serve.main(keep_alive=5)  # as the application has it: what a client has left stays for so long
        return
    from server.cli import main as baijiamen  # noqa: PLC0415

    baijiamen()


if __name__ == "__main__":
    main()
