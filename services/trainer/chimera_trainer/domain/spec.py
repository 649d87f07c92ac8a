"""What makes an order of a training valid, and what stands for what it leaves out."""

import re
from collections.abc import Iterator

from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_shared.errors import Violation
from chimera_shared.registry import NAME

BATCH_SIZE, SFT_RATE, RL_RATE, GROUP_SIZE = 256, 1e-5, 1e-6, 8
"""The recipe of CHIMERA (arXiv 2603.00889)."""
GRPO_CLIP, CISPO_CLIP = 0.2, 5.0
COMPLETION_TOKENS = 1_024
MICRO_BATCH_SIZE = 8
WARMUP_SHARE = 0.05
LORA_RANK = 16
MAX_ROWS = 65_536
MAX_WORKERS = 1_024
MAX_LENGTH = 1_048_576
REINFORCED = frozenset({training_pb2.METHOD_GRPO, training_pb2.METHOD_CISPO})
_REGISTERED = re.compile(rf"{NAME.pattern}(@[1-9]\d{{0,8}})?")
_HUB = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}(@[A-Za-z0-9][A-Za-z0-9_./-]{0,99})?"
)


def with_defaults(spec: training_pb2.TrainingSpec) -> training_pb2.TrainingSpec:
    """A copy in which every field that was left out has the value that will be used.

    What depends on the model or on the data stays 0: `max_length`, the precision, `checkpoint_steps`.
    """
    full = training_pb2.TrainingSpec()
    full.CopyFrom(spec)
    full.resources.workers = full.resources.workers or 1
    full.resources.cpus_per_worker = full.resources.cpus_per_worker or 1.0
    if full.method in REINFORCED:
        _reinforcement(full)
    _optimiser(full)
    if full.HasField("lora"):
        full.lora.rank = full.lora.rank or LORA_RANK
        full.lora.alpha = full.lora.alpha or 2 * full.lora.rank
    return full


def _reinforcement(full: training_pb2.TrainingSpec) -> None:
    rl, clips = full.reinforcement, full.method == training_pb2.METHOD_GRPO
    rl.group_size = rl.group_size or GROUP_SIZE
    rl.clip_low = rl.clip_low or (GRPO_CLIP if clips else 0.0)
    rl.clip_high = rl.clip_high or (GRPO_CLIP if clips else CISPO_CLIP)
    if not rl.HasField("temperature"):
        rl.temperature = 1.0
    rl.max_completion_length = rl.max_completion_length or COMPLETION_TOKENS


def _optimiser(full: training_pb2.TrainingSpec) -> None:
    optimiser = full.optimiser
    if not optimiser.steps:
        optimiser.epochs = optimiser.epochs or 1.0
    optimiser.batch_size = optimiser.batch_size or BATCH_SIZE
    each, left = divmod(rows(full), full.resources.workers)
    if not optimiser.micro_batch_size and not left:
        most = min(MICRO_BATCH_SIZE, each)
        optimiser.micro_batch_size = next(size for size in range(most, 0, -1) if each % size == 0)
    rate = RL_RATE if full.method in REINFORCED else SFT_RATE
    optimiser.learning_rate = optimiser.learning_rate or rate
    if not optimiser.HasField("warmup_share"):
        optimiser.warmup_share = WARMUP_SHARE
    optimiser.max_grad_norm = optimiser.max_grad_norm or 1.0


def rows(spec: training_pb2.TrainingSpec) -> int:
    """Texts of a step over all workers: samples, or the answers to as many problems."""
    group = spec.reinforcement.group_size if spec.method in REINFORCED else 1
    return spec.optimiser.batch_size * group


def accumulation(spec: training_pb2.TrainingSpec) -> int:
    """How many times a worker computes for one step; the spec has its defaults."""
    return rows(spec) // (spec.optimiser.micro_batch_size * spec.resources.workers)


def judged(spec: training_pb2.TrainingSpec) -> bool:
    """Whether its reward may ask a model."""
    return spec.reinforcement.HasField("judge")


def violations(spec: training_pb2.TrainingSpec) -> Iterator[Violation]:
    """Everything that is wrong with an order apart from its dataset, its model and its judge."""
    if not NAME.fullmatch(spec.name):
        yield Violation("name", f"must be 1 to 64 letters, digits, -, _ and single ., not {spec.name[:80]!r}")
    if spec.method not in training_pb2.Method.values() or not spec.method:
        yield Violation("method", "must be sft, grpo or cispo")
    yield from _source(spec.base)
    if not spec.dataset_id:
        yield Violation("dataset_id", "is missing; `chimera datasets list` shows those that there are")
    if spec.HasField("lora"):
        yield from _within("lora.rank", spec.lora.rank, 0, 4_096, "0 means 16")
        yield from _within("lora.alpha", spec.lora.alpha, 0, 65_536, "0 means twice the rank")
        yield from _share("lora.dropout", spec.lora.dropout)
    yield from _weights(spec)
    yield from _rewards(spec)
    yield from _budget(spec)
    yield from _within("resources.workers", spec.resources.workers, 0, MAX_WORKERS, "0 means 1")
    for field in ("cpus_per_worker", "gpus_per_worker"):
        yield from _within(f"resources.{field}", getattr(spec.resources, field), 0, 1_024, "0 means the default")
    yield from _within("seed", spec.seed, 0, 2**31 - 1, "it must fit in 31 bits")
    yield from _within("checkpoint_steps", spec.checkpoint_steps, 0, 10**9, "0 means twenty over the training")
    yield from _share("held_out_share", spec.held_out_share)
    if spec.held_out_share and spec.method in REINFORCED:
        yield Violation("held_out_share", "is for sft, which has a loss to measure; leave it out")


