# SPDX-License-Identifier: MIT
"""An hour or a year without a terminal: run virtual time, then print registers beside physics."""
import signal
import time
from math import cos, hypot, radians, sin

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from meter.core import energy as e

_STEP_S = 60
_WARM_UP_S = 10                                    # the chip is set up and settled before physics starts to count


def run(world, load, hours: float) -> None:
    """Run `hours` at the fixed `load` and print what the meter registered and what physics says."""
    world.run(seconds=_WARM_UP_S)
    before = _registered(world)
    seconds = round(hours * 3600)
    stop = []
    signal.signal(signal.SIGINT, lambda *_: stop.append(True))     # between two steps, not in the middle of the meter
    started = time.monotonic()
    console = Console()
    with Progress(*Progress.get_default_columns()[:-1], TimeRemainingColumn(), TimeElapsedColumn(),
                  console=console, transient=True) as progress:
        task = progress.add_task("virtual time", total=seconds)
        done = 0
        while done < seconds and not stop:
            step = min(_STEP_S, seconds - done)
            world.run(seconds=step)
            done += step
            progress.update(task, completed=done)
    took = time.monotonic() - started
    after = _registered(world)
    physics = _physics(load, done / 3600)
    stopped = " (stopped)" if done < seconds else ""
    table = Table(title=f"{done / 3600:g} h of virtual time in {took:.1f} s{stopped}", title_justify="left")
    for heading in ("code", "register", "physics", "difference", "ppm"):
        table.add_column(heading, justify="left" if heading == "code" else "right")
    for code, unit, expected in physics:
        got = (after[code] - before[code]) / 50_000
        ppm = f"{(got - expected) / expected * 1e6:+.1f}" if expected else "-"
        table.add_row(code, f"{got:.4f} {unit}", f"{expected:.4f} {unit}", f"{got - expected:+.4f}", ppm)
    console.print(table)


def _registered(world) -> dict[str, int]:
    """Return registers in counts of 20 µWh by name."""
    registers = world.meter.registers
    out = {}
    for name, group in (("L1", 0), ("L2", 1), ("L3", 2), ("sum", e.BILLED), ("vector", e.VECTOR)):
        for label, chosen in (("A+", (e.A_IMPORT,)), ("A-", (e.A_EXPORT,)), ("R+", (e.R1, e.R2)),
                              ("R-", (e.R3, e.R4)), ("E+", (e.E_IMPORT,)), ("E-", (e.E_EXPORT,))):
            kwh, counts = registers.read(group, chosen)
            out[f"{label} {name}"] = kwh * e.COUNTS_PER_KWH + counts
    return out


def _physics(load, hours: float) -> list[tuple[str, str, float]]:
    """Textbook energies of a steady load in Wh, varh, VAh."""
    per_phase = []
    for phase in load:
        apparent = phase.volts * phase.amps * hours
        per_phase.append((apparent * cos(radians(phase.degrees)), apparent * sin(radians(phase.degrees)), apparent))
    rows = []
    for name, powers in (("L1", per_phase[:1]), ("L2", per_phase[1:2]), ("L3", per_phase[2:]), ("sum", per_phase)):
        rows += _split(name, powers)
    p = sum(power[0] for power in per_phase)
    q = sum(power[1] for power in per_phase)
    rows += _split("vector", [(p, q, hypot(p, q))])
    return rows


def _split(name, powers):
    tiny = 1e-9 * max([power[2] for power in powers] + [1])      # sin(180°) is not quite 0 in floats
    return [
        (f"A+ {name}", "Wh", sum(p for p, _, _ in powers if p > tiny)),
        (f"A- {name}", "Wh", sum(-p for p, _, _ in powers if p < -tiny)),
        (f"R+ {name}", "varh", sum(q for _, q, _ in powers if q > tiny)),
        (f"R- {name}", "varh", sum(-q for _, q, _ in powers if q < -tiny)),
        (f"E+ {name}", "VAh", sum(s for p, _, s in powers if p >= -tiny)),
        (f"E- {name}", "VAh", sum(s for p, _, s in powers if p < -tiny)),
    ]
