"""Every instrument, with its unit and a sentence; nothing else makes one."""

from chimera_shared.telemetry import meter

STAGE_SECONDS = meter.create_histogram(
    "chimera.stage.duration", "s", "Time from the start of work on a message to its outcome's publication, by stage."
)
STAGE_IN_FLIGHT = meter.create_up_down_counter(
    "chimera.stage.in_flight", "{message}", "Messages that a stage is working on."
)
STAGE_OUTCOMES = meter.create_counter(
    "chimera.stage.outcomes",
    "{message}",
    "Messages finished by a stage, by how: done, replayed, failed, skipped, refused.",
)
STAGE_RETRIES = meter.create_counter(
    "chimera.stage.retries", "{retry}", "Work tried again because something passing was in the way, by stage."
)
CALL_SECONDS = meter.create_histogram(
    "gen_ai.client.operation.duration", "s", "Time from sending a model request to the end of its answer."
)
CALL_TOKENS = meter.create_counter(
    "chimera.model.tokens", "{token}", "Tokens of answered model calls, by endpoint, role and direction."
)
CALL_COST = meter.create_counter("chimera.model.cost", "{nanousd}", "Price of answered model calls, in nano-dollars.")
CALL_FAILURES = meter.create_counter(
    "chimera.model.failures", "{call}", "Model requests without an answer, by endpoint and cause."
)
CALL_REPLAYS = meter.create_counter(
    "chimera.model.replays", "{call}", "Answers taken from the ledger instead of being bought again."
)