def _source(base: model_pb2.ModelSource) -> Iterator[Violation]:
    which = base.WhichOneof("source")
    if which is None:
        yield Violation("base", "is missing; give registered: NAME@VERSION, hub: OWNER/NAME, or path: FOLDER")
    elif which == "registered" and not _REGISTERED.fullmatch(base.registered):
        yield Violation("base.registered", f"must be NAME or NAME@VERSION, not {base.registered[:80]!r}")
    elif which == "hub" and not _HUB.fullmatch(base.hub):
        yield Violation("base.hub", f"must be OWNER/NAME or OWNER/NAME@REVISION, not {base.hub[:80]!r}")
    elif which == "path" and not base.path.startswith("/"):
        yield Violation("base.path", f"must be a whole path from / on the trainer's disk, not {base.path[:80]!r}")


def _weights(spec: training_pb2.TrainingSpec) -> Iterator[Violation]:
    optimiser = spec.optimiser
    for field, most, zero in (
        ("epochs", 10_000, "0 means 1"),
        ("steps", 10**9, "0 means as many as the epochs have"),
        ("batch_size", MAX_ROWS, "0 means 256"),
        ("micro_batch_size", MAX_ROWS, "0 means at most 8"),
        ("learning_rate", 1, "0 means 1e-5 for sft, else 1e-6"),
        ("weight_decay", 1, "0 means none"),
        ("max_grad_norm", 10**6, "0 means 1"),
        ("max_length", MAX_LENGTH, "0 means what the model takes"),
    ):
        yield from _within(f"optimiser.{field}", getattr(optimiser, field), 0, most, zero)
    if optimiser.HasField("warmup_share"):
        yield from _within("optimiser.warmup_share", optimiser.warmup_share, 0, 1, "leave it out for 0.05")
    if optimiser.packing and spec.method in REINFORCED:
        yield Violation("optimiser.packing", "is for sft alone; leave it out")
    if optimiser.precision not in training_pb2.Precision.values():
        yield Violation("optimiser.precision", "must be float32 or bfloat16; leave it out for what the hardware has")
    yield from _division(spec)


def _division(spec: training_pb2.TrainingSpec) -> Iterator[Violation]:
    """A step must be shared evenly: by workers, and by what each computes at once."""
    if min(spec.optimiser.batch_size, spec.optimiser.micro_batch_size, spec.resources.workers) < 0:
        return
    if spec.reinforcement.group_size < 0:
        return
    full = with_defaults(spec)
    at_once = max(1, full.optimiser.micro_batch_size) * full.resources.workers
    if rows(full) > MAX_ROWS:
        yield Violation("optimiser.batch_size", f"makes {rows(full)} texts a step; it must be at most {MAX_ROWS}")
    elif rows(full) % at_once:
        yield Violation(
            "optimiser.batch_size",
            f"makes {rows(full)} texts a step, which cannot be shared evenly by {full.resources.workers} workers that"
            f" take {max(1, full.optimiser.micro_batch_size)} at once; take a multiple of {at_once}",
        )


def _rewards(spec: training_pb2.TrainingSpec) -> Iterator[Violation]:
    if spec.method == training_pb2.METHOD_SFT:
        if spec.HasField("reinforcement"):
            yield Violation("reinforcement", "is for grpo and cispo; leave it out")
        return
    rl = spec.reinforcement
    if rl.group_size and not 2 <= rl.group_size <= 1_024:
        yield Violation("reinforcement.group_size", f"must be from 2 to 1024, not {rl.group_size}; 0 means 8")
    yield from _within("reinforcement.kl_beta", rl.kl_beta, 0, 100, "0 means none")
    yield from _within("reinforcement.clip_low", rl.clip_low, 0, 1, "0 means 0.2 for grpo")
    yield from _within("reinforcement.clip_high", rl.clip_high, 0, 1_000, "0 means 0.2 for grpo, 5 for cispo")
    if rl.clip_low and spec.method == training_pb2.METHOD_CISPO:
        yield Violation("reinforcement.clip_low", "is for grpo; cispo has no lower clip, leave it out")
    if rl.HasField("temperature") and not 0 < rl.temperature <= 10:
        yield Violation("reinforcement.temperature", f"must be above 0 and at most 10, not {rl.temperature:g}")
    tokens = rl.max_completion_length
    yield from _within("reinforcement.max_completion_length", tokens, 0, MAX_LENGTH, "0 means 1024")


def _budget(spec: training_pb2.TrainingSpec) -> Iterator[Violation]:
    if spec.HasField("budget") and not judged(spec):
        yield Violation("budget", "limits the calls of reinforcement.judge, and there is none; leave it out")
    if spec.budget.HasField("time"):
        yield Violation("budget.time", "is no limit of a training; leave it out")
    for field in ("cost_nanousd", "tokens", "calls"):
        if (value := getattr(spec.budget, field)) < 0:
            yield Violation(f"budget.{field}", f"must not be negative, not {value}; 0 means no limit")


def _within(field: str, value: float, least: float, most: float, zero: str) -> Iterator[Violation]:
    if not least <= value <= most:
        yield Violation(field, f"must be from {least:g} to {most:g}, not {value:g}; {zero}")


def _share(field: str, value: float) -> Iterator[Violation]:
    if not 0 <= value < 1:
        yield Violation(field, f"must be from 0 to below 1, not {value:g}")
