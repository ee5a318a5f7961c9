"""Whole calls as lists of events: who answered, by when, and what corrects it."""

from __future__ import annotations

import pytest
from call_lines import play
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.core.answering import (
    OUTCOMES,
    Answerer,
    Confidence,
    Event,
    Opinion,
    Policy,
    Speak,
    SpeechStarted,
    SpeechStopped,
    Tick,
    Tone,
    ToneHeard,
    Transcript,
    Wait,
    begin,
    hear,
    message_start,
    policy_of,
)
from clarion.core.outcomes import Outcome

MODEL = Policy(model=2.0)

CALLS = [
    # a person
    ("hello", "0.6 (\n1.1 )\n1.3 Hello?\n8 .", "human 1.85"),
    ("a name", "0.6 (\n1.9 )\n2.2 Karen Smith.\n8 .", "human 2.9"),
    ("asks who it is", "0.6 (\n2.0 )\n2.1 Hello, who is this?\n8 .", "human 2.4"),
    ("a receptionist", "0.5 (\n3.5 )\n3.6 Thank you for calling Acme, how can I help you?\n8 .", "human 3.9"),
    ("words come late", "0.6 (\n1.1 )\n2.6 Hello?\n8 .", "human 2.6"),
    ("no words come", "0.6 (\n1.1 )\n8 .", "human 2.85"),
    (
        "a long tale",
        "0.5 (\n8.0 )\n8.1 Well I was just telling my neighbour about that fence of his\n20 .",
        "human 9.75",
    ),
    ("speaks late", "3.9 (\n4.4 )\n4.6 Hello?\n9 .", "silence 3.5, human 5.15"),
    ("a click first", "0.3 (\n0.4 )\n2.0 (\n2.5 )\n2.6 Hello?\n9 .", "human 3.25"),
    ("says hello twice", "0.6 (\n1.0 )\n1.2 Hello?\n1.5 (\n2.0 )\n2.2 Hello?\n9 .", "human 2.4"),
    ("another call waits", "0.6 (\n1.0 )\n1.2 Hello?\n1.4 [beep]\n1.7 (\n2.5 )\n2.6 Who is this?\n9 .", "human 2.9"),
    ("a beep in the talk", "0.6 (\n1.0 )\n1.2 Hello?\n5 (\n6 )\n6.2 Yes\n6.5 [beep]\n15 .", "human 1.75"),
    ("a noisy room", "0.1 (\n1.2 ~hello\n20 .", "human 3.7"),
    ("speaks of messages", "0.5 (\n3 )\n3.1 She is out, can I take a message?\n8 .", "human 3.4"),
    # machines
    ("a phrase decides at once", "0.5 (\n1.0 ~hi this is\n2.0 ~hi this is bob leave a message\n9 .", "voicemail 2.0"),
    ("carrier", "0.5 (\n3 ~your call has been forwarded to\n9 .", "voicemail 3.0"),
    ("you have reached", "0.5 (\n2.5 )\n2.6 You have reached Bob Jones.\n9 .", "voicemail 4.25"),
    ("a greeting and a beep", "0.5 (\n3.5 )\n3.6 Hi it's Bob, you know what to do\n4.2 [beep]\n9 .", "voicemail 4.2"),
    ("no words and a beep", "0.5 (\n3.5 )\n4.2 [beep]\n9 .", "voicemail 4.2"),
    ("a word, a beep and silence", "0.5 (\n1.2 )\n1.3 Bob\n1.6 [beep]\n9 .", "voicemail 2.95"),
    ("a beep and nothing", "1 [beep]\n9 .", "voicemail 3.5"),
    (
        "a late phrase corrects",
        "0.5 (\n1.5 )\n1.6 Hi, it's Bob.\n3.0 (\n5 ~leave me a message\n9 .",
        "human 2.5, voicemail 5.0",
    ),
    ("a late beep corrects", "0.5 (\n2.4 )\n2.6 Hi it's Bob you know it\n5 [beep]\n9 .", "human 3.4, voicemail 5.0"),
    ("not after the talk", "0.5 (\n1 )\n1.2 Hello?\n31 leave a message\n40 .", "human 1.75"),
    ("mailbox full", "0.5 (\n4 ~the mailbox is full\n9 .", "mailbox_full 4.0"),
    (
        "a mailbox, and full",
        "0.5 (\n2 ~this is the voicemail of Al\n4 ~this is the voicemail of Al. The mailbox is full\n9 .",
        "voicemail 2.0, mailbox_full 4.0",
    ),
    ("menu", "0.5 (\n2 ~thanks for calling, press one for sales\n9 .", "ivr 2.0"),
    ("fax", "2 [fax_ced]\n9 .", "fax 2.0"),
    ("calling tone", "2 [fax_cng]\n9 .", "fax 2.0"),
    ("a beep of 1100 Hz", "0.5 (\n3 )\n3 I'm out, leave a message\n3.5 [fax_cng]\n9 .", "voicemail 3.0"),
    ("announcement", "1.2 [sit]\n9 .", "unavailable 1.2"),
    ("silence", "60 .", "silence 3.5"),
    # from a machine to a person or another machine
    (
        "screening, then the person",
        "0.5 (\n2 ~please record your name and reason\n4 )\n4.1 Please record your name and reason for the call.\n"
        "14 (\n14.5 )\n14.7 Hello?\n20 .",
        "call_screening 2.0, human 15.5",
    ),
    (
        "screening, then the mailbox",
        "0.5 (\n2 ~please record your name and reason\n4 )\n4.1 Please record your name and reason for the call.\n"
        "20 (\n23 ~Bob can't take your call\n30 .",
        "call_screening 2.0, voicemail 23.0",
    ),
    (
        "screening with a tone",
        "0.5 (\n2 ~please record your name\n3 ~please record your name after the tone\n4 )\n9 .",
        "call_screening 2.0",
    ),
    (
        "menu, then an operator",
        "0.5 (\n2 press nine for an operator\n3 )\n18 (\n20 )\n20.2 Good morning, how can I help you?\n30 .",
        "ivr 2.0, human 21.0",
    ),
    (
        "picked up in the greeting",
        "0.5 (\n2 leave a message\n3 )\n5 (\n5.4 )\n5.5 Hello?\n9 .",
        "voicemail 2.0, human 6.4",
    ),
    (
        "a voice after the beep",
        "0.5 (\n2 leave a message\n3 )\n3.4 [beep]\n5 (\n5.4 )\n5.5 Hello?\n9 .",
        "voicemail 2.0",
    ),
]


