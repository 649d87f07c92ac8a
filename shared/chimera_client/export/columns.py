"""Every column of a dataset, once: its type and what it means.

The Parquet schema, the card, `croissant.json` and `manifest.json` are all made from the lists here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa


class Kind(StrEnum):
    """The type of a value."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    TIME = "timestamp"
    STRUCT = "struct"


ARROW_TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column or member of a struct; `repeated` makes it a list, `children` are a struct's members."""

    name: str
    kind: Kind
    description: str
    repeated: bool = False
    children: tuple["Column", ...] = ()

    @property
    def arrow_type(self) -> Any:
        """The type in Parquet."""
        if self.kind is Kind.STRUCT:
            value = pa.struct([(child.name, child.arrow_type) for child in self.children])
        else:
            value = ARROW_TYPES[self.kind]
        return pa.list_(value) if self.repeated else value

    @property
    def type_name(self) -> str:
        """The type in words: `text`, `list of struct`."""
        return f"list of {self.kind}" if self.repeated else str(self.kind)


@dataclass(frozen=True, slots=True)
class Table:
    """One configuration of the dataset: a folder of Parquet shards with the same columns."""

    config: str
    folder: str
    description: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> Any:
        """The Arrow schema of every shard."""
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    @property
    def pattern(self) -> str:
        """The glob that finds the shards."""
        return f"{self.folder}/train-*.parquet"


def flatten(columns: Sequence[Column], prefix: str = "") -> list[tuple[str, Column]]:
    """Every column and member with its dotted name, parents before children."""
    flat: list[tuple[str, Column]] = []
    for column in columns:
        flat.append((prefix + column.name, column))
        flat.extend(flatten(column.children, f"{prefix}{column.name}."))
    return flat


def _text(name: str, description: str, *, repeated: bool = False) -> Column:
    return Column(name, Kind.TEXT, description, repeated)


def _integer(name: str, description: str) -> Column:
    return Column(name, Kind.INTEGER, description)


def _float(name: str, description: str) -> Column:
    return Column(name, Kind.FLOAT, description)


def _time(name: str, description: str) -> Column:
    return Column(name, Kind.TIME, description)


SAMPLE_ID = _text("sample_id", "Identity of the sample, 32 hexadecimal digits; the same in all configurations.")
SUBJECT = _text("subject", "The subject, as the build names it.")
ANSWER_DETAILS = (
    _text(
        "answer_type",
        "How two answers are compared: number, expression, polynomial, equation, set, interval, tuple, matrix, choice,"
        " date, chemical_formula or text.",
    ),
    _text("answer_unit", "The unit of a number; empty if there is none."),
    _float("answer_tolerance", "The relative error within which a number is right; 0 means exact."),
    _text("answer_choices", "The texts of a choice problem, A first; empty for other types.", repeated=True),
)

ASKED = (
    _text("endpoint", "The operator's name of the endpoint that answered; null if none did."),
    _text("model", "The model that answered; null if none did."),
)

ATTEMPT = (
    *ASKED,
    _text("verdict", "The attempt's final answer against the reference: correct, incorrect or unknown."),
    _text("method", "What decided: normal_form, numeric, symbolic, judge or extraction."),
    _text("answer", "The final answer read from the attempt; empty if there was none."),
    _text("reason", "Why, in one sentence."),
)

VOTE = (
    _integer("member", "Position in the panel, from 0."),
    *ATTEMPT,
    _float("weight", "What the member counts under a weighted rule."),
)

SOLVE = (
    _text("by", "weak or strong: which reference model made the attempt."),
    _integer("number", "Number among its attempts, from 0."),
    *ATTEMPT,
)

MATCH = (
    _text("relation", "duplicate, variant or leak; different if a judge was asked and said so; else unspecified."),
    _text("corpus", "Where the other problem is: a build's id, or the name of a corpus."),
    _text("item", "The other problem there: a sample's id, or a corpus item's id."),
    _text("method", "What found it: exact, minhash, embedding or judge."),
    _float("score", "How alike they are by that method, from 0 to 1."),
    _text("excerpt", "The beginning of the other problem."),
)

SCREENING = (
    _integer("screener", "Position among the screeners, from 0."),
    *ASKED,
    _text("question", "What was looked at: subject, self_contained or single_answer."),
    _text("verdict", "correct if the problem passes, incorrect if not, or unknown."),
    _text("reason", "Why, in one sentence."),
)

JUDGEMENT = (
    _text("of", "Whose final answer was judged: panel[0], weak[0], strong[0] or solution."),
    _integer("judge", "Position among the judges, from 0; the second one confirms the first."),
    *ASKED,
    _text("verdict", "correct if the answers mean the same, incorrect if not, or unknown."),
    _text("reason", "Why, in the judge's words."),
)

