"""The parts of the card that say where the samples come from, how they were checked and what remains doubtful."""

from collections import Counter
from collections.abc import Mapping

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.export.facts import Facts
from chimera_client.export.rows import NANOUSD_PER_USD
from chimera_client.markdown import code, inline, table
from chimera_client.words import agreement_words

PROCEDURAL_NOTE = (
    "**No language model took part.** All models of this build are named `procedural-…`: programs that draw problems"
    " from a fixed set of problem families and solve them by known methods. The problems are therefore variations of"
    " few patterns. Such a dataset shows how the platform works; it is not a replacement for one that language models"
    " wrote."
)

DUTIES: Mapping[str, str] = {
    "proposer": "Wrote the problems and their reference answers",
    "screener": "Looked at each problem, without its answer, before the panel",
    "panel": "Solved each problem blind, to check its answer",
    "weak": "Solved each problem blind, to measure its difficulty",
    "strong": "Solved each problem blind, to measure its difficulty",
    "solver": "Wrote the reasoning and the solutions",
    "judge": "Compared answers where no rule decides",
    "second_judge": "Confirmed what the judge decided, or left it undecided",
}

REASONS: Mapping[str, str] = {
    "REASON_UNTYPED_ANSWER": "The answer is empty or not of its declared type",
    "REASON_PROOF": "The problem asks for a proof or an essay",
    "REASON_MULTI_PART": "The problem asks several questions",
    "REASON_NOT_SELF_CONTAINED": "The problem refers to something that it does not contain",
    "REASON_DUPLICATE": "The same problem was seen before",
    "REASON_PANEL_DISAGREES": "A panel member found another answer than the reference",
    "REASON_PANEL_UNDECIDED": "The panel reached no decision",
    "REASON_SOLUTION_INCORRECT": "The solution ends in another answer than the reference",
    "REASON_SOLUTION_UNDECIDED": "The solution could not be graded",
    "REASON_MALFORMED_ANSWER": "A model answered in a form that could not be read",
    "REASON_TRUNCATED_ANSWER": "A model's answer was cut off at its token limit",
    "REASON_ENDPOINT_FAILED": "A model's server refused the call or did not answer",
    "REASON_TIME_LIMIT": "A stage did not finish in time",
    "REASON_INTERNAL": "A defect of the platform",
    "REASON_REFUSED_BY_MODEL": "A model declined to answer",
    "REASON_LEAK": "The problem gives away an item of a benchmark",
    "REASON_VARIANT": "The problem is one seen before, with other numbers or names",
    "REASON_OFF_SUBJECT": "The problem does not belong to its subject",
    "REASON_ILL_POSED": "The problem has no answer, or more than one",
    "REASON_TOO_EASY": "The weak reference model solves the problem too often",
    "REASON_TOO_HARD": "The strong reference model solves the problem too seldom",
    "REASON_SCREEN_UNDECIDED": "The screeners reached no decision",
    "REASON_DIFFICULTY_UNDECIDED": "How hard the problem is could not be told",
    "REASON_RECALLED": "It rested on evidence that was recalled, and did not pass again",
}

METHODS: Mapping[str, str] = {
    "normal_form": "normal forms",
    "numeric": "numeric comparison",
    "symbolic": "symbolic comparison",
    "judge": "a judge model",
    "extraction": "an attempt without a readable answer",
}


def sections(facts: Facts) -> dict[str, str]:
    """The texts of the template's places about provenance."""
    return {
        "roles": _roles(facts),
        "topics": _topics(facts),
        "rule": _rule(facts),
        "funnel": _funnel(facts.build.progress),
        "reasons": _reasons(facts.build.progress),
        "cost": _cost(facts),
        "limits": _limits(facts),
        "rerun": _rerun(facts),
    }


def lineage(facts: Facts) -> str:
    """What this version has in the place of what, and why."""
    dataset = facts.dataset
    return (
        f"**This is version {facts.version}.** It takes the place of dataset {code(dataset.parent_id)}:"
        f" {inline(dataset.change)}. The evidence of those samples is that of recall {code(dataset.recall_id)}; counts"
        " and costs of the whole build, and `build.yaml`, are from before it."
    )


