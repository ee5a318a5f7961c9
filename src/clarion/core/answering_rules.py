"""Rules over what was heard: whose words these are, whichever language. The phrases are in core/answering_words.py."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from clarion.core import answering_words as words


class Answerer(StrEnum):
    """Who or what took the call."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    CALL_SCREENING = "call_screening"
    """A phone's or a service's voice that asks who is calling (iOS, Pixel, Galaxy); a person may follow."""
    IVR = "ivr"
    FAX = "fax"
    MAILBOX_FULL = "mailbox_full"
    """A mailbox that takes no message: full, or never set up."""
    UNAVAILABLE = "unavailable"
    """An announcement that answered in somebody's place: switched off, out of service; no message can be left."""
    SILENCE = "silence"


class Weight(StrEnum):
    """What a match is worth."""

    SURE = "sure"
    """A machine's words: decides at once."""
    LEAN = "lean"
    """Nearly always a machine's words: decide at the longer pause."""
    PERSON = "person"
    """A person's words: decide at the shorter pause."""
    HINT = "hint"
    """Either's words: the longer pause, and a model if there is one."""


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that fits a text. `kind` is None for a hint."""

    kind: Answerer | None
    rule: str
    weight: Weight


MOST_WORDS = 160
"""As much of the end of a long text is looked at."""


@lru_cache(maxsize=512)
def match(text: str) -> Match | None:
    """The strongest rule for plain or raw `text`: a machine's words, a person's, a leaning, a hint; else None."""
    plain = plain_words(text)
    if not plain:
        return None
    by_hand = _any(_SECRETARY, plain)
    for kind, rules in _MACHINES:
        if by_hand and kind is Answerer.VOICEMAIL:
            continue
        for rule, phrase in rules:
            if not (by_hand and rule.startswith(_ASKED_BY_HAND)) and phrase.search(plain):
                return Match(kind, rule, Weight.SURE)
    if by_hand:
        return Match(Answerer.HUMAN, "speaks of messages", Weight.PERSON)
    for rule, phrase in _HUMAN:
        if phrase.search(plain):
            return Match(Answerer.HUMAN, rule, Weight.PERSON)
    for rule, phrase in _LEAN:
        if phrase.search(plain):
            return Match(Answerer.VOICEMAIL, rule, Weight.LEAN)
    if _any(_HINTS, plain):
        return Match(None, "hint", Weight.HINT)
    return None


def picked_up(text: str) -> str | None:
    """The rule by which this, said after a machine's words, is a person who took over; else None."""
    plain = plain_words(text)
    if plain in words.PICKED_UP:
        return "a greeting after the machine"
    found = match(plain)
    return found.rule if found is not None and found.weight is Weight.PERSON and len(plain.split()) <= 14 else None


def is_hello(text: str) -> bool:
    """Whether it is a bare greeting, as people answer a phone with."""
    return plain_words(text) in words.PICKED_UP


@lru_cache(maxsize=512)
def plain_words(text: str) -> str:
    """The last `MOST_WORDS` words, as the phrases are written; near misses of long words are mended."""
    lowered = text.casefold().replace("’", "'").replace("`", "'").replace("ß", "ss")
    folded = unicodedata.normalize("NFKD", lowered)
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    for contraction, full in _CONTRACTIONS:
        letters = contraction.sub(full, letters)
    letters = _DIGIT.sub(lambda found: f" {_DIGITS[found.group()]} ", letters)
    spaced = "".join(c if c.isalnum() else " " for c in letters).split()
    kept = [_MENDED.get(word) or _mend(word) for word in spaced if word not in _FILLERS]
    return _compound(" ".join(kept[-MOST_WORDS:]))


