"""``GET static/<build>/<name>``: the files of the built page."""

from tensorboard import errors

from tb_nnviz.plugin import page
from tb_nnviz.plugin.route import GET, Answer, Call, Route


def handle(call: Call) -> Answer:
    """Return one file of the page."""
    asset = page.asset(call.name)
    if asset is None:
        raise errors.NotFoundError(f"unknown file: {call.name[:200]!r}")
    return Answer(asset.content, asset.content_type, asset.expires)


ROUTE = Route("/static/*", GET, handle, takes_turn=False)
