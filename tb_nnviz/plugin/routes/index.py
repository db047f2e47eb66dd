"""``GET index.js``: the JavaScript module that TensorBoard loads."""

from tb_nnviz.plugin import page
from tb_nnviz.plugin.route import GET, Answer, Call, Route


def handle(call: Call) -> Answer:
    """Return the module of the page, or one that shows how to build the page."""
    asset = page.entry()
    return Answer(asset.content, asset.content_type, asset.expires)


ROUTE = Route("/index.js", GET, handle, takes_turn=False)
