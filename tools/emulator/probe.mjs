// SPDX-License-Identifier: MIT
// Routines of the image watched from outside: how long each call takes, how deep calls nest, how far down the stack goes.
// It looks before each instruction, so a chip has one only while somebody asks for it.

const PLACES = 1 << 16;                             // of the quick test that most instructions fail
const MOST = 0xffffffff;

/** `took(address, micros)` hears the end of each call of a timed routine. */
export class Probe {
  constructor(took) {
    this.took = took;
    this.places = new Uint8Array(PLACES);
    this.timed = new Set();
    this.nested = 0;
    this.lowest = MOST;                             // stack pointer
    this.restart();
  }

  /** The processor starts anew: no call is under way. */
  restart() {
    this.calls = [];
    this.frames = [];                               // stack pointers of the nested routine's calls
    this.deepest = 0;
  }

  mark(address) {
    this.places[(address >>> 1) & (PLACES - 1)] = 1;
  }

  time(address) {
    this.timed.add(address);
    this.mark(address);
  }

  nest(address) {
    this.nested = address;
    this.mark(address);
  }

  /** The lowest stack pointer and the most nested calls since this was last asked, now being `stack`. */
  depth(stack) {
    const found = [Math.min(this.lowest, stack), this.deepest];
    this.lowest = MOST;
    this.deepest = 0;
    return found;
  }

  /** `core` is about to execute the instruction at its PC, at the instant `nanos`. */
  look(core, nanos) {
    const stack = core.registers[13];
    if (stack < this.lowest) this.lowest = stack;
    const at = core.PC;
    if (!this.places[(at >>> 1) & (PLACES - 1)]) return;
    const call = this.calls.find(({ back, level }) => back === at && level === stack);
    if (call) {
      this.calls.splice(this.calls.indexOf(call), 1);
      this.took(call.address, Math.round((nanos - call.began) / 1000));
    }
    if (this.timed.has(at)) this.enter(at, core.registers[14] & ~1, stack, nanos);
    if (at === this.nested) this.descend(stack);
  }

  // A call that is deeper than this one and still waits for its end was left by an exception
  enter(address, back, level, began) {
    this.calls = this.calls.filter((call) => call.level > level);
    this.calls.push({ address, back: back >>> 0, level, began });
    this.mark(back);
  }

  // Frames that are not above this one on the stack have been left, by return or by exception
  descend(stack) {
    while (this.frames.length && this.frames.at(-1) <= stack) this.frames.pop();
    this.frames.push(stack);
    this.deepest = Math.max(this.deepest, this.frames.length);
  }
}
