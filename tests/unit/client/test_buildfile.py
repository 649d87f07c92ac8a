import pytest
from google.protobuf.duration_pb2 import Duration

from chimera.build.v1 import build_pb2
from chimera_client.budget import budget_fields, parse_budget
from chimera_client.buildfile import parse_build, read_build_file
from chimera_client.yamlfile import MAX_BYTES, parse_mapping
from chimera_shared.errors import InvalidInput

FULL = """
name: demo
samples: 100
seed: 7
subjects:
  - Physics
  - {name: Logic, weight: 2, topics: [Truth tables]}
roles:
  proposer: teacher
  panel:
    - [a, spare]
    - {endpoints: b, temperature: 0.5, max_tokens: 900}
  solver: {endpoints: [teacher]}
panel_rule: majority
taxonomy: {fields_per_subject: 2}
acceptance_floor: 0
endpoints:
  teacher: {base_url: "http://127.0.0.1:1/v1", model: m}
"""


def violations(text):
    with pytest.raises(InvalidInput) as caught:
        parse_build(parse_mapping(text, "f.yaml"))
    return {v.field: v.description for v in caught.value.violations}


def refused(text):
    with pytest.raises(InvalidInput) as caught:
        parse_mapping(text, "f.yaml")
    return str(caught.value)


def test_reads_every_convenient_shape(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(FULL)
    file = read_build_file(path)
    assert file.spec == build_pb2.BuildSpec(
        name="demo",
        samples=100,
        seed=7,
        subjects=[
            build_pb2.SubjectSpec(name="Physics"),
            build_pb2.SubjectSpec(name="Logic", weight=2, topics=["Truth tables"]),
        ],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=["teacher"]),
            panel=[
                build_pb2.RoleSpec(endpoints=["a", "spare"]),
                build_pb2.RoleSpec(endpoints=["b"], temperature=0.5, max_tokens=900),
            ],
            solver=build_pb2.RoleSpec(endpoints=["teacher"]),
        ),
        panel_rule=build_pb2.PANEL_RULE_MAJORITY,
        taxonomy=build_pb2.TaxonomySpec(fields_per_subject=2),
        acceptance_floor=0,
    )
    assert file.spec.HasField("acceptance_floor")
    assert not file.spec.roles.HasField("judge")
    assert file.endpoints["teacher"].model == "m"


def test_reads_who_checks_and_what_decides():
    text = """
roles:
  panel: [a, {endpoints: b, weight: 2}]
  judge: a
  second_judge: [b, spare]
  screeners: [a, {endpoints: b, temperature: 0}]
  weak: {endpoints: small, temperature: 1}
  strong: large
panel_rule: weighted
panel_threshold: 0.6
difficulty: {solves: 8, max_weak_pass_rate: 0.5, min_strong_pass_rate: 0}
"""
    spec, _ = parse_build(parse_mapping(text, "f.yaml"))
    assert [(list(r.endpoints), r.weight) for r in spec.roles.panel] == [(["a"], 0), (["b"], 2)]
    assert [list(r.endpoints) for r in spec.roles.screeners] == [["a"], ["b"]]
    assert (list(spec.roles.second_judge.endpoints), list(spec.roles.strong.endpoints)) == (["b", "spare"], ["large"])
    assert (spec.panel_rule, spec.panel_threshold) == (build_pb2.PANEL_RULE_WEIGHTED, 0.6)
    assert (spec.difficulty.solves, spec.difficulty.max_weak_pass_rate) == (8, 0.5)
    assert spec.difficulty.HasField("min_strong_pass_rate")


def test_the_request_follows_from_content_and_generation(tmp_path):
    one, two = tmp_path / "1.yaml", tmp_path / "2.yaml"
    one.write_text("name: a\n")
    two.write_text("name: a\nsamples: 2\n")
    first, second = read_build_file(one), read_build_file(two)
    assert first.request_id() == read_build_file(one).request_id()
    assert len({first.request_id(), first.request_id(2), second.request_id()}) == 3
    assert len(first.request_id(99)) <= 64


