import pytest
from pydantic import BaseModel, Field

from chimera_shared.endpoints.forms import parse, strict_schema


class Part(BaseModel):
    name: str = Field("", max_length=5)


class Bounded(BaseModel):
    name: str = Field(min_length=1, max_length=5)
    share: float = Field(ge=0, lt=1)
    count: int = Field(le=9)
    parts: list[str] = Field(max_length=3)


class Form(BaseModel):
    parts: list[Part]
    size: int = 3


def test_a_strict_schema_requires_every_property_and_allows_no_other():
    schema = strict_schema(Form)

    for node in (schema, schema["$defs"]["Part"]):
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    assert "default" not in str(schema)


@pytest.mark.parametrize("bound", ["minLength", "maxLength", "minimum", "maximum", "exclusiveMaximum", "maxItems"])
def test_a_strict_schema_holds_no_bounds_which_some_servers_refuse(bound):
    assert bound in str(Bounded.model_json_schema())
    assert bound not in str(strict_schema(Bounded))


@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```", "```\n{}\n```", "  \n{}\n", "\n```JSON\n{}```  "])
def test_an_answer_may_stand_in_a_fence(around):
    assert parse(around.replace("{}", '{"parts": [{"name": "a"}]}'), Form) == Form(parts=[Part(name="a")])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the answer"),
        ("Sure! Here it is", "the answer"),
        ('{"parts": [', "the answer"),
        ("[]", "the answer"),
        ('{"parts": 3}', "parts"),
        ('{"parts": [{"name": "too long"}]}', "parts.0.name"),
        ('{"parts": [{"name": "\\ud800"}]}', "the answer"),
        ("[" * 100_000, "the answer"),
    ],
)
def test_what_is_wrong_is_told_shortly_and_without_the_text(content, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse(content, Form)

    assert len(str(caught.value)) < 500
    assert "too long" not in str(caught.value)
    assert "Sure" not in str(caught.value)
