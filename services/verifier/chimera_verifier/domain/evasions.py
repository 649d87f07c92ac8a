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
_ALTERNATIVES_BELONG = frozenset({sample_pb2.ANSWER_TYPE_SET, sample_pb2.ANSWER_TYPE_INTERVAL})
_PLAIN_OR = re.compile(r"\s+or\s+", re.IGNORECASE)
_TO_THE_GRADER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,60}\b(?:instruction|previous|above|prompt|reference|rule|gold)"
    r"|\b(?:mark|grade|score|rate|accept|treat|judge|consider|evaluate|output|return|respond|reply)\b[^.]{0,40}"
    r"\b(?:as|with|is|:)?\W{0,3}(?:correct|equivalent|full (?:marks|credit|score)|right|true)\b"
    r"|\b(?:reference|gold|expected|ground[- ]truth|official|correct) (?:answer|solution|value)\b"
    r"|\b(?:dear|attention|note to)?\s*\b(?:grader|evaluator|examiner|judge)\b\s*[,:!]"
    r"|\byou are (?:a|an|the|now)\b|\bverdict\b|\bsystem\s*:|<\|im_|\[/?INST\]|</?(?:system|judge|reference|answer)>",
    re.IGNORECASE,
)


def is_opener(text: str) -> bool:
    """Whether the text says nothing: only signs, or a phrase that opens an answer without giving it."""
    if not _MEANINGFUL.search(text):
        return True
    return " ".join(text.casefold().replace("’", "'").split()).strip(" .:;,!?*#`_\"'()[]<>$…\\{}") in _OPENERS


def is_hedge(text: str, answer_type: int) -> bool:
    """Whether the text offers several answers, or one with reserve. Sets and intervals may use `or` between parts."""
    if answer_type in _ALTERNATIVES_BELONG:
        text = _PLAIN_OR.sub(", ", text)
    return _HEDGE.search(text) is not None


def is_instruction(text: str) -> bool:
    """Whether the text speaks to a grader instead of answering."""
    return _TO_THE_GRADER.search(text) is not None
