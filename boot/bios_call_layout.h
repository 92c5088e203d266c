/*
 * boot/bios_call_layout.h: where boot/bios_call_code.S is copied to and has its fields. The BIOS and its option ROMs
 * leave that memory to what is booted.
 */
#ifndef BOOT_BIOS_CALL_LAYOUT_H
#define BOOT_BIOS_CALL_LAYOUT_H

#define BIOS_CALL_ADDRESS 0x8000
#define BIOS_CALL_BYTES 0x1000 /* with the stack at its end */
/* Offsets of 16-bit fields: registers before and behind the call, and flags behind it. */
#define BIOS_CALL_AX 0x10
#define BIOS_CALL_BX 0x12
#define BIOS_CALL_FLAGS 0x14
#define BIOS_CALL_NUMBER 0x16 /* a byte: of the interrupt; the code changes itself by it */
/* What the CPU had, 64-bit fields. */
#define BIOS_CALL_RSP 0x18
#define BIOS_CALL_CR0 0x20
#define BIOS_CALL_CR3 0x28
#define BIOS_CALL_CR4 0x30
#define BIOS_CALL_EFER 0x38
#define BIOS_CALL_GDTR 0x40 /* 10 bytes */
#define BIOS_CALL_IDTR 0x50
#define BIOS_CALL_OWN_GDTR 0x60 /* 10 bytes: long mode loads so many */
#define BIOS_CALL_OWN_IDTR 0x70 /* 6 bytes */
#define BIOS_CALL_GDT 0x78
#define BIOS_CALL_CODE 0xb0
#define BIOS_CALL_STACK 0x600 /* its end: of 64-bit mode, if the caller's is not in reach */
#define BIOS_CALL_CODE_END 0x400 /* at most */

#endif
