# SPDX-License-Identifier: MIT
"""Which memories a board has, and what stands where on its flash: one ring behind the other, each with its sectors."""
from micropython import const

from meter.core.energy import Registers
from meter.drivers.mb85rs import MB85RS
from meter.drivers.w25q import W25Q
from meter.logs import changes, events
from meter.storage import counters, twin, words
from meter.storage.area import SECTOR, Area
from meter.storage.hot import Hot
from meter.storage.kept import MORE
from meter.storage.ledger import Ledger
from meter.storage.ring import Ring

_STORE = const(1)                                  # number of the hot store of the registers
_PAGE = const(256)                                 # what a controller's own flash is programmed by

# Rings: number, sectors.  That of the registers comes first and has what the others leave, 1 MiB at most.
_REGISTERS = const(1)
_REGISTERS_MOST = const(256)
_SETTINGS = ((2, 4), (3, 4))
_CHANGES = (4, 4)
_COUNTERS = (5, 3)
_EVENTS = (6, 5)
_RATIOS = (7, 6)                                   # ten changes are kept although the meter is restarted after each
_OTHERS = const(32)                                # sectors, with room for more rings


class Flash:
    """The sectors of one device, handed out from its beginning in the order of the methods; each is called once.

    `stalls`: erasing stops the controller.
    """

    def __init__(self, device, sectors: int, page: int, stalls: bool, owner: bytes) -> None:
        self._device = device
        self._left = sectors
        self._page = page
        self._owner = owner
        self._at = 0
        self._buffers = None
        self.stalls = stalls

    def ledger(self, kept) -> Ledger:
        """Return the store of the registers, which are a part of the words `kept`."""
        return Ledger(self._area(min(_REGISTERS_MOST, self._left - _OTHERS)), _REGISTERS, self._owner, kept)

    def settings(self) -> list:
        """Return the two rings of storage/twin.py."""
        return [self._ring(place, twin.RECORD) for place in _SETTINGS]

    def changes(self) -> Ring:
        """Return the ring of the log of changes."""
        return self._ring(_CHANGES, changes.RECORD)

    def counters(self) -> Ring:
        """Return the ring of storage/counters.py."""
        return self._ring(_COUNTERS, counters.RECORD)

    def events(self) -> Ring:
        """Return the ring of the log of events."""
        return self._ring(_EVENTS, events.RECORD)

    def ratios(self) -> Ring:
        """Return the ring of the log of changes of the ratio."""
        return self._ring(_RATIOS, changes.RECORD)

    def _ring(self, place, record_size):
        number, sectors = place
        return Ring(self._area(sectors), number, record_size, self._owner)

    def _area(self, sectors):
        area = Area(self._device, self._at, sectors, self._page, self._buffers)
        self._buffers = area.buffers
        self._at += sectors
        self._left -= sectors
        return area


def open_memories(board, hal, owner: bytes) -> tuple:
    """Return (the words that survive, Flash or None) of a board; `owner`: eight bytes that no other meter has."""
    fram = flash = None
    if board.SPI_MEMORY is not None:
        spi = hal.spi(**board.SPI_MEMORY)
        if board.PIN_FRAM_CS is not None:
            fram = MB85RS(spi, hal.output(board.PIN_FRAM_CS, 1))
        if board.PIN_FLASH_CS is not None:
            flash = Flash(W25Q(spi, hal.output(board.PIN_FLASH_CS, 1)), _REGISTERS_MOST + _OTHERS, 0, False, owner)
    if flash is None and board.FLASH_REGION is not None:
        device = hal.flash_region(**board.FLASH_REGION)
        if device is not None:
            flash = Flash(device, board.FLASH_REGION["size"] // SECTOR, _PAGE, True, owner)
    return Hot(fram, _STORE, words.COUNT, owner, MORE), flash


def registers_in(kept) -> Registers:
    """Return the registers among the words `kept`."""
    return Registers(kept.part(words.KWH, words.REGISTERS), kept.part(words.COUNTS, words.REGISTERS))
