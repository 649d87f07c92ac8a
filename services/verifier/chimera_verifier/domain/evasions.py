"""Texts that stand where an answer should and are none: openers, hedges and instructions to whoever grades."""

import re

from chimera.sample.v1 import sample_pb2

# Words that fool a model judge when they come alone (arXiv 2507.08794), and ways to say nothing.
_OPENERS = frozenset({
    "thought process", "solution", "the solution", "answer", "the answer", "final answer", "the final answer", "result",
    "explanation", "reasoning", "step 1", "step by step", "sure", "okay", "ok", "well", "so", "therefore", "thus",
    "let's solve this problem step by step", "let's solve this step by step", "let's think step by step",
    "let us solve this problem step by step",
    "here is the solution", "here's the solution", "解", "解答", "答え", "かいせつ",
    "respuesta", "lösung", "réponse", "solución", "i don't know", "i do not know", "idk", "unknown", "n/a", "na",
    "not sure", "tbd", "your answer", "answer here", "x here", "correct", "true answer", "as above", "see above",
    "same", "equivalent",
})  # fmt: skip
_MEANINGFUL = re.compile(r"[^\W_]|[∞∅°+±]|\\[A-Za-z]+|\{ *\\?\}")
_HEDGE = re.compile(
    r"\b(?:and/or|perhaps|maybe|possibly|probably|alternatively|either|could be|might be|not sure|"
    r"one of|depending on|i (?:think|guess|believe))\b|[^\s]\s+or\s+[^\s]",
    re.IGNORECASE,
)
_RESERVE = re.compile(
    r"[0-9$)}]\s{1,3}(?:or|oder|ou|или)\s{1,3}(?:[$(\\-]|[0-9]|[A-Za-z]\s?=)|\b(?:and/or|perhaps|maybe|possibly"
    r"|probably|alternatively|not sure|i (?:think|guess|believe))\b",
    re.IGNORECASE,
)
_ALTERNATIVES_BELONG = frozenset({sample_pb2.ANSWER_TYPE_SET, sample_pb2.ANSWER_TYPE_INTERVAL})
_PLAIN_OR = re.compile(r"\s+or\s+", re.IGNORECASE)
_TO_THE_GRADER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,60}\b(?:instruction|previous|above|prompt|reference|rule|gold)"
    r"|\b(?:mark|grade|score|rate|accept|treat|judge|consider|evaluate|output|return|respond|reply)\b[^.]{0,40}"
    r"\b(?:as|with|is|:)?\W{0,3}(?:correct|equivalent|full (?:marks|credit|score)|right|true)\b"
    r"|\b(?:reference|gold|expected|ground[- ]truth|official|(?<!is the )correct) (?:answer|solution|value)\b"
    r"|\b(?:dear|attention|note to)?\s*\b(?:grader|evaluator|examiner|judge)\b\s*[,:!]"
    r"|\byou are (?:a|an|the|now)\b|\bverdict\b|\bsystem\s*:|\[/?INST\]|</?(?:system|judge|reference)>",
    re.IGNORECASE,
)


