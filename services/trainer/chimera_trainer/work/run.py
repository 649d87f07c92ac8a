"""A training from the order to `final/`, here or on the workers of Ray."""

import math
from typing import Any

from transformers.trainer_utils import set_seed

from chimera.training.v1 import training_pb2
from chimera_trainer.domain.spec import accumulation
from chimera_trainer.work import checkpoints, data, reward, weights
from chimera_trainer.work.data import Data
from chimera_trainer.work.order import Order
from chimera_trainer.work.report import Report
from chimera_trainer.work.watching import Watch
from chimera_trainer.work.weights import Base

_CHECKPOINTS = 20
_KEPT = 2


def run(order: Order, report: Report) -> None:
    """Train to the end. GaveUp if that cannot be."""
    if order.final.is_dir():
        return
    if order.distributed:
        from chimera_trainer.work.cluster import run_on_workers

        run_on_workers(order)
    else:
        train(order, report)


def train(order: Order, report: Report) -> None:
    """Train in this process, which may be one of several workers."""
    set_seed(order.spec.seed)
    base = weights.load(order)
    found = data.problems(order, base) if order.reinforced else data.conversations(order, base)
    resumed = checkpoints.newest(order.checkpoints)
    trainer = _reinforced(order, base, found) if order.reinforced else _supervised(order, base, found)
    trainer.add_callback(Watch(report, found.left_out, resumed, carries_tokens=order.reinforced))
    steps = _steps(order, len(trainer.train_dataset))
    every = min(order.spec.checkpoint_steps or math.ceil(steps / _CHECKPOINTS), steps)
    trainer.args.save_steps = trainer.args.eval_steps = every
    trainer.args.warmup_steps = round(order.spec.optimiser.warmup_share * steps)
    trainer.train(resume_from_checkpoint=str(resumed.path) if resumed else None)
    if trainer.is_world_process_zero():
        weights.save(trainer.accelerator.unwrap_model(trainer.model), base, order.final)
    trainer.accelerator.wait_for_everyone()


def _steps(order: Order, rows: int) -> int:
    """Steps of the optimiser; a last batch that is not full is learned in SFT, and left out in reinforcement."""
    optimiser = order.spec.optimiser
    if optimiser.steps:
        return int(optimiser.steps)
    an_epoch = rows // optimiser.batch_size if order.reinforced else math.ceil(rows / optimiser.batch_size)
    return max(1, math.ceil(optimiser.epochs * an_epoch))


def _supervised(order: Order, base: Base, found: Data) -> Any:
    from trl import SFTConfig, SFTTrainer

    packs = order.spec.optimiser.packing
    measures = len(found.held_out) > 0
    config = SFTConfig(
        **_common(order),
        max_length=data.longest(order, base) if packs else None,
        packing=packs,
        eval_packing=False,
        eval_strategy="steps" if measures else "no",
    )
    return SFTTrainer(
        base.model,
        args=config,
        train_dataset=found.learned,
        eval_dataset=found.held_out if measures else None,
        processing_class=base.tokeniser,
        peft_config=weights.lora(order),
    )


def _reinforced(order: Order, base: Base, found: Data) -> Any:
    from trl import GRPOConfig, GRPOTrainer

    rl = order.spec.reinforcement
    config = GRPOConfig(
        **_common(order),
        loss_type="cispo" if order.spec.method == training_pb2.METHOD_CISPO else "grpo",
        num_generations=rl.group_size,
        beta=rl.kl_beta,
        epsilon=rl.clip_low,
        epsilon_high=rl.clip_high,
        temperature=rl.temperature,
        max_completion_length=rl.max_completion_length,
    )
    return GRPOTrainer(
        base.model,
        args=config,
        reward_funcs=[reward.of(order)],
        train_dataset=found.learned,
        processing_class=base.tokeniser,
        peft_config=weights.lora(order),
    )


def _common(order: Order) -> dict[str, Any]:
    optimiser = order.spec.optimiser
    return {
        "output_dir": str(order.checkpoints),
        "per_device_train_batch_size": optimiser.micro_batch_size,
        "per_device_eval_batch_size": optimiser.micro_batch_size,
        "gradient_accumulation_steps": accumulation(order.spec),
        "num_train_epochs": optimiser.epochs or 1.0,
        "max_steps": optimiser.steps or -1,
        "learning_rate": optimiser.learning_rate,
        "lr_scheduler_type": "cosine",
        "weight_decay": optimiser.weight_decay,
        "max_grad_norm": optimiser.max_grad_norm,
        "bf16": weights.uses_bfloat16(order),
        "use_cpu": not order.on_gpu,
        "activation_checkpointing": order.on_gpu,
        "dataloader_pin_memory": order.on_gpu,
        "ddp_backend": "gloo" if order.distributed and not order.on_gpu else None,
        "ddp_find_unused_parameters": False,
        "seed": order.spec.seed,
        "data_seed": order.spec.seed,
        "save_strategy": "steps",
        "save_total_limit": _KEPT,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
    }
