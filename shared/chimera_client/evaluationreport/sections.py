"""What the report of an evaluation consists of."""

from chimera.evaluation.v1 import evaluation_pb2
from chimera_client.evaluationreport import published
from chimera_client.evaluationreport.words import (
    PLAIN,
    difference_words,
    interval_words,
    is_clear,
    pass_words,
    perturbation_words,
    state_words,
    whole_scores,
)
from chimera_client.report.document import Bar, Bars, Document, Section, Table, Tile
from chimera_client.report.numbers import counted, percent, share, usd, whole


def document(evaluation: evaluation_pb2.Evaluation) -> Document:
    """The report, not yet drawn."""
    sections = [_scores(evaluation), _differences(evaluation), passes(evaluation), robustness(evaluation)]
    sections += [_subjects(evaluation), _published(evaluation), _method(evaluation)]
    return Document(
        f"Evaluation: {evaluation.spec.name}",
        _verdict(evaluation),
        warnings(evaluation),
        _tiles(evaluation),
        [section for section in sections if section is not None],
    )


def _verdict(evaluation: evaluation_pb2.Evaluation) -> str:
    said = [
        f"{of.candidate} against {of.baseline} on {of.benchmark}: {difference_words(of)}"
        for of in evaluation.comparisons
        if of.perturbation == PLAIN
    ]
    if said:
        return "; ".join(said) + "."
    return "; ".join(f"{s.candidate} on {s.benchmark}: {pass_words(s.pass_at[0])}" for s in whole_scores(evaluation))


def warnings(evaluation: evaluation_pb2.Evaluation) -> list[str]:
    """What a reader must know before believing any number."""
    found = []
    if evaluation.state != evaluation_pb2.EVALUATION_STATE_SUCCEEDED:
        found.append(
            f"This evaluation did not succeed, it is {state_words(evaluation.state)}. {evaluation.detail}".strip()
        )
    else:
        found += [
            f"Asked otherwise ({perturbation_words(how)}): this applies to none of the problems."
            for how in dict.fromkeys(evaluation.spec.perturbations)
            if not whole_scores(evaluation, how)
        ]
    for score in whole_scores(evaluation):
        answers = score.correct + score.incorrect + score.unknown
        if score.unknown:
            found.append(
                f"{score.unknown:,} of {counted(answers, 'answer')} of {score.candidate} on {score.benchmark} could not"
                f" be graded and count as not right: were all of them right, pass@1 would be about"
                f" {share(score.correct + score.unknown, answers)}."
            )
        if score.truncated * 20 > answers:
            found.append(
                f"{share(score.truncated, answers)} of the answers of {score.candidate} on {score.benchmark} were cut"
                " off at their limit of tokens and count as wrong: with a higher max_tokens they may be right."
            )
    return found


def _tiles(evaluation: evaluation_pb2.Evaluation) -> list[Tile]:
    return [
        Tile(f"{score.candidate}, {score.benchmark}", percent(score.pass_at[0].value), interval_words(score.pass_at[0]))
        for score in whole_scores(evaluation)[:4]
    ]


def _scores(evaluation: evaluation_pb2.Evaluation) -> Section:
    level = f"{100 * evaluation.spec.confidence:g} %"
    parts: list[Bars | Table] = []
    for benchmark in evaluation.spec.benchmarks:
        scores = [score for score in whole_scores(evaluation) if score.benchmark == benchmark.corpus]
        rows = [[score.candidate, pass_words(score.pass_at[0]), whole(score.problems)] for score in scores]
        bars = [score_bar(score.candidate, score.pass_at[0]) for score in scores]
        table = Table(["Candidate", "pass@1", "Problems"], rows)
        parts.append(Bars(f"scores-{len(parts)}", f"pass@1 on {benchmark.corpus}", ["pass@1"], bars, table))
    parts.append(_answers(evaluation))
    says = [
        f"The share of right answers, with {level} intervals over problems: another draw of problems of the same kind"
        " would give a value in there.",
        "Cut off and empty answers are wrong. Open ones could not be graded; they count as not right.",
    ]
    return Section("scores", "How each candidate did", says, parts)


def score_bar(label: str, at: evaluation_pb2.PassAt) -> Bar:
    """A share of right answers with its interval."""
    return Bar(label, [at.value], interval_words(at), span=(at.low, at.high))


def _answers(evaluation: evaluation_pb2.Evaluation) -> Table:
    rows = [
        [
            score.candidate,
            score.benchmark,
            whole(score.correct),
            whole(score.incorrect),
            whole(score.unknown),
            whole(score.truncated),
            whole(score.mean_output_tokens),
        ]
        for score in whole_scores(evaluation)
    ]
    headers = ["Candidate", "Benchmark", "Right", "Wrong", "Open", "Cut off", "Tokens an answer"]
    return Table(headers, rows, "Answers")


def _differences(evaluation: evaluation_pb2.Evaluation) -> Section | None:
    if not evaluation.comparisons:
        return None
    rows = [
        [of.candidate, of.baseline, of.benchmark, perturbation_words(of.perturbation), difference_words(of)]
        for of in evaluation.comparisons
    ]
    clear = [of for of in evaluation.comparisons if is_clear(of) and of.perturbation == PLAIN]
    plain = [of for of in evaluation.comparisons if of.perturbation == PLAIN]
    return Section(
        "differences",
        "Differences from the baseline",
        [
            f"{len(clear)} of {counted(len(plain), 'difference')} cannot be chance at this level: 0 is outside of its"
            " interval.",
            "Both answered the same problems with the same seeds; p is a permutation test's over problems, not"
            " corrected for the number of comparisons.",
        ],
        [Table(["Candidate", "Baseline", "Benchmark", "Asked", "Difference in pass@1"], rows)],
    )