def _roles(facts: Facts) -> str:
    rows = []
    for role, statistics in sorted(facts.statistics.roles.items(), key=_role_order):
        duty = DUTIES.get(role.partition("[")[0], "Took part")
        models = ", ".join(code(model) for model in sorted(statistics.models))
        endpoints = ", ".join(code(endpoint) for endpoint in sorted(statistics.endpoints))
        rows.append([code_role(role), duty, models, endpoints, f"{statistics.calls:,}"])
    return table(["Role", "What it did", "Model", "Endpoint", "Calls for accepted samples"], rows)


def code_role(role: str) -> str:
    """A role for readers: `panel[0]` is the first member of the panel."""
    name, bracket, position = role.partition("[")
    if bracket and position.rstrip("]").isascii() and position.rstrip("]").isdigit():
        return f"{inline(name)} {int(position.rstrip(']')[:6]) + 1}"
    return inline(role)


def _role_order(item: tuple[str, object]) -> tuple[int, int, str]:
    names = list(DUTIES)
    name = item[0].partition("[")[0]
    return names.index(name) if name in names else len(names), len(item[0]), item[0]


def _topics(facts: Facts) -> str:
    given = sum(bool(subject.topics) for subject in facts.build.spec.subjects)
    topics = facts.build.progress.topics
    known = f"{topics:,} topics" if topics else "topics"
    if not given:
        return f"The proposer split every subject into fields and these into {known}."
    if given == len(facts.build.spec.subjects):
        return f"The build names the {known} itself."
    return f"The {known} were named by the build for {given} of its subjects and by the proposer for the others."


def _rule(facts: Facts) -> str:
    statistics = facts.statistics
    rule = agreement_words(facts.build.spec, "the panel")
    replaced = statistics.samples - statistics.first_attempts
    attempts = f" {replaced:,} took the place of one or more that were not accepted." if replaced else ""
    spec = facts.build.spec
    return (
        f"{_screened(spec)}A problem passed if {rule} agreed with the reference answer. In"
        f" {statistics.full_agreement:,} of {statistics.samples:,} samples all members agreed."
        f"{_measured(spec)}{attempts}\n\n"
        "What decided whether two answers agree, with the number of comparisons:"
        f" for the panel {_methods(statistics.vote_methods)};"
        f" for the solutions {_methods(statistics.solution_methods)}.{_judged_twice(spec)}"
    )


def _screened(spec: build_pb2.BuildSpec) -> str:
    if not (screeners := len(spec.roles.screeners)):
        return ""
    who = "a screener" if screeners == 1 else f"{screeners} screeners"
    return (
        f"Before the panel, {who} looked at each problem without its answer: whether it belongs to its subject, is"
        " self-contained and has exactly one answer. On each question more had to say yes than no.\n\n"
    )


def _measured(spec: build_pb2.BuildSpec) -> str:
    models = [name for name in ("weak", "strong") if spec.roles.HasField(name)]
    if not models:
        return ""
    gates = spec.difficulty
    text = (
        f" Then a {' and a '.join(models)} reference model solved it blind, {gates.solves} times each; the share of"
        " right attempts is in its row."
    )
    if gates.HasField("max_weak_pass_rate"):
        text += f" What the weak one solved in more than {gates.max_weak_pass_rate:.0%} was refused as too easy."
    if gates.HasField("min_strong_pass_rate"):
        text += f" What the strong one solved in less than {gates.min_strong_pass_rate:.0%} was refused as too hard."
    return text.replace("%", " %")


def _judged_twice(spec: build_pb2.BuildSpec) -> str:
    if not spec.roles.HasField("second_judge"):
        return ""
    return " What the judge decided counted only where a second judge, another model, said the same."


def _methods(methods: Counter[str]) -> str:
    parts = [f"{METHODS.get(name) or inline(name)} ({count:,})" for name, count in methods.most_common()]
    return ", ".join(parts) or "nothing"


def _funnel(progress: build_pb2.Progress) -> str:
    steps = [
        ("Requested", progress.requested),
        ("Proposed: a problem was written", progress.proposed),
        ("Validated: the problem passed every check", progress.validated),
        ("Solved: a solution was written", progress.solved),
        ("**Accepted: the solution's answer is right**", progress.accepted),
    ]
    base = progress.requested
    rows = [[name, f"{count:,}", f"{count / base:.1%}".replace("%", " %") if base else "–"] for name, count in steps]
    return table(["Step", "Samples", "Of those requested"], rows)


