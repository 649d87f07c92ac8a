"""Published results to stand beside our own: pass@1 in percent, from CHIMERA (arXiv 2603.00889), without errors."""

COLUMNS = ("gpqa-diamond", "aime24", "aime25", "aime26", "hmmt-feb25", "hmmt-nov25", "hle")
"""By the names under which `chimera corpora import` knows the benchmarks."""

SOURCE = "arXiv 2603.00889; 32 answers a problem on AIME and HMMT, 10 on GPQA-Diamond, 8 on HLE"

PASS_AT_1: dict[str, tuple[float | None, ...]] = {
    "DeepSeek-R1": (71.5, 79.8, 70.0, None, 41.7, None, 8.5),
    "DeepSeek-R1-0528": (81.0, 91.4, 87.5, None, 79.4, None, 17.7),
    "Qwen3-235B-A22B": (71.1, 85.7, 81.5, None, 62.5, None, 11.8),
    "Qwen3-235B-A22B-Thinking-2507": (81.1, None, 92.3, None, 83.9, None, 18.2),
    "o3-mini (medium)": (76.8, 79.6, 74.8, None, None, None, 10.3),
    "o4-mini (high)": (81.4, 93.4, 92.7, None, 66.7, None, 18.1),
    "gemini-2.5-pro": (86.4, None, 88.0, None, 82.5, None, 18.4),
    "Qwen3-32B": (68.4, 81.4, 72.9, 74.3, 56.6, 50.0, 8.9),
    "DeepSeek-R1-0528-Qwen3-8B": (61.1, 82.2, 76.3, 78.0, 59.2, 57.7, 6.9),
    "DeepSeek-R1-Distill-Llama-70B": (65.2, 70.0, 55.3, 59.4, 36.7, 40.2, 5.2),
    "Qwen3-4B-Thinking-2507": (65.8, 81.6, 81.0, 80.8, 59.2, 57.3, 7.3),
    "Qwen3-4B-Thinking-2507 + OpenScience": (53.5, 61.7, 53.3, 53.0, 40.0, 36.9, 4.6),
    "Qwen3-4B-Thinking-2507 + CHIMERA, SFT": (68.8, 86.5, 79.8, 80.3, 63.1, 66.3, 9.0),
    "Qwen3-4B-Thinking-2507 + CHIMERA, SFT and RL": (70.1, 86.9, 80.7, 82.7, 65.7, 67.0, 9.0),
}


def beside(benchmarks: list[str]) -> tuple[list[str], list[list[str]]]:
    """Those of the benchmarks that are published, and a row for each model that has one of them."""
    shown = [name for name in benchmarks if name in COLUMNS]
    places = [COLUMNS.index(name) for name in shown]
    rows = []
    for model, values in PASS_AT_1.items():
        picked = [values[place] for place in places]
        if any(value is not None for value in picked):
            rows.append([model, *("–" if value is None else f"{value:.1f} %" for value in picked)])
    return shown, rows
