// SPDX-License-Identifier: MIT
// A stand-in for the RP2040's boot ROM, which rp2040js does not bring: the tables that programs look functions up in,
// each function a breakpoint and a return, its work done here.  Source: RP2040 data sheet 2.8.2 "Bootrom contents",
// 2.8.3 "Bootrom functions"; the float table's order is that of the Pico SDK's pico/bootrom/sf_table.h.

const SIZE = 16384;
const CODE = 0x400;                                 // the functions; the tables are below
const BKPT = 0xbe00;
const BX_LR = 0x4770;
const VERSION = 3;                                  // RP2040-B2
const SECTOR_ERASE_NS = 45e6;                       // W25Q16JV data sheet 9.6, typical: a sector of 4 KiB, a page of 256 B
const PAGE_PROGRAM_NS = 4e5;
const SECTOR = 4096;
const PAGE = 256;

// Cycles a call takes on silicon, about: data sheet 2.8.3.2
const FLOAT_CYCLES = 60;
const DOUBLE_CYCLES = 90;
const COPY_CYCLES = 20;

const bits = new DataView(new ArrayBuffer(8));
const unsigned32 = (low, high) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

// A denormal is 0 there
function flush(word) {
  return (word & 0x7f800000) === 0 ? (word & 0x80000000) >>> 0 : word >>> 0;
}

function toFloat(word) {
  bits.setUint32(0, flush(word));
  return bits.getFloat32(0);
}

function fromFloat(number) {
  bits.setFloat32(0, number);
  return flush(bits.getUint32(0));
}

function asDouble(low, high) {
  bits.setUint32(0, high);
  bits.setUint32(4, low);
  return bits.getFloat64(0);
}

// Rounds down and stays within the range, as the ROM does
function saturated(number, least, most) {
  if (Number.isNaN(number)) return 0;
  return Math.min(most, Math.max(least, Math.floor(number)));
}

function saturated64(number, least, most) {
  if (Number.isNaN(number)) return 0n;
  if (number <= Number(least)) return least;
  return number >= Number(most) ? most : BigInt(Math.floor(number));
}

/**
 * Puts the ROM into `chip.mcu`.  `chip` has `erase(offset, length)`, `program(offset, source, length)` for its flash,
 * `pass(nanoseconds)` for the time that takes and `command`, what is sent to it otherwise.  Returns what to do at a breakpoint.
 */
