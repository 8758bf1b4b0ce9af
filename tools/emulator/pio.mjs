// SPDX-License-Identifier: MIT
// PIO in emulated time: rp2040js steps all state machines together, as fast as it can and whatever their dividers, and
// its FIFOs can be neither joined nor emptied.
// Source: RP2040 data sheet 3.2.4 "Stalling", 3.5.5 "Clock dividers", 3.5.3 "FIFO Joining", 3.7 SMn_SHIFTCTRL.

const SHIFTCTRL = 0xd0;
const MACHINE_BYTES = 0x18;                         // from the registers of one machine to those of the next
const JOIN_SHIFT = 30;                              // FJOIN_TX, FJOIN_RX above it
const DEPTHS = [[4, 4], [8, 0], [0, 8]];            // of the two FIFOs: apart, joined for sending, for receiving

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
    this.joined = 0;
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

  /** Whenever FJOIN changes, both FIFOs are emptied. */
  join(how) {
    if (how === this.joined) return;
    this.joined = how;
    const Fifo = this.machine.txFIFO.constructor;
    const [send, receive] = DEPTHS[how] ?? [0, 0];
    this.machine.txFIFO = new Fifo(send);
    this.machine.rxFIFO = new Fifo(receive);
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

/** Lets each state machine of `pio` take a step per period of its own clock, and join its FIFOs. */
export function clockPio(mcu, pio) {
  const machines = pio.machines.map((machine) => new Clocked(mcu, pio, machine));
  pio.run = () => {};
  const write = pio.writeUint32.bind(pio);
  pio.writeUint32 = (offset, value) => {
    write(offset, value);
    const machine = machines[(offset - SHIFTCTRL) / MACHINE_BYTES];
    machine?.join(value >>> JOIN_SHIFT);
    pio.checkChangedPins();                         // an instruction may have been written into a machine
    for (const machine of machines) machine.look();
  };
}
