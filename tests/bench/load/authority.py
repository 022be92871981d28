"""`python -m tests.bench.load.authority SOCKET USER PASSWORD`: says to Postfix who may log in, as Dovecot would.

The server's side of Dovecot's authentication protocol 1.1, for one user and the mechanism PLAIN with an initial response.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from itertools import count
from pathlib import Path
from typing import Final, cast

import uvloop

# Postfix takes a server that names itself before its mechanisms for another one.
_HANDSHAKE: Final = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t{number}\nCOOKIE\t{number:032x}\nDONE\n"
_connections = count(1)


class Authority(asyncio.Protocol):
    """One connection, from one of Postfix's processes."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._wanted = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(_HANDSHAKE.format(number=next(_connections)).encode())

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            command, *values = line.decode().split("\t")
            if command == "AUTH":
                self._transport.write(self._judge(values[0], values[-1]).encode())

    def _judge(self, number: str, response: str) -> str:
        if response == f"resp={self._wanted}":
            return f"OK\t{number}\tuser={self._user}\n"
        return f"FAIL\t{number}\tuser={self._user}\n"


async def serve(listener: socket.socket, user: str, password: str) -> None:
    server = await asyncio.get_running_loop().create_unix_server(lambda: Authority(user, password), sock=listener)
    await server.serve_forever()


def main(path: str, user: str, password: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        Path(path).chmod(0o666)  # Postfix asks as a user of its own
        uvloop.run(serve(listener, user, password))


if __name__ == "__main__":
    main(*sys.argv[1:])