@pytest.mark.parametrize("_name, call, expected", CALLS)
def test_who_answered_and_when(_name: str, call: str, expected: str) -> None:
    _, verdicts = play(call)
    found = ", ".join(f"{verdict.kind} {float(round(verdict.at, 2))}" for verdict in verdicts)
    assert found == expected
    assert [verdict.corrects for verdict in verdicts] == [None, *(verdict.kind for verdict in verdicts[:-1])]


LONG = "0.5 (\n4 ~a rather long story that nobody has ever heard of before\n4.6 )\n"
ASKED = [
    ("the model says machine", LONG + "5.5 ?voicemail\n20 .", "voicemail 5.5"),
    ("the model says human", LONG + "5.5 ?human\n20 .", "human 5.5"),
    ("the model does not know", LONG + "5.5 ?\n20 .", "human 6.35"),
    ("the model is slow", LONG + "20 .", "human 6.51"),
    ("late, it still corrects a doubt", LONG + "9 ?voicemail\n20 .", "human 6.51, voicemail 9.0"),
    ("but not what was likely", "0.5 (\n1 )\n1.1 Hello?\n4 ?voicemail\n9 .", "human 1.75"),
]


@pytest.mark.parametrize("_name, call, expected", ASKED)
def test_a_model_is_asked_about_what_no_rule_knows(_name: str, call: str, expected: str) -> None:
    _, verdicts = play(call, MODEL)
    assert ", ".join(f"{verdict.kind} {float(round(verdict.at, 2))}" for verdict in verdicts) == expected


