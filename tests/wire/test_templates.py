"""Message templates: filled in, escaped, refused when they would run long, and never able to add a header."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.campaigns import Message
from clarion.wire.templates import (
    LONGEST_OUTPUT,
    BadTemplate,
    MissingVariable,
    Unrenderable,
    compile_message,
    template_problems,
    variables_needed,
)

PERSON = {
    "name": "Ann",
    "debt": 12.5,
    "tags": ["a", "b"],
    "address": {"city": "Boston", "items": 3},
    "empty": "",
    "lots": list(range(200)),
}


def text(source: str, **variables: Any) -> str:
    """The text of a message."""
    return compile_message(Message(text=source)).render(PERSON | variables).text


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("Hi {{name}}", "Hi Ann"),
        ("Hi {{ name | upper }}!\n", "Hi ANN!\n"),
        ("{{ nick | default('friend') }}", "friend"),
        ("{{ empty or 'nobody' }}", "nobody"),
        ("{% if debt > 10 %}much{% else %}little{% endif %}", "much"),
        ("{% for tag in tags %}{{ loop.index }}{{ tag }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"),
        ("{{ address.city }} {{ address['city'] }} {{ tags[0] }} {{ address.items }}", "Boston Boston a 3"),
        ("{{ tags | join('; ') }} {{ name | replace('n', 'm') }} {{ debt | round(0) }}", "a; b Amm 12.0"),
        ("{{ debt * 2 }} {{ name + '!' }} {{ 7 % 4 }}", "25.0 Ann! 3"),
        ("{% if name in ['Ann', 'Bob'] %}known{% endif %}", "known"),
        ("a < b & {{ name }}", "a < b & Ann"),
        ("{# a note #}x", "x"),
        ("", ""),
    ],
)
def test_a_text_is_filled_in(source: str, rendered: str) -> None:
    assert text(source) == rendered


def test_values_are_escaped_in_html_and_only_there() -> None:
    message = Message(text="{{ name }}", subject="{{ name }}", html="<b>{{ name }}</b>")
    rendered = compile_message(message).render({"name": "<i>Tom & co</i>"})
    assert rendered.text == rendered.subject == "<i>Tom & co</i>"
    assert rendered.html == "<b>&lt;i&gt;Tom &amp; co&lt;/i&gt;</b>"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ surname }}", "surname"),
        ("{{ address.street }}", "street"),
        ("{{ surname | upper }}", "surname"),
        ("{% if surname %}x{% endif %}", "surname"),
        ("{% for x in things %}x{% endfor %}", "things"),
        ("{{ surname + 'x' }}", "surname"),
        ("{{ 2 * amount }}", "amount"),
        ("{{ name.upper }}", "upper"),
        ("{{ name.__class__ }}", "__class__"),
    ],
)
def test_a_missing_variable_is_named(source: str, name: str) -> None:
    with pytest.raises(MissingVariable) as missing:
        text(source)
    assert missing.value.name == name


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("{{ a }} {{ b.c }} {% for d in e %}{{ d }}{{ loop.index }}{% endfor %}", {"a", "b", "e"}),
        ("{{ a | default('x') }}", set()),
        ("{{ a | default(b) }}", {"b"}),
        ("{{ a | default('x') }} {{ a }}", {"a"}),
        ("{% if a is defined %}{{ a }}{% endif %}", set()),
        ("nothing", set()),
    ],
)
def test_what_a_message_needs_is_known_before_launch(source: str, needed: set[str]) -> None:
    assert variables_needed(Message(text=source)) == needed


def test_every_part_of_a_message_counts() -> None:
    assert variables_needed(Message("{{ a }}", "{{ b }}", "{{ c }}")) == {"a", "b", "c"}


@given(st.text())
def test_no_value_can_add_a_header(value: str) -> None:
    rendered = compile_message(Message(subject="Hello {{ name }}, bye")).render({"name": value[:200]})
    assert rendered.subject is not None
    assert len(rendered.subject.splitlines()) == 1
    assert not any(ord(c) < 32 for c in rendered.subject)


@pytest.mark.parametrize(
    "source",
    [
        "{{ name",
        "{% if %}",
        "{{ name | nosuch }}",
        "{{ name | format(1) }}",
        "{{ name | center(1000000000) }}",
        "{{ name is nosuch }}",
        "{{ name.upper() }}",
        "{{ range(1000000000) }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ name ** 9 }}",
        "{{ name ~ name }}",
        "{% set x = 1 %}{{ x }}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% for x in tags recursive %}{{ loop(tags) }}{% endfor %}",
        "{% for x in [tags, tags] %}{% endfor %}",
        "{{ {'a': name} }}",
        "{{ name | counted }}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape false %}x{% endautoescape %}",
        "{{ name | safe }}",
        "x" * 200_001,
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    ],
)
def test_what_is_no_template_is_refused_and_says_where(source: str) -> None:
    with pytest.raises(BadTemplate):
        compile_message(Message(text=source))
    ((field, code, sentence),) = template_problems(Message(text="fine", subject="fine", html=source))
    assert (field, code) == ("html", "bad_template")
    assert sentence.startswith("Line ")


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in lots %}{% for b in lots %}{% for c in lots %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in lots %}{% for b in lots %}" + "x" * 200 + "{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 1.5 | round(1000000000, 'ceil') }}",
        "{{ '" + "a" * 2000 + "' | replace('a', '" + "b" * 2000 + "') }}",
        "{{ lots | join('" + "b" * 6000 + "') }}",
        "{{ tags + 1 }}",
        "{{ 1 / 0 }}",
        "{{ name | abs }}",
        "{{ name > 3 }}",
        "{% for x in debt %}{% endfor %}",
    ],
)
def test_what_would_run_long_or_does_not_fit_ends_soon(source: str) -> None:
    began = time.process_time()
    with pytest.raises(Unrenderable) as refusal:
        text(source)
    assert not isinstance(refusal.value, MissingVariable)
    assert time.process_time() - began < 2


def test_a_text_has_a_longest_length() -> None:
    with pytest.raises(Unrenderable):
        text("{{ long }}", long="x" * (LONGEST_OUTPUT + 1))
    with pytest.raises(Unrenderable):
        compile_message(Message(subject="{{ long }}")).render({"long": "x" * 999})


def test_control_characters_do_not_reach_a_mail() -> None:
    assert text("a{{ name }}b", name="\x00\x1b[2J\ttab\n") == "a[2J\ttab\nb"


@given(st.dictionaries(st.sampled_from(["name", "x"]), st.one_of(st.text(), st.integers(), st.none(), st.booleans())))
def test_any_values_render_or_are_refused(values: dict[str, Any]) -> None:
    compiled = compile_message(Message("{{ name }} {% if x %}{{ x | upper }}{% endif %}", "{{ x }}", "{{ name }}"))
    try:
        compiled.render(values)
    except Unrenderable:
        assert not values.keys() >= {"name", "x"} or len(str(values["x"])) > 900
