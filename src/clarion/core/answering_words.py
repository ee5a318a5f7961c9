"""What machines and people say when they answer, by language: data for core/answering_rules.py.

A phrase is a regular expression over plain words: lower case, no accents or punctuation, contractions written out
("you're" is "you are", "can't" is "can not"), numerals as words, "voice mail" and "mail box" as one word. `~`
stands for up to four words of any kind, `#` for a digit's name. Phrases were written from how such greetings go, one
meaning each, so that a word heard wrong costs one phrase and not the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping

Phrases = Mapping[str, tuple[str, ...]]
"""Name of the rule -> phrases, any of which makes it fire."""

MAILBOX_FULL: Mapping[str, Phrases] = {
    "en": {
        "mailbox is full": (
            r"(?:mailbox|voicemail|inbox|memory|message box) ~~(?:is|was) ~(?:full|at capacity)",
            r"mailbox (?:full|is fool|is for full)",
            r"(?:can not|can no longer|not able to|unable to|does not|not) (?:currently )?(?:accept|take|receive|"
            r"record) ~"
            r"(?:messages|recordings)(?: |$)(?!please leave)",
            r"no (?:more |further )?(?:room|space) ~(?:for|to) ~messages?",
        ),
        "mailbox is not set up": (
            r"(?:voicemail|mailbox) ~not (?:yet |currently )?(?:been )?(?:set up|setup|activated|configured|"
            r"initialized)",
            r"not (?:yet )?(?:been )?(?:set up|activated|initialized) ~(?:voicemail|mailbox)",
        ),
    },
    "es": {
        "mailbox is full": (
            r"(?:buzon|casilla) ~~(?:esta )?(?:lleno|llena|sin espacio)",
            r"no (?:puede|acepta) ~(?:mas|nuevos) mensajes",
        ),
    },
    "fr": {
        "mailbox is full": (
            r"(?:messagerie|boite vocale|boite) ~~(?:est )?(?:pleine|saturee|plein)",
            r"ne peut (?:pas|plus) ~(?:nouveaux )?messages",
        )
    },
    "de": {
        "mailbox is full": (
            r"(?:mailbox|anrufbeantworter|sprachbox|speicher) ~~(?:ist )?voll",
            r"keine ~nachrichten ~(?:mehr )?(?:aufnehmen|hinterlassen|entgegennehmen|aufgenommen)",
        )
    },
}

FAX: Mapping[str, Phrases] = {
    "en": {
        "fax prompt": (
            r"(?:start|begin|send|sending|transmit) ~(?:your |the |a )fax",
            r"this is (?:a|the) (?:dedicated )?fax (?:machine|line|number)",
            r"(?:reached|connected to) ~fax (?:machine|line|number|service)",
        )
    },
    "es": {"fax prompt": (r"(?:envie|enviar|inicie) ~fax", r"tono de fax")},
    "fr": {"fax prompt": (r"(?:envoyer|envoyez|transmettre) ~(?:fax|telecopie)",)},
    "de": {"fax prompt": (r"(?:fax|faxnachricht) ~(?:senden|starten)", r"faxgerat|faxanschluss")},
}

CALL_SCREENING: Mapping[str, Phrases] = {
    "en": {
        "asks to record a name": (
            r"record (?:your|a) (?:first |full )?name",
            r"(?:recorder|according) your name (?:and|in) ~reason",
            r"if you ~(?:record|say|state|give) ~name ~reason",
        ),
        "asks for name and reason": (
            r"(?:say|state|tell (?:me|us)|speak|give|provide) ~your name ~(?:why|reason|purpose|what ~about|calling)",
            r"(?:say|state|speak|announce) your (?:full |first )?name (?:after|at|and (?:we|i) will|clearly|now|"
            r"then)",
            r"(?:state|announce) your name|please say your name",
            r"say (?:who you are|who is calling) and (?:why|what|the reason|your)",
        ),
        "offers to see whether they are there": (
            r"(?:i will|i can|let me|will|i would) ~(?:see|check|find out|ask) (?:if|whether) ~"
            r"(?:this|the) (?:person|owner|subscriber|user|party) ",
            r"before i (?:try to )?(?:connect|put|patch|pass) (?:you|your call|the call|this call)",
            r"(?:see|check) (?:if|whether) (?:this|the) person is (?:available|there|free|around)",
        ),
        "screening service": (
            r"(?:call )?screening (?:service|assistant|system|feature|this call|calls|tool)",
            r"calls? ~(?:is|are) (?:being )?screened",
            r"screen(?:s|ing)? ~(?:unknown|unwanted|spam|incoming) ~(?:calls?|callers?|numbers?)",
            r"(?:google|virtual|digital|automated|personal|galaxy|ai|call) assistant ~"
            r"(?:answering|for|of|taking|on behalf|screening|from google)",
            r"(?:get|receive|see|reading|read) (?:a )?(?:copy|transcript|transcription) of (?:this|our|the) "
            r"(?:conversation|call)",
            r"(?:call assist|call screen|robo ?killer|nomorobo|truecaller|text call)",
            r"(?:does not|will not|is not) (?:accept|accepting|take|taking|answer) calls from ~"
            r"(?:unknown|unidentified|unrecognized|private|blocked)",
        ),
        "prove to be human": (
            r"(?:if|prove|show|verify|make sure|confirm) (?:that )?you are (?:a |an )?"
            r"(?:human|real person|not a robot)",
            r"(?:if you are a telemarketer|telemarketers) ~(?:hang up|press|please)",
        ),
    },
    "es": {
        "asks for name and reason": (
            r"(?:diga|di|indique|indica|grabe|graba) (?:su|tu) nombre ~(?:motivo|razon|llama)?",
            r"servicio de filtrado|filtr(?:o|a|ado) ~llamadas",
        )
    },
    "fr": {
        "asks for name and reason": (
            r"(?:dites|indiquez|enregistrez|donnez|enoncez) ~votre nom ~(?:raison|motif|appel)?",
            r"filtr(?:e|age|er) ~(?:les |des |d )?appels",
        )
    },
    "de": {
        "asks for name and reason": (
            r"(?:nennen|sagen|hinterlassen|sprechen) sie (?:bitte )?(?:mir )?(?:ihren|den) namen ~(?:und )?~"
            r"(?:grund|warum|weshalb|anliegen)",
            r"(?:namen|name) und (?:den )?(?:grund|anlass) (?:ihres|des|fur|deines) ~?(?:anruf|anrufs|anruf)",
            r"anrufe? ~gefiltert|anruffilter",
        )
    },
}

VOICEMAIL: Mapping[str, Phrases] = {
    "en": {
        "leave a message": (
            r"(?:leave|leaving) ~(?:a|your|the|me|us) ~(?:message|messages)",
            r"(?:live|lead|leaf|left|believe) (?:a|your|me a|us a) (?:\w+ )?message",
            r"leave ~(?:your|a) (?:full |first |brief |short |contact |phone )?(?:name|number|details|"
            r"information|info|"
            r"callback|call back)",
            r"(?:leave|send) (?:me |us |him |her )?(?:a |your )?(?:detailed |short |brief |quick )?"
            r"(?:message|voicemail|note|text message|text)(?: (?:and|after|at|with|or|so|for)|$)",
        ),
        "after the tone": (
            r"(?:after|at|following|wait for|hear|until|before) (?:the|a|you hear the|this) (?:sound of the )?"
            r"(?:long |short )?(?:tone|tones|beep|beeps|beat|bleep|signal|ton|toned)",
            r"(?:tone|beep) (?:please )?(?:record|leave|speak)",
            r"at the sound of",
        ),
        "record a message": (
            r"(?:record|recording) (?:a|your|the) ~(?:message|messages)",
            r"(?:when you (?:are|have) (?:finished|done)|once you (?:are|have) (?:finished|done)|finished) ~"
            r"recording",
        ),
        "names voicemail": (
            r"(?:reached|got|got to|this is|hit|forwarded to|welcome to|into|found) ~"
            r"(?:voicemail|mailbox|answering machine|answering service|voice messaging|message service|messaging "
            r"system)",
            r"(?:voicemail|mailbox) (?:of|for|box|service|system|messaging)",
            r"automated voice (?:message|messaging)",
        ),
        "can not take the call": (
            r"(?:can not|can t|cannot|unable to|not able to|could not|can not quite|not) ~"
            r"(?:come to|get to|reach|answer|pick up|make it to|take) (?:the|your|you|this|my|their|his|her) ~?"
            r"(?:phone|call|telephone|calls)",
            r"(?:no one|nobody|none of us|no agent|no representative) (?:is|are|can|could) ~"
            r"(?:available|take|answer|here|home|in)(?! ~by (?:that|the) name| called)",
            r"unable to take (?:your|the) call",
        ),
        "will return the call": (
            r"(?:return|returning) your (?:call|phone call|message)",
            r"(?:i|we|he|she|they|someone|somebody|and) (?:will|can|shall) (?:be )?(?:get|getting|got|reply|"
            r"respond) ~"
            r"(?:as soon as (?:i|we|he|she|they|possible|you)|at (?:my|our|their|his|her) ~"
            r"(?:earliest|convenience)|when (?:i|we) (?:can|get|am|are)|once (?:i|we)|first thing)",
        ),
        "call is forwarded": (
            r"(?:call|you|caller) (?:has|have|is|are) (?:been |being )?(?:forwarded|diverted|redirected|sent|"
            r"transferred) "
            r"(?:to|two|into)",
        ),
        "person called is not available": (
            r"(?:person|party|customer|subscriber|number|user|member|owner|mailbox|wireless customer|caller|"
            r"callee|extension) "
            r"(?:that )?(?:you|at) ~(?:calling|called|call|dialed|dialled|reach|reached|requested|extension|"
            r"trying|number|tried) ~"
            r"(?:is|are|has|can|does|did|not) ~(?:not available|unavailable|not answer|not answering|answer|no "
            r"answer|away|"
            r"busy|on the phone|on another call|not here)(?! ~(?:try|call) ~later)",
            r"(?:is|are) not available (?:to take|to answer)",
            r"(?:subscriber|customer|party|extension) (?:is )?(?:not available|unavailable)",
            r"# # # # # ~(?:is|are) (?:not available|unavailable)",
        ),
        "i am not here": (
            r"we are not (?:currently |presently )?(?:here|home|around|at home|in the office|by the phone|near "
            r"the phone)",
            r"i am not (?:currently |presently )?(?:at my desk|by the phone|near (?:my|the) phone)",
            r"(?:i am|we are) (?:currently |either |probably |just )?away from (?:my |the |our )?(?:desk|phone)",
            r"either (?:on|away|with|out|in) ~(?:phone|call|desk|line|customer|client|patient|meeting|office)",
        ),
        "closed": (
            r"(?:office|offices|store|shop|practice|clinic|business|department|center|branch|line|lines|"
            r"restaurant|salon)"
            r" (?:is|are) (?:now |currently |presently )?closed",
            r"(?:normal|regular|our|usual|business|office|opening|working) (?:business |office |opening |working "
            r")?hours (?:are|of)",
            r"(?:called|calling|reached us|reached our office|call) (?:outside|after|during non) ",
        ),
    },
    "es": {
        "leave a message": (
            r"(?:deje|deja|dejar|dejenos|dejame|dejeme|dejanos|dejen) ~(?:mensaje|recado|nombre|numero|datos)",
            r"(?:despues|tras|al escuchar|al oir|luego|despues de) ~(?:tono|senal|bip|pitido|beep)",
            r"grab(?:e|ar|a) (?:su|tu|un|el) mensaje",
        ),
        "names voicemail": (r"buzon (?:de voz|de mensajes|del|de)|contestador(?:a)?(?: automatic[oa])?|correo de voz",),
        "can not take the call": (
            r"(?:no (?:puedo|podemos|puede|pueden|he podido)|en este momento no) ~(?:atender(?:le|te|los)?|"
            r"contestar(?:le|te)?|responder|"
            r"coger|tomar)",
            r"no (?:me encuentro|nos encontramos|estoy (?:en casa|disponible)|estamos (?:en casa|disponibles))",
            r"(?:persona|numero|abonado|usuario|cliente|telefono) (?:a|al|que|con) ~(?:llama|llamado|marcado|"
            r"llamando) ~no",
            r"(?:devolvere|devolveremos|devolver|regresare|regresaremos) ~(?:su|tu|la) llamada",
        ),
    },
    "fr": {
        "leave a message": (
            r"laiss(?:ez|er|e|ee) ~(?:message|nom|coordonnees|numero)",
            r"apres (?:le |ce )?(?:bip|signal|bip sonore|signal sonore|tonalite|la tonalite)",
            r"enregistr(?:ez|er) (?:votre|un) message",
        ),
        "names voicemail": (
            r"(?:messagerie|boite) ~vocale|(?:sur|bien sur) (?:la|ma|le) (?:messagerie|repondeur|boite)",
            r"(?:repondeur (?:de|d|du|automatique)|(?:le|au|un) repondeur)",
        ),
        "can not take the call": (
            r"(?:ne (?:peux|peut|pouvons|suis|sommes|puis)) ~(?:pas )?~(?:repondre|disponible|disponibles|"
            r"joignable|prendre|joint)",
            r"(?:pas disponible|indisponible|absent|absente|pas la|pas joignable) ~(?:pour le moment|actuellement|"
            r"moment|instant)",
            r"(?:correspondant|personne) ~(?:n est pas|ne peut|est pas|pas) ~(?:disponible|joignable|repondre)",
            r"(?:je|nous|on) (?:vous |te )?(?:rappellerai|rappellerons|recontacterai|recontacterons|rappelle|"
            r"rappellera) ~"
            r"(?:des que|aussi|plus vite|bientot|rapidement)",
        ),
    },
    "de": {
        "leave a message": (
            r"(?:hinterlassen|hinterlasse|hinterlasst|hinterlass) ~(?:nachricht|namen|name|nummer|telefonnummer)",
            r"nachricht ~(?:hinterlassen|hinterlasst|aufsprechen|sprechen|nach)",
            r"nach (?:dem|den) ~?(?:ton|signalton|piepton|piep|signal|tone)",
            r"(?:sprechen|sprecht|reden) sie (?:jetzt|bitte) ~(?:nach|nachricht)",
        ),
        "names voicemail": (
            r"(?:mailbox|voicemail) (?:von|des|der|fur)|(?:die|der|mit|auf) (?:mailbox|anrufbeantworter)|sprachbox|"
            r"anrufbeantworter (?:von|des|der|fur)",
        ),
        "can not take the call": (
            r"(?:kann|konnen|konnte|konnten) ~(?:anruf|telefon|gesprach) ~(?:nicht|leider|derzeit)",
            r"(?:nicht|momentan nicht|gerade nicht|zurzeit nicht|derzeit nicht|leider nicht) ~?(?:erreichbar|zu "
            r"hause|im buro|ans telefon|"
            r"personlich)",
            r"(?:gewunschte|angerufene|teilnehmer) ~(?:gesprachspartner|teilnehmer)? ~(?:nicht|vorubergehend)",
            r"rufe? ~(?:sie|dich|euch) ~(?:zuruck|schnellstmoglich|so bald)",
        ),
        "closed": (
            r"auerhalb ~(?:offnungszeiten|geschaftszeiten|burozeiten)|(?:offnungszeiten|geschaftszeiten|burozeiten)",
        ),
    },
}

IVR: Mapping[str, Phrases] = {
    "en": {
        "press a key": (
            r"(?:press|pressed|dial|push|enter|hit|select|touch|choose|presto) (?:the )?(?:#|star|pound|hash|any "
            r"key|any digit|option|to "
            r"continue|won|for$|for for|tube)(?: |$)",
            r"for ~(?:press|dial) \w+|for \w+ (?:or \w+ )?say \w+|to ~(?:press|push|dial) (?:#|won|to|too|for|star|"
            r"pound|hash)",
            r"(?:press|say) (?:#|won) (?:for|to|now|if)",
            r"(?:if|for|to) ~~press (?!charges|on|the issue|play|release|conference)\w+",
        ),
        "menu": (
            r"(?:main menu|following (?:menu|options|choices)|menu (?:options|items|has|have)|options have|"
            r"listen (?:carefully )?(?:to|as) (?:the|our|all|these))",
            r"(?:to (?:repeat|hear) (?:this|these|the) (?:menu|options|message)|these options|this menu)",
            r"(?:know|enter|dial|have) ~(?:party|person) ?s? ~extension|(?:know|enter|dial) (?:the|your|their|an) "
            r"~extension",
            r"(?<!is this an )(?<!are you an )(?<!are you a )(?:automated|automatic|interactive|phone|virtual|"
            r"self service) (?:phone |voice |telephone |"
            r"attendant |answering )?"
            r"(?:system|attendant|menu|line|service|agent)",
            r"(?:para|for) (?:continuar en )?(?:espanol|spanish)",
        ),
        "a machine introduces itself": (
            r"(?:i am|this is|speaking with|speaking to) (?:your|a|an|the|our) (?:new )?(?:virtual|digital|"
            r"automated|automatic|ai) "
            r"(?:assistant|agent|receptionist|operator)",
        ),
        "tell the machine": (
            r"(?:in a few words|in your own words|briefly|in one sentence) ~(?:tell|say|describe|what|how|please|"
            r"why)",
            r"you can (?:also )?say (?:things|something|a|one|for)",
            r"(?:tell me|say) ~(?:what you are calling about|the name of the (?:person|department))",
            r"(?<!you )(?:say|saying) (?:operator|agent|representative|yes or no|billing|sales|support)",
            r"enter your ~(?:number|pin|code|account|zip|date|digits)",
        ),
        "calls are recorded": (
            r"call (?:may|will|is|might|can) (?:also )?(?:be |being )?(?:recorded|monitored)",
            r"calls (?:may|will|are|might) (?:also )?(?:be |being )?(?:recorded|monitored)",
            r"(?:recorded|monitored) (?:or monitored |or recorded |and recorded )?for (?:quality|training)",
        ),
        "queue": (
            r"(?<!before )(?:your|you) call (?:is|will be) (?:very |really )?(?:important|answered|handled|"
            r"transferred|connected|taken|placed)",
            r"(?:all|our) (?:of our |our )?~(?:agents|representatives|operators|lines|associates|advisors|"
            r"advisers|specialists|team members"
            r"|staff|colleagues) (?:are|is) ~(?:busy|assisting|helping|serving|engaged|unavailable|on other)",
            r"next (?:available|free) (?:agent|representative|operator|associate|advisor|adviser|member|"
            r"specialist|person)",
            r"(?:longer|high|higher|unusually|heavy) (?:than (?:normal|usual) )?(?:call volume|volumes?|wait|hold)",
            r"(?:estimated|expected|average|current) (?:wait|hold|waiting)",
            r"(?:stay|remain|hold) on (?:the )?line (?:and|for|while|until|to)",
            r"(?:please )?(?:hold|wait) (?:while|well|will) (?:we|your|you|the) ~(?:transfer|connect|call|try|put)",
            r"(?:helping|assisting|serving) other (?:customers|callers|patients|guests|clients)|remain on the line",
            r"thank you for (?:your patience|holding|waiting)",
            r"(?:number|position|caller) ~in (?:the |line|our )?(?:queue|line)",
        ),
    },
    "es": {
        "press a key": (
            r"(?:marque|pulse|oprima|presione|digite|teclee) (?:el |la )?(?:#|numero|asterisco|almohadilla|opcion|"
            r"tecla|extension|uno|dos|"
            r"tres|cuatro|cinco|seis|siete|ocho|nueve|cero)",
            r"(?:siguientes opciones|menu principal|todos nuestros ~(?:agentes|operadores|ejecutivos|asesores))",
            r"(?:su )?llamada ~(?:sera|puede ser|esta siendo) (?:grabada|monitoreada|atendida)",
        )
    },
    "fr": {
        "press a key": (
            r"(?:tapez|appuyez sur|composez|faites|pressez|taper|tape) (?:le |la |sur )?(?:#|numero|touche|etoile|"
            r"diese|un|deux|trois|"
            r"quatre|cinq|six|sept|huit|neuf|zero)",
            r"(?:menu principal|choix suivants|tous nos ~(?:conseillers|operateurs|agents))",
            r"appel ~(?:etre|est|sera) ~(?:enregistre|ecoute|pris en charge)",
        )
    },
    "de": {
        "press a key": (
            r"(?:drucken|wahlen|druck|tippen|sagen) sie (?:bitte )?(?:die |jetzt die |auf die )?(?:#|taste|null|"
            r"eins|zwei|drei|vier|funf|"
            r"sechs|sieben|acht|neun|raute|stern|ziffer)",
            r"(?:alle|unsere) ~(?:mitarbeiter|leitungen|platze|berater) ~(?:im gesprach|besetzt|belegt)",
            r"(?:gesprach|anruf|telefonat) ~(?:aufgezeichnet|mitgeschnitten)|hauptmenu|nachste freie",
        )
    },
}

UNAVAILABLE: Mapping[str, Phrases] = {
    "en": {
        "number is out of service": (
            r"(?:not|no longer|out of|been|is) (?:in |a )?(?:service|disconnected|working number|valid number|"
            r"assigned|allocated)"
            r"(?: |$)(?!customers|service)",
            r"(?:call|number) ~can not be completed|could not be completed",
            r"number ~(?:you )?~(?:dialed|dialled|called|reached) ~(?:is )?~(?:not|incorrect|invalid|unallocated|"
            r"changed)"
            r" ?(?:in service|exist|recognized|recognised|been recognized|valid|working)?",
            r"check the number and (?:dial|try|call)",
            r"number ~been (?:changed|disconnected)",
        ),
        "phone is off": (
            r"(?:phone|mobile|number|handset|subscriber|customer|person) ~(?:switched off|turned off|powered off|"
            r"out of (?:coverage|range|"
            r"reach|area)|not reachable|unreachable|can not be reached)",
            r"(?:person|party|customer|subscriber|number|user) you ~(?:calling|called|dialed|dialled|reach) ~"
            r"(?:is|are|can|not) ~"
            r"(?:available|answering|reached|busy|answer) ~(?:try|call) ~later",
            r"(?:not|un) ?accepting calls at this time",
        ),
    },
    "es": {
        "phone is off": (
            r"(?:apagado|fuera de (?:cobertura|servicio|linea)|numero ~no existe|no corresponde a ningun)",
        )
    },
    "fr": {
        "phone is off": (
            r"(?:numero ~(?:pas attribue|n est pas|plus attribue|n existe)|n est plus en service|hors (?:service|"
            r"couverture))",
        )
    },
    "de": {
        "phone is off": (
            r"(?:kein anschluss unter|nicht vergeben|rufnummer ~(?:unbekannt|nicht)|ausgeschaltet|voruber ?gehend "
            r"nicht erreichbar)",
        )
    },
}

LEAN_VOICEMAIL: Mapping[str, Phrases] = {
    "en": {
        "you have reached": (
            r"you(?: ha)?ve? ?(?:just )?reached|you(?: have)? (?:reached|riched|reach) ",
            r"you are (?:through to|speaking to a machine)",
        ),
        "a number read out": (r"# # # # # #", r"# # # ~# # #"),
        "the person you called": (
            r"(?:person|party|customer|subscriber|number) (?:that )?you (?:are|have|were) ~(?:calling|called|"
            r"dialed|dialled|reach)",
        ),
        "not available": (
            r"(?:i am|we are|am|are) (?:currently |presently )?(?:not available|unavailable)",
            r"i am not (?:currently |presently )?(?:here|home|around|at home|in the office|at the office)",
            r"(?:i am|we are) (?:currently |either |probably |just )?(?:away from|out of) (?:my |the |our "
            r")?(?:office|town|house|country)",
            r"we are (?:now |currently |presently )?closed",
        ),
        "will call back": (
            r"(?:i|we) will (?:get back|call|ring|phone|give) (?:to )?(?:you|you a call) (?:back|right back|"
            r"shortly|soon)"
            r"(?! (?:in|later|when|after|tomorrow|tonight)\b)",
            r"(?:i|we) will (?:call|ring|phone|give) ~(?:as soon as|at (?:my|our) ~convenience)",
        ),
        "missed the call": (
            r"sorry (?:i|we|that i|that we|to have|you|for) ~?(?:missed|missing) (?:you|your call|the call|call)"
            r"(?! (?:earlier|before|yesterday|this|last|on|the|just))",
            r"you (?:have )?(?:just )?missed (?:me|us)",
        ),
        "wishes a nice day": (
            r"(?:have|enjoy) (?:a|your|the rest of your) (?:\w+ )?(?:day|one|evening|weekend|afternoon)",
        ),
        "thanks for the call": (
            r"thank(?:s| you) (?:so much |very much )?for (?:calling|your call|ringing|phoning)(?: me)? (?:i|"
            r"please|but|at)",
        ),
    },
    "es": {"you have reached": (r"(?:ha|has|usted ha) (?:llamado|comunicado) (?:a|al|con)|se ha comunicado",)},
    "fr": {
        "you have reached": (
            r"vous etes (?:bien )?(?:sur|chez|au|en communication)|vous avez (?:joint|appele|demande)",
        )
    },
    "de": {"you have reached": (r"(?:sie haben|du hast) ~(?:angerufen|erreicht|gewahlt)|sie sind (?:mit|verbunden)",)},
}
"""Nearly always a machine, yet a receptionist may say it: a pause without a person's words makes it one."""

HINTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        r"^(?:hi |hello |hey |good \w+ )*(?:this is|it is|you are) (?!who|him|her|he|she)",
        r"thank(?:s| you) for (?:calling|your call)",
        r"welcome to",
        r"(?:i am|we are) (?:sorry|busy|unable|out|away|currently)",
        r"at the moment|right now|at this time",
        r"please (?:hold|stay|wait|stand by)|one moment|stay on the line|hold on the line",
        r"(?:who|which) (?:you are|are you) calling",
    ),
    "es": (r"gracias por (?:llamar|su llamada)", r"bienvenid[oa]s? a", r"en este momento|por el momento"),
    "fr": (r"merci (?:de votre|d avoir|pour votre) ", r"bienvenue", r"pour le moment|pour l instant|actuellement"),
    "de": (r"(?:vielen )?dank fur (?:ihren|deinen) anruf", r"willkommen", r"im moment|zurzeit|zur zeit|derzeit"),
}
"""Neither one nor the other: the pause that decides is the longer one, and a model is asked if there is one."""

HUMAN: Mapping[str, Phrases] = {
    "en": {
        "asks who is there": (
            r"who is (?:this|it|calling|there|that|speaking|on the (?:line|phone))",
            r"who (?:are you|am i (?:speaking|talking)|do i have|am i)",
            r"(?:may|can|could) i ask who|who (?:shall|should|may|can) i say|who may i say",
            r"(?:what|which) company (?:is|are|do)|where are you calling from|(?:do i|should i) know you",
        ),
        "asks what it is about": (
            r"what (?:is|s) (?:this|it|that) (?:about|regarding|in regard|concerning|for)",
            r"what (?:do you want|are you (?:calling|selling|offering)|can i do for you|is going on|is up)",
            r"how (?:can|may|could|might) (?:i|we) (?:help|assist|direct|be of)",
            r"(?:can|may) i help(?: you)?$|(?:what|how) can i",
            r"can i (?:take|get) (?:a|your|a quick) (?:message|name)|(?:would you|do you want to|want me to|did "
            r"you want to) ~message",
        ),
        "checks the line": (
            r"(?:is|are) (?:anyone|anybody|someone|somebody|you|there anyone) (?:there|still there|on the line)",
            r"can you hear me|i can not hear (?:you|anything|a thing)|(?:you are|you re) (?:breaking|cutting) "
            r"(?:up|out)|speak up",
            r"(?:hello|hey|yes) ?(?:hello|anybody|anyone|yes)$",
        ),
        "says they are it": (
            r"(?:this is (?:he|she|him|her|me)|speaking|that is me|it is me|you are speaking (?:to|with) (?:him|"
            r"her))$",
        ),
        "refuses": (
            r"(?:not interested|wrong number|take me off|stop calling|do not call|leave me alone|no thank you|"
            r"remove me)",
            r"(?:how did you|where did you) (?:get|find) (?:my|this)",
            r"(?:i am|we are) (?:\w+ )?(?:driving|in a meeting|at work|at dinner|eating|in the middle|having dinner)",
            r"(?:can i|could i|let me|i will have to|can you|could you) call (?:you|me|us) back",
            r"(?:can|could) you (?:call|try|come|phone|ring) |i can not (?:talk|speak|chat)|(?:not|is not) a good "
            r"time|make it quick",
        ),
    },
    "es": {
        "asks who is there": (
            r"(?:de parte de )?quien (?:es|habla|llama|eres)|con quien hablo|de donde (?:llama|me llama)|de parte "
            r"de quien",
            r"que (?:desea|quiere|necesita|se le ofrece)|en que (?:puedo|le puedo|le) |no me interesa|digame|"
            r"numero equivocado",
        )
    },
    "fr": {
        "asks who is there": (
            r"qui (?:est ce|est a l appareil|etes vous|est la|c est)|c est (?:qui|de la part de qui)|a qui ai je",
            r"(?:que|qu est ce que) ~(?:voulez|puis je|puis)|je peux vous aider|pas interess|c est a quel sujet|"
            r"je vous ecoute",
        )
    },
    "de": {
        "asks who is there": (
            r"wer (?:ist (?:da|dort|denn)|spricht|sind sie)|mit wem (?:spreche|rede)|worum (?:geht|handelt)|was "
            r"(?:wollen|wunschen)",
            r"was kann ich (?:fur|tun)|wie kann ich (?:ihnen )?(?:helfen|behilflich)|kein interesse|falsch verbunden",
        )
    },
}
"""Only a person asks or says so: the shorter pause decides."""

