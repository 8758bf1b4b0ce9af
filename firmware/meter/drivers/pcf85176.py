# SPDX-License-Identifier: MIT
"""PCF85176 segment drivers in cascade at one address, 1:4 multiplex, 1/3 bias.  DS = PCF85176 data sheet Rev. 2.

The caller owns the I2C bus (at most 400 kHz) and waits 1 ms after power-on before the first transfer.  The chips
can only be written: `image` is what they should show, `flush` sends what has changed in it.
"""
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import I2cBus                       # stub file, never shipped

# Commands, DS 7.4: bit 7 says that another command follows, without it display data follow
_MORE = const(0x80)
_MODE_SET = const(0x40)                            # 1/3 bias, 1:4
_MODE_SET_E = const(0x08)                          # display enabled
_LOAD_DATA_POINTER = const(0x00)
_DEVICE_SELECT = const(0x60)
_BLINK_SELECT = const(0x70)                        # off
_BANK_SELECT = const(0x78)                         # both banks 0; no effect in 1:4

_CHIP_BYTES = const(20)                            # 40 columns of 4 rows; a byte fills two columns in 1:4
_SETUP = const(5)                                  # commands before the data of a full transfer


class PCF85176:
    """`chips` drivers with sub-addresses 0, 1, …; `image` holds 20 bytes of each, one after the other."""

    def __init__(self, i2c: "I2cBus", address: int = 0x38, chips: int = 2) -> None:
        self._i2c = i2c
        self._address = address
        self._enable = 0
        self.image = bytearray(_CHIP_BYTES * chips)
        self._sent = bytearray(len(self.image))
        self._known = False                        # the chips hold `_sent`
        self._buffer = bytearray(_SETUP + len(self.image))
        self._view = memoryview(self._buffer)

    def start(self) -> None:
        """Clear the image and the chips, whose RAM holds rubbish at power-on, then switch on.  Raises OSError."""
        for at in range(len(self.image)):
            self.image[at] = 0
        self._enable = 0
        self.refresh()
        self.blank(False)

    def flush(self) -> None:
        """Send each run of changed bytes in one transfer.  Raises OSError; the next call then sends everything."""
        if not self._known:
            self.refresh()
            return
        image, sent = self.image, self._sent
        end = 0
        while True:
            first = end
            while first < len(image) and image[first] == sent[first]:
                first += 1
            if first == len(image):
                return
            end = first + 1
            while end < len(image) and image[end] != sent[end]:
                end += 1
            # DS 7.5.1: the pointer runs over the end of a chip into the next one
            self._buffer[3] = _MORE | _DEVICE_SELECT | first // _CHIP_BYTES
            self._buffer[4] = _LOAD_DATA_POINTER | first % _CHIP_BYTES * 2
            self._send(3, first, end)

    def refresh(self) -> None:
        """Send settings and the whole image: a chip that has lost power comes back.  Raises OSError."""
        buffer = self._buffer
        buffer[0] = _MORE | _MODE_SET | self._enable
        buffer[1] = _MORE | _BLINK_SELECT
        buffer[2] = _MORE | _BANK_SELECT
        buffer[3] = _MORE | _DEVICE_SELECT
        buffer[4] = _LOAD_DATA_POINTER
        self._send(0, 0, len(self.image))

    def blank(self, on: bool) -> None:
        """Switch all segments off (`on`) or show the image again; the chips keep it meanwhile.  Raises OSError."""
        self._enable = 0 if on else _MODE_SET_E
        self._buffer[0] = _MODE_SET | self._enable
        known = self._known
        self._known = False
        self._i2c.writeto(self._address, self._view[:1])
        self._known = known

    def _send(self, head, first, end):
        """Send the commands of the buffer from `head` on and the image from `first` up to `end`."""
        image, sent, buffer = self.image, self._sent, self._buffer
        at = _SETUP
        for place in range(first, end):
            buffer[at] = image[place]
            at += 1
        self._known = False                        # DS 7.5.1: a transfer cut short leaves the pointer anywhere
        self._i2c.writeto(self._address, self._view[head:at])
        self._known = True
        for place in range(first, end):
            sent[place] = image[place]