_ORDERS = re.compile(  # What no solution says in passing, so that it counts wherever it stands. In lower case.
    r"\b(?:ignore|disregard|forget)\s{1,3}(?:all\s{1,3}|any\s{1,3}|the\s{1,3}|your\s{1,3}|my\s{1,3}){0,2}"
    r"(?:previous|prior|above|earlier|preceding)\s{1,3}(?:instruction|prompt|message|rule|text)"
    r"|\b(?:mark|grade|score|rate|accept|judge|evaluate|treat)\s{1,3}(?:this|my|the|it)(?:\s{1,3}(?:answer|response|solution|submission))?"
    r"\s{1,3}(?:as\s{1,3}|to be\s{1,3})?(?:a\s{1,3})?(?:fully\s{1,3})?(?:correct|right|equivalent|true"
    r"|pass(?:ing|ed)?)\b"
    r"|\b(?:award|give|assign)\s{1,3}(?:this|me|it|the|my)?\s{0,3}(?:answer\s{1,3}|response\s{1,3})?(?:full|maximum|max|top)"
    r"\s{1,3}(?:marks?|score|credit|points|reward)"
    r"|\b(?:dear|note to(?: the)?|attention)\s{1,3}(?:grader|judge|evaluator|examiner)\b"
    r"|\b(?:output|verdict|judgement|judgment|grade)\s{1,3}(?:should|must|shall)\s{1,3}be\s{1,3}"
    r"\W{0,2}(?:correct|equivalent|pass|a)\b"
    r"|忽略(?:之前|以上|上述|前面)的?(?:所有)?(?:指令|提示|规则)"
    r"|(?:判|评)(?:定)?(?:我|此|该|本)?(?:的)?(?:答案)?为正确|请给(?:我|出)?满分",
)
_ORDER_BEGINS = re.compile(  # Found some twenty times as fast as a whole order.
    r"ignore|disregard|forget|mark|grade|score|rate|accept|judge|evaluate|treat|award|give|assign|dear|note to"
    r"|attention|output|verdict|judgement|judgment|忽略|判|评|请给"
)
_ANOTHER = re.compile(  # Right after an answer.
    r"[\s$.,;:?!)\]}*_\\]{0,12}(?:(?:or|and/or|oder|ou|или|或者?|または|또는|أو)\s{0,3}"
    r"(?:maybe\s|perhaps\s|possibly\s|even\s|else\s)?"
    r"[\s$*\\(\[{]{0,6}(?:boxed|[-+\u2212]?\d|[A-Za-z]\b|\\)"
    r"|(?:is|was|seems|would be)\s{1,3}(?:wrong|incorrect|false|not\s{1,3}(?:correct|right|the)\b)"
    r"|(?:but|though|although)\s(?:it\s)?(?:could|might|may)\s(?:also\s)?be\b"
    r"|\(?(?:alternatively|possibly|perhaps|maybe|but i(?:'m| am) not (?:sure|certain)|not sure|i(?:'m"
    r"| am) not (?:sure|certain)|just a guess)\b)",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(  # Right after an answer.
    r"[\s$.,;:?!)\]}*_\\]{0,12}(?:no(?=[,.;:!])"
    r"|(?:hmm|oops|wait|actually|sorry|correction|scratch that|on second thought|i mean"
    r"|that(?:'s| is) (?:wrong|incorrect|not))\b)",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(
    r"(?<!not )(?<!n't )\b(?:yes|correct|right|indeed|confirms?|confirmed|verified|consistent|matches|holds|checks out"
    r"|fine|good|no (?:need|further|more|other|additional|units?))\b",
    re.IGNORECASE,
)


def takes_back(after: str) -> bool:
    """Whether what follows an answer takes it back, and does not confirm it after all."""
    return _TAKEN_BACK.match(after) is not None and _CONFIRMED.search(after) is None


def speaks_to_grader(text: str) -> bool:
    """Whether the text gives a grader orders, which no solution does in passing."""
    lowered = text.lower()
    return any(_ORDERS.match(lowered, begin.start()) for begin in _ORDER_BEGINS.finditer(lowered))


def offers_another(after: str) -> bool:
    """Whether what follows an answer offers another one beside it, or takes its certainty back."""
    return _ANOTHER.match(after) is not None


def is_opener(text: str) -> bool:
    """Whether the text says nothing: only signs, or a phrase that opens an answer without giving it."""
    if not _MEANINGFUL.search(text):
        return True
    return " ".join(text.casefold().replace("’", "'").split()).strip(" .:;,!?*#`_\"'()[]<>$…\\{}") in _OPENERS


def is_hedge(text: str, answer_type: int, in_prose: bool = False) -> bool:
    """Whether the text offers several answers, or one with reserve. Sets and intervals may use `or` between parts.

    In prose around an answer `could be` and its like may speak of something else.
    """
    if in_prose:
        return _RESERVE.search(_PLAIN_OR.sub(", ", text) if answer_type in _ALTERNATIVES_BELONG else text) is not None
    if answer_type in _ALTERNATIVES_BELONG:
        text = _PLAIN_OR.sub(", ", text)
    return _HEDGE.search(text) is not None


def is_instruction(text: str) -> bool:
    """Whether the text speaks to a grader instead of answering."""
    return _TO_THE_GRADER.search(text) is not None
