# SPDX-License-Identifier: MIT
"""What the forty-eight registers of a meter do while current flows: the truth of the power-cut tests, in big integers.

Register 8·group + place; groups 0 … 2 are the phases, 3 the vector sum, 4 what the phases add up to, 5 that times the
ratio of the current transformers; places A+ A- R1 R2 R3 R4 E+ E-.  Counts of 20 µWh.  Nothing here knows
how the firmware counts or stores.
"""
REGISTERS = 48
RATIO = 3
WH = 50_000
KWH = 1_000 * WH
MOST_PER_S = 66_125                                # 4761 W: 3 x 264.5 V x 6 A
_VECTOR, _SUM, _PRIMARY = 24, 32, 40
WEIGHTS = (1,) * _PRIMARY + (RATIO,) * 8           # counts of a register for one of secondary energy
# Of the quadrants 1 … 4: active, reactive and apparent register
_MOVES = ((0, 2, 6), (1, 3, 7), (1, 4, 7), (0, 5, 6))


class Load:
    """Three phases whose loads change now and then; `most`: counts of all of them in one poll.

    `steady`: full load, never a change, and no poll is ever missed.
    """

    def __init__(self, chance, most=MOST_PER_S, steady=False):
        self._steady = steady
        self._chance = chance
        self._most = most // 3
        self._quadrants = [0, 0, 0 if steady else 3]
        self._shares = [256] * 3 if steady else [256, 200, 90]     # of 256

    def state(self):
        """Return all that decides what will happen, to be given to `go_on`."""
        return self._chance.state, tuple(self._quadrants), tuple(self._shares)

    def go_on(self, state):
        """Go on as from that state."""
        self._chance.state = state[0]
        self._quadrants = list(state[1])
        self._shares = list(state[2])

    def poll(self, totals):
        """Add to `totals` what one poll brings."""
        chance = self._chance
        fate = 100 if self._steady else chance.below(400)
        if fate < 24:                              # somebody switches something
            self._quadrants[fate % 3] = chance.below(4)
            self._shares[fate % 3] = chance.below(5) * 64
        times = 12 + chance.below(20) if fate == 399 else 1        # the meter has not polled for a while
        active = reactive = 0
        for phase in range(3):
            apparent = self._most * self._shares[phase] // 256 * times
            moves = _MOVES[self._quadrants[phase]]
            part = chance.below(100)
            for place, counts in zip(moves, (apparent * (180 - part) // 180, apparent * part // 110, apparent)):
                totals[8 * phase + place] += counts
                totals[_SUM + place] += counts
                totals[_PRIMARY + place] += RATIO * counts
            active += apparent * (180 - part) // 180 * (-1 if moves[0] else 1)
            reactive += apparent * part // 110 * (1 if self._quadrants[phase] < 2 else -1)
        quadrant = (0 if reactive >= 0 else 3) if active >= 0 else (1 if reactive >= 0 else 2)
        moves = _MOVES[quadrant]
        for place, counts in zip(moves, (abs(active), abs(reactive), max(abs(active), abs(reactive)))):
            totals[_VECTOR + place] += counts
