// SPDX-License-Identifier: MIT
// Routines of the image watched from outside: how long each call takes, how deep calls nest, how far down the stack goes.
// It looks before each instruction, so a chip has one only while somebody asks for it.

const PLACES = 1 << 16;                             // of the quick test that most instructions fail
const MOST = 0xffffffff;
const BYTECODE = 12;                                // in mp_obj_fun_bc_t, to which a mp_code_state_t points at its begin

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
    this.frames = [];                               // calls of the nested routine that have not come back
    this.deepest = 0;
    this.chain = [];                                // the bytecode of each, where they were the most
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

  /** The lowest stack pointer, the most nested calls and their chain since this was last asked, now being `stack`. */
  depth(stack) {
    const found = [Math.min(this.lowest, stack), this.deepest, this.chain];
    this.lowest = MOST;
    this.deepest = 0;
    this.chain = [];
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
    this.ascend(at, stack);
    if (at === this.nested) this.descend(core, core.registers[14] & ~1, stack);
  }

  // A call that is deeper than this one and still waits for its end was left by an exception
  enter(address, back, level, began) {
    this.calls = this.calls.filter((call) => call.level > level);
    this.calls.push({ address, back: back >>> 0, level, began });
    this.mark(back);
  }

  // A call has come back where its caller goes on with the stack as it was; what is still below it was left by exception
  ascend(at, stack) {
    const found = this.frames.findLastIndex(({ back, level }) => back === at && level === stack);
    if (found >= 0) this.frames.length = found;
  }

  // Frames that are not above this one on the stack were left by exception.  What nests is mp_execute_bytecode(state, …)
  descend(core, back, level) {
    while (this.frames.length && this.frames.at(-1).level <= level) this.frames.pop();
    const code = core.rp2040.readUint32(core.rp2040.readUint32(core.registers[0]) + BYTECODE);
    this.frames.push({ code, back: back >>> 0, level });
    this.mark(back);
    if (this.frames.length > this.deepest) {
      this.deepest = this.frames.length;
      this.chain = this.frames.map(({ code }) => code);
    }
  }
}
