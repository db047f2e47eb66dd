"""The TensorBoard plugin. It serves the routes in routes/, which docs/http_api.md documents."""

from __future__ import annotations

import contextlib
from typing import Any

from tensorboard import plugin_util
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from werkzeug import exceptions, wrappers

from tb_nnviz import schema
from tb_nnviz.logs.provider import ProviderReader
from tb_nnviz.plugin import query
from tb_nnviz.plugin.route import Caches, Call, Route
from tb_nnviz.plugin.routes import ROUTES
from tb_nnviz.plugin.turns import Turns, places_of


class Request(wrappers.Request):
    """A request whose body has a limited length."""

    max_content_length = query.MAX_BYTES


class NNVizPlugin(base_plugin.TBPlugin):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """The tab NNViz and its routes."""

    plugin_name = schema.PLUGIN

    def __init__(self, context: base_plugin.TBContext) -> None:
        self._data_provider = context.data_provider
        self.caches = Caches()
        self._turns = Turns(places_of(context.data_provider))

    def is_active(self) -> bool:
        """Return False, because TensorBoard calls this only if no run has nnviz data."""
        return False

    def data_plugin_names(self) -> tuple[str, ...]:
        """Return only nnviz's plugin names. A stock name such as scalars would activate the tab for every logdir."""
        return schema.PLUGINS

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Return the name of the tab and the path of its JavaScript module."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="NNViz")

    def get_plugin_apps(self) -> dict[str, Any]:
        """Return a WSGI application per path below data/plugin/nnviz."""
        return {route.path: self._application(route) for route in ROUTES}

    def _application(self, route: Route) -> Any:
        """Return a route as a WSGI application.

        It sends werkzeug's errors as plain text, as TensorBoard does with its PublicError. werkzeug itself sends HTML.
        """

        def application(environ: Any, start_response: Any) -> Any:
            request = Request(environ)
            try:
                if request.method not in route.methods:
                    expected = " or ".join(route.methods)
                    raise exceptions.MethodNotAllowed(
                        list(route.methods), f"unknown method: {request.method} (expected {expected})"
                    )
                call = self._call(route, request)
                with self._turns.next() if route.takes_turn else contextlib.nullcontext():
                    content, content_type, expires = route.handler(call)
                response = http_util.Respond(request, content, content_type, expires=expires)
            except exceptions.HTTPException as error:
                headers = [("Allow", ", ".join(route.methods))] if error.code == 405 else []
                text = error.description or error.name
                response = http_util.Respond(request, text, "text/plain", code=error.code, headers=headers)
            return response(environ, start_response)

        return application

    def _call(self, route: Route, request: wrappers.Request) -> Call:
        environ = request.environ
        reader = ProviderReader(self._data_provider, plugin_util.context(environ), plugin_util.experiment_id(environ))
        _, _, name = request.path.partition(f"/plugin/{self.plugin_name}{route.path.removesuffix('*')}")
        return Call(reader, self.caches, _body(request) if request.method == "POST" else b"", name)


def _body(request: wrappers.Request) -> bytes:
    """Return the body of a request.

    Raises:
        RequestEntityTooLarge: the body is longer than ``query.MAX_BYTES``.
    """
    length = request.content_length
    if length is not None and length > query.MAX_BYTES:
        raise exceptions.RequestEntityTooLarge(f"invalid body: {length} bytes (at most {query.MAX_BYTES})")
    return request.get_data()
