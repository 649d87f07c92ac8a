import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera_taxonomy.domain.names import kept, normal_form, refused


@pytest.mark.parametrize(
    "name",
    [
        "Galois theory of p-adic fields",
        "Other-regarding preferences in games",
        "General relativity",
        "General topology",
        "General equilibrium theory",
        "Representations of the general linear group",
        "Powers of the attorney general",
        "Levinas and the ethics of the Other",
        "Foundations of geometry",
        "Foundations of quantum mechanics",
        "Survey sampling with unequal probabilities",
        "Introductory segments of ordinals",
        "Special relativity",
        "Special functions",
        "Modern portfolio theory",
        "Open mapping theorem",
        "Open systems of quantum walks",
        "Current algebra",
        "Recent common ancestors in coalescent models",
        "Advanced persistent threats",
        "Selected-ion flow tubes",
        "New Keynesian models",
        "Emerging infectious diseases",
        "Further pure maths of Möbius bands",
        "Related-rates problems",
        "概率论",
        "L^p spaces",
        "C*-algebras",
    ],
)
def test_what_names_something_is_kept(name):
    assert not refused(name, broad_ok=False)


@pytest.mark.parametrize(
    "name",
    [
        "General",
        "General topics",
        "General concepts",
        "General principles of optics",
        "Optics in general",
        "Other",
        "Others",
        "Other topics",
        "Other areas of optics",
        "Lenses and others",
        "Misc",
        "Miscellaneous",
        "Miscellaneous problems",
        "Various problems",
        "Lenses, mirrors, etc.",
        "Introduction to optics",
        "An introduction to optics",
        "Overview of optics",
        "Overview",
        "Basics of optics",
        "Fundamentals of optics",
        "Foundations",
        "Survey of results",
        "Emerging directions in optics",
        "Future directions",
        "Recent developments in optics",
        "New trends",
        "Open problems in optics",
        "Advanced topics",
        "Advanced topics in optics",
        "Special topics",
        "Selected topics of optics",
        "Interdisciplinary areas",
        "Optics",
        " optics ",
        "",
        "  ",
        "---",
        "Lenses\x00",
        "Lenses\u202eSnel",
        "Lenses\u200b",
        "x" * 161,
    ],
)
def test_what_names_everything_or_nothing_is_refused(name):
    assert refused(name, broad_ok=False)


def test_a_discipline_may_be_a_field_but_no_topic():
    assert kept(["Algebra", "Optics"], [], broad_ok=True) == ["Algebra", "Optics"]
    assert kept(["Algebra", "Optics"], [], broad_ok=False) == []


def test_spellings_of_one_name_are_kept_once_and_in_order():
    names = ["Möbius bands", "The Mobius band", "MOBIUS  BANDS!", "Klein bottles", "Klein bottle", "Klein\nbottles"]

    assert kept(names, ["Torus knot"], broad_ok=False) == ["Möbius bands", "Klein bottles"]
    assert kept(["Torus knots", "The subject"], ["torus knot", "Subject"], broad_ok=False) == []


def test_white_space_is_tidied():
    assert kept([" Snell's \n law\t"], [], broad_ok=False) == ["Snell's law"]


@given(st.lists(st.text(max_size=30), max_size=20), st.lists(st.text(max_size=30), max_size=3))
def test_whatever_a_model_names_is_kept_at_most_once_and_is_printable(names, taken):
    found = kept(names, taken, broad_ok=False)
    forms = [normal_form(name) for name in found]

    assert len(set(forms)) == len(forms)
    assert not set(forms) & {normal_form(name) for name in taken}
    assert all(name.isprintable() and forms for name in found)
    assert kept(found, taken, broad_ok=False) == found
