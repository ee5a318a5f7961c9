"""What a person's reply asks for: no more messages, messages again, or help.

The words are those of 47 CFR 64.1200(a)(10), of the CTIA's messaging principles and of carriers abroad; besides these,
plain wishes in English count ("please stop texting me"), since the rule is any wording a reasonable person understands.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Wish(StrEnum):
    """What a reply asks for."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    """Meant only from somebody who had opted out: a bare "yes" may answer some other question."""
    HELP = "help"


# Words are written as `_plain` leaves them: lower case, no accents, no punctuation.
_OPT_OUT = {
    "en": "stop, stopall, stop all, end, quit, revoke, optout, opt out, opt me out, cancel, unsubscribe, "
    "unsubscribe me, unsubscribe all, unsub, remove, remove me, stop it, stop this, no more, leave me alone, "
    "do not contact, do not call, do not text, take me off",
    "fr": "arret, arrete, arreter, arretez, stop sms, desabonner, desabonnement, desinscrire, desinscription, "
    "ne plus me contacter",
    "es": "alto, parar, pare, para, basta, baja, dar de baja, darme de baja, cancelar, detener, salir, no molestar, "
    "no mas",
    "pt": "parar, pare, sair, cancelar, remover, descadastrar",
    "de": "stopp, abmelden, abbestellen, austragen, aufhoren, aufhoeren, ende, abbruch, loschen, loeschen",
    "it": "ferma, fermare, fermati, basta, cancella, cancellami, annulla, disiscrivi, disiscrivimi",
    "nl": "stoppen, afmelden, uitschrijven",
    "pl": "wypisz, wypisz mnie, rezygnuje, koniec",
    "cs": "zrusit, odhlasit, konec, dost, nepsat",
    "sv no da fi": "stopp, sluta, avsluta, avregistrera, avslutt, avmeld, afmeld, lopeta, peru",
    "tr": "dur, durdur, iptal, ret, red",
    "vi id tl ht": "dung, huy, tu choi, berhenti, batal, tigil, ihinto, sispann, kanpe",
    "ru uk bg": "стоп, отписаться, отписка, отмена, хватит, відписатися, спри",
    "el": "στοπ, διακοπη",
    "ar he": "توقف, قف, الغاء, إلغاء, ايقاف, הסר, הסירו, עצור, להסרה",
    "hi": "रोकें, रोको, बंद, बंद करो, बंद करें",
    "zh ja ko": "停止, 停, 取消, 退订, 退訂, td, 配信停止, 解除, ストップ, やめて, 중지, 정지, 그만, 수신거부",
}
_OPT_IN = {
    "en": "start, unstop, yes, opt in, optin, subscribe, resubscribe, resume",
    "other": "oui, demarrer, reprendre, si, iniciar, empezar, alta, sim, comecar, ja, anmelden, старт, 开始, 開始",
}
_HELP = {"en": "help, info, help me", "other": "aide, ayuda, ajuda, hilfe, aiuto, помощь, yardim, 帮助, ヘルプ"}

_UNMISTAKABLE = "stop, stopall, stop all, unsubscribe, optout, opt out, arret, desabonner, alto, parar, стоп"
"""Words that count as a sentence of their own within a longer message: "STOP. Sent from my phone"."""

_REACH = r"(?:text|txt|message|msg|call|phone|ring|contact|e ?mail|write|spam|bother|send)"
_REACHING = r"(?:(?:text|txt|messag|call|phon|ring|contact|e ?mail|writ|spamm|bother|harass|send)ing|these|all)"
_MAIL = r"(?:texts?|messages?|calls?|e ?mails?|sms)"
_PHRASES = tuple(
    re.compile(phrase)
    for phrase in (
        # "stop texting me", "can you stop calling", "i want you to stop sending messages"
        rf"(?:^|\b(?:please|pls|plz|just|to|you|now|and|so) )(?:stop|quit|cease) {_REACHING}"
        rf"(?:$| (?:to )?(?:me|us|here|this number|my (?:phone|number)|now|please|pls|{_MAIL})\b)",
        # "do not call me", "never text this number again"
        rf"\b(?:do not|dont|never)(?: ever)? {_REACH}(?: to)? (?:me|us|this number|my phone|here|again)\b",
        # "take me off your list", "remove my number"
        r"\b(?:take|remove|delete|drop) (?:me|us|my (?:name|number|phone|e ?mail|details)|this number)"
        r"(?:$| (?:off|from|please|now)\b)",
        r"\bleave me alone\b|\blose my number\b",
        rf"^(?:please |pls )?no (?:more|further) {_MAIL}\b",
        # "i want to unsubscribe", "how do i opt out", "please revoke my consent"
        r"\b(?:i (?:want|wish|need)|i would like|id like|let me|please|pls|just|how do i|can i|allow me)(?: to)? "
        r"(?:opt(?: me| us)? out|unsubscribe|be (?:unsubscribed|removed|taken off)|revoke|stop receiving)\b",
        r"\bi (?:hereby )?(?:revoke|withdraw) (?:my |all )?consent\b",
        # "i dont want any more messages", "i no longer wish to receive these texts"
        r"\bi (?:do not|dont|no longer) (?:want|wish|need)(?: to (?:receive|get|hear))?"
        rf"(?: any ?more| more| these| your| any)* (?:{_MAIL}|from you)\b",
    )
)
_GO_ON = re.compile(r"(?<!why )\b(?:do not|dont|never|cant|cannot|wont)(?: want to)? (?:stop|quit|unsubscribe)\b")
"""Takes a wish back: "please don't stop texting me"."""
_COURTESIES = (
    "please, pls, plz, now, thanks, thank, you, thx, ok, okay, hi, hello, hey, no, sir, madam, immediately, kindly, "
    "just, por, favor, sil, vous, te, plait, bitte, prego, merci, gracias, danke"
)
_COURTESY = frozenset(_COURTESIES.split(", "))
_LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "'": None, "’": None, "`": None})


def classify(text: str) -> Wish | None:
    """What the reply asks for, or None when it is simply a reply.

    A keyword counts when it is the whole message, or its first line, whatever the case, accents, punctuation and
    courtesies around it ("STOP!!", "Please stop, thanks", "S T O P"); an unmistakable one also as a sentence of its
    own. Inside a sentence a keyword means nothing ("I'll stop by tomorrow").
    """
    whole = _plain(text)
    first_line = _plain(text.strip().splitlines()[0]) if text.strip() else ""
    for candidate in (whole, first_line):
        wish = _keyword(candidate)
        if wish is not None:
            return wish
    sentences = [_plain(sentence) for sentence in re.split(r"[.!?;:\n]+", text)]
    if any(_bare(sentence) in _UNMISTAKABLE_WORDS for sentence in sentences):
        return Wish.OPT_OUT
    if any(_wants_no_more(sentence) for sentence in [whole, *sentences]):
        return Wish.OPT_OUT
    return None


def _wants_no_more(sentence: str) -> bool:
    return not _GO_ON.search(sentence) and any(phrase.search(sentence) for phrase in _PHRASES)


def _plain(text: str) -> str:
    """Lower case without accents and punctuation, words one space apart; `S.T.O.P` and `S T O P` become one word."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() or unicodedata.category(c) == "Mc" else " " for c in letters).split()
    if len(words) > 2 and all(len(word) == 1 for word in words):
        return "".join(words)
    return " ".join(words)


def _keyword(plain: str) -> Wish | None:
    for candidate in (plain, _bare(plain)):
        if candidate in _WORDS:
            return _WORDS[candidate]
    return None


def _bare(plain: str) -> str:
    """Without courtesies before and after, and once what is said several times: "stop stop stop please"."""
    words = plain.split()
    while words and words[0] in _COURTESY:
        words.pop(0)
    while words and words[-1] in _COURTESY:
        words.pop()
    return words[0] if len(set(words)) == 1 else " ".join(words)


def _list(languages: dict[str, str]) -> set[str]:
    return {_plain(word) for words in languages.values() for word in words.split(",")}


_WORDS: dict[str, Wish] = (
    dict.fromkeys(_list(_HELP), Wish.HELP)
    | dict.fromkeys(_list(_OPT_IN), Wish.OPT_IN)
    | dict.fromkeys(_list(_OPT_OUT), Wish.OPT_OUT)
)
_UNMISTAKABLE_WORDS = _list({"all": _UNMISTAKABLE})
