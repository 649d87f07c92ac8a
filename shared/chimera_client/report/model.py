"""What a report says, as `report.json` holds it: counts and shares, no prose."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a report; unknown fields are refused, so that a newer report is not half read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Count(Part):
    """How many there are of something."""

    name: str
    count: int


class Role(Part):
    """Who played a role in the accepted samples."""

    role: str
    models: list[str]
    endpoints: list[str]
    calls: int


class Head(Part):
    """Which dataset it is. `asked` samples were ordered; `why_partial` is empty unless it has fewer."""

    name: str
    dataset_id: str
    build_id: str
    version: int
    parent_id: str
    recall_id: str
    change: str
    published: str
    samples: int
    asked: int
    partial: bool
    why_partial: str
    agreement: str
    roles: list[Role]


class Step(Part):
    """How many samples got as far as this."""

    name: str
    samples: int


class Loss(Part):
    """Samples that ended at a stage for a reason; `outcome` is rejected or unknown."""

    stage: str
    reason: str
    outcome: str
    samples: int


class Funnel(Part):
    """What became of all samples that were tried. `counted` unless only the build's own counts were at hand."""

    counted: bool
    steps: list[Step]
    losses: list[Loss]


class SubjectCount(Part):
    """A subject: samples asked for, accepted and tried; topics with an accepted sample, and topics tried."""

    subject: str
    asked: int
    accepted: int
    tried: int
    topics: int
    topics_tried: int


class TopicCount(Part):
    """A topic and its samples."""

    subject: str
    field: str
    topic: str
    accepted: int
    tried: int


class Coverage(Part):
    """What the samples are about. `topics_known` are those of the taxonomy; `largest` the topics with most samples."""

    subjects: list[SubjectCount]
    topics_known: int
    topics: int
    largest: list[TopicCount]
    untouched: list[TopicCount]
    evenness: float | None


class Bin(Part):
    """Values from `low` to below `high`; without `high` everything above."""

    low: float
    high: float | None
    count: int


class Distribution(Part):
    """A distribution of sizes; quantiles are good to three digits."""

    name: str
    unit: str
    count: int
    smallest: int
    median: int
    mean: float
    p95: int
    largest: int
    bins: list[Bin]


class CostLine(Part):
    """What calls of one stage, role and endpoint consumed, for accepted samples and for all others."""

    stage: str
    role: str
    endpoint: str
    calls: int
    input_tokens: int
    output_tokens: int
    accepted_nanousd: int
    other_nanousd: int


class Cost(Part):
    """What the build paid; `besides` is what no sample caused, such as the naming of topics."""

    total_nanousd: int
    accepted_nanousd: int
    other_nanousd: int
    besides_nanousd: int
    calls: int
    input_tokens: int
    output_tokens: int
    wasted_output_tokens: int
    reused_calls: int
    lines: list[CostLine]


class Report(Part):
    """The whole report."""

    format_version: Literal[1] = 1
    head: Head
    funnel: Funnel
    coverage: Coverage
    answer_types: list[Count]
    lengths: list[Distribution] = Field(default_factory=list)
    cost: Cost
