// SPDX-License-Identifier: MIT
// The host at the RP2040's USB: takes what the serial console says and types into it.
import { USBCDC } from './rp2040js.mjs';

const PACKET = 64;
const NVIC_ICPR = 0x280;                            // ARMv6-M reference manual B3.4.6

export class Console {
  /** `onText(bytes)` hears the image; an image without USB says nothing. */
  constructor(mcu, onText) {
    this.usb = mcu.usbCtrl;
    this.cdc = new USBCDC(mcu.usbCtrl);
    this.cdc.onSerialData = onText;
    this.typed = [];
    this.asked = null;                              // bytes for which the image waits
    // A level that still stands is pending again at once (B3.4.1); rp2040js forgets it, and a packet waits for the next
    const write = mcu.ppb.writeUint32.bind(mcu.ppb);
    mcu.ppb.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset === NVIC_ICPR) mcu.usbCtrl.checkInterrupts();
    };
    // rp2040js answers each request of an idle image with an empty packet, and so slows it down: here it waits instead
    mcu.usbCtrl.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.asked = size;
      this.give();
    };
  }

  type(bytes) {
    this.typed.push(...bytes);
    this.give();
  }

  give() {
    if (this.asked === null || !this.typed.length) return;
    const packet = this.typed.splice(0, Math.min(this.asked, PACKET));
    this.asked = null;
    this.usb.endpointReadDone(this.cdc.outEndpoint, Uint8Array.from(packet));
  }
}
