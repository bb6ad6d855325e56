"""What can go wrong in the application, as facts; and the sentences that a user reads.

::

    BaijiamenError
    ├── NotFound
    ├── Unauthorized
    ├── Forbidden
    ├── Conflict
    ├── Invalid            field, message
    └── TooManyRequests    retry_after (seconds)

There is no HTTP in here: :mod:`server.problems` maps the tree to problem details (RFC 9457). Every message is Chinese
and says what to do next.
"""


class BaijiamenError(Exception):
    """The root. ``message`` is the sentence for the user."""

    default = "出错了，您填的内容没有丢。请稍后再试。"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.default
        super().__init__(self.message)


class NotFound(BaijiamenError):
    """There is no such thing, or none that this account may know of."""

    default = "没有找到。它可能已被删除，请返回列表刷新后再看。"


class Unauthorized(BaijiamenError):
    """Nobody is logged in, or the name or password is wrong."""

    default = "请先登录。没有上传的记录仍在本机，登录后会继续上传。"


class Forbidden(BaijiamenError):
    """Somebody is logged in and may not do this."""

    default = "您没有权限做这件事。如需要，请联系管理员开通。"


class Conflict(BaijiamenError):
    """The thing has changed, or exists already."""

    default = "内容已被别人改动。请刷新后再试。"


class Invalid(BaijiamenError):
    """What was sent cannot be accepted. ``field`` names the culprit as the API calls it, "" for the whole."""

    default = "填写的内容有误，请检查后再提交。"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class TooManyRequests(BaijiamenError):
    """Too often. ``retry_after`` is the number of seconds to wait."""

    default = "尝试次数太多，请稍后再试。"

    def __init__(self, retry_after: int, message: str | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message or f"尝试次数太多，请等 {max(1, -(-retry_after // 60))} 分钟后再试。")
