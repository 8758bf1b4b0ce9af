// SPDX-License-Identifier: MIT
// PIO in emulated time: rp2040js steps all state machines together, as fast as it can and whatever their dividers.
// Source: RP2040 data sheet 3.2.4 "Stalling", 3.5.5 "Clock dividers".

/** One state machine and its clock, which stands still while the machine is stalled. */
class Clocked {
  constructor(mcu, pio, machine) {
    this.mcu = mcu;
    this.pio = pio;
    this.machine = machine;
    this.origin = 0;                                // an edge of its clock, in ns
    this.counted = 0;                               // of the machine's cycles
    this.enabled = false;
    this.stalled = false;
    this.alarm = mcu.clock.createAlarm(() => this.tick());
    const check = machine.checkWait.bind(machine);
    machine.checkWait = () => {
      check();
      this.look();
    };
  }

  get period() {
    const divider = (this.machine.clockDivInt || 0x10000) + this.machine.clockDivFrac / 256;
    return (divider * 1e9) / this.mcu.clkSys;
  }

  /** The machine may have been switched on or off, or be stalled no more. */
  look() {
    const { machine } = this;
    if (!machine.enabled) {
      this.alarm.cancel();
    } else if (!this.enabled) {
      this.origin = this.mcu.clock.nanos;
      this.counted = machine.cycles;
      this.stalled = machine.waiting;
      if (!this.stalled) this.alarm.schedule(this.period);
    } else if (this.stalled && !machine.waiting) {
      this.stalled = false;                         // the next edge completes the instruction
      const since = (this.mcu.clock.nanos - this.origin) % this.period;
      this.alarm.schedule(this.period - since + this.spent(1) * this.period);
    }
    this.enabled = machine.enabled;
  }

  // Cycles since the last look, those of the delay behind an instruction too
  spent(least) {
    const cycles = Math.max(least, this.machine.cycles - this.counted);
    this.counted = this.machine.cycles;
    return cycles;
  }

  tick() {
    this.origin = this.mcu.clock.nanos;
    this.machine.step();
    this.pio.checkChangedPins();
    this.stalled = this.machine.waiting;
    const cycles = this.spent(1);
    if (!this.stalled) this.alarm.schedule(cycles * this.period);
  }
}

/** Lets each state machine of `pio` take a step per period of its own clock. */
export function clockPio(mcu, pio) {
  const machines = pio.machines.map((machine) => new Clocked(mcu, pio, machine));
  pio.run = () => {};
  const write = pio.writeUint32.bind(pio);
  pio.writeUint32 = (offset, value) => {
    write(offset, value);
    pio.checkChangedPins();                         // an instruction may have been written into a machine
    for (const machine of machines) machine.look();
  };
}
