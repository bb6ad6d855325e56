"""Logs: one JSON object a line on standard error, ours and our libraries' alike, without personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_SHARED: Final[list[structlog.typing.Processor]] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str) -> None:
    """Send all logs of the process, ``level`` and above, to standard error as JSON lines."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_quotations,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "apprise", "apscheduler", "urllib3", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they tell of addresses and of every job


def without_quotations(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its kind and where it was raised: its text may quote a person's data."""
    failed = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if failed is True else failed[1] if isinstance(failed, tuple) else failed
    if isinstance(error, BaseException):
        event["kind"] = type(error).__name__
        event["where"] = where(error)
    return event


def where(error: BaseException) -> list[str]:
    """Return the last places, module and line, that an exception came through."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-8:]
