import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chimera.sample.v1 import sample_pb2
from chimera_client.sources import benchmarks, source
from chimera_client.sources.hub import choose
from chimera_client.sources.items import Fields
from chimera_client.sources.source import Told, local
from chimera_shared.errors import InvalidInput


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def items(path, fields=None):
    return list(local(path, fields or Fields()).items)


def test_columns_are_guessed_and_numbers_stay_as_written(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": 7, "Question": "How many?", "answer": 1.50, "category": "Logic"}\n\n{"Question": "Why?"}\n')
    first, second = items(path)
    assert (first.item_id, first.statement, first.subject, first.answer.value) == ("7", "How many?", "Logic", "1.50")
    assert first.answer.type == sample_pb2.ANSWER_TYPE_UNSPECIFIED
    assert (second.statement, second.item_id, second.HasField("answer")) == ("Why?", "row-2", False)


def test_named_columns_win_over_guesses(tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"problem": "draft", "final": "What is 2+2?", "gold": 4, "n": "a1"})
    (item,) = items(path, Fields(statement="final", answer="gold", item_id="n"))
    assert (item.statement, item.answer.value, item.item_id) == ("What is 2+2?", "4", "a1")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".json"])
def test_every_format_is_read(tmp_path, suffix):
    rows = [{"problem": "Line one,\nline two?", "answer": "12"}, {"problem": "Another?", "answer": "3"}]
    path = tmp_path / f"mine{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["problem", "answer"], delimiter="\t" if suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    assert [(item.statement, item.answer.value) for item in items(path)] == [
        ("Line one,\nline two?", "12"),
        ("Another?", "3"),
    ]


def test_typed_answers_of_an_exported_dataset_are_kept(tmp_path):
    (tmp_path / "data").mkdir()
    row = {
        "sample_id": "a" * 32,
        "subject": "Physics",
        "field": "Mechanics",
        "topic": "Free fall",
        "problem": "How far?",
        "answer": "5",
        "answer_type": "number",
        "answer_unit": "m",
        "answer_tolerance": 0.01,
        "answer_choices": [],
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "data" / "train-00000.parquet")
    with pytest.raises(InvalidInput, match="no folder of an exported dataset"):
        items(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    (item,) = items(tmp_path)
    assert item.answer == sample_pb2.Answer(type=sample_pb2.ANSWER_TYPE_NUMBER, value="5", unit="m", tolerance=0.01)
    assert (item.item_id, item.subject, item.topic) == ("a" * 32, "Physics", "Free fall")


def test_a_listed_choice_keeps_its_letter_and_stands_in_the_statement(tmp_path):
    path = jsonl(tmp_path / "m.jsonl", {"question": "Which is prime?", "options": ["4", "7", "9"], "answer": "B"})
    (item,) = items(path)
    assert item.statement == "Which is prime?\n\nA) 4\nB) 7\nC) 9"
    assert (item.answer.type, item.answer.value) == (sample_pb2.ANSWER_TYPE_CHOICE, "B")
    assert list(item.answer.choices) == ["4", "7", "9"]


def test_right_and_wrong_answers_become_choices_in_an_order_that_tells_nothing_and_never_changes(tmp_path):
    rows = [
        {"Question": f"Number {i}?", "Correct Answer": f"right {i}", "W1": f"a {i}", "W2": f"b {i}", "W3": f"c {i}"}
        for i in range(40)
    ]
    path, fields = jsonl(tmp_path / "m.jsonl", *rows), Fields("Question", wrong_answers=("W1", "W2", "W3"))
    found = items(path, fields)
    for i, item in enumerate(found):
        assert item.answer.choices["ABCD".index(item.answer.value)] == f"right {i}"
        assert f"{item.answer.value}) right {i}" in item.statement
    assert {item.answer.value for item in found} == set("ABCD")
    assert items(path, fields) == found


def test_an_answer_may_stand_at_the_end_of_its_working(tmp_path):
    path = jsonl(tmp_path / "m.jsonl", {"question": "How many?", "answer": "3 and 4 are 7.\n#### 7"})
    (item,) = items(path, benchmarks.BENCHMARKS["gsm8k"].fields)
    assert item.answer.value == "7"


def test_rows_that_need_a_picture_are_left_out(tmp_path):
    rows = [{"question": f"Q{i}?", "image": image, "answer": "1"} for i, image in enumerate(["", "data:", None])]
    assert [i.statement for i in items(jsonl(tmp_path / "m.jsonl", *rows), Fields(left_out="image"))] == ["Q0?", "Q2?"]


def test_ids_that_come_twice_are_told_apart(tmp_path):
    path = jsonl(tmp_path / "m.jsonl", *({"id": "a", "problem": f"P{i}?"} for i in range(3)))
    assert [item.item_id for item in items(path)] == ["a", "a-2", "a-3"]
    path = jsonl(tmp_path / "m.jsonl", {"id": 1, "problem": "P?"}, {"problem": "Q?"})
    assert [item.item_id for item in items(path)] == ["1", "row-2"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("absent.jsonl", None, "there is no file"),
        ("mine.txt", "x", "must be one of .parquet, .jsonl"),
        ("mine.jsonl", "", "holds no rows"),
        ("mine.jsonl", '{"problem": "a?"}\nnonsense\n', "line 2 of .* must be a JSON object"),
        ("mine.jsonl", b"\xff\xfe{", "is not text in UTF-8"),
        ("mine.json", '{"problem": "a?"}', "must be a list of objects"),
        ("mine.parquet", "not parquet", "cannot be read as Parquet"),
        ("mine.jsonl", '{"text": "a?", "n": 1}', "--statement-field: say which column .* there are text, n"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, name, content, sentence):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput, match=sentence):
        items(path)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = jsonl(tmp_path / "mine.jsonl", {"problem": "a?", "answer": "1"})
    with pytest.raises(InvalidInput, match="--answer-field: there is no 'gold'; there are problem, answer"):
        items(path, Fields(answer="gold"))


@pytest.mark.parametrize("name", ["aime24", "AIME2024", "aime_2024", "hmmt-feb-2025", "HMMT_Feb25", "MATH500", "GSM8K"])
def test_benchmarks_are_found_however_they_are_written(name):
    assert benchmarks.find(name) is not None


def test_no_two_benchmarks_have_one_name():
    assert [benchmarks.find(name) for name in benchmarks.BENCHMARKS] == list(benchmarks.BENCHMARKS.values())
    assert benchmarks.find("aime") is None


@pytest.mark.parametrize(
    ("paths", "config", "split", "chosen"),
    [
        (["README.md", "test.jsonl"], "", "test", ["test.jsonl"]),
        (
            ["main/test-0.parquet", "main/train-0.parquet", "socratic/test-0.parquet"],
            "main",
            "test",
            ["main/test-0.parquet"],
        ),
        (["a/test-0.parquet", "a/test-1.parquet", "a/test.csv"], "", "", ["a/test-0.parquet", "a/test-1.parquet"]),
        (["gpqa_diamond.csv", "gpqa_main.csv"], "gpqa_diamond", "", ["gpqa_diamond.csv"]),
        (["data/train-0.parquet"], "", "", ["data/train-0.parquet"]),
        (["data/latest.jsonl", ".hidden/test.jsonl"], "", "test", []),
        (["README.md"], "", "", []),
    ],
)
def test_data_files_are_chosen_by_configuration_and_split(paths, config, split, chosen):
    assert choose(paths, config, split) == chosen


async def test_a_source_that_is_nothing_names_what_there_is():
    with pytest.raises(InvalidInput, match=r"'aime99' is no file here, no OWNER/NAME of the hub, and none of aime24,"):
        async with source.opened("aime99", Told(), print):
            pass


TEMPLATED = {
    "question": "What is 4 times 5, less 1?",
    "answer": "19",
    "template": "What is {a} times {b}, less 1?",
    "parameters": {"a": "2..9", "b": [3, 5, 11]},
    "answer_expression": "a * b - 1",
    "conditions": ["answer > 10"],
}


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet"])
def test_templates_come_with_their_rows(tmp_path, suffix):
    path = tmp_path / f"mine{suffix}"
    if suffix in (".jsonl", ".json"):
        path.write_text(json.dumps(TEMPLATED) if suffix == ".jsonl" else json.dumps([TEMPLATED]))
    elif suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, TEMPLATED)
            writer.writeheader()
            texts = {"parameters": json.dumps(TEMPLATED["parameters"]), "conditions": "answer > 10"}
            writer.writerow(TEMPLATED | texts)
    else:
        other = {"question": "Why?", "parameters": {"c": [1]}}  # a struct's members are there in every row
        pq.write_table(pa.Table.from_pylist([TEMPLATED, other]), path)
    item, *_ = items(path)
    assert item.template.statement == TEMPLATED["template"]
    a, b = item.template.parameters
    assert (a.name, a.low, a.high, b.name, list(b.values)) == ("a", 2, 9, "b", [3, 5, 11])
    assert (item.template.answer_expression, list(item.template.conditions)) == ("a * b - 1", ["answer > 10"])


