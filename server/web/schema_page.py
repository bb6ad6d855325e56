"""The API's description as a page that can be read, offline and without a script: no address outside this server."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

STYLE: Final = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;margin:0 auto;max-width:60rem;padding:1rem 1.2rem;
color:#26211c;background:#faf8f5}h1{color:#8f1d21}h2{margin-top:2.5rem;border-bottom:2px solid #e4ddd3}
details{margin:.4rem 0;padding:.2rem .8rem;background:#fff;border:1px solid #e4ddd3;border-radius:6px}
summary{cursor:pointer;padding:.3rem 0}code,pre{font:14px/1.5 ui-monospace,monospace}
.m{display:inline-block;min-width:4.5rem;font-weight:700;color:#8f1d21}.p{word-break:break-all}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
th{font-weight:600}.s{color:#6d6358}@media(prefers-color-scheme:dark){body{background:#1b1917;color:#e9e4dc}
details{background:#24211e;border-color:#3c372f}h1,.m{color:#e58a8d}.s{color:#a59a8b}h2{border-color:#3c372f}}
"""
STYLE_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""What the content security policy must allow for the page's style."""
METHODS: Final = ("get", "post", "put", "patch", "delete")


class ReadablePage(OpenAPIRenderPlugin):
    """Renders the description as plain HTML."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        del request
        info = openapi_schema["info"]
        parts = [
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(info['title'])}</title><style>{STYLE}</style>",
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description') or '')}</p>",
            '<p><a href="/api/schema/openapi.json">openapi.json</a></p>',
        ]
        groups: dict[str, list[str]] = {}
        for path, method, operation in _operations(openapi_schema):
            for tag in operation.get("tags") or ["其他"]:
                groups.setdefault(tag, []).append(_operation(path, method, operation))
        for tag, rendered in groups.items():
            parts += [f"<h2>{escape(tag)}</h2>", *rendered]
        parts.append("<h2>数据结构</h2>")
        for name, schema in sorted((openapi_schema.get("components") or {}).get("schemas", {}).items()):
            parts.append(f'<details id="{escape(name)}"><summary><code>{escape(name)}</code>{_said(schema)}</summary>')
            parts.append(f"{_fields(schema)}</details>")
        parts.append("</html>")
        return "".join(parts).encode()


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in sorted((schema.get("paths") or {}).items()):
        for method in METHODS:
            if item.get(method):
                yield path, method, item[method]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><th><code>{escape(each['name'])}</code><td>{escape(each['in'])}<td>{_kind(each.get('schema') or {})}"
        f"<td>{escape(each.get('description') or '')}"
        for each in operation.get("parameters") or []
    ]
    body = operation.get("requestBody") or {}
    rows += [
        f"<tr><th>请求体<td>{escape(kind)}<td>{_kind(each.get('schema') or {})}<td>" for kind, each in _content(body)
    ]
    for status, answer in sorted((operation.get("responses") or {}).items()):
        kinds = ", ".join(_kind(each.get("schema") or {}) for _, each in _content(answer)) or "–"
        rows.append(f"<tr><th>{escape(status)}<td>回答<td>{kinds}<td>{escape(answer.get('description') or '')}")
    return (
        f'<details><summary><span class="m">{method.upper()}</span> <code class="p">{escape(path)}</code> '
        f'<span class="s">{escape(operation.get("summary") or "")}</span></summary>'
        f"<p>{escape(operation.get('description') or '')}</p><table>{''.join(rows)}</table></details>"
    )


def _content(owner: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted((owner.get("content") or {}).items())


def _said(schema: Mapping[str, Any]) -> str:
    said = (schema.get("description") or "").split("\n")[0]
    return f' <span class="s">{escape(said)}</span>' if said else ""


def _fields(schema: Mapping[str, Any]) -> str:
    needed = schema.get("required") or []
    rows = [
        f"<tr><th><code>{escape(name)}</code><td>{_kind(each)}<td>{'必填' if name in needed else ''}"
        f"<td>{escape(each.get('description') or '')}"
        for name, each in (schema.get("properties") or {}).items()
    ]
    return f"<table>{''.join(rows)}</table>" if rows else f"<p>{_kind(schema)}</p>"


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words, linked to the structure that it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}"><code>{name}</code></a>'
    for several in ("oneOf", "anyOf", "allOf"):
        if schema.get(several):
            return " | ".join(_kind(each) for each in schema[several])
    if schema.get("enum"):
        return " | ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    kind = schema.get("type") or "any"
    if kind == "array":
        return f"[{_kind(schema.get('items') or {})}]"
    words = " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    return f"<code>{escape(words)}</code>"