def test_topics_may_be_a_mapping_to_their_weights():
    spec, _ = parse_build(parse_mapping("subjects: [{name: A, topics: {Sums: 3, Products: 0.5}}]", "f.yaml"))
    same, _ = parse_build({"subjects": [{"name": "A", "topics": ["Sums", "Products"], "topic_weights": [3, 0.5]}]})
    assert spec == same
    assert list(spec.subjects[0].topic_weights) == [3, 0.5]


def test_an_unknown_field_names_its_path_a_guess_and_the_known_ones():
    found = violations("roles: {panel: [a, {endpoints: b, temprature: 1}]}\nsample: 3\n")
    assert "did you mean `temperature`?" in found["roles.panel[1].temprature"]
    assert "max_tokens" in found["roles.panel[1].temprature"]
    assert "did you mean `samples`?" in found["sample"]
    assert "endpoints" in found["sample"]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("samples: ten", "samples", "whole number, not 'ten'"),
        ("samples: 1.5", "samples", "whole number, not 1.5"),
        ("samples: true", "samples", "whole number, not true"),
        ("samples: 99999999999999999999", "samples", "64 bits"),
        ("samples:", "samples", "has no value"),
        ("name: 12", "name", "text, not 12 (put it in quotes)"),
        ('name: "\\ud800"', "name", "surrogates"),
        ("subjects: Physics", "subjects", "must be a list"),
        ("subjects: [no]", "subjects[0]", "not false"),
        ("subjects: [{name: A, weight: heavy}]", "subjects[0].weight", "a number, not 'heavy'"),
        ("subjects: [A, {name: B, weight: 0.0}]", "subjects[1].weight", "above 0, not 0; remove the subject"),
        ("subjects: [{name: A, topics: [1]}]", "subjects[0].topics[0]", "text, not 1"),
        ("subjects: [{name: A, topics: {x: many}}]", "subjects[0].topic_weights[0]", "a number, not 'many'"),
        ("subjects: [{name: A, topics: {1: 2}}]", "subjects[0].topics[0]", "text, not 1"),
        ("subjects: [{name: A, topics: {}}]", "subjects[0].topics", "must be a list"),
        ("roles: teacher", "roles", "must be a mapping"),
        ("roles: {solver: {endpoints: [[a]]}}", "roles.solver.endpoints[0]", "text, not a list"),
        ("roles: {solver: {max_tokens: 3000000000}}", "roles.solver.max_tokens", "32 bits"),
        ("panel_rule: most", "panel_rule", "unanimous, majority or weighted, not 'most'"),
        ("panel_rule: 2", "panel_rule", "majority or weighted"),
        ("panel_threshold: 0", "panel_threshold", "leave it out for 2/3"),
        ("roles: {panel: [a, {endpoints: b, weight: 0}]}", "roles.panel[1].weight", "remove the member"),
        ("difficulty: {solves: 4.5}", "difficulty.solves", "whole number"),
        ("difficulty: {max_weak: 1}", "difficulty.max_weak", "did you mean `max_weak_pass_rate`?"),
        ("endpoints: [a]", "endpoints", "mapping"),
        ("endpoints: {a: {base_url: ftp://x, model: m}}", "endpoints.a.base_url", "http"),
        ("1: 2", "1", "no such field"),
    ],
)
def test_a_wrong_value_names_its_path_and_the_value(text, field, words):
    assert words in violations(text)[field]


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("{usd: 20}", build_pb2.Budget(cost_nanousd=20 * 10**9)),
        (
            "{usd: 0.25, tokens: 5_000_000, calls: 10000}",
            build_pb2.Budget(cost_nanousd=250_000_000, tokens=5_000_000, calls=10_000),
        ),
        ("{}", build_pb2.Budget()),
        *(
            (f"{{time: {words}}}", build_pb2.Budget(time=Duration(seconds=seconds)))
            for words, seconds in [
                *[("90m", 5400), ("3h", 10_800), ("2d", 172_800), ("1h30m", 5400), ("45s", 45), ("600", 600)],
                *[("0.5", 1), ("1d 2h", 93_600), ("3H", 10_800)],
            ]
        ),
    ],
)
def test_a_budget_is_written_as_people_say_it_and_comes_back_so(text, budget):
    spec, _ = parse_build(parse_mapping(f"budget: {text}", "f.yaml"))
    assert spec.HasField("budget")
    assert spec.budget == budget
    assert parse_budget(budget_fields(budget)) == (budget, [])


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("budget: 20", "budget", "a mapping such as {usd: 20, time: 3h}, not 20"),
        ("budget: {eur: 20}", "budget.eur", "known fields are calls, time, tokens, usd"),
        ("budget: {cost_nanousd: 20}", "budget.cost_nanousd", "no such field"),
        ("budget: {token: 20}", "budget.token", "did you mean `tokens`?"),
        ("budget: {usd: }", "budget.usd", "has no value"),
        ("budget: {usd: 0}", "budget.usd", "above 0"),
        ("budget: {usd: -1}", "budget.usd", "above 0"),
        ("budget: {usd: .nan}", "budget.usd", "above 0"),
        ("budget: {usd: .inf}", "budget.usd", "at most 1,000,000,000"),
        ("budget: {usd: 1.0e-10}", "budget.usd", "a thousand-millionth"),
        ("budget: {usd: $20}", "budget.usd", "a number of US dollars such as 20, not '$20'"),
        ("budget: {usd: true}", "budget.usd", "a number of US dollars"),
        ("budget: {tokens: 1.5}", "budget.tokens", "whole number"),
        ("budget: {tokens: 0}", "budget.tokens", "above 0"),
        ("budget: {calls: many}", "budget.calls", "whole number"),
        ("budget: {time: 3 weeks}", "budget.time", "a time such as 90m, 3h, 2d or 1h30m, or a number of seconds"),
        ("budget: {time: ''}", "budget.time", "a time such as"),
        ("budget: {time: 0}", "budget.time", "above 0"),
        ("budget: {time: 0h}", "budget.time", "above 0"),
        ("budget: {time: .inf}", "budget.time", "a time such as"),
        ("budget: {time: true}", "budget.time", "a time such as"),
        ("budget: {time: 99999d}", "budget.time", "at most 3650 days"),
        ("weight: 0", "weight", "above 0, not 0"),
        ("weight: heavy", "weight", "a number"),
    ],
)
def test_a_wrong_budget_or_weight_says_the_way_out(text, field, words):
    assert words in violations(text)[field]