def test_a_template_makes_the_statement_and_the_answer_that_are_not_given(tmp_path):
    row = {key: value for key, value in TEMPLATED.items() if key not in ("question", "answer")}
    (item,) = items(jsonl(tmp_path / "m.jsonl", row))
    assert item.statement.startswith("What is ")
    assert int(item.answer.value) > 10


def test_other_columns_called_template_mean_nothing(tmp_path):
    (item,) = items(jsonl(tmp_path / "m.jsonl", {"question": "Why?", "template": "chatml", "parameters": 7}))
    assert not item.HasField("template")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": "20"}, "answer_expression gives 19 for a = 4, b = 5, and the answer is '20'"),
        ({"question": "What is 4 by 5?"}, "not the statement"),
        ({"template": None}, "template must be text"),
        ({"parameters": None}, "parameters must be a mapping"),
        ({"parameters": "[1"}, "parameters must be a mapping"),
        ({"parameters": {"a": "2-9", "b": [1]}}, 'parameter a must be a range such as "2..20"'),
        ({"parameters": {"a": "2..9", "b": [1.5]}}, "parameter b must be a range"),
        ({"parameters": {"a": "2..9", "b": []}}, "parameter b must be a range"),
        ({"conditions": {"a": "b"}}, 'such as ["a % b == 0", "answer > 0"]'),
        ({"conditions": [["x"]]}, "conditions must be text"),
        ({"answer_expression": "7"}, "its own numbers (a = 4, b = 5) do not satisfy"),
        ({"answer_expression": "__import__('os')"}, "characters that arithmetic does not need"),
    ],
)
def test_a_template_that_cannot_be_used_names_its_row_and_why(tmp_path, changes, words):
    path = jsonl(tmp_path / "m.jsonl", {"question": "Why?", "answer": ""}, TEMPLATED | changes)
    with pytest.raises(InvalidInput) as caught:
        items(path)
    assert "the template of row 2 cannot be used: " in str(caught.value)
    assert words in str(caught.value)
