import gzip
from pathlib import Path

import httpx
import pytest

from server.settings import Settings
from server.web.site import accepted, etags

SCRIPT = "assets/index-B1x9aQ.js"
NAVIGATION = {"sec-fetch-mode": "navigate", "accept": "text/html,*/*"}


@pytest.fixture
def dist(settings: Settings) -> Path:
    """A small build: a page, a worker, one hashed script with its siblings, one style without."""
    files = {
        "index.html": b"<!doctype html><title>ok</title>" + b" " * 2000,
        "sw.js": b"self.x = 1",
        "manifest.webmanifest": b"{}",
        SCRIPT: b"let a = 1;" * 400,
        SCRIPT + ".br": b"<brotli>",
        SCRIPT + ".gz": gzip.compress(b"let a = 1;" * 400),
        "assets/style-Zz.css": b"body{}" * 400,
        ".vite/manifest.json": b"{}",
    }
    for name, body in files.items():
        (settings.pwa / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.pwa / name).write_bytes(body)
    (settings.pwa.parent / "secret.txt").write_text("secret")
    return settings.pwa


pytestmark = pytest.mark.usefixtures("dist")


async def test_the_page_is_asked_for_again_each_time(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    again = await nobody.get("/", headers={"if-none-match": f'"x", W/{page.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == page.headers["etag"]


async def test_the_worker_is_asked_for_again_and_hashed_files_are_kept_for_ever(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/sw.js")).headers["cache-control"] == "no-cache"
    script = await nobody.get("/" + SCRIPT)
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(("sent", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip")])
async def test_the_best_sibling_that_is_accepted_is_sent(nobody: httpx.AsyncClient, sent: str, encoding: str) -> None:
    request = nobody.build_request("GET", "/" + SCRIPT, headers={"accept-encoding": sent})
    answer = await nobody.send(request, stream=True)
    raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert raw == b"<brotli>" if encoding == "br" else gzip.decompress(raw) == b"let a = 1;" * 400


async def test_what_the_build_did_not_compress_is_compressed_here(nobody: httpx.AsyncClient) -> None:
    style = await nobody.get("/assets/style-Zz.css", headers={"accept-encoding": "gzip"})
    assert style.headers["content-encoding"] == "gzip"
    assert style.content == b"body{}" * 400
    plain = await nobody.get("/assets/style-Zz.css", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != style.headers["etag"]


async def test_only_navigations_fall_back_to_the_page(nobody: httpx.AsyncClient) -> None:
    assert (await nobody.get("/today", headers=NAVIGATION)).text.startswith("<!doctype html>")
    assert (await nobody.get("/today", headers={"sec-fetch-mode": "cors"})).status_code == 404
    assert (await nobody.get("/assets/gone-1.js", headers=NAVIGATION)).status_code == 404
    assert (await nobody.get("/assets/gone-1.js")).status_code == 404


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/sync/nothing/at/all", "/api/visits/x/y/z"])
async def test_the_api_and_replication_never_answer_with_the_page(nobody: httpx.AsyncClient, path: str) -> None:
    answer = await nobody.get(path, headers=NAVIGATION)
    assert answer.status_code in {401, 404}
    assert "json" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/.vite/manifest.json", "/%00"]
)
async def test_nothing_outside_the_build_can_be_read(nobody: httpx.AsyncClient, path: str) -> None:
    answer = await nobody.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_a_link_out_of_the_build_is_not_followed(nobody: httpx.AsyncClient, dist: Path) -> None:
    (dist / "link.txt").symlink_to(dist.parent / "secret.txt")
    assert (await nobody.get("/link.txt")).status_code == 404


async def test_head_has_the_headers_and_no_body(nobody: httpx.AsyncClient) -> None:
    for path in ("/", "/" + SCRIPT):
        full, head = await nobody.get(path), await nobody.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-length", "cache-control", "content-type"):
            assert head.headers[name] == full.headers[name], name


async def test_a_new_build_is_served_without_a_restart(nobody: httpx.AsyncClient, dist: Path) -> None:
    before = await nobody.get("/sw.js")
    (dist / "sw.js").write_bytes(b"self.x = 2222")
    after = await nobody.get("/sw.js", headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.content) == (200, b"self.x = 2222")


async def test_without_a_build_the_page_says_what_to_do(nobody: httpx.AsyncClient, dist: Path) -> None:
    (dist / "index.html").unlink()
    answer = await nobody.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


def test_headers_are_read_as_written() -> None:
    assert accepted("gzip;q=0, br;q=1.0, zstd") == {"br", "zstd"}
    assert accepted("") == frozenset()
    assert etags('W/"a", "b"') == {'"a"', '"b"'}