def test_the_question_has_the_transcript() -> None:
    listening, verdicts = play(LONG + "5 .", MODEL)
    assert listening.question is not None
    assert listening.question.transcript == "a rather long story that nobody has ever heard of before"
    assert verdicts == []
    assert listening.ask_again_at is not None
    assert play(LONG + "5 .")[0].question is None, "there is no model to ask"


@pytest.mark.parametrize(
    "call, expected",
    [
        ("0.5 (\n1 )\n1.1 Hello?\n9 .", None),
        ("0.5 (\n2 leave a message\n3 )\n3.2 .", Wait(5.0)),
        ("0.5 (\n2 leave a message\n3 )\n3.2 [beep]", Speak("beep")),
        ("0.5 (\n2 leave a message\n3 )\n3.2 [beep]\n8 .", Speak("beep")),
        ("0.5 (\n2 leave a message\n3 )\n5 .", Speak("silence")),
        ("0.5 (\n2 leave a message\n3 )\n3.2 [beep]\n3.5 (\n4 .", Wait(32.0)),
        ("0.5 (\n2 leave a message\n3 )\n3.2 [beep]\n3.5 (\n4.5 )\n5 .", Wait(6.5)),
        ("0.5 (\n2 leave a message\n20 .", Wait(32.0)),
        ("0.5 (\n2 leave a message\n32 .", Speak("cap")),
        ("0.5 (\n2 the mailbox is full\n9 .", None),
    ],
)
def test_when_a_message_starts(call: str, expected: Speak | Wait | None) -> None:
    listening, _ = play(call)
    assert message_start(listening) == expected


def test_timeouts_of_a_campaign() -> None:
    usual = Policy()
    assert policy_of(None) == policy_of({}) == usual
    asked = {
        "voicemail_detection_overall_timeout": 12,
        "voicemail_detection_pre_speech_timeout": 5,
        "voicemail_detection_post_speech_timeout": 0.9,
        "voicemail_detection_v2_pre_speech_timeout": 2.5,
    }
    first = policy_of(asked)
    assert (first.overall, first.pre_speech, first.post_speech, first.pause) == (12, 5, 0.9, 0.9)
    assert policy_of({**asked, "mode": "v2"}).pre_speech == 2.5
    assert policy_of({"mode": "v2"}).pre_speech == usual.pre_speech
    odd = {"voicemail_detection_overall_timeout": "soon", "voicemail_detection_pre_speech_timeout": -1}
    assert policy_of({**odd, "voicemail_detection_post_speech_timeout": True}) == usual
    assert policy_of(None, model=1.5).model == 1.5


@pytest.mark.parametrize(
    "policy, call, expected",
    [
        (Policy(pre_speech=1.5), "60 .", "silence 1.5"),
        (Policy(pre_speech=0), "60 .", "silence 30.0"),
        (Policy(overall=2), "0.5 (\n60 .", "human 2.0"),
        (Policy(overall=3), "0.5 (\n2 ~you have reached bob\n60 .", "voicemail 3.0"),
        (Policy(post_speech=3), "0.6 (\n1.1 )\n8 .", "human 4.1"),
    ],
)
def test_timeouts_act(policy: Policy, call: str, expected: str) -> None:
    _, verdicts = play(call, policy)
    assert ", ".join(f"{verdict.kind} {float(round(verdict.at, 2))}" for verdict in verdicts) == expected


def test_every_kind_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(Answerer)
    assert OUTCOMES[Answerer.CALL_SCREENING] is Outcome.CALL_SCREENING


# properties

