# SPDX-License-Identifier: MIT
"""A serial port never waits, on a UART that waits whenever it is asked for more than it has."""
import unittest

from meter.hal.serial import SerialPort

_TRIGGER = 64
_BUFFER = 256


class WaitingUART:
    """machine.UART as it is: notes every call that would wait, and forgets its trigger when the speed changes."""

    def __init__(self):
        self.received = bytearray()
        self.queued = bytearray()
        self.waits = []
        self.baudrate = 300
        self.handler = None
        self.trigger = 0

    def init(self, baudrate):
        self.baudrate = baudrate
        self.trigger = 0

    def any(self):
        return len(self.received)

    def readinto(self, buf, count):
        if count > len(self.received):
            self.waits.append("readinto")
        buf[:count] = self.received[:count]
        self.received = self.received[count:]
        return count

    def write(self, buf):
        if len(self.queued) + len(buf) > _BUFFER:
            self.waits.append("write")
        self.queued.extend(buf)
        return len(buf)

    def txdone(self):
        return not self.queued

    def irq(self, handler, trigger):
        self.handler = handler
        self.trigger = trigger

    def sends(self, count):
        """Let the wire take `count` characters."""
        sent = bytes(self.queued[:count])
        self.queued = self.queued[count:]
        return sent


class TestSerialPort(unittest.TestCase):
    def setUp(self):
        self.uart = WaitingUART()
        self.port = SerialPort(self.uart, _TRIGGER, _BUFFER)

    def test_it_reads_what_waits_and_no_more(self):
        buf = bytearray(8)
        self.assertEqual(self.port.readinto(buf), 0)
        self.uart.received = bytearray(b"0123456789")
        self.assertEqual((self.port.any(), self.port.readinto(buf)), (10, 8))
        self.assertEqual(self.port.readinto(buf), 2)
        self.assertEqual(bytes(buf), b"89234567")
        self.assertEqual(self.uart.waits, [])

    def test_it_writes_what_has_room_and_goes_on_when_all_is_sent(self):
        data = bytes([at & 0x7F for at in range(1_000)])
        sent = b""
        at = 0
        while not self.port.txdone() or at < len(data):
            at += self.port.write(data[at:at + 96]) or 0
            sent += self.uart.sends(17)
        self.assertEqual(sent, data)
        self.assertEqual(self.uart.waits, [])

    def test_a_full_buffer_takes_nothing(self):
        self.assertEqual(self.port.write(b"x" * 300), _BUFFER)
        self.uart.sends(10)
        self.assertFalse(self.port.write(b"y"))
        self.assertEqual(self.uart.waits, [])

    def test_the_interrupt_outlives_a_change_of_speed(self):
        def handler(_):
            pass

        self.port.irq(handler)
        self.port.init(baudrate=9600)
        self.assertEqual((self.uart.baudrate, self.uart.trigger), (9600, _TRIGGER))
        self.assertIs(self.uart.handler, handler)


if __name__ == "__main__":
    unittest.main()
