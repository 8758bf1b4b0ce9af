// SPDX-License-Identifier: MIT
// The RP2040's watchdog on the emulated clock: rp2040js's own does not survive MicroPython's use of it.
// Source: RP2040 data sheet 4.7; RP2040-E1: the counter goes down twice a microsecond.
import { BasePeripheral } from './rp2040js.mjs';

const CTRL = 0x00;
const CTRL_TRIGGER = 0x80000000;
const CTRL_ENABLE = 0x40000000;
const LOAD = 0x04;
const REASON = 0x08;
const SCRATCH = 0x0c;                               // and the words after it
const TICK = 0x2c;
const TICK_RUNNING = 1 << 10;
const COUNT_MASK = 0xffffff;
const COUNT_NS = 500;

export const TIMER = 1;                             // of the reason of a reset
export const FORCE = 2;

export class Watchdog extends BasePeripheral {
  /** `bite(reason)` resets the chip; `scratch` outlives that, `reason` tells why it was reset. */
  constructor(mcu, scratch, reason, bite) {
    super(mcu, 'WATCHDOG');
    this.scratch = scratch;
    this.reason = reason;
    this.bite = bite;
    this.load = 0;
    this.control = 0;
    this.tick = 0;
    this.alarm = mcu.clock.createAlarm(() => bite(TIMER));
  }

  readUint32(offset) {
    if (offset === CTRL) return this.control & CTRL_ENABLE;
    if (offset === REASON) return this.reason;
    if (offset === TICK) return this.tick | TICK_RUNNING;
    return this.scratch[(offset - SCRATCH) >> 2] ?? 0;
  }

  writeUint32(offset, value) {
    if (offset === CTRL) {
      const running = this.control & CTRL_ENABLE;
      this.control = value;
      if (value & CTRL_TRIGGER) this.bite(FORCE);
      else if ((value & CTRL_ENABLE) !== running) this.start();
    } else if (offset === LOAD) {
      this.load = value & COUNT_MASK;
      this.start();
    } else if (offset === TICK) {
      this.tick = value;
    } else {
      this.scratch[(offset - SCRATCH) >> 2] = value;        // elsewhere there is nothing: typed arrays ignore it
    }
  }

  start() {
    this.alarm.cancel();
    if (this.control & CTRL_ENABLE) this.alarm.schedule(this.load * COUNT_NS);
  }
}
