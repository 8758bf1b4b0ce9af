# SPDX-License-Identifier: MIT
"""M2: print the bytes of heap that one energy poll allocates.  MicroPython only.

The simulated chip allocates, so it only sets the driver up.  Then a chip that lives in fixed arrays takes its place:
it answers the same frames, and its totals grow by a full load in all three phases.
"""
import gc
from array import array

from boards.virtual.bus import SPI, SelectLine, SPIBus
from boards.virtual.chips.ade7880 import VirtualADE7880
from boards.virtual.clock import Clock
from boards.virtual.mains import Mains
from boards.virtual.registers import load
from meter.core import calibration
from meter.core.averages import Averages
from meter.core.energy import Energy, Registers
from meter.core.pulse import LED_COUNTS, S0_COUNTS, PulseTrain
from meter.core.quantities import Quantities
from meter.core.status import Status
from meter.drivers.ade7880 import ADE7880
from meter.tasks.measure import Measure
from meter.tasks.pulses import A_PLUS, Output, Pulses

POLLS = 1000
_ENERGIES = (0xE400, 0xE401, 0xE402, 0xE409, 0xE40A, 0xE40B, 0xE40C, 0xE40D, 0xE40E)
_GROWTH = (1725, -1103, 1725, 411, 0, -900, 1800, 1200, 1950)


class QuietChip:
    """Answers register reads from fixed memory and allocates nothing."""

    def __init__(self, values):
        self.values = values                       # {address: value} of everything that is not energy
        self.high = array("i", [0] * 9)
        self.low = array("i", [0] * 9)
        self.last = bytearray(6)                   # address, then the 4 bytes last read

    def grow(self):
        for slot in range(9):
            low = self.low[slot] + _GROWTH[slot]
            self.high[slot] = self.high[slot] + (low >> 16) & 0xFFFF
            self.low[slot] = low & 0xFFFF

    def write_readinto(self, tx, rx):
        address = tx[1] << 8 | tx[2]
        width = len(tx) - 3
        last = self.last
        if address == 0xE9FE:
            rx[3] = last[0]
            rx[4] = last[1]
            return
        if address == 0xE5FF or address == 0xE9FF or address == 0xE7FD:
            for at in range(width):
                rx[3 + at] = last[6 - width + at]
            return
        high = low = 0
        for slot in range(9):
            if _ENERGIES[slot] == address:
                high = self.high[slot]
                low = self.low[slot]
                break
        else:
            low = self.values[address]
            high = low >> 16 & 0xFFFF
            low &= 0xFFFF
        last[0] = tx[1]
        last[1] = tx[2]
        last[2] = high >> 8
        last[3] = high & 0xFF
        last[4] = low >> 8
        last[5] = low & 0xFF
        for at in range(width):
            rx[3 + at] = last[6 - width + at]


class Steps:
    """A hardware layer in which time passes from poll to poll."""

    now_us = 0

    def ticks_us(self):
        return self.now_us

    def step(self):
        self.now_us = self.now_us + 100_000 & (1 << 30) - 1


class Silent:
    """A pulse output that only counts."""

    pulses = 0

    def __init__(self, hal):
        self._hal = hal

    def emit(self, delay_us):
        self.pulses += 1
        return self._hal.now_us + delay_us & (1 << 30) - 1


def main():
    clock = Clock()
    misuse = []
    chip = VirtualADE7880(load(), Mains(), clock, misuse.append)
    bus = SPIBus(misuse.append)

    async def sleep_ms(milliseconds):
        clock.advance(1_000 * milliseconds)

    driver = ADE7880(SPI(bus, 2_000_000, 1, 1), SelectLine(bus, chip), sleep_ms,
                     calibration.nominal(13_860_000, 353_900), calibration.vlevel(230_000),
                     calibration.no_load_level(460))
    chip.power(True)
    clock.advance(100_000)
    try:
        driver.start(100).send(None)
    except StopIteration:
        pass
    values = {0xE608: 0, 0xE503: 0x00A00000, 0xE51F: 0x12345678}
    for address in list(driver._setup.watched)[::2]:
        values[address] = driver.register(address)
    quiet = QuietChip(values)
    driver._link._spi = quiet
    driver._link._cs = lambda level: None
    hal = Steps()
    outputs = (Silent(hal), Silent(hal))
    registers = Registers()
    status = Status()
    made = (Output(PulseTrain(LED_COUNTS, 200_000), outputs[0], A_PLUS),
            Output(PulseTrain(S0_COUNTS, 200_000), outputs[1], A_PLUS))
    pulses = Pulses(hal, status, made, (1, 0), registers, None)
    measure = Measure(None, driver, {}, Energy(registers), Quantities(), status, pulses, 100, None, Averages(), [0])
    for _ in range(50):
        quiet.grow()
        hal.step()
        measure.poll(100, 100_000)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(POLLS):
        quiet.grow()
        hal.step()
        measure.poll(100, 100_000)
    after = gc.mem_alloc()
    kwh, counts = registers.read(4, (0,))
    assert misuse == []
    assert kwh * 50_000_000 + counts == 3450 * (POLLS + 50), "the polls did not count"
    assert min(outputs[0].pulses // 2, outputs[1].pulses) > 300, "no pulses"
    print((after - before) / POLLS)


main()
