// SPDX-License-Identifier: MIT
// The emulated RP2040 as a process: main.mjs DESCRIPTOR IMAGE FLASH ID.  What it says and hears on that
// descriptor is told in rp2040.py: each event is answered with commands, the last of them `run`.
import fs from 'node:fs';
import { Chip } from './rp2040.mjs';

const [wire, image, flash, id] = process.argv.slice(2);
const WIRE = Number(wire);
const chunk = Buffer.alloc(4096);
let heard = '';

function line() {
  let end;
  while ((end = heard.indexOf('\n')) < 0) {
    const length = fs.readSync(WIRE, chunk, 0, chunk.length, null);
    if (length === 0) process.exit(0);              // nobody is there any more
    heard += chunk.toString('latin1', 0, length);
  }
  const text = heard.slice(0, end);
  heard = heard.slice(end + 1);
  return text;
}

let chip = null;
let answer = 0;

const commands = {
  run: (micros) => { chip.until = Number(micros); },
  answer: (value) => { answer = Number(value); },
  drive: (pin, level) => chip.drive(Number(pin), Number(level)),
  char: (uart, byte) => chip.uarts[Number(uart)].receive(Number(byte)),
  type: (hex) => chip.console.type(Buffer.from(hex, 'hex')),
  hang: () => { chip.hung = true; },
  time: (address) => chip.probe.time(Number(address)),
  nest: (address) => chip.probe.nest(Number(address)),
  depth: () => say('depth', ...chip.depth().map(String)),
  peek: (address, length) => say('memory', chip.peek(Number(address), Number(length)).toString('hex')),
  poke: (address, hex) => chip.poke(Number(address), Buffer.from(hex, 'hex')),
};

function say(...words) {
  try {
    fs.writeSync(WIRE, `${chip.micros} ${words.join(' ')}\n`);
  } catch (problem) {
    if (problem.code !== 'EPIPE') throw problem;
    process.exit(0);                                // nobody is there any more
  }
}

function obey() {
  for (;;) {
    const [command, ...operands] = line().split(' ');
    commands[command](...operands);
    if (command === 'run') return;
  }
}

function tell(...words) {
  say(...words);
  obey();
}

const board = {
  reached: () => tell('at'),
  pin: (pin, level) => tell('pin', pin, level),
  spi: (bus, byte, hz, mode) => { tell('spi', bus, byte, hz, mode); return answer; },
  i2c: (bus, address, bytes) => { tell('i2c', bus, address, Buffer.from(bytes).toString('hex')); return answer !== 0; },
  character: (uart, byte) => tell('uart', uart, byte),
  baud: (uart, baud) => tell('baud', uart, baud),
  text: (bytes) => tell('text', Buffer.from(bytes).toString('hex')),
  reset: (cause) => tell('reset', cause),
  halted: (why) => tell('halted', why),
  took: (address, micros) => tell('took', address, micros),
};

chip = new Chip(fs.readFileSync(image), flash, Buffer.from(id, 'hex'), board);
chip.run();
