// SPDX-License-Identifier: MIT
// One RP2040 with its flash, on a clock that only moves when it runs: rp2040js, and what that lacks.
// `board` hears what leaves the pins: pin(number, level), spi(bus, byte, hz, mode) → byte, i2c(bus, address, bytes) →
// acknowledged, character(uart, byte), baud(uart, baud), text(bytes), reset(cause), halted(why), took(address, micros)
// of a routine that is timed; and reached(), which sets `until` anew.
import fs from 'node:fs';
import { installBootrom } from './bootrom.mjs';
import { fitCore1 } from './core1.mjs';
import { clockPio } from './pio.mjs';
import { Probe } from './probe.mjs';
import { ConsoleLogger, GPIOPinState, I2CMode, LogLevel, RP2040 } from './rp2040js.mjs';
import { Uart } from './uart.mjs';
import { Console } from './usb.mjs';
import { TIMER, Watchdog } from './watchdog.mjs';

const FLASH = 0x10000000;
const RAM = 0x20000000;
const FLASH_SIZE = 2 << 20;                         // of a Raspberry Pi Pico
const FLASH_READ_ID = 0x4b;                         // W25Q16JV data sheet 8.2.31: the command, four dummy bytes, the number
const FLASH_ID_AT = 5;
const SSI = 0x18000;
const SSI_DR0 = 0x60;
const RESETS = 0x4000c;
const WATCHDOG = 0x40058;
const UARTS = [0x40034, 0x40038];
const UART_IRQ = [20, 21];
const UART_RESET = [1 << 22, 1 << 23];
const SPI_CPOL = 1 << 6;                            // of SSPCR0
const SPI_CPHA = 1 << 7;

// What RAM holds after power: anything, though the same each time (xorshift, Marsaglia 2003)
function garbage(length) {
  const ram = Buffer.alloc(length);
  let word = 0x9e3779b9;
  for (let at = 0; at < length; at += 4) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    ram.writeInt32LE(word, at);
  }
  return ram;
}

export class Chip {
  /** `image` is put at the start of the flash, which `file` keeps; `id` is the flash's own number, eight bytes. */
  constructor(image, file, id, board) {
    this.board = board;
    this.file = file;
    this.id = id;
    this.flash = Buffer.alloc(FLASH_SIZE, 0xff);
    if (fs.existsSync(file)) fs.readFileSync(file).copy(this.flash);
    image.copy(this.flash);
    fs.writeFileSync(file, this.flash);
    this.inputs = new Map();                        // pin: level that the board puts on it
    this.scratch = new Uint32Array(8);
    this.before = 0;                                // nanoseconds of earlier lives
    this.limit = 0;                                 // nanoseconds of this life at which to stop and ask
    this.watching = null;                           // a Probe, once somebody has asked for it
    this.start(0, garbage(new RP2040().sram.length));
  }

  get micros() {
    return Math.floor((this.before + this.mcu.clock.nanos) / 1000);
  }

  /** Lets time pass up to `micros`. */
  set until(micros) {
    this.limit = micros * 1000 - this.before;
  }

  // `ram`: what it holds, for no reset clears it
  start(reason, ram) {
    const mcu = new RP2040();
    mcu.sram.set(ram);
    this.mcu = mcu;
    this.hung = false;
    this.command = [];                              // bytes sent to the flash since it left XIP
    this.restart = null;
    mcu.logger = new ConsoleLogger(LogLevel.Error);
    mcu.flash.set(this.flash);
    this.cycleNanos = 1e9 / mcu.clkSys;
    mcu.addClockListener((hertz) => { this.cycleNanos = 1e9 / hertz; });
    mcu.onBreak = installBootrom(this);
    this.fitPeripherals(reason);
    for (const [pin, level] of this.inputs) mcu.gpio[pin].setInputValue(!!level);
    mcu.gpio.forEach((pin, number) => pin.addListener((state) => this.moved(number, state)));
    mcu.spi.forEach((spi, bus) => this.wireSpi(spi, bus));
    mcu.i2c.forEach((i2c, bus) => this.wireI2c(i2c, bus));
    this.console = new Console(mcu, (bytes) => this.board.text(bytes));
    mcu.core.reset();
    mcu.core.PC = FLASH;                            // where the boot ROM finds the second stage of the boot loader
  }

  fitPeripherals(reason) {
    const { mcu } = this;
    mcu.peripherals[WATCHDOG] = new Watchdog(mcu, this.scratch, reason, (cause) => { this.restart = cause; });
    this.uarts = UARTS.map((address, number) => {
      const uart = new Uart(mcu, number, UART_IRQ[number], (byte) => this.board.character(number, byte),
        (baud) => this.board.baud(number, baud));
      mcu.peripherals[address] = uart;
      mcu.uart[number] = uart;
      return uart;
    });
    const resets = mcu.peripherals[RESETS];
    const write = resets.writeUint32.bind(resets);
    resets.writeUint32 = (offset, value) => {
      write(offset, value);
      this.uarts.forEach((uart, number) => { if (resets.reset & UART_RESET[number]) uart.reset(); });
    };
    fitCore1(mcu);
    mcu.pio.forEach((pio) => clockPio(mcu, pio));
    this.wireFlash();
  }