def passes(evaluation: evaluation_pb2.Evaluation) -> Section | None:
    """pass@k for k above 1; None if every problem was asked once."""
    scores = [score for score in whole_scores(evaluation) if len(score.pass_at) > 1]
    if not scores:
        return None
    ks = sorted({at.k for score in scores for at in score.pass_at})
    rows = []
    for score in scores:
        at = {each.k: pass_words(each) for each in score.pass_at}
        rows.append([score.candidate, score.benchmark, *(at.get(k, "–") for k in ks)])
    says = ["The chance that one of k answers is right, unbiased: where it grows with k, sampling more pays."]
    headers = ["Candidate", "Benchmark", *(f"pass@{k}" for k in ks)]
    return Section("passes", "More than one try", says, [Table(headers, rows)])


def robustness(evaluation: evaluation_pb2.Evaluation) -> Section | None:
    """How candidates did where problems were asked otherwise; None if they were not."""
    ways = [how for how in evaluation.spec.perturbations if whole_scores(evaluation, how)]
    if not ways:
        return None
    plain = {(score.candidate, score.benchmark): score for score in whole_scores(evaluation)}
    rows = []
    for how in ways:
        for score in whole_scores(evaluation, how):
            before = plain[score.candidate, score.benchmark]
            of_all = f"{score.problems:,} of {before.problems:,}"
            cells = [pass_words(score.pass_at[0]), pass_words(before.pass_at[0]), of_all]
            rows.append([score.candidate, score.benchmark, perturbation_words(how), *cells])
    headers = ["Candidate", "Benchmark", "Asked", "pass@1", "pass@1 as it is, all problems", "Problems it applies to"]
    says = ["The same problems asked otherwise: who does much worse knows the text and not the problem."]
    return Section("robustness", "Asked otherwise", says, [Table(headers, rows)])


def _subjects(evaluation: evaluation_pb2.Evaluation) -> Section | None:
    scores = [score for score in evaluation.scores if score.subject and score.perturbation == PLAIN]
    if not scores:
        return None
    rows = [
        [s.candidate, s.benchmark, s.subject, whole(s.problems), pass_words(s.pass_at[0])]
        for s in sorted(scores, key=lambda s: (s.benchmark, s.subject, s.candidate))
    ]
    headers = ["Candidate", "Benchmark", "Subject", "Problems", "pass@1"]
    says = ["By subject: with few problems the intervals are wide, and the best subject of many is best by chance too."]
    return Section("subjects", "By subject", says, [Table(headers, rows)])


def _published(evaluation: evaluation_pb2.Evaluation) -> Section | None:
    shown, rows = published.beside([benchmark.corpus for benchmark in evaluation.spec.benchmarks])
    if not shown:
        return None
    ours = {(score.candidate, score.benchmark): score for score in whole_scores(evaluation)}
    for candidate in evaluation.spec.candidates:
        found = [ours.get((candidate.name, name)) for name in shown]
        rows.append([f"{candidate.name} (here)", *("–" if s is None else percent(s.pass_at[0].value) for s in found)])
    says = [f"pass@1 as published ({published.SOURCE}), without errors, and as measured here."]
    return Section("published", "Beside published results", says, [Table(["Model", *shown], rows)])


def _method(evaluation: evaluation_pb2.Evaluation) -> Section:
    used, spent = evaluation.usage, evaluation.spending.spent
    candidates = [
        [
            candidate.name,
            ", ".join(candidate.role.endpoints),
            candidate.role.model or "the endpoint's",
            f"{candidate.role.temperature:g}",
            f"{candidate.role.top_p:g}",
            str(candidate.role.top_k),
            whole(candidate.role.max_tokens) if candidate.role.HasField("max_tokens") else "the endpoint's",
        ]
        for candidate in evaluation.spec.candidates
    ]
    samples = {benchmark.corpus: benchmark for benchmark in evaluation.spec.benchmarks}
    corpora = [
        [
            corpus.name,
            whole(corpus.items),
            whole(samples[corpus.name].limit) if samples[corpus.name].limit else "all",
            str(samples[corpus.name].samples),
            corpus.source,
            corpus.sha256[:16],
        ]
        for corpus in evaluation.corpora
    ]
    says = [
        f"{counted(evaluation.graded, 'answer')} in {counted(used.calls, 'call')}: {used.input_tokens:,} tokens in,"
        f" {used.output_tokens:,} out, {usd(used.cost_nanousd)}. Evaluation {evaluation.evaluation_id}, seed"
        f" {evaluation.spec.seed}.",
        "Grading is by the platform's grader: rules and symbolic checks first, a judge where one is named and they do"
        " not decide.",
    ]
    if evaluation.continues:
        says.append(
            f"Answers that evaluation {evaluation.continues} had paid for are used again, and cost nothing here."
        )
    if (more := spent.calls - used.calls) > 0:
        says.append(
            f"{counted(more, 'call')} more for {usd(spent.cost_nanousd - used.cost_nanousd)} were paid for; what they"
            " answered is not graded."
        )
    return Section(
        "method",
        "How it was measured",
        says,
        [
            Table(["Candidate", "Endpoints", "Model", "Temperature", "top_p", "top_k", "Most tokens"], candidates),
            Table(["Benchmark", "Problems", "Asked", "Answers each", "Source", "SHA-256"], corpora),
        ],
    )
