"""What single sentences are taken for: machines' words, people's words, and how wrongly they may be heard."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.core.answering_rules import Answerer, Weight, match, picked_up, plain_words

MACHINES = {
    Answerer.VOICEMAIL: """
        Leave a message|please leave your name and number|leave me a message and I'll call you back|after the tone
        Please leave a detailed message after the beep|please speak after the tone|record your message at the tone
        You've reached the voicemail of Ann|this is Ann's voicemail|your call has been forwarded to voice mail
        I can't come to the phone right now|we're unable to take your call|nobody is available to take your call
        we will get back to you as soon as possible|I'll return your call|our office is now closed
        The person you are calling is not available|please leave your massage after the beep|leave a mesage please
        leave a message at the beat|You have reached the voice male box of Ann|I'm away from my desk
        Deje su mensaje después del tono|ahora no puedo atenderle|buzón de voz de Ana|Deja tu nombre y tu número
        Laissez un message après le bip|vous êtes sur la messagerie vocale de Jean|laissez-moi votre nom et votre numéro
        Bitte hinterlassen Sie eine Nachricht|sprechen Sie nach dem Signalton|hier ist die Mailbox von Jan
    """,
    Answerer.MAILBOX_FULL: """
        The mailbox is full|this mailbox is full and cannot accept messages|the voicemail box has not been set up yet
        mailbox full|has a voice mailbox that hasn't been set up|their inbox is currently full
        el buzón está lleno|la messagerie est pleine|die Mailbox ist voll
    """,
    Answerer.CALL_SCREENING: """
        Please record your name and reason for calling|say your name and why you're calling
        I'll see if this person is available|using a screening service|will get a copy of this conversation
        please state your name|say your name after the tone|diga su nombre y el motivo de su llamada
        dites votre nom et la raison de votre appel|nennen Sie bitte Ihren Namen und den Grund Ihres Anrufs
    """,
    Answerer.IVR: """
        Press one for sales|for billing press two|to speak to an operator, press zero|press 3|press pound to continue
        please listen to the following options|our menu has changed, listen carefully to our menu options
        this call may be recorded|your call is important to us|all our agents are busy|the next available representative
        please hold while we connect you|say billing or say sales|enter your account number|para español
        marque uno para ventas|tapez deux|drücken Sie die Eins|alle Leitungen sind belegt
    """,
    Answerer.FAX: "please start your fax|this is a fax machine|envoyer un fax",
    Answerer.UNAVAILABLE: """
        The number you have dialed is not in service|your call cannot be completed as dialed|has been disconnected
        The subscriber's phone is switched off|fuera de cobertura|kein Anschluss unter dieser Nummer
    """,
}
PEOPLE = """
    Who is this?|who's calling?|how can I help you?|what's this about?|speaking|this is she|I'm not interested
    wrong number|can you hear me?|is anybody there?|I'm driving|can I call you back?|can I take a message?
    would you like to leave a message?|she's out, do you want to leave a message with me?|did you leave me a message?
    I left you a voicemail yesterday|you left me a message|let me take your number|I got your message
    ¿quién habla?|¿quiere dejar un recado?|qui est à l'appareil ?|voulez-vous laisser un message ?|wer ist da?
    Wie kann ich Ihnen helfen?|soll ich etwas ausrichten?
"""
NOTHING = """
    Hello?|Hi|Yes?|Karen Smith|Good morning|Johnson plumbing|hey, it's Dan|Mom?|I was in the shower|one sec
    it's about time|I don't take calls from people like you|is this about the voicemail?|the press is here
    Hola|Sí|Allô|Oui|Hallo|Müller|Guten Tag|I want to press charges|I'll leave at noon|what tone is that
    Is this an automated system?|please leave it at the door|are you a virtual agent?|I can hold|is this call recorded?
    I'm out of the shower now|just leave me out of it|we have to leave the phone at home|are you recording me?
"""


def rows(block: str) -> list[str]:
    return [text.strip() for line in block.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("kind, text", [(kind, text) for kind, block in MACHINES.items() for text in rows(block)])
def test_a_machine_s_words(kind: Answerer, text: str) -> None:
    found = match(text)
    assert found is not None
    assert (found.kind, found.weight) == (kind, Weight.SURE)


@pytest.mark.parametrize("text", rows(PEOPLE))
def test_a_person_s_words(text: str) -> None:
    found = match(text)
    assert found is not None
    assert (found.kind, found.weight) == (Answerer.HUMAN, Weight.PERSON)


@pytest.mark.parametrize("text", rows(NOTHING))
def test_words_that_say_nothing(text: str) -> None:
    found = match(text)
    assert found is None or found.weight is Weight.HINT


@pytest.mark.parametrize("text", ["You have reached Ann.", "I'm not available", "5 5 5 2 3 6 8", "have a great day"])
def test_words_that_lean_to_a_machine(text: str) -> None:
    found = match(text)
    assert found is not None
    assert found.weight is Weight.LEAN


@pytest.mark.parametrize(
    "text, plain",
    [
        ("You've REACHED  Ann's Voice-Mail!", "you have reached ann s voicemail"),
        ("I can’t, won't; didn't", "i can not will not did not"),
        ("Um, press 12", "press one two"),
        ("your massage", "your message"),
        ("massages and customs", "massages and customs"),
        ("después del tono", "despues del tono"),
        ("", ""),
        ("...", ""),
    ],
)
def test_plain_words(text: str, plain: str) -> None:
    assert plain_words(text) == plain


@pytest.mark.parametrize(
    "text, expected",
    [("Hello?", True), ("Yes, who is this?", True), ("thank you", False), ("Please stay on the line", False)],
)
def test_somebody_takes_over(text: str, expected: bool) -> None:
    assert (picked_up(text) is not None) is expected


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    match(text)
    picked_up(text)
    assert all(word.isalnum() for word in plain_words(text).split())


@settings(deadline=None)
@given(
    st.sampled_from([text for block in MACHINES.values() for text in rows(block)]),
    st.sampled_from([str.upper, str.title]),
)
def test_case_and_punctuation_do_not_matter(text: str, change: object) -> None:
    assert callable(change)
    assert match(change(text) + "!") == match(text)
