"""A request that is refused: its status, and the one sentence that says why and what to do."""

from __future__ import annotations

import json


class RefusalError(Exception):
    """A request that is not let through.

    Args:
        status: of HTTP.
        told: the sentence.
        headers: to be sent besides.
    """

    def __init__(self, status: int, told: str, **headers: str) -> None:
        super().__init__(told)
        self.status = status
        self.body = json.dumps({"error": told}, ensure_ascii=False).encode()
        self.headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **headers}


def defect() -> RefusalError:
    """What is told of our own mistakes: nothing of how this machine is made."""
    return RefusalError(500, "Something went wrong on the server: try again, and tell whoever runs it if it stays so.")
