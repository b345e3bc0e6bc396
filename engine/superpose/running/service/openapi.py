"""The description of the service: OpenAPI for programs, a page for people."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment

from superpose import __version__
from superpose.running.service.tasks import ENDED

_TASK = {
    "type": "object",
    "required": ["id", "number", "state", "samples", "errors", "images"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "number": {"type": "integer", "description": "Place in the order of arrival."},
        "state": {"enum": ["queued", "running", *ENDED]},
        "samples": {"type": "integer"},
        "errors": {"type": "array", "items": {"type": "string"}, "description": "Why it failed, a mistake each."},
        "images": {"type": "array", "items": {"type": "string"}, "description": "Names of finished images and sheets."},
    },
}
_ERRORS = {"type": "object", "properties": {"errors": {"type": "array", "items": {"type": "string"}}}}
_REF = {"$ref": "#/components/schemas/Task"}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_SEEN = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "integer"},
    "description": "Number of the last event seen; later ones follow.",
}
_NONE = ("404", "There is no such task, or image.")


def _answer(text: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": schema}}}


def _operation(summary: str, good: dict[str, Any], *bad: tuple[str, str], **more: Any) -> dict[str, Any]:
    wrong = {code: _answer(text, "application/json", _ERRORS) for code, text in bad}
    return {"summary": summary, "responses": {**good, **wrong}, **more}


def description(*, token: bool) -> dict[str, Any]:
    """The service in OpenAPI 3.1; with the token that it wants, where it wants one."""
    one = {"200": _answer("The task.", "application/json", _REF)}
    recipe = {"schema": {"type": "string"}, "example": 'prompt = "A"\n...'}
    add = _operation(
        "Queue a recipe",
        {"201": _answer("The task; its address is in Location.", "application/json", _REF)},
        ("413", "The recipe is too long."),
        ("415", "It is neither TOML nor JSON."),
        ("422", "It is wrong: every mistake with its line and column."),
        ("503", "The queue is full."),
        requestBody={
            "required": True,
            "content": {"application/toml": recipe, "application/json": {"schema": {"type": "object"}}},
        },
    )
    every = {"200": _answer("All tasks, oldest first.", "application/json", {"type": "array", "items": _REF})}
    stream = {"200": _answer("Events of the task until it ends.", "text/event-stream", {"type": "string"})}
    image = {"200": _answer("The PNG.", "image/png", {"type": "string", "format": "binary"})}
    gone = {"204": {"description": "The task and its files are gone."}}
    paths = {
        "/tasks": {"get": _operation("List tasks", every), "post": add},
        "/tasks/{id}": {
            "parameters": [_ID],
            "get": _operation("Show a task", one, _NONE),
            "delete": _operation("Remove a task that has ended", gone, _NONE, ("409", "It has not ended: cancel it.")),
        },
        "/tasks/{id}/cancel": {
            "parameters": [_ID],
            "post": _operation("End a task; what it has made stays", one, _NONE),
        },
        "/tasks/{id}/events": {
            "parameters": [_ID, _SEEN],
            "get": _operation("Follow a task", stream, _NONE),
        },
        "/tasks/{id}/images/{name}": {
            "parameters": [_ID, _NAME],
            "get": _operation("Fetch an image or a sheet", image, _NONE),
        },
    }
    components: dict[str, Any] = {"schemas": {"Task": _TASK}}
    whole: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "superpose",
            "version": __version__,
            "description": "Queue recipes, follow them, fetch their images.",
        },
        "paths": paths,
        "components": components,
    }
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        whole["security"] = [{"token": []}]
    return whole


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ api.info.title }} {{ api.info.version }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; margin: 2rem 0 .2rem; } code { font-size: .95em; } dt { float: left; width: 3.5rem; }
</style>
<h1>{{ api.info.title }}</h1>
<p>{{ api.info.description }} For programs: <a href="openapi.json">openapi.json</a>.
{% if api.security %}Every request has the header <code>Authorization: Bearer TOKEN</code>.{% endif %}</p>
{% for path, item in api.paths.items() %}{% for method, operation in item.items() if method != "parameters" %}
<h2><code>{{ method.upper() }} {{ path }}</code></h2>
<p>{{ operation.summary }}.{% for one in item.parameters if one["in"] == "header" %}
Header <code>{{ one.name }}</code>: {{ one.description }}{% endfor %}</p>
<dl>{% for code, answer in operation.responses.items() %}<dt>{{ code }}</dt><dd>{{ answer.description }}</dd>
{% endfor %}</dl>
{% endfor %}{% endfor %}
</html>
"""


def page(api: dict[str, Any]) -> str:
    """A description as a page that loads nothing from elsewhere."""
    return Environment(autoescape=True).from_string(_PAGE).render(api=api)