def test_all_mistakes_are_told_at_once():
    assert list(violations("samples: x\nseed: y\nendpoints: {a: {}}\n")) == [
        "samples",
        "seed",
        "endpoints.a.base_url",
        "endpoints.a.model",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("- a", "holds a list"),
        ("a: [", "not valid YAML"),
        ("a: 1\nb: 2\na: 3", "'a' on line 1 and again on line 3"),
        ("x: {k: 1, k: 2}", "'k' on line 1 and again"),
        ("a: !!python/object/apply:os.system [id]", "not valid YAML"),
        ("a: &a [*a]", "contains itself"),
        ("a: " + "[" * 20_000, "nested too deeply"),
        ("a: " + "9" * 5_000, "cannot be read"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("? [a]\n: 1", "not valid YAML"),
    ],
)
def test_refuses_what_is_no_plain_mapping(text, words):
    assert words in refused(text)


def test_refuses_bombs_of_aliases_and_of_merges():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "by aliases" in refused("\n".join(lines))
    merges = ["m0: &m0 {k: 1}"] + [f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}" for i in range(1, 9)]
    assert "by aliases" in refused("\n".join(merges))


def test_anchors_and_merges_in_use_are_welcome():
    found = parse_mapping("base: &b {k: 1, l: 2}\nother:\n  <<: *b\n  k: 3\n", "f.yaml")
    assert found["other"] == {"k": 3, "l": 2}


def test_a_large_file_is_refused_without_being_read(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50 * MAX_BYTES)
    with pytest.raises(InvalidInput, match="larger than 1 MiB"):
        read_build_file(path)


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_an_unreadable_file_is_named(tmp_path, name):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_build_file(tmp_path / name)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_build_file(tmp_path / "f.yaml")