def _reasons(progress: build_pb2.Progress) -> str:
    lost = progress.rejected + progress.unknown
    if not lost:
        return "Every sample that was tried was accepted."
    ranked = sorted(progress.reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = [[REASONS.get(name) or inline(name), f"{count:,}"] for name, count in ranked]
    return (
        f"{lost:,} samples were not accepted: {progress.rejected:,} were found wanting and {progress.unknown:,} could"
        f" not be judged.\n\n{table(['Why samples were not accepted', 'Samples'], rows)}"
    )


def _cost(facts: Facts) -> str:
    build, kept = facts.build.progress.usage, facts.statistics.usage
    rows = [_usage("The whole build", build), _usage("The samples in this dataset", kept)]
    reused = facts.build.progress.reused
    if reused.calls:
        rows.append(_usage("Besides: answers that earlier builds had paid for", reused))
    text = table(["", "Calls", "Tokens in", "Tokens out", "Cost (USD)"], rows)
    if not build.cost_nanousd and not kept.cost_nanousd:
        text += "\n\nNo prices were configured for the endpoints, so the cost is given as zero."
    return text


def _usage(label: str, usage: sample_pb2.Usage) -> list[str]:
    cost = usage.cost_nanousd / NANOUSD_PER_USD
    price = f"{cost:,.2f}" if cost >= 1 or not cost else f"{cost:.4g}"
    return [label, f"{usage.calls:,}", f"{usage.input_tokens:,}", f"{usage.output_tokens:,}", price]


def _limits(facts: Facts) -> str:
    limits = [
        "**Agreement is not proof.** Models that agree can share a mistake, and the panel only compares final answers.",
        "**Steps were not checked.** A solution counts as right if its final answer is; its reasoning may still err.",
        "**Hard problems are missing.** What the panel could not solve was left out, so the dataset leans towards what"
        " its models can do.",
        _benchmarks(facts),
        "**Duplicates may remain.** Problems that are like one seen before, refused for it or not, are listed in"
        " `report/matches.jsonl`; others that differ in wording or in numbers alone may have been missed.",
        "**Texts are as the models wrote them.** They may hold markup or a tokenizer's special tokens; treat them as"
        " untrusted input.",
    ]
    if facts.procedural_only:
        limits.insert(0, "**No language model took part**, as said at the top: few patterns, many variations.")
    elif facts.procedural_models:
        models = ", ".join(code(model) for model in facts.procedural_models)
        limits.insert(0, f"**Not all models are language models.** {models}: programs over fixed problem families.")
    if shared := _shared_families(facts):
        limits.insert(1, f"**The panel is less independent than its size.** {shared}")
    return "\n".join(f"- {limit}" for limit in limits)


def _benchmarks(facts: Facts) -> str:
    if names := facts.build.spec.similarity.benchmarks:
        compared = ", ".join(map(code, names))
        return (
            f"**It was compared with {compared} and with no other benchmark.** Problems may resemble those of other"
            " public test sets; check before you report results on them."
        )
    return (
        "**No decontamination against benchmarks was carried out.** Problems may resemble those of public test sets;"
        " check before you report results on them."
    )


def _shared_families(facts: Facts) -> str:
    families: dict[str, set[str]] = {}
    for role, statistics in facts.statistics.roles.items():
        if role.startswith("panel"):
            for name in statistics.endpoints:
                if endpoint := facts.endpoints.get(name):
                    families.setdefault(endpoint.independent_family, set()).add(name)
    shared = [f"{code(family)} ({', '.join(map(code, sorted(e)))})" for family, e in families.items() if len(e) > 1]
    return f"Several of its endpoints are of one family: {', '.join(shared)}." if shared else ""


def _rerun(facts: Facts) -> str:
    if facts.endpoints:
        keys = sorted({e.api_key_env for e in facts.endpoints.values() if e.api_key_env})
        needs = f" It needs {', '.join(map(code, keys))} in the environment." if keys else ""
        return f"`build.yaml` holds the build and its endpoints.{needs}"
    return "`build.yaml` holds the build; the endpoints it names are the operator's and must be configured."
