"""Texts of models, users and other people's folders stay texts in every form of the report."""

import json
from html.parser import HTMLParser
from xml.etree.ElementTree import fromstring

import pytest
from markdown_it import MarkdownIt

from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_client.report import shapes
from chimera_client.report.document import Bar, Bars, Table
from chimera_client.report.files import read, texts
from chimera_client.report.gather import Gatherer
from chimera_client.report.pages import picture_path
from chimera_shared.errors import InvalidInput
from chimera_shared.testing.samples import make_build, make_dataset, make_samples

NASTY = (
    '</title></style><script>alert(1)</script></svg><img src=x onerror="alert(2)">'
    "[click](javascript:alert(3)) <!-- ]]> \u202ereversed\u2066 \x00\x1b[31m \ufffe `code` | $x$ &amp; ' \" "
)
LONG = NASTY + "W" * 100_000
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "div", "nav", "a", "section"),
    *("figure", "figcaption", "svg", "rect", "line", "text", "table", "thead", "tbody", "tr", "th", "td", "bdi"),
}


def hostile_report():
    """A report whose every outside text is hostile."""
    build = make_build(6, [NASTY, "Physics"], name=NASTY)
    build.spec.similarity.benchmarks.append(NASTY)
    dataset = make_dataset(build)
    dataset.change, dataset.parent_id, dataset.partial = NASTY, NASTY, True
    build.detail = NASTY
    gatherer = Gatherer(str)
    for position, sample in enumerate(make_samples(build)):
        sample.ref.topic = sample.ref.field = NASTY
        sample.problem.statement = LONG
        for call in (*sample.problem.calls, *sample.solution.calls, *sample.validation.votes[0].calls):
            call.role = call.model = call.endpoint = NASTY
        sample.validation.matches.add(corpus=NASTY, item=NASTY, method=NASTY, excerpt=LONG, score=0.9, relation=4)
        if position > 3:
            sample.outcome, sample.reason, sample.detail = sample_pb2.OUTCOME_REJECTED, 6, NASTY
        gatherer.add(sample)
        kind = control_pb2.CONTROL_KIND_WRONG_ANSWER
        gatherer.add_control(control_pb2.Control(kind=kind, source=NASTY, change=NASTY, sample=sample))
    return gatherer.report(build, dataset, all_tried=True)


class Page(HTMLParser):
    """Reads a page as a browser would and keeps what it finds."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def written():
    return dict(texts(hostile_report()))


def test_the_page_has_no_markup_but_its_own(written):
    page = Page(written["report.html"])
    assert set(page.tags) <= ALLOWED
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in {"style", "src"}]
    links = [value for _, name, value in page.attributes if name == "href"]
    assert links
    assert all(link.startswith("#") for link in links)
    assert page.tags.count("style") == 1
    assert any("<script>alert(1)</script>" in words for words in page.words)


def test_the_page_forbids_itself_all_but_its_own_style(written):
    policy = next(
        value
        for tag, name, value in Page(written["report.html"]).attributes
        if tag == "meta" and "default-src" in value
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_nothing_reorders_or_hides_text(written):
    for name, text in written.items():
        if name != "report.json":
            assert not set("\u202e\u2066\x00\x1b\ufffe") & set(text), name


def test_texts_without_end_are_cut(written):
    assert all(len(text) < 300_000 for text in written.values())


def test_markdown_has_no_markup_and_links_to_nothing_outside(written):
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(written["report.md"])
    inner = [child for token in tokens for child in token.children or []]
    assert not [token for token in [*tokens, *inner] if token.type in {"html_block", "html_inline", "link_open"}]
    pictures = [token.attrs["src"] for token in inner if token.type == "image"]
    assert set(pictures) == {name for name in written if name.endswith(".svg")}


def test_pictures_are_well_formed_and_hold_no_script(written):
    for name, text in written.items():
        if name.endswith(".svg"):
            tags = {element.tag.rpartition("}")[2] for element in fromstring(text).iter()}
            assert tags <= {"svg", "title", "style", "rect", "line", "text"}, name


def test_a_chart_cannot_name_a_file_outside():
    bars = Bars("../../etc/passwd\x00", "x", ["y"], [Bar("a", [1], "1")], Table(["a"], [["b"]]))
    assert picture_path(bars) == "report/-etc-passwd-.svg"


def test_labels_are_cut_to_their_room():
    wide = "漢" * 100
    assert len(shapes.fit(wide, 144)) < 12
    assert shapes.fit("short", 144) == "short"
    assert shapes.fit(LONG, 100).endswith("…")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(format_version=2), "format_version"),
        (lambda d: d["head"].update(samples=-1), "head.samples"),
        (lambda d: d["head"].update(samples=10**30), "head.samples"),
        (lambda d: d["diversity"].update(type_token=float("nan")), "diversity.type_token"),
        (lambda d: d.update(more="x"), "more"),
        (lambda d: d.pop("cost"), "cost"),
        (lambda d: d["funnel"].update(steps=[]), "funnel.steps"),
    ],
)
def test_a_report_that_is_none_is_refused_in_one_sentence(tmp_path, written, change, said):
    document = json.loads(written["report.json"])
    change(document)
    (tmp_path / "report.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path)
    assert said in str(refused.value)
    assert "chimera datasets report ID" in str(refused.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "[" * 100_000, "null"])
def test_what_is_no_report_at_all_is_refused(tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(InvalidInput):
        read(tmp_path)


def test_a_folder_without_a_report_says_how_to_make_one(tmp_path):
    with pytest.raises(InvalidInput, match="make it anew"):
        read(tmp_path)
