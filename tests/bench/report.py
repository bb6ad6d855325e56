"""How figures are written."""

import sys
from statistics import median, quantiles


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def line(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} [{min(ratios):.2f}..{max(ratios):.2f}]"


def spread(seconds: list[float]) -> str:
    cuts = quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:,.1f} ms, p99 {cuts[98] * 1000:,.1f} ms"
