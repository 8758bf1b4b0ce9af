# SPDX-License-Identifier: MIT
"""Configuration: settings that are read, checked, stored and only then applied; what the ports may ask for by name.

Parameters have their Z codes (settings.py).  Besides there are

    CAL.1 CAL.2 CAL.3   the eight numbers of a phase (core/calibration.py): what is in force; written, a proposal
    CAL.SET             written with the name of who calibrates: the proposal is checked, tried on the chip, stored
    CAL.STATE           what has become of that, as `STATES` has it; then by whom and at which second of operation
    CAL.AVG             written with seconds: an average is begun; read: its length in ms and number of seconds sampled,
                        "" until it has ended
    CAL.AVG.1 … .3      of a phase: its sums (core/averages.py), counts of active, reactive, apparent energy, then codes
                        of voltage and current; in pieces, for a value has 128 characters at most (IEC 62056-21, 6.6)
    PW1 … PW4           written: the password of a level
    TEST                the energy that is verified, 1 A+, 2 A-, 3 R+, 4 R-; 0 none (tasks/verification.py)

The password of level 4 is the serial number until one is set; like any of that level it holds while the seal is open.

A change that is refused, or that cannot be stored, changes nothing.

If the newest settings are lost, an older version that is found is better than none, but nobody knows what had been
changed since: they are doubtful, and what is stored from then on says so.  While the calibration that was in force is
lost or doubtful, nothing but a new one and passwords can be stored.  Doubt ends with a new calibration; on a meter that
had none, with a parameter that is set with the seal open.
"""
from errno import EACCES, EAGAIN

from meter import settings as places
from meter.core import calibration as calibrations
from meter.core import ratio as ratios
from meter.core import status as condition

_SEALED = 4                                        # level: the seal is open
_SERVICE = 3
_UTILITY = 2

# What has become of a calibration
STATES = ("none", "being tried", "in force", "refused by the chip", "not stored")
_NONE, _TRIED, _IN_FORCE, _REFUSED, _NOT_STORED = range(5)


