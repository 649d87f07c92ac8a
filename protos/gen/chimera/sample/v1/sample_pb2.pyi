import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnswerType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ANSWER_TYPE_UNSPECIFIED: _ClassVar[AnswerType]
    ANSWER_TYPE_NUMBER: _ClassVar[AnswerType]
    ANSWER_TYPE_EXPRESSION: _ClassVar[AnswerType]
    ANSWER_TYPE_SET: _ClassVar[AnswerType]
    ANSWER_TYPE_INTERVAL: _ClassVar[AnswerType]
    ANSWER_TYPE_TUPLE: _ClassVar[AnswerType]
    ANSWER_TYPE_MATRIX: _ClassVar[AnswerType]
    ANSWER_TYPE_CHOICE: _ClassVar[AnswerType]
    ANSWER_TYPE_TEXT: _ClassVar[AnswerType]
    ANSWER_TYPE_EQUATION: _ClassVar[AnswerType]
    ANSWER_TYPE_POLYNOMIAL: _ClassVar[AnswerType]
    ANSWER_TYPE_DATE: _ClassVar[AnswerType]
    ANSWER_TYPE_CHEMICAL_FORMULA: _ClassVar[AnswerType]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_CORRECT: _ClassVar[Verdict]
    VERDICT_INCORRECT: _ClassVar[Verdict]
    VERDICT_UNKNOWN: _ClassVar[Verdict]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_ACCEPTED: _ClassVar[Outcome]
    OUTCOME_REJECTED: _ClassVar[Outcome]
    OUTCOME_UNKNOWN: _ClassVar[Outcome]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_UNTYPED_ANSWER: _ClassVar[Reason]
    REASON_PROOF: _ClassVar[Reason]
    REASON_MULTI_PART: _ClassVar[Reason]
    REASON_NOT_SELF_CONTAINED: _ClassVar[Reason]
    REASON_DUPLICATE: _ClassVar[Reason]
    REASON_PANEL_DISAGREES: _ClassVar[Reason]
    REASON_PANEL_UNDECIDED: _ClassVar[Reason]
    REASON_SOLUTION_INCORRECT: _ClassVar[Reason]
    REASON_SOLUTION_UNDECIDED: _ClassVar[Reason]
    REASON_MALFORMED_ANSWER: _ClassVar[Reason]
    REASON_TRUNCATED_ANSWER: _ClassVar[Reason]
    REASON_ENDPOINT_FAILED: _ClassVar[Reason]
    REASON_TIME_LIMIT: _ClassVar[Reason]
    REASON_INTERNAL: _ClassVar[Reason]
    REASON_REFUSED_BY_MODEL: _ClassVar[Reason]
    REASON_LEAK: _ClassVar[Reason]
    REASON_VARIANT: _ClassVar[Reason]
    REASON_OFF_SUBJECT: _ClassVar[Reason]
    REASON_ILL_POSED: _ClassVar[Reason]
    REASON_TOO_EASY: _ClassVar[Reason]
    REASON_TOO_HARD: _ClassVar[Reason]
    REASON_SCREEN_UNDECIDED: _ClassVar[Reason]
    REASON_RECALLED: _ClassVar[Reason]
    REASON_DIFFICULTY_UNDECIDED: _ClassVar[Reason]

class ScreenKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREEN_KIND_UNSPECIFIED: _ClassVar[ScreenKind]
    SCREEN_KIND_SUBJECT: _ClassVar[ScreenKind]
    SCREEN_KIND_SELF_CONTAINED: _ClassVar[ScreenKind]
    SCREEN_KIND_SINGLE_ANSWER: _ClassVar[ScreenKind]

class Relation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELATION_UNSPECIFIED: _ClassVar[Relation]
    RELATION_DIFFERENT: _ClassVar[Relation]
    RELATION_DUPLICATE: _ClassVar[Relation]
    RELATION_VARIANT: _ClassVar[Relation]
    RELATION_LEAK: _ClassVar[Relation]
