"""What a report says, as `report.json` holds it: counts and shares, no prose."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(ge=0, lt=2**63)]
"""A count, or money in thousand-millionths of a US dollar."""


class Part(BaseModel):
    """A part of a report; unknown fields are refused, so that a newer report is not half read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Count(Part):
    """How many there are of something."""

    name: str
    count: Whole


class Role(Part):
    """Who played a role in the accepted samples."""

    role: str
    models: list[str]
    endpoints: list[str]
    calls: Whole


class Head(Part):
    """Which dataset it is. `asked` samples were ordered; `why_partial` is empty unless it has fewer."""

    name: str
    dataset_id: str
    build_id: str
    version: Whole
    parent_id: str
    recall_id: str
    change: str
    published: str
    samples: Whole
    asked: Whole
    partial: bool
    why_partial: str
    agreement: str
    roles: list[Role]


class Step(Part):
    """How many samples got as far as this."""

    name: str
    samples: Whole


class Loss(Part):
    """Samples that ended at a stage for a reason; `outcome` is rejected or unknown."""

    stage: str
    reason: str
    outcome: str
    samples: Whole


class Funnel(Part):
    """What became of all samples that were tried. `counted` unless only the build's own counts were at hand."""

    counted: bool
    steps: Annotated[list[Step], Field(min_length=1)]
    losses: list[Loss]


class SubjectCount(Part):
    """A subject: samples asked for, accepted and tried; topics with an accepted sample, and topics tried."""

    subject: str
    asked: Whole
    accepted: Whole
    tried: Whole
    topics: Whole
    topics_tried: Whole


class TopicCount(Part):
    """A topic and its samples."""

    subject: str
    field: str
    topic: str
    accepted: Whole
    tried: Whole


class Coverage(Part):
    """What the samples are about. `topics_known` are those of the taxonomy; `largest` the topics with most samples."""

    subjects: list[SubjectCount]
    topics_known: Whole
    topics: Whole
    largest: list[TopicCount]
    untouched: list[TopicCount]
    evenness: float | None


class Bin(Part):
    """Values from `low` to below `high`; without `high` everything above."""

    low: float
    high: float | None
    count: Whole


class Distribution(Part):
    """A distribution of sizes; quantiles are good to three digits."""

    name: str
    unit: str
    count: Whole
    smallest: Whole
    median: Whole
    mean: float
    p95: Whole
    largest: Whole
    bins: list[Bin]


class PassRates(Part):
    """How often a reference model, weak or strong, solved problems; `solved` of `solves` blind solves were right."""

    model: str
    measured: Whole
    undecided: Whole
    solved: Whole
    solves: Whole
    bands: list[Count]


class Similarity(Part):
    """How alike statements are to their nearest neighbour among `compared` ones; `near` are at 0.7 or above."""

    compared: Whole
    mean_pair: float | None
    mean_nearest: float | None
    near: Whole
    bins: list[Bin]


class Diversity(Part):
    """How different statements are; `drawn` of them were looked at closely, `words` for the type-token ratio.

    `distinct` is distinct-1, -2 and -3. Templates are counted over all statements; unless `templates_exact`, counts of
    templates are lower bounds.
    """

    statements: Whole
    drawn: Whole
    words: Whole
    type_token: float | None
    distinct: list[float | None]
    similarity: Similarity
    templates_exact: bool
    templates: Whole
    in_repeated_templates: Whole
    top_templates: list[Count]
    openings: list[Count]
    phrases: list[Count]


class Rate(Part):
    """`hits` of `of`, with Wilson's interval at 95 %."""

    hits: Whole
    of: Whole
    value: float | None
    low: float
    high: float


class Member(Part):
    """A member of the panel and its votes against the reference answers."""

    member: Whole
    models: list[str]
    agree: Whole
    differ: Whole
    unknown: Whole


class Pair(Part):
    """Two members of the panel, by position: Cohen's kappa, and how often they agree where both decided."""

    one: Whole
    other: Whole
    kappa: float | None
    agree: Rate


class Agreement(Part):
    """Votes over all samples that came to the panel, `voted`; at least two members decided about `rated` of them."""

    voted: Whole
    rated: Whole
    members: list[Member]
    pairs: list[Pair]
    alpha: float | None
    judges_differ: Rate


class Group(Part):
    """Control problems of one sort: how many were planted mistakes and how many right, and how the verifier erred."""

    name: str
    planted: Whole
    right: Whole
    undecided: Whole
    false_accepts: Rate
    false_rejects: Rate


class Calibration(Part):
    """The verifier's errors on control problems."""

    controls: Whole
    cost_nanousd: Whole
    all: Group
    caught_for_cause: Rate
    kinds: list[Group]
    subjects: list[Group]
    answer_types: list[Group]
    difficulties: list[Group]


class MatchCount(Part):
    """Matches with a corpus, of one relation and method."""

    corpus: str
    relation: str
    method: str
    kept: Whole
    refused: Whole


class Matched(Part):
    """A problem of the build and one seen before that is like it; `own` if that one is of the build too."""

    sample_id: str
    outcome: str
    reason: str
    relation: str
    corpus: str
    own: bool
    item: str
    method: str
    score: float
    refused: bool
    excerpt: str
    statement: str


class Release(Part):
    """What the build was compared with, and matches; `listed` are the most important of all `total`.

    `inside` samples of the dataset are like another problem, `leaks` of them like an item of a benchmark.
    """

    benchmarks: list[str]
    datasets: list[str]
    total: Whole
    inside: Whole
    leaks: Whole
    counts: list[MatchCount]
    listed: list[Matched]


class CostLine(Part):
    """What calls of one stage, role and endpoint consumed, for accepted samples and for all others."""

    stage: str
    role: str
    endpoint: str
    calls: Whole
    input_tokens: Whole
    output_tokens: Whole
    accepted_nanousd: Whole
    other_nanousd: Whole


class Cost(Part):
    """What the build paid; `besides` is what no sample caused, such as the naming of topics."""

    total_nanousd: Whole
    accepted_nanousd: Whole
    other_nanousd: Whole
    besides_nanousd: Whole
    calls: Whole
    input_tokens: Whole
    output_tokens: Whole
    wasted_output_tokens: Whole
    reused_calls: Whole
    lines: list[CostLine]


class Report(Part):
    """The whole report."""

    format_version: Literal[1] = 1
    head: Head
    funnel: Funnel
    coverage: Coverage
    answer_types: list[Count]
    languages: list[Count]
    lengths: list[Distribution]
    difficulty: list[PassRates]
    diversity: Diversity
    agreement: Agreement
    calibration: Calibration | None
    release: Release
    cost: Cost
