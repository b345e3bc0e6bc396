"""The HTTP face of the service, on Starlette."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import attrs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from superpose.errors import RecipeError
from superpose.running.service.guard import Guard
from superpose.running.service.openapi import description, page
from superpose.running.service.runner import Runner
from superpose.running.service.screening import as_toml, screened
from superpose.running.service.tasks import Task

#: Seconds within which a recipe must have arrived, and between two signs of life of a stream.
ARRIVAL, PULSE = 30.0, 15.0
MEDIA_TYPES = ("application/toml", "application/json")

Answer: TypeAlias = "Callable[[Request], Awaitable[Response]]"


def application(runner: Runner, token: str | None = None) -> Starlette:
    """The service of a runner as an ASGI application; with a token, for whoever has it alone."""
    api = description(token=token is not None)

    @contextlib.asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(runner.run())
        yield
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    async def described(_: Request) -> Response:
        return JSONResponse(api)

    async def shown(_: Request) -> Response:
        return HTMLResponse(page(api))

    desk = Desk(runner)
    routes = [
        Route("/", shown),
        Route("/openapi.json", described),
        Route("/tasks", desk.every),
        Route("/tasks", desk.add, methods=["POST"]),
        Route("/tasks/{id}", desk.one),
        Route("/tasks/{id}", desk.remove, methods=["DELETE"]),
        Route("/tasks/{id}/cancel", desk.cancel, methods=["POST"]),
        Route("/tasks/{id}/events", desk.follow),
        Route("/tasks/{id}/images/{name}", desk.image),
    ]
    handlers: Any = {HTTPException: _told}
    return Starlette(
        routes=routes, middleware=[Middleware(Guard, token=token)], exception_handlers=handlers, lifespan=alive
    )


async def _told(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _refused(error.status_code, error.detail)


def _refused(status: int, *errors: str) -> JSONResponse:
    return JSONResponse({"errors": errors}, status)


@attrs.frozen
class Desk:
    """Answers to requests."""

    runner: Runner

    async def add(self, request: Request) -> Response:
        """Queue a recipe."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES:
            return _refused(415, f"send a recipe as {' or '.join(MEDIA_TYPES)}")
        bounds, body = self.runner.bounds, b""
        try:
            async with asyncio.timeout(ARRIVAL):
                async for piece in request.stream():
                    body += piece
                    if len(body) > bounds.body:
                        return _refused(413, f"a recipe has at most {bounds.body} bytes here")
        except TimeoutError:
            return _refused(408, f"the recipe did not arrive within {ARRIVAL:g} s")
        if sum(not task.ended for task in self.runner.tasks) >= bounds.queue:
            return _refused(503, f"{bounds.queue} tasks wait already: come back later")
        try:
            text = as_toml(body, media_type)
            recipe = await run_in_threadpool(screened, text, bounds, self.runner.folders)
        except RecipeError as error:
            return _refused(422, *map(str, error.lines))
        task = await self.runner.add(text, recipe.run.samples)
        return JSONResponse(self._shown(task), 201, {"Location": f"/tasks/{task.id}"})

    async def every(self, request: Request) -> Response:
        """All tasks."""
        del request
        return JSONResponse([self._shown(task) for task in self.runner.tasks])

    async def one(self, request: Request) -> Response:
        """One task."""
        return JSONResponse(self._shown(self._task(request)))

    async def cancel(self, request: Request) -> Response:
        """End a task."""
        return JSONResponse(self._shown(await self.runner.cancel(self._task(request))))

    async def remove(self, request: Request) -> Response:
        """Remove a task that has ended."""
        if not (task := self._task(request)).ended:
            return _refused(409, f"task {task.id} is {task.state}: cancel it first")
        self.runner.tasks.remove(task)
        return Response(status_code=204)

    async def image(self, request: Request) -> Response:
        """A finished image or sheet."""
        path = self.runner.tasks.image(self._task(request), name := request.path_params["name"])
        if path is None:
            return _refused(404, f"there is no image {name!r}")
        return FileResponse(path, media_type="image/png")

    async def follow(self, request: Request) -> Response:
        """Events of a task as they happen."""
        task, last = self._task(request), request.headers.get("last-event-id", "0")
        seen = int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0
        return StreamingResponse(_stream(self.runner.events(task, seen)), media_type="text/event-stream")

    def _task(self, request: Request) -> Task:
        task = self.runner.tasks.get(name := request.path_params["id"])
        if task is None:
            raise HTTPException(404, f"there is no task {name!r}")
        return task

    def _shown(self, task: Task) -> dict[str, object]:
        return {**attrs.asdict(task), "images": self.runner.tasks.images(task)}


async def _stream(events: AsyncIterator[tuple[int, str]]) -> AsyncIterator[str]:
    """Events as the browser's EventSource reads them, with a comment now and then so that no proxy hangs up."""
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait([coming], timeout=PULSE)
            if not done:
                yield ": still here\n\n"
                continue
            if (event := coming.result()) is None:
                return
            number, text = event
            yield f"id: {number}\ndata: {text}\n\n"
            coming = asyncio.ensure_future(anext(events, None))
    finally:
        coming.cancel()
