"""Texts of messages: a small, bounded part of Jinja2, compiled once and rendered for each contact.

Authors of templates are users of a server that many share, so a template may print, choose and loop over what the
variables hold, and nothing else: no calls, no assignments, no imports. What is left cannot run for long or grow without
end, and the sandbox and the bounds below hold even if that judgement is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.filters import do_join, do_replace, do_round
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from clarion.core.campaigns import Message, Rendered
from clarion.wire.unsubscribe import PLACEHOLDER

LONGEST_SOURCE = 200_000
LONGEST_OUTPUT = 1_000_000
"""Characters; a mail of a megabyte is refused by many hosts anyway."""
MOST_DIGITS = 20
MOST_TURNS = 10_000
"""Turns of all loops of one text together."""
LONGEST_SUBJECT = 998
"""RFC 5322, 2.1.1: the longest line."""

FILTERS = (
    frozenset({"abs", "capitalize", "count", "d", "default", "e", "escape", "first", "float", "int", "join", "last"})
    | frozenset({"length", "lower", "max", "min", "replace", "round", "sort", "title", "trim", "truncate", "unique"})
    | frozenset({"upper", "urlencode", "wordcount"})
)
TESTS = (
    frozenset({"boolean", "defined", "divisibleby", "eq", "even", "false", "float", "ge", "gt", "in", "integer"})
    | frozenset({"iterable", "le", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string"})
    | frozenset({"true", "undefined", "upper"})
)
NODES: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Getattr, nodes.Getitem, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Keyword, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
)
"""What a template may be made of. Without `set`, `~` and lists of anything but constants, no step can build on what an
earlier one has grown."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")
GIVEN = {"unsubscribe_url": PLACEHOLDER}
"""Variables that every message has. The link itself is put in when the attempt is known (`app.unsubscribe`)."""
TURNS = "clarion turns"
"""The name of a render's loop counter among the variables; the space keeps templates from saying it."""


class BadTemplate(Exception):
    """A text that is not a template, or says what templates may not say. `field` is text, subject or html."""

    def __init__(self, field: str, line: int, why: str) -> None:
        """`line` is 1-based."""
        super().__init__(f"Line {line}: {why}")
        self.field = field
        self.line = line


class Unrenderable(Exception):
    """A template that cannot be filled in for this contact. `name` says where to look: a variable or a field."""

    def __init__(self, name: str, why: str) -> None:
        """`why` is a sentence."""
        super().__init__(why)
        self.name = name


class MissingVariable(Unrenderable):
    """A variable without a value."""

    def __init__(self, name: str) -> None:
        """`name` as the template says it; for `a.b` where `a` is there, `b`."""
        super().__init__(name, f"The variable {name!r} has no value.")


