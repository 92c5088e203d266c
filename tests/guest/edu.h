/*
 * tests/guest/edu.h: QEMU's edu, a PCI function that moves memory by DMA (docs/specs/edu.txt of QEMU).
 */
#ifndef TESTS_GUEST_EDU_H
#define TESTS_GUEST_EDU_H

#define ID_EDU 0x11e81234u

/* In its BAR 0. */
#define EDU_IDENTITY 0x010000edu /* the first register */
#define EDU_RAISE 0x60u
#define EDU_ACKNOWLEDGE 0x64u
#define EDU_SOURCE 0x80u
#define EDU_TARGET 0x88u
#define EDU_COUNT 0x90u
#define EDU_COMMAND 0x98u
#define EDU_START 1u
#define EDU_TO_MEMORY 2u

#define EDU_BUFFER 0x40000u /* of its own, as DMA counts */
#define EDU_BYTES 4088u	    /* QEMU refuses to fill it */

#endif
