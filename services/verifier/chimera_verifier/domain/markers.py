"""The words by which responses announce their final answer, in the languages that models write."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_IS = r"(?:\s{0,3}[:：=＝→]|\s{1,3}(?:is|are|would be|should be|must be|equals|will be)\b\s{0,2}[:：]?)"
# What announces, each with the sign or the verb that must follow it. Words before it, such as `final`, are read apart.
_PHRASES = (
    r"(?:answer|choice|option)s?(?:\s{1,3}(?:to|for|of)\s[^.:!?\n$\\]{1,60}?)?(?:\s{0,2}\*\*)?" + _IS,
    r"(?<=final )(?:result|value|solution)s?(?:\s{0,2}\*\*)?" + _IS,
    r"ANS\s{0,2}[:=]",
    # German, Dutch, Swedish, Danish, Norwegian
    r"(?:antwort|endergebnis|ergebnis|endantwort|lösung)(?:\s{0,2}\*\*)?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:ist|lautet|beträgt|wäre)(?:\s{1,3}(?:also|daher|somit))?\b\s{0,2}:?)",
    r"(?:antwoord|eindantwoord)(?:\s{0,3}[:=]|\s{1,3}(?:is|luidt)\b\s{0,2}:?)",
    r"svaret?(?:\s{0,3}[:=]|\s{1,3}(?:är|er)\b\s{0,2}:?)",
    # French, Spanish, Portuguese, Italian, Romanian
    r"(?:réponse|reponse|résultat)(?:\s{1,3}(?:finale?|correcte?|exacte?))?(?:\s{0,2}\*\*)?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:est|vaut|sera|serait)(?:\s{1,3}(?:donc|alors))?\b\s{0,2}:?)",
    r"(?:respuesta|resultado|solución)(?:\s{1,3}(?:final|correcta|correcto|exacta))?(?:\s{0,2}\*\*)?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:es|é|sería|será)(?:\s{1,3}(?:entonces|por tanto))?\b\s{0,2}:?)",
    r"(?:resposta|solução)(?:\s{1,3}(?:final|correta|correto|exata))?(?:\s{0,2}\*\*)?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:é|será|seria)(?:\s{1,3}(?:então|portanto))?\b\s{0,2}:?)",
    r"(?:risposta|risultato|soluzione)(?:\s{1,3}(?:finale|corretta|corretto|esatta))?(?:\s{0,2}\*\*)?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:è|sarà|sarebbe)(?:\s{1,3}(?:quindi|dunque))?\b\s{0,2}:?)",
    r"răspunsul?(?:\s{1,3}(?:final|corect))?(?:\s{0,3}[:=]|\s{1,3}este\b\s{0,2}:?)",
    # Russian, Ukrainian, Polish, Czech
    r"ответ(?:\s{0,2}\*\*)?(?:\s{0,3}[:=—–-]|\s{1,3}(?:равен|есть|такой)\s{0,2}:?)",
    r"відповідь(?:\s{0,3}[:=—–-]|\s{1,3}(?:дорівнює|є)\s{0,2}:?)",
    r"(?:odpowiedź|wynik)(?:\s{0,3}[:=]|\s{1,3}(?:to|wynosi|brzmi|jest)\b\s{0,2}:?)",
    r"(?:odpověď|výsledek)(?:\s{0,3}[:=]|\s{1,3}je\b\s{0,2}:?)",
    # Turkish, Vietnamese, Indonesian, Greek
    r"(?:cevap|yanıt|sonuç)(?:ımız)?\s{0,3}[:=]",
    r"(?:đáp án|đáp số|câu trả lời|kết quả)(?:\s{1,3}(?:cuối cùng|đúng|chính xác))?"
    r"(?:\s{0,3}[:=]|\s{1,3}là\b\s{0,2}:?)",
    r"jawaban(?:nya)?(?:\s{1,3}(?:akhir|akhirnya|benar|yang benar))?(?:\s{0,3}[:=]|\s{1,3}adalah\b\s{0,2}:?)",
    r"απάντηση(?:\s{0,3}[:=]|\s{1,3}είναι\s{0,2}:?)",
    # Arabic, Persian, Hebrew, Hindi, Thai
    r"(?:الإجابة|الاجابة|الجواب|النتيجة)(?:\s{1,3}(?:النهائية|النهائي|الصحيحة|الصحيح))?"
    r"(?:\s{0,3}[:=]|\s{1,3}(?:هي|هو)\s{0,2}:?)",
    r"(?:پاسخ|جواب)(?:\s{1,3}(?:نهایی|صحیح))?\s{0,3}[:=]",
    r"(?:ה)?תשובה(?:\s{1,3}(?:הסופית|הנכונה))?(?:\s{0,3}[:=]|\s{1,3}היא\s{0,2}:?)",
    r"(?:उत्तर|जवाब)(?:\s{0,3}[:=]|\s{1,3}है\s{0,2}:?)",
    r"คำตอบ(?:สุดท้าย|ที่ถูกต้อง)?(?:\s{0,3}[:=]|\s{0,3}คือ\s{0,2}:?)",
    # Chinese, Japanese, Korean
    r"(?:答案|答复)(?:应该|應該|应|應|就)?\s{0,2}(?:是|为|為|选|選|:|：|=|＝){1,2}\s{0,2}[:：]?",
    r"(?<=[故应應此以])(?:选择?|選)\s{0,2}[:：]?\s{0,2}(?=[(（]?[A-J])",
    r"答\s{0,2}[:：]",
    r"(?:答え|解答|正解|回答)\s{0,2}(?:は|が|:|：|=){1,2}\s{0,2}[、:：]?",
    r"(?:정답|답변|답)\s{0,2}(?:은|는|이|:|：|=){1,2}\s{0,2}[,:：]?",
)
_PHRASE = re.compile("(?:" + "|".join(_PHRASES) + r")[ \t*_]{0,8}", re.IGNORECASE)
# How every phrase begins, in small letters: finding these first makes the search twenty times faster.
_KEYWORDS = (
    "answer", "choice", "option", "result", "value", "solution", "ans", "antwort", "endergebnis", "ergebnis",
    "endantwort", "lösung", "antwoord", "eindantwoord", "svar", "réponse", "reponse", "résultat", "respuesta",
    "resultado", "solución", "resposta", "solução", "risposta", "risultato", "soluzione", "răspuns", "ответ",
    "відповідь", "odpowiedź", "wynik", "odpověď", "výsledek", "cevap", "yanıt", "sonuç", "đáp", "câu trả lời",
    "kết quả", "jawaban", "απάντηση", "الإجابة", "الاجابة", "الجواب", "النتيجة", "پاسخ", "جواب", "תשובה",
    "התשובה", "उत्तर", "जवाब", "คำตอบ", "答", "选", "選", "解答", "正解", "回答", "정답", "답",
)  # fmt: skip
_LEAD = re.compile(  # Words that may stand between the beginning of a line and the announcement.
    r"(?:^|\n)[ \t>#*_-]{0,12}(?:(?:so|thus|hence|therefore|the|my|our|your|final|correct|right|exact|best"
    r"|overall|numerical"
    r"|die|das|endgültige|richtige|korrekte|la|le|el|il|a|o|bonne|het|de|det|окончательный|правильный|верный|итоговый"
    r"|ostateczna|prawidłowa|konečná|správná|nihai|doğru|son|अंतिम|सही|η|τελική|σωστή)[ \t,]{1,3}"
    r"|最终|最後の?|最后|正确|正確な?|标准|本题|的|最終的?な?|正しい|최종 ?|올바른 ?|所以|因此|故|综上)*$",
    re.IGNORECASE,
)
_DENIED_LEAD = re.compile(r"\b(?:wrong|incorrect|false|bad|naive|tempting|not the|no)[ \t*_]{1,4}$", re.IGNORECASE)
_STRONG = re.compile(
    r"(?:final|best|endgültige|endgültig|最终|最後の?|最后|最終的?な?|최종|окончательный|итоговый|ostateczna|nihai|konečná"
    r"|अंतिम|τελική|故)\W{0,4}$",
    re.IGNORECASE,
)
_STRONG_ITSELF = re.compile(r"final|endergebnis|نهائي|cuối cùng|akhir|הסופית|สุดท้าย|故", re.IGNORECASE)
_LEAD_CHARS = 60
_MAX_PLACES = 300  # The last announcements are what counts.
_HEADING = re.compile(
    r"^[ \t]{0,3}(?:[#>]{1,6}[ \t]{0,3})?(?:\*\*|__)?[ \t]{0,3}(?:\d{1,2}[.)][ \t]{0,3})?"
    r"(?:the )?(?:final |correct )?(?:answer|result|réponse finale|réponse|respuesta final|respuesta"
    r"|resposta final|resposta"
    r"|risposta finale|risposta|endgültige antwort|antwort|endergebnis|ответ|окончательный ответ|最终答案|答案"
    r"|答え|最終解答|解答"
    r"|정답|최종 답|الإجابة النهائية|الإجابة|उत्तर)"
    r"[ \t*_:：.]{0,8}$",
    re.IGNORECASE | re.MULTILINE,
)
_HASHES = re.compile(r"^[ \t]{0,3}####[ \t]{0,4}(?!#)", re.MULTILINE)
_TAG = re.compile(r"<(?:final_?)?answer>", re.IGNORECASE)
_TAG_END = re.compile(r"</(?:final_?)?answer>", re.IGNORECASE)
_VERDICT = re.compile(  # `option D is correct`, `(D) is the right answer`
    r"\b(?:(?:option|choice|answer|statement)\s{1,3}\(?([A-J])\)?|\(([A-J])\)|(?-i:(?<![^\n])([A-J])))\s{1,3}is\s{1,3}(?:the\s{1,3})?"
    r"(?:only\s{1,3})?(?:correct|right|best|true)\b(?!\s{1,3}(?:if|when|only|for))",
    re.IGNORECASE,
)
_MAX_CONTENT_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class Mark:
    """An announced answer: where its announcement begins, where its content ends, and how explicit it is."""

    start: int
    end: int
    content: str
    strong: bool = True


def announced(text: str, choices: bool = False) -> Iterator[Mark]:
    """All announcements outside of boxes, each with the rest of its line, or the block below it.

    With `choices`, also the letter of `option B is correct`.
    """
    for match in _TAG.finditer(text):
        end = _TAG_END.search(text, match.end(), match.end() + _MAX_CONTENT_CHARS)
        if end is not None and "<" not in text[match.end() : end.start()]:
            yield Mark(match.start(), end.end(), text[match.end() : end.start()].strip())
    for pattern in (_HASHES, _HEADING):
        for match in list(pattern.finditer(text))[-_MAX_PLACES:]:
            yield _to_line_end(text, match.start(), match.end())
    for match in _phrases(text):
        if (lead := _lead(text, match)) is not None:
            named = match[0].rstrip(" \t*_").endswith((":", "：", "="))
            strong = _STRONG.search(lead) or _STRONG_ITSELF.search(match[0]) or (named and _LEAD.search(lead))
            yield _to_line_end(text, match.start(), match.end(), bool(strong))
    for match in _VERDICT.finditer(text) if choices else ():
        yield Mark(match.start(), match.end(), match[1] or match[2] or match[3], strong=False)


def _phrases(text: str) -> Iterator[re.Match[str]]:
    lowered = text.lower()
    if len(lowered) != len(text):  # A few letters grow.
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    places: set[int] = set()
    for keyword in _KEYWORDS:
        place = lowered.find(keyword)
        while place >= 0:
            places.add(place)
            place = lowered.find(keyword, place + len(keyword))
    end = 0
    for place in sorted(places)[-_MAX_PLACES:]:
        if place >= end and (match := _PHRASE.match(text, place)):
            end = match.end()
            yield match


def without_announcement(content: str) -> str:
    """The content without announcements at its own beginning, as in `Final answer: the final answer is 3`."""
    for _ in range(3):
        match = next(_phrases(content[: 2 * _LEAD_CHARS]), None)
        if match is None or not _LEAD.search(content[: match.start()]):
            break
        content = content[match.end() :]
    return content


def _lead(text: str, match: re.Match[str]) -> str | None:
    """What stands before an announcement; None if it is the end of a longer word, or the answer is called wrong."""
    lead = text[max(0, match.start() - _LEAD_CHARS) : match.start()]
    if _DENIED_LEAD.search(lead):
        return None
    inside = lead[-1:].isalpha() and ord(lead[-1]) < 0x2E80 and ord(match[0][0]) < 0x2E80
    return None if inside else lead


def _to_line_end(text: str, start: int, content_start: int, strong: bool = True) -> Mark:
    """The rest of the line; the block below where the line ends at once."""
    end = _line_end(text, content_start)
    content = text[content_start:end].strip(" \t\r*_")
    if content in _FENCES:
        end = _closing(text, end, _FENCES[content])
        content = text[content_start:end].strip(" \t\r*_").removeprefix(content)
    elif not content:
        begin = next((at for at in range(end, min(len(text), end + 200)) if not text[at].isspace()), end)
        end = _line_end(text, begin)
        fence = next((opening for opening in ("```", "$$", r"\[") if text.startswith(opening, begin)), None)
        if fence == "```":
            begin = end
        if fence and not text[begin + len(fence) : end].rstrip().endswith(_FENCES[fence]):
            end = _closing(text, begin + len(fence), _FENCES[fence])
            end += 0 if fence == "```" else len(_FENCES[fence])
        content = text[begin:end].strip()
    return Mark(start, end, content, strong)


_FENCES = {"$$": "$$", r"\[": r"\]", "```": "```"}


def _closing(text: str, start: int, fence: str) -> int:
    found = text.find(fence, start, start + _MAX_CONTENT_CHARS)
    return found if found >= 0 else _line_end(text, start + 1)


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start, start + _MAX_CONTENT_CHARS)
    return found if found >= 0 else min(len(text), start + _MAX_CONTENT_CHARS)