class _Missing(StrictUndefined):
    """Raises MissingVariable wherever it is used, but for `default` and `is defined`."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = None, name: Any = None, exc: object = None) -> None:
        super().__init__(hint, obj, name, self._missing)  # type: ignore[arg-type]  # only ever called

    def _missing(self, _message: str) -> MissingVariable:
        return MissingVariable(str(self._undefined_name))


class _Turns:
    """Counts the turns of one render's loops."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_TURNS

    def count(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.left -= 1
            if self.left < 0:
                raise Unrenderable("loop", f"The loops turn more than {MOST_TURNS} times.")
            yield item


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> list[Any]:
    """What a `for` loops over, its turns counted. A list, because `loop.length` and `loop.last` want one."""
    turns: _Turns = context[TURNS]
    return list(turns.count(items))


@pass_context
def _join(context: Context, value: Iterable[Any], d: str = "") -> str:
    items = list(value)
    _bound(sum(len(str(item)) + len(d) for item in items))
    return str(do_join(context.eval_ctx, items, d))


@pass_context
def _replace(context: Context, s: str, old: str, new: str, count: int | None = None) -> str:
    _bound(len(str(s)) + (str(s).count(str(old)) + 1) * len(str(new)))
    return do_replace(context.eval_ctx, s, old, new, count)


def _round(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    if abs(precision) > MOST_DIGITS:
        raise Unrenderable("text", f"Round to {MOST_DIGITS} digits at most.")
    return do_round(value, precision, method)


def _bound(length: int) -> None:
    if length > LONGEST_OUTPUT:
        raise Unrenderable("text", f"The text is longer than {LONGEST_OUTPUT} characters.")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with only the filters and tests that cannot blow a text up, and with data for its only objects."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(undefined=_Missing, autoescape=autoescape, optimized=False, keep_trailing_newline=True)
        own = {"join": _join, "replace": _replace, "round": _round, "counted": _counted}
        self.filters = {name: self.filters[name] for name in FILTERS} | own
        self.tests = {name: self.tests[name] for name in TESTS}
        self.globals = {}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiplying a text and formatting with `%` make long texts out of short ones: numbers only."""
        for side in (left, right):
            if isinstance(side, _Missing):
                str(side)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            _bound(len(left) + len(right))
        elif not isinstance(left, int | float) or not isinstance(right, int | float):
            raise Unrenderable("text", f"{operator!r} is not for {type(left).__name__} and {type(right).__name__}.")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.b` is the item `b` of `a`, never a method of it: variables are data."""
        return super().getattr(obj, attribute) if isinstance(obj, LoopContext) else self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`a[b]`, for what has items."""
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                pass
        return self.undefined(obj=obj, name=argument)


PLAIN = _Environment(autoescape=False)
HTML = _Environment(autoescape=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One compiled text of a message."""

    field: str
    template: Template
    needed: frozenset[str]

    def render(self, variables: Mapping[str, Any]) -> str:
        chunks: list[str] = []
        length = 0
        try:
            for chunk in self.template.generate({**variables, **GIVEN, TURNS: _Turns()}):
                length += len(chunk)
                if length > LONGEST_OUTPUT:
                    raise Unrenderable(self.field, f"The text is longer than {LONGEST_OUTPUT} characters.")
                chunks.append(chunk)
        except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unrenderable(self.field, str(error)) from error
        return "".join(chunks)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A message's templates, ready to be filled in. Rendering has no side effects and may be repeated."""

    text: _Part
    subject: _Part | None
    html: _Part | None

    @property
    def needed(self) -> frozenset[str]:
        """Variables that must have a value: all that are named, but for those with a default or a check."""
        return frozenset().union(*(part.needed for part in (self.text, self.subject, self.html) if part is not None))

    def render(self, variables: Mapping[str, Any]) -> Rendered:
        """The message for one contact.

        Values are escaped in html and only there. A subject is one line whatever the values hold, so a value cannot add
        a header.

        Raises:
            MissingVariable: the first variable that is needed and has no value.
            Unrenderable: its base; the text grew too long, a loop too many turns, or the values do not fit.
        """
        subject = None if self.subject is None else BREAKS.sub(" ", self.subject.render(variables)).strip()
        if subject is not None and len(subject) > LONGEST_SUBJECT:
            raise Unrenderable("subject", f"The subject is longer than {LONGEST_SUBJECT} characters.")
        return Rendered(
            text=CONTROL.sub("", self.text.render(variables)),
            subject=subject,
            html=None if self.html is None else CONTROL.sub("", self.html.render(variables)),
        )


def compile_message(message: Message) -> Compiled:
    """Compile the texts of a message. Raises BadTemplate for the first that is none."""
    return Compiled(
        text=_compile("text", message.text, PLAIN),
        subject=None if message.subject is None else _compile("subject", message.subject, PLAIN),
        html=None if message.html is None else _compile("html", message.html, HTML),
    )


def template_problems(message: Message) -> list[tuple[str, str, str]]:
    """What is wrong with the texts of a message, each as (field, code, sentence)."""
    problems = []
    for field, source, environment in (
        ("text", message.text, PLAIN),
        ("subject", message.subject, PLAIN),
        ("html", message.html, HTML),
    ):
        try:
            if source is not None:
                _compile(field, source, environment)
        except BadTemplate as bad:
            problems.append((field, "bad_template", str(bad)))
    return problems


def variables_needed(message: Message) -> frozenset[str]:
    """Names of the variables without which the message cannot be rendered. Raises BadTemplate."""
    return compile_message(message).needed


def _compile(field: str, source: str, environment: _Environment) -> _Part:
    if len(source) > LONGEST_SOURCE:
        raise BadTemplate(field, 1, f"The template is longer than {LONGEST_SOURCE} characters.")
    try:
        tree = environment.parse(source)
        _check(field, tree)
        needed = frozenset(find_undeclared_variables(tree)) - _optional(tree) - GIVEN.keys()
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        return _Part(field, environment.from_string(tree), needed)
    except TemplateSyntaxError as error:
        raise BadTemplate(field, error.lineno, error.message or "This is not a template.") from error
    except RecursionError as error:
        raise BadTemplate(field, 1, "The template is nested too deeply.") from error


def _check(field: str, tree: nodes.Template) -> None:
    """Refuse whatever is not on the lists."""
    for node in _walk(tree):
        if not isinstance(node, NODES):
            raise BadTemplate(field, node.lineno, f"A message may not use {type(node).__name__.lower()!r}.")
        if isinstance(node, nodes.For) and node.recursive:
            raise BadTemplate(field, node.lineno, "A message may not use recursive loops.")
        if isinstance(node, nodes.List | nodes.Tuple) and not _plain(node):
            raise BadTemplate(field, node.lineno, "A list in a message may hold constants only.")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise BadTemplate(field, node.lineno, f"There is no filter {node.name!r}.")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise BadTemplate(field, node.lineno, f"There is no test {node.name!r}.")


def _plain(node: nodes.List | nodes.Tuple) -> bool:
    """A list of constants, or the names that a loop gives to the parts of an item."""
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        return all(isinstance(item, nodes.Name) for item in node.items)
    return all(isinstance(item, nodes.Const) for item in node.items)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _optional(tree: nodes.Template) -> frozenset[str]:
    """Names that have a value's check somewhere, or a default wherever they are used."""
    checked = {
        test.node.name
        for test in tree.find_all(nodes.Test)
        if test.name in ("defined", "undefined") and isinstance(test.node, nodes.Name)
    }
    defaulted = [
        each.node.name
        for each in tree.find_all(nodes.Filter)
        if each.name in ("default", "d") and isinstance(each.node, nodes.Name)
    ]
    uses: Callable[[str], int] = [name.name for name in tree.find_all(nodes.Name)].count
    return frozenset(checked | {name for name in defaulted if defaulted.count(name) == uses(name)})
