from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.export import export_dataset
from chimera_client.export.columns import TABLES, flatten
from chimera_client.export.provenance import METHODS, REASONS
from chimera_client.markdown import block, code, inline, table
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.testing.samples import add_checks, make_build, make_dataset, make_samples, stream

HOSTILE = "| # <script>alert(1)</script> **x** [a](http://evil.example) `c` \n---\nlicense: mit $x$ \u202e"


async def card_of(build, tmp_path, samples=None, endpoints=None, **options):
    samples = list(make_samples(build)) if samples is None else samples
    await export_dataset(build, make_dataset(build), stream(samples), endpoints, tmp_path / "out", **options)
    return (tmp_path / "out" / "README.md").read_text()


def front_matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def with_models(samples, **models):
    for sample in samples:
        for call in [*sample.problem.calls, *(c for v in sample.validation.votes for c in v.calls)]:
            call.model = models.get(call.role, models["others"])
        sample.solution.calls[0].model = models.get("solver", models["others"])
    return samples


async def test_front_matter_and_every_column(tmp_path):
    card = await card_of(make_build(), tmp_path)
    matter = front_matter(card)
    assert matter["license"] == "apache-2.0"
    assert matter["size_categories"] == ["n<1K"]
    assert "synthetic" in matter["tags"]
    assert [config["config_name"] for config in matter["configs"]] == ["default", "sft", "rl"]
    for config in TABLES:
        for name, _ in flatten(config.columns):
            assert f"| `{name}` |" in card


async def test_funnel_and_reasons_are_told(tmp_path):
    card = await card_of(make_build(96), tmp_path)
    assert "| Requested | 100 | 100.0 % |" in card
    assert "| **Accepted: the solution's answer is right** | 96 | 96.0 % |" in card
    assert "| The same problem was seen before | 1 |" in card
    assert "4 samples were not accepted: 3 were found wanting and 1 could not be judged." in card


def test_every_reason_has_words():
    assert set(REASONS) == set(sample_pb2.Reason.keys()) - {"REASON_UNSPECIFIED"}
    assert set(METHODS) >= {"normal_form", "numeric", "symbolic", "judge", "extraction"}


async def test_procedural_build_says_so(tmp_path):
    card = await card_of(make_build(), tmp_path)
    assert "No language model took part" in card
    assert "procedural" in front_matter(card)["tags"]


async def test_language_models_are_named_and_claim_no_licence(tmp_path):
    build = make_build()
    samples = with_models(list(make_samples(build)), others="org/large-70b")
    card = await card_of(build, tmp_path, samples)
    assert front_matter(card)["license"] == "other"
    assert "No language model took part" not in card
    assert "`org/large-70b`" in card


async def test_mixed_build_names_its_programs(tmp_path):
    build = make_build()
    samples = with_models(list(make_samples(build)), others="org/large-70b", proposer="procedural-author")
    card = await card_of(build, tmp_path, samples)
    assert "Not all models are language models.** `procedural-author`" in card
    assert front_matter(card)["license"] == "other"


async def test_chosen_licence_wins(tmp_path):
    card = await card_of(make_build(), tmp_path, license_id="cc-by-4.0")
    assert front_matter(card)["license"] == "cc-by-4.0"


async def test_shared_family_and_majority_are_told(tmp_path):
    build = make_build()
    build.spec.panel_rule = build_pb2.PANEL_RULE_MAJORITY
    endpoints = {
        name: Endpoint(base_url="http://127.0.0.1:1/v1", model=name, family="alpha") for name in ("panel-a", "panel-b")
    }
    card = await card_of(build, tmp_path, endpoints=endpoints)
    assert "more than half of the panel agreed" in card
    assert "endpoints are of one family: `alpha` (`panel-a`, `panel-b`)" in card


async def test_a_weighted_rule_is_told(tmp_path):
    build = make_build()
    build.spec.panel_rule, build.spec.panel_threshold = build_pb2.PANEL_RULE_WEIGHTED, 0.75
    card = await card_of(build, tmp_path)
    assert "kept only if members with at least 75 % of all weights agreed with it" in card
    assert "A problem passed if members with at least 75 % of all weights agreed" in card


async def test_screeners_difficulty_and_a_second_judge_are_told(tmp_path):
    build = make_build()
    spec = build.spec
    spec.roles.screeners.add(endpoints=["looker"])
    spec.roles.screeners.add(endpoints=["looker"])
    for role in (spec.roles.judge, spec.roles.second_judge, spec.roles.weak, spec.roles.strong):
        role.endpoints.append("x")
    spec.difficulty.solves, spec.difficulty.max_weak_pass_rate = 4, 0.75
    samples = list(make_samples(build))
    for sample in samples:
        add_checks(sample)
    card = await card_of(build, tmp_path, samples)
    assert "Before the panel, 2 screeners looked at each problem without its answer" in card
    assert "a weak and a strong reference model solved it blind, 4 times each" in card
    assert "the weak one solved in more than 75 % was refused as too easy." in card
    assert "refused as too hard" not in card
    assert "counted only where a second judge, another model, said the same." in card
    assert "| weak | Solved each problem blind, to measure its difficulty | `weak-model` | `weak-model` | 48 |" in card
    assert "| screener 2 | Looked at each problem, without its answer, before the panel | `looker` |" in card


async def test_hostile_texts_stay_texts(tmp_path):
    build = make_build(3, [HOSTILE, "Physics", "- x"])
    samples = list(make_samples(build))
    for sample in samples:
        sample.ref.topic = HOSTILE
        sample.problem.statement = "```\n# escaped\n<img src=x onerror=alert(1)>"
        sample.solution.text = "````\n---\n" + HOSTILE
        sample.problem.reference.value = HOSTILE
        sample.grade.method = HOSTILE
        sample.solution.calls[0].model = HOSTILE
        sample.solution.calls[0].role = HOSTILE
    build.progress.reasons[HOSTILE] = 1
    card = await card_of(build, tmp_path, samples)
    assert front_matter(card)["license"] == "other"
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(card.split("---\n", 2)[2])
    inner = [child for token in tokens for child in token.children or []]
    assert not [token for token in [*tokens, *inner] if token.type in {"html_block", "html_inline"}]
    assert [token.attrs["href"] for token in [*tokens, *inner] if token.type == "link_open"] == ["report.md"]
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[:3] == ["demo", "Load it", "An example"]
    assert "escaped" not in headings
    assert "\u202e" not in card
    rows = [token for token in tokens if token.type == "tr_open"]
    assert len(rows) > 60


def test_markdown_pieces():
    assert inline("a|b\n<c>") == "a\\|b &lt;c&gt;"
    assert inline("http://x.example www.y.example") == "http\\:\\/\\/x.example www\\.y.example"
    assert inline("") == "(empty)"
    assert len(inline("a" * 1000)) == 120
    assert code("org/model-1.5") == "`org/model-1.5`"
    assert code("a`b") == "a\\`b"
    assert block("x ```` y", 100) == "`````text\nx ```` y\n`````"
    assert table(["A", "B"], [["1", "2"]]) == "| A | B |\n| --- | ---: |\n| 1 | 2 |"


def test_guide_explains_every_column():
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "dataset.md").read_text()
    for config in TABLES:
        section = guide.split(f"### `{config.config}`")[1].split("###")[0]
        for name, column in flatten(config.columns):
            assert f"| `{name}` | {column.type_name} | {column.description} |" in section
