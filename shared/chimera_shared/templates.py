"""Problems whose numbers are left open: other numbers are drawn, and the answer is computed from them.

After the symbolic templates of GSM-Symbolic (Mirzadeh et al. 2024, arXiv 2410.05229). Templates come in files from
anywhere, so their size, their arithmetic and the search for numbers are bounded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from chimera.corpus.v1 import corpus_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import arithmetic, identity
from chimera_shared.arithmetic import Condition, Expression

ANSWER = "answer"
"""The name of the answer in conditions."""
MAX_STATEMENT_CHARS = 20_000
MAX_PARAMETERS = 50
MAX_VALUES = 1_000
MAX_CONDITIONS = 20
MAX_NUMBER = 10**12
_MAX_STEPS = 30_000
"""Parts of expressions that are computed in search of numbers: thousands of draws, in some tenths of a second."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_DIGITS = r"-?[0-9]{1,13}(?![0-9])"
_GIVEN = re.compile(r"(-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+))(?:\.([0-9]+))?(?:/([0-9]+))?")
_MAX_GIVEN_CHARS = 100
_TYPES = frozenset(
    {sample_pb2.ANSWER_TYPE_UNSPECIFIED, sample_pb2.ANSWER_TYPE_NUMBER, sample_pb2.ANSWER_TYPE_EXPRESSION}
)

