// SPDX-License-Identifier: MIT
// The RP2040's other core as far as a program that never starts it notices: after each reset it says 0, then it sleeps.
// rp2040js has no mailboxes between the cores.  Source: RP2040 data sheet 2.3.1.4 "Inter-processor FIFOs", 2.8.2
// "Launching code on processor core 1", 2.13.3 "PSM: list of registers".
const PSM = 0x40010;
const FRCE_OFF = 0x04;
const FRCE_OFF_PROC1 = 1 << 16;
const FIFO_ST = 0x50;
const FIFO_ST_RDY = 1 << 1;
const FIFO_ST_VLD = 1 << 0;
const FIFO_RD = 0x58;

/** Lets `mcu` reset its second core and hear from it. */
export function fitCore1(mcu) {
  let waits = false;                                // its 0 is in our mailbox
  let off = false;
  const psm = mcu.peripherals[PSM];
  const write = psm.writeUint32.bind(psm);
  psm.writeUint32 = (offset, value) => {
    write(offset, value);
    if (offset !== FRCE_OFF) return;
    waits = off && !(value & FRCE_OFF_PROC1);
    off = !!(value & FRCE_OFF_PROC1);
  };
  const read = mcu.sio.readUint32.bind(mcu.sio);
  mcu.sio.readUint32 = (offset) => {
    if (offset === FIFO_ST) return waits ? FIFO_ST_RDY | FIFO_ST_VLD : FIFO_ST_RDY;
    if (offset !== FIFO_RD) return read(offset);
    waits = false;
    return 0;
  };
}
