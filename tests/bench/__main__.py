"""The command line of the benchmarks."""

import argparse
import tempfile
from pathlib import Path

from tests.bench.compare import compare
from tests.bench.feed import feed
from tests.bench.large import large, listings
from tests.bench.serving import serving
from tests.bench.storm import storm


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Benchmarks; see docs/benchmarks.md.")
    works = parser.add_subparsers(dest="work", required=True)
    one = works.add_parser("compare", help="servers by their URLs, in turns; with none, our own alone")
    one.add_argument("urls", nargs="*", metavar="URL", help="http://name:password@host:port/path")
    one.add_argument("--rounds", type=int, default=5)
    one.add_argument("--documents", type=int, default=10_000)
    one = works.add_parser("feed", help="an area of 1,000 documents in stores of different sizes")
    one.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000])
    one.add_argument("--rounds", type=int, default=30)
    one = works.add_parser("storm", help="many phones at once")
    one.add_argument("--phones", type=int, default=1_000)
    one = works.add_parser("large", help="a long attachment, a deep history, a great document, many feeds")
    one.add_argument("--place", metavar="URL", help="an empty database; SQLite in a folder of its own unless told")
    one.add_argument("--megabytes", type=int, default=100)
    one.add_argument("--depth", type=int, default=10_000)
    one.add_argument("--feeds", type=int, default=1_000)
    one = works.add_parser("listings", help="the memory that lists of everything need")
    one.add_argument("--documents", type=int, default=1_000_000)
    told = parser.parse_args()
    if told.work == "listings":
        listings(told.documents)
    elif told.work == "large":
        large(told.place, told.megabytes, told.depth, told.feeds)
    elif told.work == "feed":
        feed(told.sizes, told.rounds)
    elif told.work == "storm":
        storm(told.phones)
    elif told.urls:
        compare(told.urls, told.rounds, told.documents)
    else:
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as ours:
            compare([ours.url], told.rounds, told.documents)


if __name__ == "__main__":
    main()
