"""The routes of the phone application: every path that nothing else claims."""

from typing import Annotated, Any, Final

from litestar import Request, Response, Router, get, head
from litestar.di import NamedDependency
from litestar.params import PathParameter

from server.accounts.policy import Who
from server.errors import NotFound
from server.settings import Settings
from server.web.site import Answer, Asked, Site, accepted, etags

Ask = Request[Any, Any, Any]
FilePath = Annotated[str, PathParameter()]

NOT_BUILT: Final = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>百家门</title>
<h1>手机端还没有构建</h1>
<p>服务已经启动，数据接口可以使用，只是手机端的页面还没有生成。</p>
<p>请在程序目录里运行 <code>make setup</code>，完成后刷新本页，不用重启服务。</p>
<p>接口说明：<a href="/api/schema">/api/schema</a></p>
</html>
"""


@get("/", opt={"who": Who.ANYONE}, include_in_schema=False)
async def page(request: Ask, site: NamedDependency[Site]) -> Response[bytes]:
    """Return the page."""
    return answer(request, site, "")


@head("/", opt={"who": Who.ANYONE}, include_in_schema=False)
async def page_head(request: Ask, site: NamedDependency[Site]) -> Response[None]:
    """Return the headers of the page."""
    return _without_body(answer(request, site, ""))


@get("/{file_path:path}", opt={"who": Who.ANYONE}, include_in_schema=False)
async def file(request: Ask, site: NamedDependency[Site], file_path: FilePath) -> Response[bytes]:
    """Return a file, or the page for a navigation."""
    return answer(request, site, file_path)


@head("/{file_path:path}", opt={"who": Who.ANYONE}, include_in_schema=False)
async def file_head(request: Ask, site: NamedDependency[Site], file_path: FilePath) -> Response[None]:
    """Return the headers of a file, or of the page for a navigation."""
    return _without_body(answer(request, site, file_path))


def answer(request: Ask, site: Site, path: str) -> Response[bytes]:
    """Return the answer for ``path``. Raises :class:`NotFound` for what is no file and no navigation.

    Paths of the API and of replication are never answered with the page: their clients want a true 404.
    """
    path = path.lstrip("/")
    ours = path.split("/", 1)[0] not in {"api", "sync"}
    if ours and not path and not site.built:
        return Response(NOT_BUILT.encode(), status_code=503, media_type="text/html")
    asked = Asked(
        path,
        navigation=_is_navigation(request),
        encodings=accepted(request.headers.get("accept-encoding", "")),
        known_etags=etags(request.headers.get("if-none-match", "")),
    )
    found = site.answer(asked) if ours else None
    if found is None:
        raise NotFound("没有这个地址，请检查网址是否完整。")
    return _response(found)


def _is_navigation(request: Ask) -> bool:
    mode = request.headers.get("sec-fetch-mode")
    return mode == "navigate" if mode is not None else "text/html" in request.headers.get("accept", "")


def _response(found: Answer) -> Response[bytes]:
    kind = found.headers.get("Content-Type")
    headers = {name: value for name, value in found.headers.items() if name != "Content-Type"}
    return Response(found.body, status_code=found.status, headers=headers, media_type=kind)


def _without_body(full: Response[bytes]) -> Response[None]:
    headers = {**full.headers, "Content-Length": str(len(full.content))}
    return Response(None, status_code=full.status_code, headers=headers, media_type=full.media_type)


def provide_site(settings: Settings) -> Site:
    """Return the site of the settings' build."""
    return Site(settings.pwa)


router: Final = Router("/", route_handlers=[page, page_head, file, file_head])