ANSWER_TYPE_UNSPECIFIED: AnswerType
ANSWER_TYPE_NUMBER: AnswerType
ANSWER_TYPE_EXPRESSION: AnswerType
ANSWER_TYPE_SET: AnswerType
ANSWER_TYPE_INTERVAL: AnswerType
ANSWER_TYPE_TUPLE: AnswerType
ANSWER_TYPE_MATRIX: AnswerType
ANSWER_TYPE_CHOICE: AnswerType
ANSWER_TYPE_TEXT: AnswerType
ANSWER_TYPE_EQUATION: AnswerType
ANSWER_TYPE_POLYNOMIAL: AnswerType
ANSWER_TYPE_DATE: AnswerType
ANSWER_TYPE_CHEMICAL_FORMULA: AnswerType
VERDICT_UNSPECIFIED: Verdict
VERDICT_CORRECT: Verdict
VERDICT_INCORRECT: Verdict
VERDICT_UNKNOWN: Verdict
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_ACCEPTED: Outcome
OUTCOME_REJECTED: Outcome
OUTCOME_UNKNOWN: Outcome
REASON_UNSPECIFIED: Reason
REASON_UNTYPED_ANSWER: Reason
REASON_PROOF: Reason
REASON_MULTI_PART: Reason
REASON_NOT_SELF_CONTAINED: Reason
REASON_DUPLICATE: Reason
REASON_PANEL_DISAGREES: Reason
REASON_PANEL_UNDECIDED: Reason
REASON_SOLUTION_INCORRECT: Reason
REASON_SOLUTION_UNDECIDED: Reason
REASON_MALFORMED_ANSWER: Reason
REASON_TRUNCATED_ANSWER: Reason
REASON_ENDPOINT_FAILED: Reason
REASON_TIME_LIMIT: Reason
REASON_INTERNAL: Reason
REASON_REFUSED_BY_MODEL: Reason
REASON_LEAK: Reason
REASON_VARIANT: Reason
REASON_OFF_SUBJECT: Reason
REASON_ILL_POSED: Reason
REASON_TOO_EASY: Reason
REASON_TOO_HARD: Reason
REASON_SCREEN_UNDECIDED: Reason
REASON_RECALLED: Reason
REASON_DIFFICULTY_UNDECIDED: Reason
SCREEN_KIND_UNSPECIFIED: ScreenKind
SCREEN_KIND_SUBJECT: ScreenKind
SCREEN_KIND_SELF_CONTAINED: ScreenKind
SCREEN_KIND_SINGLE_ANSWER: ScreenKind
RELATION_UNSPECIFIED: Relation
RELATION_DIFFERENT: Relation
RELATION_DUPLICATE: Relation
RELATION_VARIANT: Relation
RELATION_LEAK: Relation

class Answer(_message.Message):
    __slots__ = ("type", "value", "unit", "tolerance", "choices")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    type: AnswerType
    value: str
    unit: str
    tolerance: float
    choices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, type: _Optional[_Union[AnswerType, str]] = ..., value: _Optional[str] = ..., unit: _Optional[str] = ..., tolerance: _Optional[float] = ..., choices: _Optional[_Iterable[str]] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("calls", "input_tokens", "output_tokens", "cost_nanousd")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_NANOUSD_FIELD_NUMBER: _ClassVar[int]
    calls: int
    input_tokens: int
    output_tokens: int
    cost_nanousd: int
    def __init__(self, calls: _Optional[int] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cost_nanousd: _Optional[int] = ...) -> None: ...

class ModelCall(_message.Message):
    __slots__ = ("call_id", "role", "endpoint", "model", "prompt_sha256", "parameters_json", "usage", "time", "latency_seconds", "finish_reason", "paid_by")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_SHA256_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_JSON_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    LATENCY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    PAID_BY_FIELD_NUMBER: _ClassVar[int]
    call_id: str
    role: str
    endpoint: str
    model: str
    prompt_sha256: str
    parameters_json: str
    usage: Usage
    time: _timestamp_pb2.Timestamp
    latency_seconds: float
    finish_reason: str
    paid_by: str
    def __init__(self, call_id: _Optional[str] = ..., role: _Optional[str] = ..., endpoint: _Optional[str] = ..., model: _Optional[str] = ..., prompt_sha256: _Optional[str] = ..., parameters_json: _Optional[str] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., latency_seconds: _Optional[float] = ..., finish_reason: _Optional[str] = ..., paid_by: _Optional[str] = ...) -> None: ...

class SampleRef(_message.Message):
    __slots__ = ("sample_id", "build_id", "subject", "field", "topic", "slot", "attempt", "seed")
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    sample_id: str
    build_id: str
    subject: str
    field: str
    topic: str
    slot: int
    attempt: int
    seed: int
    def __init__(self, sample_id: _Optional[str] = ..., build_id: _Optional[str] = ..., subject: _Optional[str] = ..., field: _Optional[str] = ..., topic: _Optional[str] = ..., slot: _Optional[int] = ..., attempt: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class SlotRange(_message.Message):
    __slots__ = ("subject", "first", "end")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    subject: str
    first: int
    end: int
    def __init__(self, subject: _Optional[str] = ..., first: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("statement", "reference", "calls")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    statement: str
    reference: Answer
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    def __init__(self, statement: _Optional[str] = ..., reference: _Optional[_Union[Answer, _Mapping]] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("reason", "detail", "calls")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    detail: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ..., detail: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ...) -> None: ...

class Judgement(_message.Message):
    __slots__ = ("verdict", "reason", "calls")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    reason: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ...) -> None: ...

class Grade(_message.Message):
    __slots__ = ("verdict", "method", "extracted", "reason", "calls", "judgements")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    EXTRACTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    JUDGEMENTS_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    method: str
    extracted: str
    reason: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    judgements: _containers.RepeatedCompositeFieldContainer[Judgement]
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., method: _Optional[str] = ..., extracted: _Optional[str] = ..., reason: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ..., judgements: _Optional[_Iterable[_Union[Judgement, _Mapping]]] = ...) -> None: ...