_PICKED_UP = (
    "hello, hi, hey, yes, yeah, yes hello, hello hello, hello yes, hi hello, "
    "hello hi, hello who is this, yes who is this, hi there, hey there, hello there, yep, hello can i help you, i "
    "am here, "
    "hello i am here, yes speaking, speaking, hello this is he, hello this is she, hola, si, digame, bueno, "
    "alo, diga, oui, allo, oui allo, ja, ja hallo, hallo, ja bitte, "
    "hallo ja, pronto"
)
PICKED_UP = frozenset(_PICKED_UP.split(", "))
"""Whole utterances of somebody who takes the call over from a machine."""

SECRETARY: Mapping[str, tuple[str, ...]] = {
    "en": (
        r"(?:would you|do you want|want me|did you want|can i|could i|shall i|may i|i can|i could|i will|let me) "
        r"(?:\w+ ){0,2}"
        r"(?:take|pass|give|have|tell|get) (?:\w+ ){0,2}(?:message|name|number|note|him|her|them|that)",
        r"(?:would you|do you want|want|did you want) ~(?:to )?leave (?:\w+ ){0,2}(?:message|name|number|note)",
        r"(?:would|do) you (?:like|want|care|wish) to leave",
        r"(?:he|she|they) ~will ~call you back|i am (?:his|her|their|the) (?:secretary|assistant)|tell (?:him|"
        r"her|them) you called",
        r"(?:can|may|could) i (?:have|get|ask) ~(?:name|who|what)|(?:can|could|would) you (?:please )?(?:tell|"
        r"give) (?:me|us)",
        r"i left (?:you|him|her|them|a|my|your) ",
        r"(?:did|do|have) you (?:left|leave|get|got|see|send|sent|listen|hear) ~(?:me |my )?(?:a |my )?(?:message|"
        r"voicemail)",
        r"(?:i|we|just) (?:just )?(?:got|saw|heard|listened|received|had) (?:to )?(?:a|your|the) ~(?:message|"
        r"voicemail|call)",
        r"(?:you|do not|never|please stop) leav(?:e|ing) ~messages|you left (?:me )?(?:a |\w+ )?(?:message|"
        r"voicemail)",
        r"(?:i|we) (?:will |can |just |have to |need to |should )?(?:check|clear|empty|checked|cleared) ~"
        r"(?:voicemail|mailbox)",
    ),
    "es": (r"(?:quiere|desea|gusta) dejar|le (?:paso|tomo|dejo)",),
    "fr": (r"(?:voulez vous|souhaitez vous|puis je) ~(?:laisser|prendre)|je (?:peux|lui) ~(?:message|dire)",),
    "de": (r"(?:mochten|wollen) sie ~hinterlassen|(?:kann|soll) ich ~(?:ausrichten|etwas|nachricht)",),
}
"""A person who speaks of messages and voicemail: what voicemail rules say does not count then."""

_ANCHORS = (
    "message, messages, voicemail, mailbox, unavailable, available, recording, recorded, extension, subscriber, "
    "customer, "
    "representative, forwarded, department, assistant, screening, answering, machine, options, operator, disconnected"
)
ANCHORS = tuple(_ANCHORS.split(", "))
"""Long words that hardly another word resembles: one letter wrong, missing or too many is forgiven."""
_NOT_ANCHORS = "massages, customs, customers, operators, operates, messaged, mechanize, optional, machined, machines"
NOT_ANCHORS = frozenset(_NOT_ANCHORS.split(", "))
"""Words of their own that are one letter from an anchor."""
