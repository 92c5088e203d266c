/*
 * boot/uefi_handover.h: what the UEFI loader (boot/uefi) and the hypervisor's UEFI entry say to each
 * other. Both are built from this file; the version keeps a loader off another's hypervisor.
 *
 * The hypervisor's image begins with struct uefi_header. The loader puts the image where it stays,
 * saves the CPU's state, and jumps to `entry` with RDI = the physical address of the handover, in
 * page tables that add the image at its linked address to the firmware's own. It goes on behind that
 * jump either as the guest, or (no virtualization) natively by way of `native`.
 */
#ifndef BOOT_UEFI_HANDOVER_H
#define BOOT_UEFI_HANDOVER_H

#define UEFI_HANDOVER_VERSION 1

/* Offsets in struct uefi_handover, for assembly. */
#define HANDOVER_RSP 0
#define HANDOVER_GUEST 8
#define HANDOVER_NATIVE 16
#define HANDOVER_ROOT 24
#define HANDOVER_ENTRY 32
#define HANDOVER_CR0 40
#define HANDOVER_CR3 48
#define HANDOVER_CR4 56
#define HANDOVER_EFER 64
#define HANDOVER_FS_BASE 72
#define HANDOVER_GS_BASE 80
#define HANDOVER_GDTR 88 /* limit at 6 bytes before a quadword, base behind it */
#define HANDOVER_IDTR 104
#define HANDOVER_ES 120
#define HANDOVER_CS 122
#define HANDOVER_SS 124
#define HANDOVER_DS 126
#define HANDOVER_FS 128
#define HANDOVER_GS 130
#define HANDOVER_LDTR 132
#define HANDOVER_TR 134

#ifndef __ASSEMBLER__

#include "boot/boot_info.h"

struct uefi_header {
	char magic[8]; /* "RVUEFI\0\0" */
	uint32_t version, handover_bytes;
	void (*entry)(void); /* linked address */
};

#define UEFI_HEADER_MAGIC "RVUEFI\0"

struct uefi_table_register {
	uint16_t padding[3], limit;
	uint64_t base;
};

struct uefi_handover {
	/* Written by boot/uefi/enter.S and cpu.c: the CPU as the firmware had it. */
	uint64_t rsp, guest, native; /* stack, and where to go on */
	hpa_t root;		     /* page tables in force at the entry */
	uint64_t entry;
	uint64_t cr0, cr3, cr4, efer, fs_base, gs_base;
	struct uefi_table_register gdtr, idtr;
	uint16_t es, cs, ss, ds, fs, gs, ldtr, tr;
	/* Input */
	struct boot_info info; /* info.place is set */
	/* Output: texts for the firmware's screen, NUL-terminated. */
	char why[192];	   /* why no guest was made */
	char log[16384];   /* what was logged until the guest started */
};

_Static_assert(offsetof(struct uefi_handover, root) == HANDOVER_ROOT, "root");
_Static_assert(offsetof(struct uefi_handover, efer) == HANDOVER_EFER, "efer");
_Static_assert(offsetof(struct uefi_handover, gdtr) == HANDOVER_GDTR, "gdtr");
_Static_assert(offsetof(struct uefi_handover, idtr) == HANDOVER_IDTR, "idtr");
_Static_assert(offsetof(struct uefi_handover, es) == HANDOVER_ES, "es");
_Static_assert(offsetof(struct uefi_handover, tr) == HANDOVER_TR, "tr");

#endif
#endif
