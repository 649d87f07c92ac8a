"""Which language a statement is in, and its words for numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

UNKNOWN = ""
_KANA, _HAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u4e00-\u9fff]")
_SCRIPTS = (("ko", re.compile("[\uac00-\ud7af]")), ("ru", re.compile("[\u0400-\u04ff]")),
            ("ar", re.compile("[\u0600-\u06ff]")), ("hi", re.compile("[\u0900-\u097f]")),
            ("th", re.compile("[\u0e00-\u0e7f]")), ("he", re.compile("[\u0590-\u05ff]")),
            ("el", re.compile("[\u0370-\u03ff]{2}")))  # fmt: skip
UNSPACED = frozenset({"zh", "ja", "th"})

_FUNCTION_WORDS = {
    "en": "the of is are a an and what how in to for that if with on by at from be each find which its has it as "
    "there two three than or have this all given let such when who does many compute determine evaluate "
    "calculate solve so then was will you your one another both",
    "de": "der die das ist und ein eine einen einer eines wie den dem des mit von zu auf fur sich sind wird werden "
    "bei aus nach welche welcher welches wenn im beim man alle es kann hat bestimme berechne zwei drei gibt "
    "ihre sei",
    "fr": "a y le la les des est un une et de du dans que qui quel quelle quels quelles combien sont pour par sur "
    "avec si au aux on en il elle ce cette deux trois soit chaque calculer trouver determiner dont leur",
    "es": "a e o u el la los las de del es un una y en que se con por para cual cuanto cuantos cuantas si al como su "
    "son hay sea dos tres cada calcula halla determina encuentra lo sus tiene desde",
    "it": "a e o il lo la i gli le di del della dei delle un una che in con per qual quale quanto quanti quante se "
    "al alla sono si da due tre ogni sia calcola trova determina nel nella dal come suo sua ha",
    "pt": "o a os as de do da dos das e um uma que em no na com por para qual quanto quantos quantas se ao sao como "
    "seja dois duas tres cada calcule encontre determine ha nos nas sua seu pelo pela tem",
    "nl": "de het een en van is in op met voor dat die wat hoe zijn er te als aan bij uit elk elke bereken bepaal "
    "twee drie wordt worden hoeveel welke heeft je om door naar",
    "pl": "w i a o u na z do jest sie ile jaka jaki jakie ktore ktory dla od po oblicz znajdz wyznacz sa oraz co "
    "przez dwa trzy kazdy jesli niech ma tej tego",
    "tr": "bir ve ile kac bu icin olan nedir bulunuz kactir her olarak en iki uc ise gore kadar",
}
_NUMBERS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve",
    "de": "null ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    "fr": "zero un deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    "pt": "zero um dois tres quatro cinco seis sete oito nove dez onze doze",
    "nl": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "pl": "zero jeden dwa trzy cztery piec szesc siedem osiem dziewiec dziesiec jedenascie dwanascie",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
}
_MORE_NUMBERS = {
    "en": "thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 "
    "forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90 hundred=100 thousand=1000 million=1000000 "
    "dozen=12 twice=2 double=2 doubles=2 doubled=2 thrice=3 triple=3",
    "de": "dreizehn=13 vierzehn=14 funfzehn=15 zwanzig=20 dreissig=30 vierzig=40 funfzig=50 sechzig=60 hundert=100 "
    "tausend=1000 dutzend=12 doppelt=2 doppelte=2 verdoppelt=2 dreimal=3 zweimal=2 viermal=4",
    "fr": "quinze=15 seize=16 vingt=20 trente=30 quarante=40 cinquante=50 soixante=60 cent=100 mille=1000 "
    "douzaine=12 double=2 triple=3",
    "es": "dos=2 trece=13 quince=15 veinte=20 treinta=30 cuarenta=40 cincuenta=50 cien=100 mil=1000 docena=12 "
    "doble=2 duplica=2 triple=3",
    "it": "quindici=15 venti=20 trenta=30 quaranta=40 cinquanta=50 cento=100 mille=1000 dozzina=12 doppio=2 doppia=2 "
    "raddoppia=2 triplo=3",
    "pt": "duas=2 quinze=15 vinte=20 trinta=30 quarenta=40 cinquenta=50 cem=100 mil=1000 duzia=12 dobro=2 duplica=2 "
    "triplo=3",
    "nl": "vijftien=15 twintig=20 dertig=30 honderd=100 duizend=1000 dozijn=12 dubbel=2 dubbele=2",
    "pl": "dwie=2 dwoch=2 trzech=3 czterech=4 pieciu=5 szesciu=6 dwadziescia=20 sto=100 tysiac=1000 dwukrotnie=2 "
    "podwaja=2 dwiema=2",
    "ru": "две=2 двух=2 двумя=2 двое=2 трех=3 тремя=3 трое=3 четырех=4 четырьмя=4 пяти=5 шести=6 семи=7 восьми=8 "
    "девяти=9 десяти=10 двадцать=20 двадцати=20 тридцать=30 сорок=40 сто=100 тысяча=1000 дюжина=12 вдвое=2 "
    "дважды=2 втрое=3 удваивается=2",
}
_HAN_DIGITS = {
    "两": "2",
    "二": "2",
    "三": "3",
    "四": "4",
    "五": "5",
    "六": "6",
    "七": "7",
    "八": "8",
    "九": "9",
    "十": "10",
}
_HAN_NUMBER = re.compile(
    "(?<![第同唯])[两二三四五六七八九十](?=[个名位只枚颗次种条张人本把台辆天年小时分倍点元米项枚回つ本匹頭])"
)


def bare(text: str) -> str:
    """Lower case, and Latin and Cyrillic letters without their marks; `ß` is `ss`."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f"))


@lru_cache(65_536)
def bare_word(word: str) -> str:
    """As `bare`, for words, which come again."""
    return bare(word)


def language_of(text: str, words: Sequence[str]) -> str:
    """The language of a text with these bare words, as ISO 639 names it; UNKNOWN if nothing tells it."""
    if _KANA.search(text):
        return "ja"
    if len(_HAN.findall(text)) > 3:
        return "zh"
    for language, script in _SCRIPTS:
        if len(script.findall(text)) > 3:
            return language
    counts = Counter(words)
    votes = {
        name: sum(times for word, times in counts.items() if word in known) for name, known in _function_words().items()
    }
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] else UNKNOWN


def function_words(language: str) -> frozenset[str]:
    """Words of a language that carry nothing of a problem."""
    return _function_words().get(language, frozenset())


def number_words(language: str) -> dict[str, str]:
    """What number a bare word of a language stands for. The word for one is an article in most and left out."""
    return _number_words().get(language, {})


def han_numbers(text: str) -> list[str]:
    """Numbers that are written as Chinese characters before a counting word."""
    return [_HAN_DIGITS[found] for found in _HAN_NUMBER.findall(text)]


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}


@cache
def _number_words() -> dict[str, dict[str, str]]:
    found = {
        language: {word: str(value) for value, word in enumerate(words.split()) if value != 1}
        for language, words in _NUMBERS.items()
    }
    for language, pairs in _MORE_NUMBERS.items():
        for pair in pairs.split():
            word, _, value = pair.partition("=")
            found[language][word] = value
    return found