PASS_RATES = (
    _float("weak_pass_rate", "Share of the weak model's decided attempts that are right; null if none was decided."),
    _float("strong_pass_rate", "The same of the strong model."),
)

CALL = (
    _text(
        "role", "The role played: proposer, screener[0], panel[0], weak[0], strong[0], solver, judge or second_judge."
    ),
    _text("endpoint", "The operator's name of the endpoint."),
    _text("model", "The model asked for."),
    _text("prompt_sha256", "SHA-256 of the prompt template."),
    _text("parameters_json", "Sampling parameters sent, as JSON."),
    _integer("input_tokens", "Tokens sent."),
    _integer("output_tokens", "Tokens received, reasoning included."),
    _float("cost_usd", "Price in US dollars, from the endpoint's configured prices."),
    _float("latency_seconds", "Seconds from the request to the end of the answer."),
    _text("finish_reason", "Why the model stopped, in the words of the OpenAI API."),
    _text("call_id", "Hash of everything that shaped the answer; the key of the call ledger."),
    _time("time", "When the answer arrived."),
)

MODELS = (
    _text("proposer", "The model that wrote the problem and its reference answer."),
    _text("panel", "The models that solved it blind, by position in the panel.", repeated=True),
    _text("solver", "The model that wrote the solution."),
)

DEFAULT = Table(
    "default",
    "data",
    "Every sample with all of its evidence.",
    (
        SAMPLE_ID,
        SUBJECT,
        _text("field", "The part of the subject."),
        _text("topic", "The topic within the field."),
        _text("problem", "The statement, self-contained."),
        _text("answer", "The reference answer, in plain text or LaTeX; the letter of a choice problem."),
        *ANSWER_DETAILS,
        _text("solution", "The worked solution, which ends in the final answer."),
        _text("reasoning", "The solver's chain of thought; empty if the model gave none apart from the solution."),
        Column("votes", Kind.STRUCT, "The blind attempts of the panel, one for each member.", True, VOTE),
        _float("panel_agreement", "Share of the votes that are correct, from 0 to 1; null if there were no votes."),
        Column(
            "matches", Kind.STRUCT, "Problems seen before that are like it, for which it was not refused.", True, MATCH
        ),
        Column("screenings", Kind.STRUCT, "What screeners said, one for each and question.", True, SCREENING),
        Column("judgements", Kind.STRUCT, "What judges said where no rule decided.", True, JUDGEMENT),
        Column("solves", Kind.STRUCT, "Blind attempts of the reference models, by which it is rated.", True, SOLVE),
        *PASS_RATES,
        _integer("weak_decided", "Attempts of the weak model that could be graded; null if none were made."),
        _integer("strong_decided", "The same of the strong model."),
        _text("solution_verdict", "The solution's final answer against the reference: correct in every row."),
        _text("solution_method", "What decided the solution's verdict."),
        Column("models", Kind.STRUCT, "Which model played which role.", False, MODELS),
        _integer("input_tokens", "Tokens sent for this sample, all calls that its build paid for."),
        _integer("output_tokens", "Tokens received for them, reasoning included."),
        _float("cost_usd", "Price of these calls in US dollars; answers of earlier builds cost nothing again."),
        Column("calls", Kind.STRUCT, "Every model call that was made for it.", True, CALL),
        _text("trace_id", "W3C trace id, under which its spans are found."),
        _time("settled_at", "When it was accepted."),
        _integer("slot", "Its place among the samples of its subject, from 0."),
        _integer("attempt", "How many samples were tried for this place before, from 0."),
        _integer("seed", "Seed of its model calls."),
    ),
)

MESSAGE = (
    _text("role", "user or assistant."),
    _text("content", "The problem; or the reasoning in think tags followed by the solution."),
)

SFT = Table(
    "sft",
    "sft",
    "Conversations for supervised fine-tuning.",
    (SAMPLE_ID, Column("messages", Kind.STRUCT, "One user turn and one assistant turn.", True, MESSAGE)),
)

PROMPT = (_text("role", "user."), _text("content", "The problem."))

RL = Table(
    "rl",
    "rl",
    "Prompts with typed answers for reinforcement learning with a verifiable reward.",
    (
        SAMPLE_ID,
        SUBJECT,
        Column("prompt", Kind.STRUCT, "One user turn.", True, PROMPT),
        _text("answer", "The reference answer."),
        *ANSWER_DETAILS,
        *PASS_RATES,
    ),
)

TABLES = (DEFAULT, SFT, RL)
