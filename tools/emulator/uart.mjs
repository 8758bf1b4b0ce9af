// SPDX-License-Identifier: MIT
// The RP2040's UART with FIFOs, line time and the receive timeout: rp2040js's own sends in no time.
// Source: RP2040 data sheet 4.2; ARM PL011 technical reference manual (DDI 0183) 2.8 "Interrupts", 3.3 "Registers".
import { BasePeripheral, FIFO } from './rp2040js.mjs';

const DR = 0x00;
const FR = 0x18;
const FR_TXFE = 1 << 7;
const FR_RXFF = 1 << 6;
const FR_TXFF = 1 << 5;
const FR_RXFE = 1 << 4;
const FR_BUSY = 1 << 3;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const LCR_H_WLEN_SHIFT = 5;
const LCR_H_FEN = 1 << 4;
const LCR_H_STP2 = 1 << 3;
const LCR_H_PEN = 1 << 1;
const CR = 0x30;
const CR_RXE = 1 << 9;
const CR_TXE = 1 << 8;
const CR_UARTEN = 1 << 0;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const INT_RT = 1 << 6;
const INT_TX = 1 << 5;
const INT_RX = 1 << 4;

const DEPTH = 32;
const LEVELS = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8]; // of IFLS
const TIMEOUT_BITS = 32;

export class Uart extends BasePeripheral {
  /** `onCharacter(byte)` hears the end of each character sent, `onBaud(baud)` the speed when the port is switched on. */
  constructor(mcu, number, irq, onCharacter, onBaud) {
    super(mcu, `UART${number}`);
    this.irq = irq;
    this.onCharacter = onCharacter;
    this.onBaud = onBaud;
    this.sender = mcu.clock.createAlarm(() => this.sent());
    this.timeout = mcu.clock.createAlarm(() => this.raise(INT_RT));
    this.reset();
  }

  reset() {
    this.registers = { [IBRD]: 0, [FBRD]: 0, [LCR_H]: 0, [CR]: CR_RXE | CR_TXE, [IFLS]: 0x12, [IMSC]: 0 };
    this.received = new FIFO(DEPTH);
    this.waiting = new FIFO(DEPTH);
    this.shifting = null;
    this.status = 0;
    this.sender.cancel();
    this.timeout.cancel();
    this.update();
  }

  get bitNanos() {
    return ((this.registers[IBRD] * 64 + this.registers[FBRD]) / 64) * 16 * (1e9 / this.rp2040.clkPeri);
  }

  get characterBits() {
    const line = this.registers[LCR_H];
    return 1 + 5 + ((line >> LCR_H_WLEN_SHIFT) & 3) + (line & LCR_H_PEN ? 1 : 0) + (line & LCR_H_STP2 ? 2 : 1);
  }

  get depth() {
    return this.registers[LCR_H] & LCR_H_FEN ? DEPTH : 1;
  }

  enabled(direction) {
    return (this.registers[CR] & (CR_UARTEN | direction)) === (CR_UARTEN | direction);
  }

  /** clk_peri has another frequency. */
  clkPeriChanged() {
    if (this.registers[CR] & CR_UARTEN) this.onBaud(Math.round(1e9 / this.bitNanos));
  }

  /** A character has arrived on the line. */
  receive(byte) {
    if (!this.enabled(CR_RXE) || this.received.itemCount >= this.depth) return;
    this.received.push(byte);
    this.timeout.schedule(TIMEOUT_BITS * this.bitNanos);
    if (this.received.itemCount >= this.level(3)) this.raise(INT_RX);
  }

  readUint32(offset) {
    switch (offset) {
      case DR: return this.take();
      case FR: return this.flags();
      case RIS: return this.status;
      case MIS: return this.status & this.registers[IMSC];
      default: return this.registers[offset] ?? 0;
    }
  }

  writeUint32(offset, value) {
    if (offset === DR) {
      this.queue(value & 0xff);
    } else if (offset === ICR) {
      this.status &= ~this.rawWriteValue;
      this.update();
    } else {
      const running = this.registers[CR] & CR_UARTEN;
      this.registers[offset] = value;
      if (offset === CR && value & CR_UARTEN && !running) this.onBaud(Math.round(1e9 / this.bitNanos));
      this.update();
    }
  }

  take() {
    if (this.received.empty) return 0;
    const byte = this.received.pull();
    if (this.received.itemCount < this.level(3)) this.status &= ~INT_RX;
    if (this.received.empty) {
      this.timeout.cancel();
      this.status &= ~INT_RT;
    }
    this.update();
    return byte;
  }

  queue(byte) {
    if (!this.enabled(CR_TXE)) return;
    if (this.shifting === null) this.shift(byte);
    else if (this.waiting.itemCount < this.depth) this.waiting.push(byte);
    if (this.waiting.itemCount > this.level(0)) this.status &= ~INT_TX;
    this.update();
  }

  shift(byte) {
    this.shifting = byte;
    this.sender.schedule(this.characterBits * this.bitNanos);
  }

  sent() {
    const byte = this.shifting;
    const above = this.waiting.itemCount > this.level(0);
    this.shifting = null;
    if (!this.waiting.empty) this.shift(this.waiting.pull());
    if (above && this.waiting.itemCount <= this.level(0)) this.raise(INT_TX);   // as the level is passed, not below it
    this.onCharacter(byte);
  }

  // How many characters make the interrupt of a FIFO: 0 is the place of the sender's field in IFLS, 3 the receiver's
  level(shift) {
    if (this.depth === 1) return shift ? 1 : 0;
    return DEPTH * LEVELS[Math.min(4, (this.registers[IFLS] >> shift) & 7)];
  }

  flags() {
    return (
      (this.waiting.empty ? FR_TXFE : 0) | (this.waiting.itemCount >= this.depth ? FR_TXFF : 0) |
      (this.received.empty ? FR_RXFE : 0) | (this.received.itemCount >= this.depth ? FR_RXFF : 0) |
      (this.shifting !== null || !this.waiting.empty ? FR_BUSY : 0)
    );
  }

  raise(interrupt) {
    this.status |= interrupt;
    this.update();
  }

  update() {
    this.rp2040.setInterrupt(this.irq, !!(this.status & this.registers[IMSC]));
  }
}