Numbers = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read."""

    statement: str
    parameters: Mapping[str, Sequence[int]]
    answer: Expression
    conditions: Sequence[Condition]

    @classmethod
    def of(cls, raw: corpus_pb2.Template) -> "Template":
        """ValueError says what is wrong with it."""
        if not 1 <= len(raw.statement) <= MAX_STATEMENT_CHARS:
            raise ValueError(f"template must have 1 to {MAX_STATEMENT_CHARS} characters, not {len(raw.statement)}")
        if not 1 <= len(raw.parameters) <= MAX_PARAMETERS or len(raw.conditions) > MAX_CONDITIONS:
            raise ValueError(f"must have 1 to {MAX_PARAMETERS} parameters and at most {MAX_CONDITIONS} conditions")
        parameters = {each.name: _values(each) for each in raw.parameters}
        if len(parameters) < len(raw.parameters):
            raise ValueError("names a parameter twice; name each once")
        for name in parameters:
            if f"{{{name}}}" not in raw.statement:
                raise ValueError(f"parameter {name} has no place {{{name}}} in the template")
        try:
            answer = arithmetic.expression(raw.answer_expression)
            conditions = [arithmetic.condition(text) for text in raw.conditions]
        except ValueError as error:
            raise ValueError(f"expression {error}") from None
        named = answer.names.union(*(each.names - {ANSWER} for each in conditions))
        if unknown := sorted(named - parameters.keys()):
            raise ValueError(f"{unknown[0][:40]!r} is no parameter; there are {', '.join(parameters)}")
        return cls(raw.statement, parameters, answer, conditions)

    def fill(self, numbers: Numbers) -> str:
        """The statement with these numbers."""
        return re.sub(self._places(), lambda place: str(numbers[place[1]]), self.statement)

    def numbers_of(self, statement: str) -> Numbers | None:
        """The numbers with which the template is this statement; None if it is with none."""
        pattern, end, known = "", 0, set[str]()
        for place in re.finditer(self._places(), self.statement):
            name = place[1]
            pattern += re.escape(self.statement[end : place.start()])
            pattern += f"(?P={name})(?![0-9])" if name in known else f"(?P<{name}>{_DIGITS})"
            known.add(name)
            end = place.end()
        found = re.fullmatch(pattern + re.escape(self.statement[end:]), statement)
        numbers = {name: int(text) for name, text in found.groupdict().items()} if found else {}
        return numbers if numbers and self.fill(numbers) == statement else None  # not if one is written as 007

    def result(self, numbers: Numbers) -> Fraction | None:
        """The answer; None if these numbers do not satisfy the conditions or have no answer."""
        values = {name: Fraction(number) for name, number in numbers.items()}
        try:
            values[ANSWER] = self.answer(values)
            return values[ANSWER] if all(condition(values) for condition in self.conditions) else None
        except ArithmeticError:
            return None

    def draw(self, rng: Random, unlike: Numbers | None = None) -> tuple[Numbers, Fraction] | None:
        """Numbers that satisfy the conditions, other than these, and their answer; None if none were found."""
        parts = len(self.parameters) + self.answer.parts + sum(condition.parts for condition in self.conditions)
        for _ in range(_MAX_STEPS // parts):
            numbers = {name: rng.choice(values) for name, values in self.parameters.items()}
            if numbers != unlike and (answer := self.result(numbers)) is not None:
                return numbers, answer
        return None

    def _places(self) -> str:
        """Other braces, as LaTeX has them, are text."""
        return rf"\{{({'|'.join(self.parameters)})\}}"


def complete(item: corpus_pb2.CorpusItem) -> None:
    """Check an item against its template, and give it the statement and the answer if it has none.

    ValueError says where they do not agree, or that no other numbers can be found.
    """
    template = Template.of(item.template)
    if item.answer.type not in _TYPES:
        raise ValueError("a template's answer is a number; leave the template out")
    if not item.statement:
        first = template.draw(Random(identity.seed("template", template.statement)))  # noqa: S311  no secret
        if first is None:
            raise ValueError("no numbers were found that satisfy the conditions; widen the ranges")
        item.statement = template.fill(first[0])
    own = template.numbers_of(item.statement)
    if own is None:
        raise ValueError("the template is not the statement with numbers left open; make all else the same")
    answer = template.result(own)
    shown = ", ".join(f"{name} = {number}" for name, number in own.items())
    if answer is None:
        raise ValueError(f"its own numbers ({shown[:200]}) do not satisfy the conditions or have no answer")
    if not item.answer.value.strip():
        item.answer.value = written(answer)
    if number(item.answer.value) != answer:
        given = item.answer.value[:40]
        raise ValueError(f"answer_expression gives {written(answer)} for {shown[:200]}, and the answer is {given!r}")
    if template.draw(Random(0), own) is None:  # noqa: S311  no secret
        raise ValueError("no other numbers were found that satisfy the conditions; widen the ranges")


def renumber(item: corpus_pb2.CorpusItem, rng: Random) -> bool:
    """Give an item other numbers and the answer that they have; False if that cannot be done to it."""
    if not item.HasField("template"):
        return False
    try:
        template = Template.of(item.template)
    except ValueError:
        return False  # it came in by another way than an import, which refuses it
    drawn = template.draw(rng, template.numbers_of(item.statement))
    if drawn is None:
        return False
    item.statement = template.fill(drawn[0])
    item.answer.value = written(drawn[1], like=item.answer.value)
    return True


def number(text: str) -> Fraction | None:
    """A number as answers are written: `1,200`, `2.50`, `7/3`; None if it is none of these."""
    found = _GIVEN.fullmatch(text.strip()) if len(text) <= _MAX_GIVEN_CHARS else None
    if found is None or not int(found[3] or 1):
        return None
    return Fraction(f"{found[1].replace(',', '')}.{found[2] or 0}") / int(found[3] or 1)


def written(value: Fraction, like: str = "") -> str:
    """A number exactly: whole, else as a decimal if `like` is one and there is one, else as a fraction."""
    _, point, decimals = like.partition(".")
    if value.denominator == 1 and not point:
        return str(value.numerator)
    places = next((n for n in range(len(decimals), 31) if (value * 10**n).denominator == 1), None) if point else None
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _values(parameter: corpus_pb2.TemplateParameter) -> Sequence[int]:
    name = parameter.name
    if not _NAME.fullmatch(name) or name == ANSWER:
        raise ValueError(f"a parameter's name must be letters, digits and _, and not {ANSWER!r}; it is {name[:40]!r}")
    values = [*parameter.values] or range(parameter.low, parameter.high + 1)
    if not values or len(parameter.values) > MAX_VALUES:
        raise ValueError(f"parameter {name} must have a range that is not empty, or 1 to {MAX_VALUES} values")
    ends = parameter.values or (parameter.low, parameter.high)
    if not -MAX_NUMBER <= min(ends) <= max(ends) <= MAX_NUMBER:
        raise ValueError(f"parameter {name} must be from {-MAX_NUMBER} to {MAX_NUMBER}")
    return values
