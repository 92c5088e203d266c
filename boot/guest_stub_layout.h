/*
 * boot/guest_stub_layout.h: where the fields and entries of the guest's 16-bit page are; for C and
 * assembly.
 */
#ifndef BOOT_GUEST_STUB_LAYOUT_H
#define BOOT_GUEST_STUB_LAYOUT_H

#define GUEST_STUB_OLD_INT15 0x00  /* far pointer, offset then segment */
#define GUEST_STUB_NR_ENTRIES 0x04 /* of the map */
#define GUEST_STUB_E801_AX 0x06
#define GUEST_STUB_E801_BX 0x08
#define GUEST_STUB_INT88 0x0a
#define GUEST_STUB_DRIVE 0x0c	   /* BIOS drive to boot */
#define GUEST_STUB_LINEAR 0x10	   /* our own linear address */
#define GUEST_STUB_GDT 0x18	   /* five descriptors */
#define GUEST_STUB_IDTR 0x40	   /* real mode's */
#define GUEST_STUB_INT15 0x48
#define GUEST_STUB_BOOT 0x100
#define GUEST_STUB_NATIVE 0x220
#define GUEST_STUB_GDTR 0x2b8
#define GUEST_STUB_MAP 0x2c8	   /* entries of 24 bytes to the end of the page */
#define GUEST_STUB_BYTES 0x1000
#define GUEST_STUB_ENTRIES_MAXIMUM ((GUEST_STUB_BYTES - GUEST_STUB_MAP) / 24)

#endif
