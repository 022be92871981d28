"""What a load is, as the runner tells the process that sends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A load: `count` letters whose tokens begin with `run` (four letters), from `sender`, to a door at `host` and `port`.

    `user` and `password` log in by SMTP; with a `key` the door is HTTP's. Either `sessions` at once, with a new connection
    after `per_connection` letters; or `rate` a second, where `sessions` are the connections that are kept.
    """

    run: str
    count: int
    sender: str
    host: str
    port: int
    sessions: int
    user: str = ""
    password: str = ""
    key: str = ""
    is_tls: bool = False
    per_connection: int = 0
    rate: float = 0.0
