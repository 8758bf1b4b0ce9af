// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME           "ctmeter on Raspberry Pi Pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1408 * 1024)   // of 2 MiB; the image has the other 640 KiB

#ifdef METER_FRAMES_BYTES               // mpconfigboard.cmake

// The frames of Python calls have a stack of their own.  Without it those of more than 11 words come from the heap
// (py/objfun.c), where the search for a place takes longest after a collection.  The meter needs a quarter of it.
#define MICROPY_ENABLE_PYSTACK          (1)

// Of the stack, besides the 256 bytes that MicroPython keeps: from one check to the next up to 390 bytes were seen
#define METER_MARGIN_BYTES              (256)

#define MICROPY_PORT_INIT_FUNC \
    do { \
        static mp_obj_t frames[METER_FRAMES_BYTES / sizeof(mp_obj_t)]; \
        extern uint8_t __StackTop, __StackBottom; \
        mp_pystack_init(frames, frames + MP_ARRAY_SIZE(frames)); \
        mp_cstack_init_with_top(&__StackTop, &__StackTop - &__StackBottom - METER_MARGIN_BYTES); \
    } while (0)

#endif
