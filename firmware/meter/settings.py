# SPDX-License-Identifier: MIT
"""What makes one meter differ from another: parameters by their Z codes, calibration, passwords; and its bytes.

Where its trip counters began is kept with them.

    0    version u32: one more at each change
    4    layout u8
    5    number of parameters u8
    6    calibrated u8: 0 no, 1 the calibration below holds
    7    doubtful u8: 1 they follow an older version that was found where a newer one was lost
    8    parameters u16 each, in the order of `PARAMETERS`; at most 24
    56   calibrated at, u32, seconds of operation
    60   calibrated by, 16 characters
    76   calibration, 24 x i32 (core/calibration.py)
    172  salt, 8 bytes
    180  hashes of the passwords of levels 1 … 4, 32 bytes each; zeros: there is none
    308  where the trip counters began: of A+ A- R+ R- E+ E- whole kWh and counts below one kWh, u32 each; zeros in what
         older firmware has stored

Little-endian.  Parameters that a newer firmware adds come behind and have their default where they are missing.
"""
import struct

from micropython import const

from meter.core.calibration import FIELDS
from meter.core.ordered import ALL, CODES

LAYOUT = const(1)
SIZE = const(356)
TRIPS = const(6)
LEVELS = const(4)
HASH_SIZE = const(32)
SALT_SIZE = const(8)
NAME_SIZE = const(16)
_PARAMETERS_AT = const(8)
_MOST_PARAMETERS = const(24)
_WHEN_AT = const(56)
_BY_AT = const(60)
_CALIBRATION_AT = const(76)
_SALT_AT = const(172)
_HASHES_AT = const(180)
_TRIPS_AT = const(308)

# Name, default, values that may be, level that may change it (protocol/access.py), what it is
PARAMETERS = (
    ("Z21", 1, range(1, 601), 3, "ratio of the current transformers"),
    ("Z22", 1, (1, 2), 3, "the ratio is 1 unlocked, 2 locked"),
    ("Z2", 1, (1, 2), 2, "LED without consumption: 1 off, 2 on"),
    ("Z8", 1, (1, 2, 3, 4), 2, "module pulses: 1, 2 of 30 ms, 3, 4 of 80 ms; 2, 4 with alarm input"),
    ("Z24", 0, (0, 1), 2, "module pulses of 0 secondary, 1 primary energy"),
    ("MP1", 1, range(1, 1001), 2, "module output 1: pulses per kWh"),
    ("MP2", 1, range(1, 1001), 2, "module output 2: pulses per kWh or kvarh"),
    ("SUM", 0, (0, 1, 2), 4, "billed sum: 0 individual, 1 vector, 2 total"),
    ("IN", 5, (1, 5), 4, "nominal secondary current, A"),
    ("WIR", 4, (3, 4), 4, "wires; 3: two systems (Aron), L1 and L3 against L2, for which only the vector sum is right"),
    ("X9", ALL, CODES, 4, "energies that are billed: 1 A+, 2 A+ A-, 3 A+ R+, 4 A+ A- R+ R-"),
)
RATIO = const(0)
LOCK = const(1)
LED = const(2)
PULSE_WIDTH = const(3)
PULSE_BASIS = const(4)
PULSES_1 = const(5)
PULSES_2 = const(6)
SUM_MODE = const(7)
NOMINAL_A = const(8)
WIRES = const(9)
ENERGIES = const(10)
_VECTOR_SUM = const(1)
_ARON = const(3)


OTHER = const(0xFF)


def number(name: str) -> int:
    """Return the place of a parameter in `PARAMETERS`, OTHER for calibration and passwords."""
    for place, row in enumerate(PARAMETERS):
        if row[0] == name:
            return place
    return OTHER


