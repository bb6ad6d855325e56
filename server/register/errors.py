"""What stops an import as a whole. What is wrong with one row never does: it is a line of the report."""

from server.errors import Invalid


class Unreadable(Invalid):
    """The file cannot be opened as a register. The message says how to mend that."""

    def __init__(self, message: str) -> None:
        super().__init__("file", message)


class WrongArea(Invalid):
    """The area cannot take households. The message says which one can."""

    def __init__(self, message: str) -> None:
        super().__init__("area", message)
