"""``GET index.js``: the entry of the page."""

from tb_nnviz.plugin import page
from tb_nnviz.plugin.route import GET, Answer, Call, Route


def handle(call: Call) -> Answer:
    """Answer the entry, or a module that shows how to build the page."""
    asset = page.entry()
    return Answer(asset.content, asset.content_type, asset.expires)


ROUTE = Route("/index.js", GET, handle)
