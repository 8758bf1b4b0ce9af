# SPDX-License-Identifier: MIT
"""What happens to the meter and its wires is in the event log, in time, and is found after a power cut.

When an event came is read off the cells by a reader of its own: what counts is what a power cut would leave.
"""
import gc
import struct
import unittest

from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.probe import REQUEST, Probe
from meter.app import App
from meter.core import status as condition
from meter.logs.events import RECORD, EventLog
from meter.storage.area import SECTOR
from meter.storage.ring import Ring
from meter.tasks.watch import Watch

FLASH_ONLY = {"PIN_FRAM_CS": None}
ON_CHIP = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None,
           "FLASH_REGION": {"offset": 0, "size": 1 << 20}}
NONE = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None}
RING = 6
SECTORS = 5
NUMBER, EVENT, DETAIL, OLD, NEW = 0, 3, 4, 5, 6
WITHIN_MS = 3_000                                  # of the wires (acceptance B17)
ALARM_MS = 1_000                                   # of a memory (acceptance E5)
STEP_MS = 50
