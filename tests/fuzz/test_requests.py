"""Mutated requests to all routes: an answer that can be read, or an error that names its cause."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from tests.support.fuzz import logs
from tests.support.fuzz.boards import load, write_runs
from tests.support.fuzz.requests import request
from tests.support.fuzz.strict import decode, parse_json
from tests.support.tensorboards import TensorBoard

SOUND = ["good/0"]
REQUESTS = 1500
SEED = 1128
#: Statuses of errors that the request is to blame for, and of answers.
ALLOWED = (200, 301, 400, 404, 405, 413)
LONGEST_ERROR = 1000


def test_mutated_requests_have_answers_or_plain_errors(loader: str, tmp_path: Path) -> None:
    logs.train(tmp_path / "genuine" / "0")
    write_runs(tmp_path / "logs", tmp_path / "genuine")
    rng = random.Random(SEED + len(loader))
    statuses: Counter[int] = Counter()
    with TensorBoard(loader, tmp_path / "logs") as board:
        load(board, SOUND)
        for i in range(REQUESTS):
            method, route, body = request(rng, SOUND)
            response = board.client.open(f"/data/plugin/nnviz/{route}", method=method, data=body)
            statuses[response.status_code] += 1
            what = (i, method, route[:40], body[:300], response.status_code, response.data[:300])
            assert response.status_code in ALLOWED, what
            if method == "HEAD":
                assert response.data == b"", what
            elif response.status_code == 200 and response.content_type == "application/octet-stream":
                decode(response.data)
            elif response.status_code == 200 and response.content_type == "application/json":
                parse_json(response.data)
            elif response.status_code >= 400:
                assert response.content_type.startswith("text/plain"), what
                assert 0 < len(response.data) < LONGEST_ERROR, what
    # Most requests are wrong, and many are not: mutations that are always refused would test the parser alone.
    assert statuses[200] > REQUESTS / 20
    assert statuses[400] > REQUESTS / 5