export function installBootrom(chip) {
  const { mcu } = chip;
  const rom = new DataView(new ArrayBuffer(SIZE));
  const r = mcu.core.registers;
  const functions = [];
  const spend = (cycles) => mcu.clock.tick(cycles * chip.cycleNanos);

  // An entry point: BKPT #n; BX LR
  function entry(work) {
    const address = CODE + 4 * functions.length;
    rom.setUint16(address, BKPT | functions.length, true);
    rom.setUint16(address + 2, BX_LR, true);
    functions.push(work);
    return address | 1;
  }

  function putFloat(number) {
    r[0] = fromFloat(number);
    spend(FLOAT_CYCLES);
  }

  function putDouble(number) {
    bits.setFloat64(0, number);
    r[0] = bits.getUint32(4);
    r[1] = bits.getUint32(0);
    spend(DOUBLE_CYCLES);
  }

  function put64(number) {
    const word = BigInt.asUintN(64, number);
    r[0] = Number(word & 0xffffffffn);
    r[1] = Number(word >> 32n);
  }

  // The float and the double table have one order.  `a` and `b` are the operands, `power` the register that says how
  // many bits of a fixed-point number are behind the point.
  function arithmetic(a, b, power, put, other) {
    const scale = () => 2 ** (r[power] | 0);
    const signed64 = () => Number(BigInt.asIntN(64, unsigned32(r[0], r[1])));
    const unsigned64 = () => Number(unsigned32(r[0], r[1]));
    const compare = () => { r[0] = a() < b() ? -1 : a() > b() ? 1 : 0; };
    const toInt = (number) => { r[0] = saturated(number, -(2 ** 31), 2 ** 31 - 1); };
    const toUint = (number) => { r[0] = saturated(number, 0, 2 ** 32 - 1); };
    const toInt64 = (number) => put64(saturated64(number, -(2n ** 63n), 2n ** 63n - 1n));
    const toUint64 = (number) => put64(saturated64(number, 0n, 2n ** 64n - 1n));
    return [
      () => put(a() + b()), () => put(a() - b()), () => put(a() * b()), () => put(a() / b()),
      compare, compare, () => put(Math.sqrt(a())),
      () => toInt(a()), () => toInt(a() * scale()), () => toUint(a()), () => toUint(a() * scale()),
      () => put(r[0] | 0), () => put((r[0] | 0) / 2 ** (r[1] | 0)), () => put(r[0]), () => put(r[0] / 2 ** (r[1] | 0)),
      () => put(Math.cos(a())), () => put(Math.sin(a())), () => put(Math.tan(a())), () => {},
      () => put(Math.exp(a())), () => put(Math.log(a())),
      compare, () => put(Math.atan2(a(), b())),
      () => put(signed64()), () => put(signed64() / 2 ** (r[2] | 0)),
      () => put(unsigned64()), () => put(unsigned64() / 2 ** (r[2] | 0)),
      () => toInt64(a()), () => toInt64(a() * scale()), () => toUint64(a()), () => toUint64(a() * scale()),
      () => other(a()),
    ];
  }

  function copy() {
    for (let at = 0; at < r[2]; at++) mcu.writeUint8(r[0] + at, mcu.readUint8(r[1] + at));
    spend(COPY_CYCLES + r[2] / 2);
  }

  function fill() {
    for (let at = 0; at < r[2]; at++) mcu.writeUint8(r[0] + at, r[1] & 0xff);
    spend(COPY_CYCLES + r[2] / 4);
  }

  // Whole sectors and whole pages only, data sheet 2.8.3.1.3
  function whole(length, unit, done) {
    if (r[0] % unit === 0 && length % unit === 0) return true;
    chip.stop(`${length} bytes of flash ${done} at 0x${r[0].toString(16)}`);
    return false;
  }

  function erase() {
    if (!whole(r[1], SECTOR, 'erased')) return;
    chip.erase(r[0], r[1]);
    chip.pass(SECTOR_ERASE_NS * Math.ceil(r[1] / SECTOR));
  }

  function program() {
    if (!whole(r[2], PAGE, 'programmed')) return;
    chip.program(r[0], r[1], r[2]);
    chip.pass(PAGE_PROGRAM_NS * Math.ceil(r[2] / PAGE));
  }

  function reverse(word) {
    let reversed = 0;
    for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((word >>> bit) & 1);
    return reversed;
  }

  function lookup() {
    for (let at = r[0]; ; at += 4) {
      const code = mcu.readUint16(at);
      if (code === 0 || code === (r[1] & 0xffff)) {
        r[0] = code === 0 ? 0 : mcu.readUint16(at + 2);
        return;
      }
    }
  }

  const nothing = () => {};
  const table = {
    P3: () => { r[0] = r[0].toString(2).replaceAll('0', '').length; },
    R3: () => { r[0] = reverse(r[0]); },
    L3: () => { r[0] = Math.clz32(r[0]); },
    T3: () => { r[0] = r[0] ? 31 - Math.clz32(r[0] & -r[0]) : 32; },
    MS: fill, S4: fill, MC: copy, C4: copy,
    IF: nothing, EX: () => { chip.command = []; }, FC: nothing, CX: nothing, RE: erase, RP: program,
    UB: () => chip.stop('the boot loader was asked for'),
  };
  const singles = arithmetic(() => toFloat(r[0]), () => toFloat(r[1]), 1, putFloat, putDouble);
  const doubles = arithmetic(() => asDouble(r[0], r[1]), () => asDouble(r[2], r[3]), 2, putDouble, putFloat);

  let at = 0x30;
  rom.setUint32(0, 0x20042000, true);               // initial stack pointer: the end of RAM
  rom.setUint32(4, CODE | 1, true);
  rom.setUint32(0x10, 0x4d | (0x75 << 8) | (1 << 16) | (VERSION << 24), true);
  rom.setUint16(0x14, at, true);
  function row(code, address) {
    rom.setUint16(at, code.charCodeAt(0) | (code.charCodeAt(1) << 8), true);
    rom.setUint16(at + 2, address, true);
    at += 4;
  }

  for (const [code, work] of Object.entries(table)) row(code, entry(work));
  at += 4;                                          // zeros end a table
  rom.setUint16(0x16, at, true);
  let data = at + 12;
  for (const [code, works] of [['SF', singles], ['SD', doubles]]) {
    data += 4;
    rom.setUint8(data - 2, works.length);           // the table's length, two bytes before it
    row(code, data);
    for (const work of works) {
      rom.setUint32(data, entry(work), true);
      data += 4;
    }
  }
  rom.setUint16(0x18, entry(lookup), true);
  mcu.bootrom.set(new Uint32Array(rom.buffer));

  return (code) => {
    if (mcu.core.PC >= SIZE) chip.stop(`breakpoint ${code} at 0x${mcu.core.PC.toString(16)}`);
    else functions[code]();
  };
}
