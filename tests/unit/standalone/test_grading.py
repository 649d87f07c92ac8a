import pytest

from chimera.sample.v1 import sample_pb2
from chimera_standalone.grading import Grading, read_reference
from chimera_standalone.line_tasks import decode


async def graded(document):
    grading = Grading()
    await grading.start()
    try:
        return await grading.answer(document)
    finally:
        await grading.close()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"gold": "16", "pred": "016"}, ("correct", "numeric", "016")),
        ({"gold": "16", "pred": r"First 3, then \boxed{17}."}, ("incorrect", "numeric", "17")),
        ({"gold": "Paris", "pred": "The answer is paris."}, ("correct", "normal_form", "paris")),
        ({"gold": "7", "pred": ""}, ("unknown", "extraction", "")),
        ({"gold": "7", "pred": None}, ("unknown", "extraction", "")),
        ({"gold": "{1, 2}", "pred": "{2, 1}", "answer_type": "ANSWER_TYPE_SET"}, ("correct", "normal_form", "{2, 1}")),
    ],
)
async def test_a_line_is_graded(document, expected):
    answer = await graded(document)
    assert (answer["verdict"], answer["method"], answer["extracted"]) == expected
    assert list(answer) == ["verdict", "method", "extracted", "reason", "ms"]
    assert answer["reason"]
    assert answer["ms"] > 0


async def test_a_symbolic_question_does_not_count_the_start_of_its_worker():
    answer = await graded({"gold": "x^2-1", "pred": "(x-1)(x+1)"})
    assert (answer["verdict"], answer["method"]) == ("correct", "symbolic")
    assert answer["ms"] < 3000 < 60_000  # its limit on the clock; loading SymPy has another


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"pred": "1"}, "gold is missing"),
        ({"gold": " ", "pred": "1"}, "gold is missing"),
        ({"gold": "1"}, "pred is missing"),
        ({"gold": ["1"], "pred": "1"}, r'gold must be text or a number, not \["1"\]'),
        ({"gold": "1", "pred": True}, "pred must be text or a number, not true"),
        ({"gold": "1", "pred": "1", "answer_type": "nmber"}, "answer_type must be one of number, .*, not 'nmber'"),
        ({"gold": "1", "pred": "1", "answer_type": "unspecified"}, "answer_type must be one of"),
    ],
)
async def test_a_line_that_is_none_to_grade_says_why(document, sentence):
    with pytest.raises(ValueError, match=sentence):
        await graded(document)


def test_types_are_taken_or_inferred():
    question = "Which is a prime? A) 4 B) 7 C) 9"
    assert read_reference({"gold": "x+1"}).type == sample_pb2.ANSWER_TYPE_EXPRESSION
    assert read_reference({"gold": "x+1", "answer_type": "text"}).type == sample_pb2.ANSWER_TYPE_TEXT
    for named in ({}, {"answer_type": "choice"}):
        answer = read_reference({"gold": "B", "question": question, **named})
        assert (answer.type, list(answer.choices)) == (sample_pb2.ANSWER_TYPE_CHOICE, ["4", "7", "9"])


def test_numbers_stay_as_they_are_written():
    assert decode(b'{"gold": 1.50, "pred": 1e400, "x": NaN}') == {"gold": "1.50", "pred": "1e400", "x": "NaN"}


@pytest.mark.parametrize(
    "line", [b"nonsense", b"[1]", b'{"gold": 1', b'"text"', b"\xff\xfe{", b"[" * 100_000], ids=lambda line: line[:10]
)
def test_what_is_no_object_is_refused(line):
    with pytest.raises(ValueError, match="must be a JSON object"):
        decode(line)


async def test_half_a_surrogate_pair_is_no_text():
    answer = await graded(decode(b'{"gold": "a\\ud800", "pred": "a\\ud800"}'))
    assert answer["verdict"] == "correct"
