// SPDX-License-Identifier: MIT
// npm rp2040js as tools/setup.sh has put it into build/node.
import { createRequire } from 'node:module';

export const { BasePeripheral, FIFO, GPIOPinState, I2CMode, LogLevel, ConsoleLogger, RP2040, USBCDC } =
  createRequire(new URL('../../build/node/', import.meta.url))('rp2040js');
