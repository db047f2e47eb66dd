"""The TensorBoard plugin: its routes. What they answer is in answers.py, how to ask in http_api.md."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from tensorboard import errors, plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import exceptions, wrappers

from tb_nnviz import schema
from tb_nnviz.plugin import answers, findings, histogram_answers, maps, page, query, wire
from tb_nnviz.plugin.cache import Cache
from tb_nnviz.plugin.histogram_cache import HistogramCache
from tb_nnviz.plugin.reader import Reader
from tb_nnviz.plugin.series_answer import series_answer
from tb_nnviz.plugin.structure import structure_answer

BINARY = "application/octet-stream"

Handler = Callable[[Any, wrappers.Request], wrappers.Response]


class Request(wrappers.Request):
    """A request whose body is bounded."""

    max_content_length = query.MAX_BYTES


def route(*methods: str) -> Callable[[Handler], Any]:
    """A method as a WSGI application that takes these HTTP methods and answers errors as plain text.

    TensorBoard does the latter for its own PublicError; werkzeug's errors would be HTML.
    """

    def decorate(handler: Handler) -> Any:
        @functools.wraps(handler)
        def application(self: Any, environ: Any, start_response: Any) -> Any:
            request = Request(environ)
            try:
                if request.method not in methods:
                    raise exceptions.MethodNotAllowed(
                        list(methods), f"unknown method: {request.method} (expected {' or '.join(methods)})"
                    )
                response = handler(self, request)
            except exceptions.HTTPException as error:
                headers = [("Allow", ", ".join(methods))] if error.code == 405 else []
                text = error.description or error.name
                response = _respond(request, text, "text/plain", code=error.code, headers=headers)
            return response(environ, start_response)

        return application

    return decorate


class NNVizPlugin(base_plugin.TBPlugin):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """What happens inside a network while it trains, as one tab."""

    plugin_name = schema.PLUGIN

    def __init__(self, context: base_plugin.TBContext) -> None:
        self._data_provider = context.data_provider
        self._cache = Cache(schema.PLUGIN)
        self._histograms = HistogramCache()

    def is_active(self) -> bool:
        """Asked only where no run has data of ours."""
        return False

    def data_plugin_names(self) -> tuple[str, ...]:
        """Never stock names such as scalars, which would light the tab up for every logdir."""
        return schema.PLUGINS

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The tab."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="NNViz")

    def get_plugin_apps(self) -> dict[str, Any]:
        """Routes below data/plugin/nnviz."""
        return {
            "/runs": self.runs_route,
            "/series": self.series_route,
            "/scalars": self.scalars_route,
            "/maps": self.maps_route,
            "/histograms": self.histograms_route,
            "/structure": self.structure_route,
            "/findings": self.findings_route,
            "/index.js": self.index_route,
            "/static/*": self.static_route,
        }

    @route("GET", "HEAD")
    def runs_route(self, request: wrappers.Request) -> wrappers.Response:
        answer = answers.runs_answer(self._reader(request), self._cache)
        return _respond(request, json.dumps(answer), "application/json")

    @route("POST")
    def series_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_series(_body(request))
        answer = series_answer(self._reader(request), self._cache, asked)
        return _respond(request, wire.encode(answer), BINARY)

    @route("POST")
    def scalars_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_scalars(_body(request))
        return _respond(request, wire.encode(answers.scalars_answer(self._reader(request), asked)), BINARY)

    @route("POST")
    def maps_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_maps(_body(request))
        return _respond(request, wire.encode(maps.maps_answer(self._reader(request), asked)), BINARY)

    @route("POST")
    def histograms_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_histograms(_body(request))
        answer = histogram_answers.histograms_answer(self._reader(request), self._histograms, asked)
        return _respond(request, wire.encode(answer), BINARY)

    @route("POST")
    def structure_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_structure(_body(request))
        return _respond(request, wire.encode(structure_answer(self._reader(request), asked)), BINARY)

    @route("POST")
    def findings_route(self, request: wrappers.Request) -> wrappers.Response:
        asked = query.parse_findings(_body(request))
        return _respond(request, wire.encode(findings.findings_answer(self._reader(request), asked)), BINARY)

    @route("GET", "HEAD")
    def index_route(self, request: wrappers.Request) -> wrappers.Response:
        asset = page.entry()
        return _respond(request, asset.content, asset.content_type, expires=asset.expires)

    @route("GET", "HEAD")
    def static_route(self, request: wrappers.Request) -> wrappers.Response:
        _, _, name = request.path.partition(f"/plugin/{self.plugin_name}/static/")
        asset = page.asset(name)
        if asset is None:
            raise errors.NotFoundError(f"unknown file: {name[:200]!r}")
        return _respond(request, asset.content, asset.content_type, expires=asset.expires)

    def _reader(self, request: wrappers.Request) -> Reader:
        environ = request.environ
        return Reader(self._data_provider, plugin_util.context(environ), plugin_util.experiment_id(environ))


def _body(request: wrappers.Request) -> bytes:
    """The body, unless it is longer than any query of ours."""
    length = request.content_length
    if length is not None and length > query.MAX_BYTES:
        raise exceptions.RequestEntityTooLarge(f"invalid body: {length} bytes (at most {query.MAX_BYTES})")
    return request.get_data()


def _respond(request: wrappers.Request, content: str | bytes, content_type: str, **options: Any) -> wrappers.Response:
    response: wrappers.Response = http_util.Respond(request, content, content_type, **options)
    return response
