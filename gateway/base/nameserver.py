"""A small DNS server for loopback: the demo's and the tests' own Internet. UDP and TCP (RFC 1035 4.2) on one port.

Not for real use: it answers from a function, knows one class, no zones and no delegation.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from socketserver import BaseRequestHandler, BaseServer, ThreadingTCPServer, ThreadingUDPServer
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from gateway.base.environment import Endpoint

Lookup = Callable[[str, str], list[str] | None]
"""(name in lower case without its last dot, type) -> records in zone-file words; [] no such data, None no such name.

TXT records are the bare text, without quotes. A name with a CNAME needs no other record: the server follows it.
"""

_TTL: Final = 60
_PLAIN_UDP: Final = 512  # RFC 1035 4.2.1, for a question without EDNS
_CHAIN: Final = 8
_TIMEOUT: Final = 5  # seconds that a TCP client may keep us waiting
_TRIES: Final = 20


class NameServer:
    """Serves what `lookup` knows at `endpoint`, in threads of its own, from `start()` to `stop()`; also a context manager.

    A subclass may override `respond` to misbehave.
    """

    def __init__(self, lookup: Lookup, host: str = "127.0.0.1", port: int = 0) -> None:
        self._lookup = lookup
        self._udp, self._tcp = _bind_both(host, port, self)
        self.endpoint = Endpoint(host, self._udp.server_address[1])
        self._threads = [threading.Thread(target=_serve, args=(server,), daemon=True) for server in (self._udp, self._tcp)]

    def start(self) -> NameServer:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop and close both sockets; a server that was never started is closed too."""
        for server, thread in zip((self._udp, self._tcp), self._threads, strict=True):
            if thread.is_alive():
                server.shutdown()
                thread.join(_TIMEOUT)
            server.server_close()

    def __enter__(self) -> NameServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def respond(self, query: dns.message.Message, transport: str) -> dns.message.Message | None:
        """Return the answer to one question over `transport`, udp or tcp; None keeps silent."""
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name, rdtype = question.name, dns.rdatatype.to_text(question.rdtype)
        for _ in range(_CHAIN):
            records = self._find(name, rdtype)
            aliases = None if records or rdtype == "CNAME" else self._find(name, "CNAME")
            if not aliases:
                break
            reply.answer.append(_make_rrset(name, "CNAME", aliases))
            name = dns.name.from_text(aliases[0])
        if records is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif records:
            reply.answer.append(_make_rrset(name, rdtype, records))
        return reply

    def _find(self, name: dns.name.Name, rdtype: str) -> list[str] | None:
        return self._lookup(name.to_text(omit_final_dot=True).lower(), rdtype)

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        """Return the answer to a question, both as bytes; None where there is nothing to say."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if len(query.question) != 1:
            return None
        reply = self.respond(query, transport)
        if reply is None:
            return None
        limit = 65_535 if transport == "tcp" else max(query.payload, _PLAIN_UDP)
        return _write(reply, limit)


def _write(reply: dns.message.Message, limit: int) -> bytes:
    """Return the reply on the wire, cut to nothing but its header and a flag when it is larger than `limit` bytes."""
    try:
        return reply.to_wire(max_size=limit)
    except dns.exception.TooBig:
        reply.answer.clear()
        reply.flags |= dns.flags.TC
        return reply.to_wire()


def _make_rrset(name: dns.name.Name, rdtype: str, records: list[str]) -> dns.rrset.RRset:
    if rdtype == "TXT":
        records = [_quote(text) for text in records]
    return dns.rrset.from_text_list(
        name, _TTL, dns.rdataclass.IN, rdtype, records, idna_codec=None, origin=dns.name.root, relativize=False
    )


def _quote(text: str) -> str:
    """Return a text as the character-strings of at most 255 octets that a TXT record is made of (RFC 1035 3.3.14)."""
    octets = text.encode()
    pieces = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in piece) + '"' for piece in pieces)


class _Server:
    """What a handler needs to know of its server."""

    owner: NameServer


class _UDPServer(_Server, ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = 65_535


class _TCPServer(_Server, ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class _UDPHandler(BaseRequestHandler):
    server: _UDPServer

    def handle(self) -> None:
        wire, sock = self.request
        answer = self.server.owner.answer(wire, "udp")
        if answer is not None:
            sock.sendto(answer, self.client_address)


class _TCPHandler(BaseRequestHandler):
    server: _TCPServer

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(_TIMEOUT)
        try:
            while wire := _read_framed(connection):
                answer = self.server.owner.answer(wire, "tcp")
                if answer is None:
                    return
                connection.sendall(struct.pack("!H", len(answer)) + answer)
        except OSError:
            return  # the client has gone


def _read_framed(connection: socket.socket) -> bytes:
    """Return one message with its length before it (RFC 1035 4.2.2), empty when the client is done."""
    head = _read(connection, 2)
    return _read(connection, struct.unpack("!H", head)[0]) if head else b""


def _read(connection: socket.socket, size: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < size:
        chunk = connection.recv(size - len(chunks))
        if not chunk:
            return b""
        chunks += chunk
    return bytes(chunks)


def _serve(server: BaseServer) -> None:
    server.serve_forever(poll_interval=0.05)


def _bind_both(host: str, port: int, owner: NameServer, tries: int = _TRIES) -> tuple[_UDPServer, _TCPServer]:
    """Return servers on the same port; with port 0, on one that was free for both."""
    udp = _UDPServer((host, port), _UDPHandler)
    try:
        tcp = _TCPServer((host, udp.server_address[1]), _TCPHandler)
    except OSError:
        udp.server_close()
        if port or tries == 1:
            raise
        return _bind_both(host, port, owner, tries - 1)
    udp.owner = tcp.owner = owner
    return udp, tcp
