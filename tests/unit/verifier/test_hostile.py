"""Texts made to exhaust whoever reads them: every entry of the grader answers, and none of them scores.

The reading runs in a process of its own whose processor time is bounded, so that a pattern that is not linear ends the
test instead of the machine's patience.
"""

import json
import subprocess
import sys

CPU_SECONDS = 150  # For all texts together, which take about twenty.

TEXTS = {
    "digits": "9" * 300_000,
    "numbers in words": "seven hundred and " * 20_000,
    "signs in words": "minus " * 50_000,
    "a long product": "k " * 900,
    "a long sum": "1+" * 450 + "x",
    "growth": "O(" + "n^" * 90 + "n)",
    "growth of many": "O(" + "*".join(["(a+b+c+d)"] * 15) + ")",
    "negations": "¬" * 99 + "p",
    "logic": "(" * 45 + "p∧q" + ")" * 45,
    "residues": "n ≡ " + "1, " * 60 + "1 (mod 3)",
    "a sentence of one word": "it is " * 45,
    "boxed digits": r"\boxed{" + "9" * 150_000 + "}",
    "open boxes": r"\boxed{" * 100_000,
    "braces": "{" * 150_000,
    "closed braces": "{" * 1_900 + "}" * 1_900,
    "thoughts": "<think>" * 100_000,
    "ended thoughts": "</think>" * 100_000,
    "tags": "<answer>" * 50_000,
    "channels": "<|channel|>final<|message|>" * 20_000,
    "dollars": "$" * 150_000,
    "wrappers": r"\text{" * 100_000,
    "announcements": "Answer:" * 100_000,
    "headings": "### Answer\n" * 50_000,
    "empty announcement": "Answer: " + " " * 150_000,
    "clauses": "the answer is " * 50_000,
    "Chinese": "答案" * 200_000,
    "JSON": '"answer": ' * 50_000 + "}",
    "deep JSON": '{"answer": ' + "[" * 100_000 + "}",
    "brackets": "(" * 3_000 + "1" + ")" * 3_000,
    "list": "1," * 200_000,
    "digits apart": "1 " * 200_000,
    "powers": "^{2" * 100_000,
    "fractions": r"\frac{1}{" * 400 + "1" + "}" * 400,
    "equalities": "a=" * 100_000,
    "comparisons": "a<" * 100_000,
    "backslashes": "\\" * 150_000,
    "vulgar fractions": "½" * 100_000,
    "mathematical digits": "\U0001d7d9" * 100_000,
    "surrogates": "\x00\ufffd" * 100_000,
    "spaces": " " * 300_000 + "x",
    "lines": "\n" * 300_000 + "x",
    "words": "word " * 100_000,
    "sentences": "So it is. " * 60_000,
    "stars": "*" * 150_000,
    "underscores": "_" * 150_000,
    "hyphens": "-" * 150_000,
    "plus minus": "±" * 100_000,
    "commas": "," * 150_000,
    "and": " and " * 100_000,
    "or": "1 or " * 100_000,
    "elements": "He" * 100_000,
    "reaction": "H2 + " * 50_000 + "-> H2O",
    "months": "May " * 100_000,
    "slashes": "1/" * 100_000,
    "matrix": r"\begin{pmatrix}" + "1&" * 100_000 + r"\end{pmatrix}",
    "rows": r"\begin{pmatrix}" + r"1\\" * 50_000 + r"\end{pmatrix}",
    "tower": "9^" * 50_000 + "9",
    "factorials": "9" + "!" * 100_000,
    "roots": r"\sqrt" * 100_000,
    "functions": r"\sin" * 100_000,
    "bars": "|" * 100_000,
    "intervals": "[0,1)" * 50_000,
    "unions": r"\cup" * 100_000,
    "inequalities": "x<1 or " * 50_000,
    "ratios": "1:" * 100_000,
    "units": "m/s" * 100_000,
    "options": "A) x\n" * 50_000,
    "no marks": "lorem ipsum dolor sit amet, " * 40_000,
}
_PROGRAM = """
import asyncio, json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain import shape
from chimera_verifier.domain.typing import infer
from chimera_verifier.grader import Grader

class Nobody:
    async def equal(self, reference, candidate, *, relative=0.0, absolute=0.0):
        return None

async def main():
    texts, scored = json.loads(sys.stdin.read()), []
    grader = Grader(Nobody())

    async def grade(kind, value, response, question=""):
        answer = sample_pb2.Answer(type=kind, value=value, choices=["one", "two"])
        if (await grader.grade(answer, response, question)).verdict == sample_pb2.VERDICT_CORRECT:
            scored.append((kind, value[:20], response[:20]))

    for text in texts:
        for kind in WHOLE:
            await grade(kind, "{1, 2}", text)
        await grade(0, "{1, 2}", "1", text)
        infer(text, text)
        for kind in range(1, 13):
            await grade(kind, "{1, 2}", "\\\\boxed{" + text[:3_900] + "}")
            await grade(kind, text[:3_900], "{1, 2}")
            shape.check(text, sample_pb2.Answer(type=kind, value=text[:3_900], choices=["one", text[:3_900]]))
    print(json.dumps(scored))

WHOLE = (1, 3, 7, 8)  # A number, a set, a choice, a text: these are looked for in different ways.
asyncio.run(main())
"""


def test_every_entry_answers_and_nothing_scores() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(CPU_SECONDS)],
        input=json.dumps(list(TEXTS.values())),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:] or "the processor time was used up"
    assert json.loads(ended.stdout) == []


def test_the_guard_bounds_processor_time() -> None:
    program = _PROGRAM.replace("asyncio.run(main())", "while True: pass")
    ended = subprocess.run([sys.executable, "-c", program, "2"], input="[]", text=True, check=False)
    assert ended.returncode < 0
