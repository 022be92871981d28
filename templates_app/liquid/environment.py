"""Liquid as templates have it: the library with its doors to files, other templates and unending work closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.for_tag import ForTag
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import is_undefined

from templates_app.liquid import filters
from templates_app.liquid.lexer import tokenize
from templates_app.liquid.meter import LOOKS_PER_CHECK, MAX_OUTPUT, Clock, Meter, check_range, too_long

MAX_DEPTH = 20  # blocks within blocks
# What would reach other templates, or does what other tags do in a way that escapes the limits.
_CLOSED_TAGS = ("include", "render", "liquid", "doc", "tablerow")
_OWN_FILTERS: Mapping[str, Callable[..., Any]] = {"date": filters.date, "strip_html": filters.strip_html}


class Output:
    """Takes what is rendered, as it is: line endings stay."""

    __slots__ = ("_meter", "_pieces")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._pieces: list[str] = []

    def write(self, text: str) -> int:
        """Take a piece; raise TooMuch."""
        meter = self._meter
        meter.written += len(text)
        if meter.written > MAX_OUTPUT:
            raise too_long()
        self._pieces.append(text)
        return len(text)

    def getvalue(self) -> str:
        """Return all pieces."""
        return "".join(self._pieces)


class Context(RenderContext):
    """One rendering: looks values up and counts what is done. `missing` gathers the names that had no value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meter = Meter()
        self.missing: dict[str, None] = {}

    def get(self, path: list[object], *, token: Token | None, **options: Any) -> object:
        meter = self.meter
        meter.looks += 1
        if not meter.looks % LOOKS_PER_CHECK:
            meter.clock.check()
        value = super().get(path, token=token, **options)
        if is_undefined(value):
            self.missing[str(path[0])] = None
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        return partial(filters.run_filter, self.meter, name, super().filter(name, token))

    def assign(self, key: str, val: Any) -> None:
        self.meter.keep(key, val)
        self.locals[key] = val

    def get_buffer(self, buf: TextIO | None = None) -> Any:  # the library asks for a StringIO, and writes and reads it
        return Output(self.meter)


class Template(BoundTemplate):
    """A parsed template."""

    context_class = Context


class LoopBody(BlockNode):
    """What a loop repeats; each time is counted by the nodes in it."""

    __slots__ = ("steps",)

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token, block.nodes)
        self.steps = 1 + sum(1 for _ in _walk(block.nodes))

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        if isinstance(context, Context):
            context.meter.work(self.steps)
        return super().render_to_output(context, buffer)


class CountedForTag(ForTag):
    """{% for %}, whose repetitions are counted."""

    def parse(self, stream: TokenStream) -> Node:
        node: Any = super().parse(stream)
        node.block = LoopBody(node.block)
        return node  # type: ignore[no-any-return]


class Near(Expression):
    """The end of a range, which may not be far from its beginning: whoever counts it out must come to an end."""

    __slots__ = ("literal", "stop")

    def __init__(self, literal: RangeLiteral) -> None:
        super().__init__(literal.stop.token)
        self.literal, self.stop = literal, literal.stop

    def __str__(self) -> str:
        return str(self.stop)

    def evaluate(self, context: RenderContext) -> object:
        stop = self.stop.evaluate(context)
        check_range(self.literal._make_range(self.literal.start.evaluate(context), stop))  # noqa: SLF001  reads both as the library does
        return stop

    def children(self) -> list[Expression]:
        return [self.stop]


class TimedStream(TokenStream):
    """The tokens of a template, handed out for as long as parsing may take."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        super().__init__(tokens)
        self._clock = Clock()

    def __next__(self) -> Token:
        self._clock.check()
        return super().__next__()


class LimitedEnvironment(Environment):
    """Liquid under limits. With `autoescape` what comes from values is escaped for HTML."""

    block_nesting_limit = MAX_DEPTH
    context_depth_limit = MAX_DEPTH + 10
    template_class = Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(CountedForTag)
        for name in _CLOSED_TAGS:
            del self.tags[name]
        self.filters.update(_OWN_FILTERS)

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        return tokenize

    def _parse(self, source: str) -> list[Node]:
        stream = TimedStream(tokenize(source))
        nodes = get_parser(self).parse(stream)
        for node in _walk(nodes):
            for expression in _expressions(node.expressions()):
                self._secure(expression)
        return nodes

    def _secure(self, expression: Expression) -> None:
        """Bound what an expression may do, and look for filters that are not there, which the library does when it renders."""
        if isinstance(expression, RangeLiteral) and not isinstance(expression.stop, Near):
            expression.stop = Near(expression)
        if isinstance(expression, FilteredExpression):
            for filter_ in expression.filters or ():
                filter_.validate_filter_arguments(self)


def _walk(nodes: Any) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.children(None))  # the context is for tags that load other templates


def _expressions(expressions: Any) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        yield from _expressions(expression.children())
