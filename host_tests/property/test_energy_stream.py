# SPDX-License-Identifier: MIT
"""The energy stream against models in big integers: nothing lost, nothing doubled, nothing falls."""
from array import array

from hypothesis import given
from hypothesis import strategies as st

from meter.core import energy as e
from meter.core.pulse import PulseTrain

KWH = 50_000_000
COUNT = st.integers(-(2**31) + 1, 2**31 - 1)
POLL = st.tuples(*[COUNT] * 6, *[st.integers(0, 2**31 - 1)] * 3)
INTERVAL_US = st.integers(1_000, 3_000_000)
TICKS_PERIOD = 1 << 30                              # of ticks_us on a 32-bit target


def counts(registers, group, register):
    kwh, below = registers.read(group, (register,))
    assert 0 <= below < KWH
    return kwh * KWH + below


@given(st.lists(POLL, max_size=30))
def test_every_count_is_in_exactly_one_register_of_its_phase_and_of_the_billed_sum(polls):
    registers = e.Registers()
    stream = e.Energy(registers)
    model = {(group, register): 0 for group in (0, 1, 2, e.BILLED) for register in range(8)}
    export = [False] * 3
    for poll in polls:
        stream.add(array("i", poll))
        for phase in range(3):
            p, q, s = poll[phase], poll[3 + phase], poll[6 + phase]
            if p:
                export[phase] = p < 0
            for group in (phase, e.BILLED):
                model[group, e.A_EXPORT if export[phase] else e.A_IMPORT] += abs(p)
                model[group, e.E_EXPORT if export[phase] else e.E_IMPORT] += s
                if q > 0:
                    model[group, e.R2 if export[phase] else e.R1] += q
                if q < 0:
                    model[group, e.R3 if export[phase] else e.R4] += -q
    for (group, register), expected in model.items():
        assert counts(registers, group, register) == expected


TERMS = st.tuples(st.integers(1, 600), st.sampled_from(e.SUM_MODES))


@given(st.lists(st.tuples(TERMS, POLL), max_size=30))
def test_what_is_billed_grows_by_the_terms_in_force_and_primary_energy_by_the_ratio(steps):
    registers = e.Registers()
    stream = e.Energy(registers)
    billed = primary = 0
    for (ratio, mode), poll in steps:
        stream.agree(ratio, mode)
        before = counts(registers, e.VECTOR, e.A_IMPORT)
        stream.add(array("i", poll))
        if mode == e.INDIVIDUAL:
            grown = sum(p for p in poll[:3] if p > 0)
        elif mode == e.TOTALLED:
            grown = sum(abs(p) for p in poll[:3])
        else:
            grown = counts(registers, e.VECTOR, e.A_IMPORT) - before
        assert stream.imported == grown
        billed += grown
        primary += grown * ratio
    assert counts(registers, e.BILLED, e.A_IMPORT) == billed
    assert counts(registers, e.PRIMARY, e.A_IMPORT) == primary


@given(st.lists(POLL, min_size=1, max_size=30))
def test_the_vector_sum_holds_back_less_than_ten_counts_and_never_falls(polls):
    registers = e.Registers()
    stream = e.Energy(registers)
    net = moved = 0
    last = [0] * 8
    for poll in polls:
        stream.add(array("i", poll))
        net += sum(poll[:3])
        now = [counts(registers, e.VECTOR, register) for register in range(8)]
        assert all(after >= before for after, before in zip(now, last, strict=True))
        last = now
        moved = now[e.A_IMPORT] - now[e.A_EXPORT]
        assert abs(net - moved) < 10


@given(st.sampled_from([5_000, 10_000]), st.lists(st.tuples(st.integers(0, 2**30), INTERVAL_US), max_size=60))
def test_pulses_conserve_energy_and_keep_their_distance(per_pulse, polls):
    latency_us = 200_000
    train = PulseTrain(per_pulse, latency_us)
    now_us = pulses = total = 0
    last_us = None
    for counted, interval_us in polls:
        if train.residue + counted >= 2**31:       # more than any mains could have been counted
            continue
        now_us += interval_us
        total += counted
        train.rise(now_us % TICKS_PERIOD)
        n = train.add(counted, interval_us)
        pulses += n
        for at in range(n):
            due_us = now_us + train.delay_us[at]
            assert due_us >= now_us
            assert last_us is None or due_us - last_us >= 60_000
            last_us = due_us
            train.told(due_us % TICKS_PERIOD)
        assert pulses * per_pulse + train.residue == total


@given(st.integers(0, 2**80))
def test_the_integer_root_is_exact(value):
    root = e.isqrt(value)
    assert root * root <= value < (root + 1) ** 2
