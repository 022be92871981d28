"""How long a message took to an event, without a look at the event of its acceptance."""

from __future__ import annotations

from typing import Any

from django.db.models import F, FloatField, Func


class Took(Func):
    """Seconds from the acceptance of a message, which its public id begins with (RFC 9562 5.7), to the event."""

    output_field = FloatField()
    arg_joiner = ", "

    def __init__(self) -> None:
        super().__init__(F("at"), F("public_id"))

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        # Each of these is the fastest of several ways to say the same, as millions of rows are asked.
        milliseconds = "('x' || encode(substring(uuid_send(%s) FOR 6), 'hex'))::bit(48)::bigint"
        return self._write(compiler, f"greatest(0, date_part('epoch', %s) - {milliseconds} / 1000.0::float8)")

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, Any]:
        # SQLite reads no hexadecimal text as a number: digit by digit.
        digits = (f"instr('123456789abcdef', substr(%s, {place}, 1)) * {16 ** (12 - place)}" for place in range(1, 13))
        return self._write(compiler, f"max(0, (julianday(%s) - 2440587.5) * 86400.0 - ({' + '.join(digits)}) / 1000.0)")

    def _write(self, compiler: Any, template: str) -> tuple[str, Any]:
        (at, _), (public_id, _) = (compiler.compile(part) for part in self.get_source_expressions())
        return template.replace("%s", at, 1).replace("%s", public_id), ()