class Configuration:
    """The settings in force, and how they change.  `lost`: those are not the newest.

    `ideal`: the calibration of an exact front end; `store(payload)`: tells whether it is stored; `record(name, old,
    new, level)`: has a change on record before it is made, tells whether it is; `apply(settings)`: puts parameters in
    force; `hash_of(salt, password)`: what is kept of one; `refused(old, new)`: another ratio was refused by its lock.
    """

    def __init__(self, ideal, nominal_mv: int, store, record, apply, chip, averages, status, hash_of,
                 salt: bytes, first_password: bytes, verification, refused) -> None:
        self.settings = places.Settings()
        self.settings.salt = salt
        self._ideal = ideal
        self._nominal_mv = nominal_mv
        self._store = store
        self._record = record
        self._apply = apply
        self._chip = chip
        self._averages = averages
        self._status = status
        self._hash_of = hash_of
        self._first = first_password
        self._verification = verification
        self._refused = refused
        self.lost = False
        self._begun = False                        # the chip may have been started
        self._proposal = {}                        # phase: its numbers
        self._tried = None                         # (numbers, who calibrates) that the chip is trying
        self._tried_version = 0                    # the highest that was to be stored
        self._missing = False                      # the calibration that was in force
        self._state = _NONE

    @property
    def salt(self) -> bytes:
        """What passwords are hashed with."""
        return self.settings.salt

    @property
    def hashes(self) -> list:
        """What is kept of the passwords of levels 1 … 4, None where there is none."""
        hashes = list(self.settings.hashes)
        if hashes[_SEALED - 1] is None:
            hashes[_SEALED - 1] = self._hash_of(self.salt, self._first)
        return hashes

    def begin(self, payload, version: int, calibrated: bool) -> bool:
        """Take what was stored, None if nothing was; `version`, `calibrated`: what is known to have been in force.

        Tell whether there were settings that can be used.
        """
        before = self.settings.calibration
        newest = version
        found = None
        try:
            if payload is not None:
                newest = max(newest, places.version_of(payload))
                found = places.unpack(payload)
                ratios.check(found.values[places.RATIO], self._nominal_mv)
                if found.calibration is not None:
                    calibrations.check(found.calibration, self._ideal)
        except ValueError:                         # whole, and yet not to be used: worse than none
            found = None
        if found is not None:
            self.settings = found
        self.lost = self.settings.version < newest or self.settings.doubtful
        self.settings.doubtful = self.lost
        self.settings.version = max(self.settings.version, newest)     # what is stored next shall count
        calibration = self.settings.calibration
        if calibration is not None:
            self._state = _IN_FORCE
            if not self._begun or calibration != before:
                self._chip.calibrate(calibration, self._begun)
        self._missing = calibrated and (calibration is None or self.lost)
        self._status.clear(condition.SETTINGS_LOST | condition.NOT_CALIBRATED)
        if self.lost or self._missing:
            self._status.set(condition.SETTINGS_LOST)
        elif calibration is None:
            self._status.set(condition.NOT_CALIBRATED)
        self._begun = True
        return found is not None

    def read(self, name: str):
        """Return a value as text, None if there is none of this name."""
        place = _place(name)
        if place is not None:
            return str(self.settings.values[place])
        if name == "TEST":
            return str(self._verification.energy)
        if name == "CAL.STATE":
            return "%s,%s,%d" % (STATES[self._state], self.settings.calibrated_by, self.settings.calibrated_at_s)
        if name[:7] == "CAL.AVG":
            return self._average(name[7:])
        phase = _phase(name)
        if phase is None:
            return None
        numbers = self.settings.calibration or self._ideal
        return _line(numbers[calibrations.FIELDS * phase:calibrations.FIELDS * (phase + 1)])

    def write(self, name: str, text: str, level: int) -> None:
        """Change a value.

        Raises ValueError(reason) if it cannot be, OSError(EACCES) if this level may not, OSError(EAGAIN) if it cannot
        be stored now, KeyError if there is none of this name.
        """
        place = _place(name)
        if place is not None:
            self._change(place, _number(text), level)
        elif name[:2] == "PW" and name[2:] in ("1", "2", "3", "4"):
            self._password(int(name[2:]), text, level)
        elif name == "TEST":
            _need(level, _UTILITY)
            self._verification.choose(_number(text))
        elif name in ("CAL.AVG", "CAL.SET") or _phase(name) is not None:
            _need(level, _SEALED)
            if name == "CAL.AVG":
                self._averages.begin(_number(text))
            elif name == "CAL.SET":
                self._calibrate(text)
            else:
                numbers = [_number(part) for part in text.split(",")]
                if len(numbers) != calibrations.FIELDS:
                    raise ValueError("a phase has %d numbers" % calibrations.FIELDS)
                self._proposal[_phase(name)] = numbers
        else:
            raise KeyError(name)

    def reset_trip(self, trip: int, kwh: int, counts: int) -> bool:
        """Have a trip counter begin where its register stands; tell whether that is stored and so in force."""
        changed = self.settings.copy()
        changed.trips[2 * trip] = kwh
        changed.trips[2 * trip + 1] = counts
        if self._missing or not self._keep(changed):
            return False
        self._apply(changed)
        return True

    def step(self, now_s: int) -> None:
        """Go on with a calibration that the chip is trying; `now_s`: seconds of operation."""
        tried = self._tried
        if tried is None or self._chip.trying:
            return
        self._tried = None
        if self._chip.refused:
            self._state = _REFUSED
            return
        changed = self.settings.copy()             # with what was set while the chip tried
        changed.calibration, changed.calibrated_by = tried
        changed.calibrated_at_s = now_s
        changed.doubtful = False
        if self._keep(changed):
            self._state = _IN_FORCE
            self.lost = self._missing = False
            self._status.clear(condition.SETTINGS_LOST | condition.NOT_CALIBRATED)
            self._apply(changed)
        else:
            self._state = _NOT_STORED
            self._chip.calibrate(self.settings.calibration or self._ideal)

    def _average(self, piece):
        averages = self._averages
        if piece not in ("", ".1", ".2", ".3"):
            return None
        if averages.running or not averages.elapsed_ms:
            return ""
        if piece:
            return _line(averages.of_phase(int(piece[1:]) - 1))
        return _line((averages.elapsed_ms, averages.samples))

    def _change(self, place, value, level):
        name, _, allowed, needed, _ = places.PARAMETERS[place]
        old = self.settings.values[place]
        if place == places.RATIO and self.settings.values[places.LOCK] == 2:
            needed = _SEALED
            if level < needed:
                self._refused(old, value)
        if place == places.LOCK and value == 1 and old == 2:
            needed = _SEALED
        _need(level, needed)
        if value not in allowed:
            raise ValueError("%s cannot be %d" % (name, value))
        if place == places.RATIO:
            ratios.check(value, self._nominal_mv)
        if value == old:
            return
        changed = self.settings.copy()
        changed.values[place] = value
        changed.check()
        changed.doubtful = self.settings.doubtful and level < _SEALED
        if self._missing or not self._record(name, old, value, level) or not self._keep(changed):
            raise OSError(EAGAIN)
        if self.lost and not changed.doubtful:     # it had no calibration, or that would be missing
            self.lost = False
            self._status.clear(condition.SETTINGS_LOST)
            self._status.set(condition.NOT_CALIBRATED)
        self._apply(changed)

    def _password(self, level, text, at):
        _need(at, max(level, _SERVICE))
        if len(text) < 8:
            raise ValueError("a password has 8 characters at least")
        changed = self.settings.copy()
        changed.hashes[level - 1] = self._hash_of(self.salt, text.encode())
        if not self._record("PW%d" % level, 0, 0, at) or not self._keep(changed):
            raise OSError(EAGAIN)
        self._apply(changed)                       # its version is the one in force

    def _calibrate(self, by):
        if len(self._proposal) != 3:
            raise ValueError("CAL.1, CAL.2 and CAL.3 come first")
        numbers = self._proposal[0] + self._proposal[1] + self._proposal[2]
        calibrations.check(numbers, self._ideal)
        if not by:
            raise ValueError("a calibration has the name of who made it")
        if self._tried is not None or not self._record("CAL", 0, 0, _SEALED):
            raise OSError(EAGAIN)
        self._proposal = {}
        self._tried = (numbers, by[:places.NAME_SIZE])
        self._state = _TRIED
        self._chip.calibrate(numbers)

    def _keep(self, changed):
        # One that could not be stored may stand even so (storage/twin.py): the next one has to be higher
        self._tried_version = changed.version = max(self.settings.version, self._tried_version) + 1
        if not self._store(changed.pack()):
            return False
        self.settings = changed
        return True


def _need(level, needed):
    if level < needed:
        raise OSError(EACCES)


def _place(name):
    for place, row in enumerate(places.PARAMETERS):
        if row[0] == name:
            return place
    return None


def _line(numbers):
    return ",".join([str(number) for number in numbers])


def _phase(name):
    if name in ("CAL.1", "CAL.2", "CAL.3"):
        return int(name[4:]) - 1
    return None


def _number(text):
    """Return the integer that `text` is.  Raises ValueError."""
    if not text or len(text) > 9 or not text.lstrip("-").isdigit():
        raise ValueError("not a number")
    return int(text)
