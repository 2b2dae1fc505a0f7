"""What the leads benchmark comes to: Tripfile beside the others of the same run, in words and as a picture."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
PEERS = ("nest-fastify", "nest-express", "fastapi", "drf", "pgbench")
_BEGIN, _END = "<!-- leads -->", "<!-- /leads -->"
_COLOURS = dict(zip(("tripfile", *PEERS), "#0b7a75 #d1495b #e5989b #edae49 #8d99ae #d9d9d9".split(), strict=True))


def of(rows: Rows, case: str, connections: int, target: str) -> dict[str, Any] | None:
    """The row of a target, or None."""
    wanted = (target, case, connections)
    return next((row for row in rows if (row["target"], row["case"], row["connections"]) == wanted), None)


def asked(rows: Rows) -> list[tuple[str, int]]:
    """Every case with its connections, in the rows' order."""
    return list(dict.fromkeys((row["case"], row["connections"]) for row in rows))


def tell(rows: Rows) -> None:
    """Print how many times the requests a second of each peer Tripfile does, and how much memory it takes."""
    for case, connections in asked(rows):
        ours = of(rows, case, connections, "tripfile")
        if ours is None:
            continue
        found = ((name, of(rows, case, connections, name)) for name in PEERS)
        told = [f"{ours['rps'] / row['rps']:.2f} x {name}" for name, row in found if row is not None]
        print(f"{case} at {connections}: {ours['rps']} requests a second, {', '.join(told) or 'nothing beside it'}")
    for line in (*_memory(rows), *_search(rows)):
        print(line)


def _memory(rows: Rows) -> list[str]:
    taken = {row["target"]: row["memory_mb"] for row in rows if row["memory_mb"]}
    ours = taken.pop("tripfile", None)
    if not ours:
        return []
    told = [f"{ours / theirs:.2f} x {name} ({theirs} MB)" for name, theirs in taken.items()]
    return [f"memory of two workers: {ours} MB, {', '.join(told) or 'nothing beside it'}"]


def _search(rows: Rows) -> list[str]:
    found = []
    for connections in dict.fromkeys(row["connections"] for row in rows):
        search, listed = (of(rows, case, connections, "tripfile") for case in ("search", "list"))
        if search and listed:
            found.append(
                f"p99 of search at {connections}: {search['p99_ms'] / listed['p99_ms']:.2f} x that of the list"
            )
    return found


def table(rows: Rows) -> str:
    """The rows as a table of Markdown, each with how many times its requests a second Tripfile does."""
    heads = ["case", "target", "connections", "requests/s", "Tripfile is", "p50 ms", "p99 ms", "CPU us"]
    heads += ["database CPU us", "statements", "MB"]
    lines = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    for row in rows:
        ours = of(rows, row["case"], row["connections"], "tripfile")
        ratio = f"{ours['rps'] / row['rps']:.2f} x" if ours and row["target"] != "tripfile" else ""
        cells = [row["case"], row["target"], row["connections"], row["rps"], ratio, row["p50_ms"], row["p99_ms"]]
        cells += [row["cpu_us"] or "", row["db_cpu_us"], row["sql"], row["memory_mb"] or ""]
        lines.append([str(cell) for cell in cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_down(rows: Rows, file: Path) -> None:
    """Put the table, and what it was measured on, between the marks of a document."""
    before, _, rest = file.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    about = f"{_processor()}, {os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}."
    file.write_text(f"{before}{_BEGIN}\n{about}\n\n{table(rows)}\n{_END}{after}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def draw(rows: Rows, file: Path) -> None:
    """Bars of requests a second, case by case; nothing where matplotlib is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("No picture: pip install 'tripfile[bench]'")
        return
    mpl.use("svg")
    # The same rows give the same file.
    mpl.rcParams["svg.hashsalt"] = "tripfile"
    from matplotlib import pyplot as plt

    names = [name for name in _COLOURS if name != "pgbench" and any(row["target"] == name for row in rows)]
    # What nobody else can be asked is in the table.
    cases = list(dict.fromkeys(row["case"] for row in rows))
    compared = [case for case in cases if _beside(rows, case, names)] or cases
    numbers = sorted({row["connections"] for row in rows})
    shape = len(numbers), len(compared)
    figure, axes = plt.subplots(*shape, figsize=(3 * shape[1], 2.2 * shape[0]), squeeze=False, sharex=True)
    for line, connections in zip(axes, numbers, strict=True):
        for axis, case in zip(line, compared, strict=True):
            shown = [of(rows, case, connections, name) or {} for name in names]
            bars = axis.bar(names, [row.get("rps", 0) for row in shown], color=[_COLOURS[name] for name in names])
            axis.bar_label(bars, fontsize=7)
            axis.set_title(f"{case}, {connections} connections", fontsize=8)
            axis.tick_params(axis="x", labelsize=7, rotation=30)
            axis.tick_params(axis="y", labelsize=7)
            axis.spines[["top", "right"]].set_visible(False)
        line[0].set_ylabel("requests a second", fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _beside(rows: Rows, case: str, names: list[str]) -> list[str]:
    return [row["target"] for row in rows if row["case"] == case and row["target"] in names[1:]]
