import pytest

from chimera_shared.endpoints import config
from chimera_shared.errors import Configuration, InvalidInput

GOOD = {"base_url": "http://127.0.0.1:8000/v1/", "model": "m"}


def test_an_endpoint_needs_an_address_and_a_model_and_has_defaults():
    endpoint = config.parse({"local": GOOD})["local"]

    assert endpoint.base_url == "http://127.0.0.1:8000/v1"
    assert endpoint.independent_family == "m"
    assert endpoint.api_key() is None
    assert (endpoint.max_in_flight, endpoint.structured_output) == (128, "json_schema")
    assert (endpoint.requests_per_minute, endpoint.tokens_per_minute, endpoint.metrics_url) == (None, None, "")


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"base_url": "ftp://x/v1"}, "base_url", "http or https address"),
        ({"base_url": "localhost:8000"}, "base_url", "http or https address"),
        ({"base_url": "https://u:pass@h/v1"}, "base_url", "no credentials"),
        ({"base_url": "https://h/v1?key=abc"}, "base_url", "must end in its path"),
        ({"model": ""}, "model", "at least 1 character (is '')"),
        ({"max_in_flight": 0}, "max_in_flight", "(is 0)"),
        ({"requests_per_minute": 0}, "requests_per_minute", "(is 0)"),
        ({"tokens_per_minute": -1}, "tokens_per_minute", "(is -1)"),
        ({"metrics_url": "h:8000/metrics"}, "metrics_url", "http or https address"),
        ({"metrics_url": "http://u:pass@h/metrics"}, "metrics_url", "no credentials"),
        ({"metrics_url": "http://h/metrics?key=abc"}, "metrics_url", "must end in its path"),
        ({"timeout_seconds": 0}, "timeout_seconds", "(is 0)"),
        ({"temperature": 3}, "temperature", "(is 3)"),
        ({"max_tokens": "many"}, "max_tokens", "(is 'many')"),
        ({"structured_output": "xml"}, "structured_output", "(is 'xml')"),
        ({"price": {"input_usd_per_mtok": -1}}, "price.input_usd_per_mtok", "(is -1)"),
        ({"price": {"per_call": 1}}, "price.per_call", "no such field"),
        ({"url": "x"}, "url", "no such field; an endpoint has api_key_env, base_url"),
    ],
)
def test_each_wrong_field_is_named_with_its_value_and_the_way_out(changes, field, said):
    with pytest.raises(InvalidInput) as caught:
        config.parse({"remote": GOOD | changes})

    [violation] = caught.value.violations
    assert violation.field == f"endpoints.remote.{field}"
    assert said in violation.description


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://user:sk-verysecret@h/v1"},
        {"base_url": "https://h/v1?api-key=sk-verysecret"},
        {"metrics_url": "https://user:sk-verysecret@h/metrics"},
        {"api_key_env": "sk-verysecret"},
        {"api_key": "sk-verysecret"},
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(changes):
    with pytest.raises(InvalidInput) as caught:
        config.parse({"remote": GOOD | changes})

    assert "verysecret" not in str(caught.value)


def test_all_endpoints_are_checked_at_once():
    with pytest.raises(InvalidInput) as caught:
        config.parse({"a": {"model": "m"}, "b": {"base_url": "http://h/v1"}, "c": "http://h", "d": None})

    assert [v.field for v in caught.value.violations][:2] == ["endpoints.a.base_url", "endpoints.b.model"]
    assert {v.field.split(".")[1] for v in caught.value.violations} == {"a", "b", "c", "d"}


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_what_is_no_mapping_is_refused(raw):
    with pytest.raises(InvalidInput, match="endpoints: must be a mapping"):
        config.parse(raw)


@pytest.mark.parametrize(
    "text", ["a: {base_url: http://h/v1, model: m}", "endpoints: {a: {base_url: http://h/v1, model: m}}"]
)
def test_a_file_holds_the_mapping_at_the_top_or_under_endpoints(tmp_path, text):
    file = tmp_path / "e.yaml"
    file.write_text(text)

    assert list(config.load(file)) == ["a"]
    assert config.load(None) == {}


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"a: [", "is not YAML"), (b"a: \xff\xfe", "is not YAML"), (b"a: !!python/object:os.system {}", "is not YAML")],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, raw, said):
    file = tmp_path / "e.yaml"
    file.write_bytes(raw)

    with pytest.raises(Configuration, match="CHIMERA_ENDPOINTS") as caught:
        config.load(file)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(Configuration, match=r"cannot read .*none\.yaml: No such file"):
        config.load(tmp_path / "none.yaml")


def test_the_key_comes_from_the_environment(monkeypatch):
    endpoint = config.parse({"a": GOOD | {"api_key_env": "SOME_KEY"}})["a"]
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(Configuration, match="the environment variable SOME_KEY is not set; export it"):
        endpoint.api_key()
    assert [v.field for v in config.missing_keys([("a", endpoint)])] == ["endpoints.a.api_key_env"]

    monkeypatch.setenv("SOME_KEY", "sk-1\n")

    assert endpoint.api_key() == "sk-1"
    assert config.missing_keys([("a", endpoint)]) == []


def test_prices_are_per_million_tokens_in_whole_nanodollars():
    price = config.Price(input_usd_per_mtok=0.15, output_usd_per_mtok=0.6)

    assert price.nanousd(1_000_000, 0) == 150_000_000
    assert price.nanousd(1, 1) == 750
    assert config.Price().nanousd(10**9, 10**9) == 0