class Vote(_message.Message):
    __slots__ = ("member", "grade", "calls", "weight")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    member: int
    grade: Grade
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    weight: float
    def __init__(self, member: _Optional[int] = ..., grade: _Optional[_Union[Grade, _Mapping]] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ..., weight: _Optional[float] = ...) -> None: ...

class Screening(_message.Message):
    __slots__ = ("screener", "kind", "verdict", "reason", "calls")
    SCREENER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    screener: int
    kind: ScreenKind
    verdict: Verdict
    reason: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    def __init__(self, screener: _Optional[int] = ..., kind: _Optional[_Union[ScreenKind, str]] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., reason: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("relation", "corpus", "item", "method", "score", "excerpt", "calls", "refused")
    RELATION_FIELD_NUMBER: _ClassVar[int]
    CORPUS_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    EXCERPT_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    relation: Relation
    corpus: str
    item: str
    method: str
    score: float
    excerpt: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    refused: bool
    def __init__(self, relation: _Optional[_Union[Relation, str]] = ..., corpus: _Optional[str] = ..., item: _Optional[str] = ..., method: _Optional[str] = ..., score: _Optional[float] = ..., excerpt: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ..., refused: _Optional[bool] = ...) -> None: ...

class Difficulty(_message.Message):
    __slots__ = ("weak", "strong")
    WEAK_FIELD_NUMBER: _ClassVar[int]
    STRONG_FIELD_NUMBER: _ClassVar[int]
    weak: _containers.RepeatedCompositeFieldContainer[Vote]
    strong: _containers.RepeatedCompositeFieldContainer[Vote]
    def __init__(self, weak: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ..., strong: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ...) -> None: ...

class Validation(_message.Message):
    __slots__ = ("votes", "fingerprint", "matches", "screenings", "difficulty")
    VOTES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    SCREENINGS_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    votes: _containers.RepeatedCompositeFieldContainer[Vote]
    fingerprint: str
    matches: _containers.RepeatedCompositeFieldContainer[Match]
    screenings: _containers.RepeatedCompositeFieldContainer[Screening]
    difficulty: Difficulty
    def __init__(self, votes: _Optional[_Iterable[_Union[Vote, _Mapping]]] = ..., fingerprint: _Optional[str] = ..., matches: _Optional[_Iterable[_Union[Match, _Mapping]]] = ..., screenings: _Optional[_Iterable[_Union[Screening, _Mapping]]] = ..., difficulty: _Optional[_Union[Difficulty, _Mapping]] = ...) -> None: ...

class Solution(_message.Message):
    __slots__ = ("text", "reasoning", "calls")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    text: str
    reasoning: str
    calls: _containers.RepeatedCompositeFieldContainer[ModelCall]
    def __init__(self, text: _Optional[str] = ..., reasoning: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[ModelCall, _Mapping]]] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("ref", "problem", "validation", "solution", "grade", "outcome", "reason", "detail", "usage", "settle_time", "trace_id")
    REF_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    SOLUTION_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    SETTLE_TIME_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    ref: SampleRef
    problem: Problem
    validation: Validation
    solution: Solution
    grade: Grade
    outcome: Outcome
    reason: Reason
    detail: str
    usage: Usage
    settle_time: _timestamp_pb2.Timestamp
    trace_id: str
    def __init__(self, ref: _Optional[_Union[SampleRef, _Mapping]] = ..., problem: _Optional[_Union[Problem, _Mapping]] = ..., validation: _Optional[_Union[Validation, _Mapping]] = ..., solution: _Optional[_Union[Solution, _Mapping]] = ..., grade: _Optional[_Union[Grade, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., reason: _Optional[_Union[Reason, str]] = ..., detail: _Optional[str] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., settle_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trace_id: _Optional[str] = ...) -> None: ...

class EvidenceFilter(_message.Message):
    __slots__ = ("role", "model", "endpoint", "prompt_sha256", "after", "before")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_SHA256_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    role: str
    model: str
    endpoint: str
    prompt_sha256: str
    after: _timestamp_pb2.Timestamp
    before: _timestamp_pb2.Timestamp
    def __init__(self, role: _Optional[str] = ..., model: _Optional[str] = ..., endpoint: _Optional[str] = ..., prompt_sha256: _Optional[str] = ..., after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