_NUMERALS = "zero, one, two, three, four, five, six, seven, eight, nine"
_DIGITS = dict(zip("0123456789", _NUMERALS.split(", "), strict=True))
_DIGIT = re.compile(r"[0-9]")
_HESITATIONS = "um, uh, oh, uhm, er, erm, ah, hmm, mm, mhm, eh, euh, ehm, ahm"
_FILLERS = frozenset(_HESITATIONS.split(", "))
_MENDED = {"gonna": "going to", "wanna": "want to", "cannot": "can not", "okay": "ok"}
_CONTRACTIONS = tuple(
    (re.compile(short), full)
    for short, full in (
        (r"\bcan'?t\b", "can not"),
        (r"\bwon'?t\b", "will not"),
        (r"n't\b", " not"),
        (r"\b(do|does|did|is|are|was|has|have|could|would)nt\b", r"\1 not"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"\bi'?m\b", "i am"),
        (r"'d\b", " would"),
        (r"\b(who|what|that|it|he|she|there|here|where|how)'s\b", r"\1 is"),
        (r"\b(who|what|that)s\b", r"\1 is"),
        (r"\byou(ve|re|ll)\b", r"you \1"),
        (r"\byou ve\b", "you have"),
        (r"\byou re\b", "you are"),
        (r"\byou ll\b", "you will"),
    )
)
_COMPOUNDS = tuple(
    (re.compile(rf"\b{apart}\b"), together)
    for apart, together in (
        ("voice (?:mail|male)", "voicemail"),
        ("voicemail box", "voicemail mailbox"),
        ("(?:mail|male) box", "mailbox"),
        ("un available", "unavailable"),
    )
)


def _compound(text: str) -> str:
    for apart, together in _COMPOUNDS:
        text = apart.sub(together, text)
    return text


@lru_cache(maxsize=4096)
def _mend(word: str) -> str:
    """The anchor that the word is one letter away from, or the word."""
    if len(word) < 6 or word in words.NOT_ANCHORS or word in words.ANCHORS:
        return word
    for anchor in words.ANCHORS:
        if len(anchor) >= 7 and anchor[0] == word[0] and _one_apart(word, anchor):
            return anchor
    return word


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter changed, missing or added makes them the same."""
    if abs(len(one) - len(other)) > 1:
        return False
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    return one[head + 1 :] == other[head + 1 :] or one[head + 1 :] == other[head:] or one[head:] == other[head + 1 :]


_ANY_DIGIT = "(?:" + "|".join(_DIGITS.values()) + ")"


def _compiled(phrases: Iterable[str]) -> re.Pattern[str]:
    spelled = (phrase.replace("~", r"(?:\w+ ){0,4}").replace("#", _ANY_DIGIT) for phrase in phrases)
    return re.compile(r"\b(?:" + "|".join(f"(?:{phrase})" for phrase in spelled) + r")(?:(?!\w)|(?<= ))")


def _rules(languages: Mapping[str, words.Phrases]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (rule if language == "en" else f"{rule} ({language})", _compiled(phrases))
        for language, rules in languages.items()
        for rule, phrases in rules.items()
    )


def _any(patterns: tuple[re.Pattern[str], ...], plain: str) -> bool:
    return any(pattern.search(plain) for pattern in patterns)


_MACHINES = (
    (Answerer.MAILBOX_FULL, _rules(words.MAILBOX_FULL)),
    (Answerer.FAX, _rules(words.FAX)),
    (Answerer.CALL_SCREENING, _rules(words.CALL_SCREENING)),
    (Answerer.VOICEMAIL, _rules(words.VOICEMAIL)),
    (Answerer.IVR, _rules(words.IVR)),
    (Answerer.UNAVAILABLE, _rules(words.UNAVAILABLE)),
)
"""In order of precedence."""
_ASKED_BY_HAND = "asks for name and reason"
"""The screening rule whose question a receptionist asks too, in other words."""
_HUMAN = _rules(words.HUMAN)
_LEAN = _rules(words.LEAN_VOICEMAIL)
_HINTS = tuple(_compiled(phrases) for phrases in words.HINTS.values())
_SECRETARY = tuple(_compiled(phrases) for phrases in words.SECRETARY.values())