class Settings:
    """One version of them."""

    def __init__(self) -> None:
        self.version = 0
        self.values = [row[1] for row in PARAMETERS]
        self.calibration: "list | None" = None     # 24 numbers
        self.calibrated_at_s = 0
        self.calibrated_by = ""
        self.salt = bytes(SALT_SIZE)
        self.hashes: "list" = [None] * LEVELS      # None: nobody can have this level
        self.doubtful = False
        self.trips = [0] * (2 * TRIPS)              # kWh, counts, kWh … where they began

    def check(self) -> None:
        """Raise ValueError if two parameters cannot be together."""
        if self.values[WIRES] == _ARON and self.values[SUM_MODE] != _VECTOR_SUM:
            raise ValueError("with three wires only the vector sum can be billed: SUM 1 comes before WIR 3")

    def bill_by(self, ratio: int, sum_mode: int, energies: int) -> None:
        """Keep the terms that are known to have been in force, whatever else was lost."""
        self.values[RATIO] = ratio
        self.values[SUM_MODE] = sum_mode
        self.values[ENERGIES] = energies
        if sum_mode != _VECTOR_SUM:
            self.values[WIRES] = PARAMETERS[WIRES][1]

    def pack(self) -> bytearray:
        """Return the bytes of this version."""
        data = bytearray(SIZE)
        struct.pack_into("<IBBBB", data, 0, self.version, LAYOUT, len(PARAMETERS), self.calibration is not None,
                         self.doubtful)
        for place, value in enumerate(self.values):
            struct.pack_into("<H", data, _PARAMETERS_AT + 2 * place, value)
        by = self.calibrated_by.encode()[:NAME_SIZE]
        struct.pack_into("<I", data, _WHEN_AT, self.calibrated_at_s)
        data[_BY_AT:_BY_AT + len(by)] = by
        for place, value in enumerate(self.calibration or ()):
            struct.pack_into("<i", data, _CALIBRATION_AT + 4 * place, value)
        data[_SALT_AT:_HASHES_AT] = self.salt
        for level, digest in enumerate(self.hashes):
            if digest is not None:
                data[_HASHES_AT + HASH_SIZE * level:_HASHES_AT + HASH_SIZE * (level + 1)] = digest
        struct.pack_into("<%dI" % (2 * TRIPS), data, _TRIPS_AT, *self.trips)
        return data

    def copy(self) -> "Settings":
        """Return the same again, to be changed."""
        other = Settings()
        other.version = self.version
        other.values[:] = self.values
        other.calibration = None if self.calibration is None else list(self.calibration)
        other.calibrated_at_s = self.calibrated_at_s
        other.calibrated_by = self.calibrated_by
        other.salt = self.salt
        other.hashes[:] = self.hashes
        other.doubtful = self.doubtful
        other.trips[:] = self.trips
        return other


def version_of(data) -> int:
    """Return the version of what `data` holds, whatever its layout."""
    return struct.unpack_from("<I", data, 0)[0]


def unpack(data) -> Settings:
    """Return the settings that `data` holds.  Raises ValueError if they are of a newer layout or cannot be."""
    settings = Settings()
    settings.version, layout, count, calibrated, doubtful = struct.unpack_from("<IBBBB", data, 0)
    if layout != LAYOUT or count > _MOST_PARAMETERS:
        raise ValueError("settings of layout %d" % layout)
    for place in range(min(count, len(PARAMETERS))):
        value = struct.unpack_from("<H", data, _PARAMETERS_AT + 2 * place)[0]
        if value not in PARAMETERS[place][2]:
            raise ValueError("%s cannot be %d" % (PARAMETERS[place][0], value))
        settings.values[place] = value
    settings.check()
    settings.doubtful = doubtful != 0
    if calibrated:
        settings.calibration = list(struct.unpack_from("<%di" % (3 * FIELDS), data, _CALIBRATION_AT))
    settings.calibrated_at_s = struct.unpack_from("<I", data, _WHEN_AT)[0]
    settings.calibrated_by = bytes(data[_BY_AT:_BY_AT + NAME_SIZE]).rstrip(b"\0").decode()
    settings.salt = bytes(data[_SALT_AT:_HASHES_AT])
    for level in range(LEVELS):
        digest = bytes(data[_HASHES_AT + HASH_SIZE * level:_HASHES_AT + HASH_SIZE * (level + 1)])
        settings.hashes[level] = None if digest == bytes(HASH_SIZE) else digest
    settings.trips = list(struct.unpack_from("<%dI" % (2 * TRIPS), data, _TRIPS_AT))
    return settings