TEXTS = st.sampled_from(
    [
        "",
        "hello",
        "hi this is bob",
        "leave a message",
        "you have reached",
        "press one",
        "who is this",
        "mailbox is full",
        "record your name and reason for calling",
        "how can i help you",
        "not in service",
        "ñandú 5 5 5",
        "one two three",
    ]
) | st.text(max_size=40)
TIMES = st.floats(0, 45)
WORDLESS = st.one_of(
    st.builds(SpeechStarted, TIMES), st.builds(SpeechStopped, TIMES, st.none() | TIMES), st.builds(Tick, TIMES)
)
EVENTS = st.one_of(
    WORDLESS,
    st.builds(Transcript, TIMES, TEXTS, st.booleans()),
    st.builds(ToneHeard, TIMES, st.sampled_from(Tone)),
    st.builds(Opinion, TIMES, st.none() | st.sampled_from(Answerer)),
)
POLICIES = st.sampled_from(
    [
        Policy(),
        MODEL,
        Policy(overall=5, pre_speech=0),
        Policy(overall=0),
        Policy(post_speech=0, pause=0),
        Policy(overall=1),
    ]
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=30), POLICIES)
def test_any_events_in_any_order_lead_to_a_verdict_in_time(events: list[Event], policy: Policy) -> None:
    listening, last = begin(policy), 0.0
    for event in [*events, Tick(max([policy.overall, *(event.at for event in events)]))]:
        before, listening = listening, hear(listening, event)
        assert listening.now >= before.now
        assert listening.ask_again_at is None or listening.ask_again_at > listening.now
        if listening.verdict is not None and listening.verdict is not before.verdict:
            assert last <= listening.verdict.at <= listening.now
            last = listening.verdict.at
        if before.verdict is not None:
            assert listening.verdict is not None
        message_start(listening)
    assert listening.verdict is not None
    first = listening.verdict if listening.verdict.corrects is None else None
    assert first is None or first.at <= policy.overall or first.at == 0 or policy.overall == 0


@settings(deadline=None)
@given(
    st.lists(EVENTS, max_size=25).map(lambda events: sorted(events, key=lambda event: event.at)),
    POLICIES.filter(lambda policy: policy.overall > 0),
)
def test_how_often_it_is_asked_does_not_matter(events: list[Event], policy: Policy) -> None:
    _, ours = play([*events, Tick(100)], policy)
    listening, theirs = begin(policy), []
    for event in sorted([*events, *(Tick(each / 2) for each in range(200)), Tick(100)], key=lambda event: event.at):
        listening = hear(listening, event)
        if listening.verdict is not None and (not theirs or theirs[-1] is not listening.verdict):
            theirs.append(listening.verdict)
    assert [verdict.kind for verdict in ours][-1:] == [verdict.kind for verdict in theirs][-1:]


@settings(deadline=None)
@given(st.lists(WORDLESS, max_size=20))
def test_voices_without_a_word_or_a_tone_are_people_or_silence(events: list[Event]) -> None:
    _, verdicts = play([*sorted(events, key=lambda event: event.at), Tick(100)])
    assert {verdict.kind for verdict in verdicts} <= {Answerer.HUMAN, Answerer.SILENCE}


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=20), st.lists(WORDLESS, max_size=20), POLICIES)
def test_a_human_stays_one_unless_there_is_news(events: list[Event], after: list[Event], policy: Policy) -> None:
    listening = begin(policy)
    for event in events:
        listening = hear(listening, event)
    if listening.verdict is None or listening.verdict.kind is not Answerer.HUMAN:
        return
    for event in after:
        listening = hear(listening, event)
        assert listening.verdict is not None
        assert listening.verdict.kind is Answerer.HUMAN


def test_a_doubt_is_a_human() -> None:
    _, verdicts = play(LONG + "20 .")
    assert verdicts[-1].kind is Answerer.HUMAN
    assert verdicts[-1].confidence is Confidence.DOUBT