  // A command that a program sends to the flash itself: answered byte by byte, as rp2040js has no FIFO there
  wireFlash() {
    const ssi = this.mcu.peripherals[SSI];
    const write = ssi.writeUint32.bind(ssi);
    ssi.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset !== SSI_DR0) return;
      this.command.push(value & 0xff);
      ssi.dr0 = this.command[0] === FLASH_READ_ID ? this.id[this.command.length - 1 - FLASH_ID_AT] ?? 0 : 0;
    };
  }

  // A byte takes its time on the wire; transfers by DMA hang if it is answered at once
  wireSpi(spi, bus) {
    let sent = 0;
    const byte = this.mcu.clock.createAlarm(() => {
      const mode = (spi.control0 & SPI_CPOL ? 2 : 0) | (spi.control0 & SPI_CPHA ? 1 : 0);
      spi.completeTransmit(this.board.spi(bus, sent, Math.round(spi.clockFrequency), mode));
    });
    spi.onTransmit = (value) => {
      sent = value;
      byte.schedule((8 * 1e9) / spi.clockFrequency);
    };
  }

  // A transfer is collected and handed over with its last byte; nobody answers a read
  wireI2c(i2c, bus) {
    const { clock, clkSys } = this.mcu;
    let address = 0;
    let bytes = [];
    let then = null;
    const alarm = clock.createAlarm(() => then());
    const later = (action) => {
      then = action;
      alarm.schedule(((9 * (i2c.sclHighPeriod + i2c.sclLowPeriod)) / clkSys) * 1e9);
    };
    i2c.onConnect = (to, mode) => {
      address = to;
      bytes = [];
      later(() => i2c.completeConnect(mode === I2CMode.Write));
    };
    i2c.onWriteByte = (value) => {
      bytes.push(value);
      later(() => i2c.completeWrite(i2c.stop ? this.board.i2c(bus, address, bytes) : true));
    };
  }

  // What rp2040js leaves out of a pad: an output is read back (data sheet 2.19.4), and an input that nothing is wired to
  // has the level of its pull
  moved(pin, state) {
    const high = state === GPIOPinState.High;
    if (high || state === GPIOPinState.Low) {
      this.mcu.gpio[pin].setInputValue(high);
      this.board.pin(pin, high ? 1 : 0);
    } else {
      this.mcu.gpio[pin].setInputValue(!!(this.inputs.get(pin) ?? state === GPIOPinState.InputPullUp));
    }
  }

  drive(pin, level) {
    this.inputs.set(pin, level);
    this.mcu.gpio[pin].setInputValue(!!level);
  }

  // --- looking into the chip, and changing it, behind the program's back
  get probe() {
    this.watching ??= new Probe((address, micros) => this.board.took(address, micros));
    return this.watching;
  }

  depth() {
    return this.probe.depth(this.mcu.core.registers[13]);
  }

  peek(address, length) {
    return Buffer.from(Array.from({ length }, (_, at) => this.mcu.readUint8(address + at)));
  }

  /** Changes RAM, or the flash as it is read until the next reset. */
  poke(address, bytes) {
    if (address >= RAM) bytes.forEach((byte, at) => this.mcu.writeUint8(address + at, byte));
    else this.mcu.flash.set(bytes, address - FLASH);
  }

  // --- flash, as the boot ROM's functions change it
  erase(offset, length) {
    this.mcu.flash.fill(0xff, offset, offset + length);
    this.keep(offset, length);
  }

  program(offset, source, length) {
    for (let at = 0; at < length; at++) this.mcu.flash[offset + at] &= this.mcu.readUint8(source + at);
    this.keep(offset, length);
  }

  keep(offset, length) {
    this.flash.set(this.mcu.flash.subarray(offset, offset + length), offset);
    const file = fs.openSync(this.file, 'r+');
    fs.writeSync(file, this.flash, offset, length, offset);
    fs.closeSync(file);
  }

  // --- time
  /** Lets `nanos` pass without an instruction: the flash is busy. */
  pass(nanos) {
    const end = this.mcu.clock.nanos + nanos;
    while (this.mcu.clock.nanos < end) {
      this.idle(end);
      if (this.mcu.clock.nanos >= this.limit) this.board.reached();
    }
  }

  // To the next alarm, to `end` or to the limit, whichever comes first
  idle(end) {
    const { clock } = this.mcu;
    const alarm = clock.nextAlarm ? clock.nextAlarm.nanos : Infinity;
    clock.tick(Math.max(0, Math.min(this.limit, end, alarm) - clock.nanos));
  }

  /** Stops the processor for good: only the watchdog can help. */
  stop(why) {
    this.hung = true;
    this.board.halted(why);
  }

  /** Runs for ever; at each limit, `board.reached()` sets the next. */
  run() {
    for (;;) {
      if (this.watching === null) this.execute();
      else this.executeWatched(this.watching);
      if (this.restart !== null) this.reset();
      else this.board.reached();
    }
  }

  // Up to the limit or a reset
  execute() {
    const { clock, core } = this.mcu;
    while (this.restart === null && clock.nanos < this.limit) {
      if (core.waiting || this.hung) this.idle(Infinity);
      else clock.tick(core.executeInstruction() * this.cycleNanos);
    }
  }

  executeWatched(probe) {
    const { clock, core } = this.mcu;
    while (this.restart === null && clock.nanos < this.limit) {
      if (core.waiting || this.hung) {
        this.idle(Infinity);
      } else {
        probe.look(core, clock.nanos);
        clock.tick(core.executeInstruction() * this.cycleNanos);
      }
    }
  }

  reset() {
    const reason = this.restart;
    this.before += this.mcu.clock.nanos;
    this.limit = 0;
    this.watching?.restart();
    this.start(reason, this.mcu.sram);
    this.board.reset(reason === TIMER ? 'watchdog' : 'software');
  }
}
