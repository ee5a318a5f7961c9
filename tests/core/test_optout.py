"""What a reply asks for: keywords as whole messages, plain wishes, and no false alarm inside a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.optout import Wish, classify

OPT_OUT = """
STOP|stop.|Stop!!|"stop"|  StOp \t|STOP 🛑|please stop|Stop, please|PLS STOP NOW|stop thanks
stop stop stop|S T O P|s.t.o.p|STOPALL|stop all|END|quit|Revoke|opt out|Opt-Out|OPTOUT|cancel|Cancel.
UNSUBSCRIBE|unsub|remove|Remove me|ＳＴＯＰ|No, stop|stop it|no more|leave me alone!!|take me off|ARRÊT
arret|Arrête|Arrêtez s'il vous plaît|désabonner|STOP SMS|¡ALTO!|parar|Baja|Por favor parar|no más|sair
Stopp|Abmelden|Aufhören|aufhoeren|ferma|basta|stoppen|Afmelden|wypisz|zrušit|sluta|lopeta|İPTAL|dur|dừng
HỦY|berhenti|стоп|СТОП!|Отписаться|στοπ|توقف|إلغاء|הסר|रोकें|बंद करो|停止|退订|退訂|TD|停|ストップ|配信停止|수신거부|중지
Please stop texting me|Stop calling me|stop calling|stop sending me messages
Can you please stop calling?|stop emailing us|I want you to stop texting me
Hi, please stop messaging me.|Would you stop calling this number|just stop these messages
don't text me again|Don’t call me|Do not contact me|never call this number again|do not email us
Take me off your list|remove me from your list please|Remove my number|delete my number from this
take my name off|I want to unsubscribe|please unsubscribe me|I'd like to opt out|how do I opt out?
I wish to be removed|Please opt me out|I revoke my consent|I hereby withdraw my consent|lose my number
No more texts please|no more calls|I don't want these messages|i dont want any more texts
I no longer wish to receive messages|I do not want to get your emails|STOP. I never signed up for this.
Who is this? Stop. Thanks|Why don't you stop texting me|You don't listen. Unsubscribe!
Thanks but please stop texting me, I have a doctor already
"""

NOTHING = """
stop by tomorrow?|I'll stop by tomorrow|Can you stop by on Monday|the bus stop|Is this the last stop?
Stop signs are red|don't stop texting me|Please don't stop calling me lol|I can't stop laughing
never stop|I won't stop|Can't stop won't stop|when does it end|this is the end of it|weekend
I quit my job|quit smoking|I want to stop smoking|We need to stop all production|cancel my appointment
Can you cancel tomorrow|please cancel the order|I need to cancel|remove the red one
delete my order from Tuesday|no|no thanks|not interested|ok|thanks|please|never mind|call me later
please call me|I do not want to miss your call|I don't want to stop receiving messages
do not forget the call|yes please call me|help me find it|info about prices please
I'd like to start on Monday|start when?|para mañana?|¿para quién?|ende der Woche|non-stop|unstoppable
STOPPED|endless|1|👍|?|...|   |
"""


def rows(block: str) -> list[str]:
    return [text for line in block.strip("\n").split("\n") for text in line.split("|")]


@pytest.mark.parametrize("text", rows(OPT_OUT))
def test_no_more(text: str) -> None:
    assert classify(text) is Wish.OPT_OUT


@pytest.mark.parametrize("text", rows(NOTHING))
def test_simply_a_reply(text: str) -> None:
    assert classify(text) is None


@pytest.mark.parametrize(
    "text", ["START", "start!", "Unstop", "UN STOP", "yes", "Opt in", "opt-in please", "Oui", "Старт"]
)
def test_messages_again(text: str) -> None:
    expected = None if text == "UN STOP" else Wish.OPT_IN
    assert classify(text) is expected


@pytest.mark.parametrize("text", ["HELP", "help?", "Info", "help me", "Aide", "AYUDA", "Hilfe!", "помощь"])
def test_help(text: str) -> None:
    assert classify(text) is Wish.HELP


def test_a_signature_or_a_quoted_message_below_does_not_matter() -> None:
    assert classify("Stop\n\nSent from my iPhone") is Wish.OPT_OUT
    assert classify("\n\nHELP\n> Reply STOP to end") is Wish.HELP
    assert classify("See you there\n> Reply STOP to end") is None


@given(st.text(max_size=200))
def test_any_text_has_an_answer(text: str) -> None:
    assert classify(text) in {None, *Wish}


@given(
    st.sampled_from(["stop", "unsubscribe", "arret", "quit", "opt out", "стоп", "停止"]),
    st.text(alphabet=" \t\n.!?,;:-*'\"()…¡", max_size=6),
    st.text(alphabet=" \t\n.!?,;:-*'\"()…", max_size=6),
    st.booleans(),
)
def test_case_and_punctuation_around_a_keyword_do_not_matter(word: str, before: str, behind: str, upper: bool) -> None:
    assert classify(before + (word.upper() if upper else word) + behind) is Wish.OPT_OUT
