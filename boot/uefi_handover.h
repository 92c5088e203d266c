/*
 * boot/uefi_handover.h: what the UEFI loader (boot/uefi) and the hypervisor's UEFI entries say to each
 * other. Both are built from this file; the version keeps a loader off another's hypervisor.
 *
 * The hypervisor's image begins with struct uefi_header. The loader puts the image where it stays,
 * saves the CPU's state, and jumps to `entry` with RDI = the physical address of the handover, in
 * page tables that add the image at its linked address to the firmware's own. It goes on behind that
 * jump either as the guest, or (no virtualization) natively by way of `native`.
 *
 * The other CPUs wait meanwhile in a procedure of the loader's that the firmware has them execute
 * (boot/uefi/mp.c). When the hypervisor is ready it lets one after the other go (`state`), and each
 * comes as the boot CPU did, by `cpu_entry`, and goes on in that procedure as its vCPU.
 */
#ifndef BOOT_UEFI_HANDOVER_H
#define BOOT_UEFI_HANDOVER_H

#define UEFI_HANDOVER_VERSION 9

/* Offsets in struct uefi_cpu, for assembly. */
#define UEFI_CPU_RSP 0
#define UEFI_CPU_GUEST 8
#define UEFI_CPU_NATIVE 16
#define UEFI_CPU_ROOT 24
#define UEFI_CPU_ENTRY 32
#define UEFI_CPU_CR0 40
#define UEFI_CPU_CR3 48
#define UEFI_CPU_CR4 56
#define UEFI_CPU_EFER 64
#define UEFI_CPU_FS_BASE 72
#define UEFI_CPU_GS_BASE 80
#define UEFI_CPU_GDTR 88 /* limit at 6 bytes before a quadword, base behind it */
#define UEFI_CPU_IDTR 104
#define UEFI_CPU_ES 120
#define UEFI_CPU_CS 122
#define UEFI_CPU_SS 124
#define UEFI_CPU_DS 126
#define UEFI_CPU_FS 128
#define UEFI_CPU_GS 130
#define UEFI_CPU_LDTR 132
#define UEFI_CPU_TR 134
#define UEFI_CPU_STACK 136

#ifndef __ASSEMBLER__

#include "boot/boot_info.h"

struct uefi_header {
	char magic[8]; /* "RVUEFI\0\0" */
	uint32_t version, handover_bytes;
	void (*entry)(void);	 /* linked addresses: of the boot CPU, RDI = struct uefi_handover, */
	void (*cpu_entry)(void); /* of another, RDI = its struct uefi_cpu */
};

#define UEFI_HEADER_MAGIC "RVUEFI\0"
#define UEFI_CPUS_MAXIMUM 64 /* CPUS_MAXIMUM */

struct uefi_table_register {
	uint16_t padding[3], limit;
	uint64_t base;
};

/* Of another CPU. It goes from the first to the second by itself; what comes then is said by the
 * hypervisor, or by the loader if there is none. */
enum uefi_cpu_state {
	UEFI_CPU_AWAY,	/* has not come to the loader's procedure */
	UEFI_CPU_WAITS, /* in it */
	UEFI_CPU_GOES,	/* into the hypervisor */
	UEFI_CPU_LEAVES, /* the procedure: back to the firmware, natively */
};

struct uefi_cpu {
	/* Written by boot/uefi/enter.c and enter_code.S: the CPU as the firmware had it. */
	uint64_t rsp, guest, native; /* stack, and where to go on */
	hpa_t root;		     /* page tables in force at the entry; the loader's, as the next */
	uint64_t entry;
	uint64_t cr0, cr3, cr4, efer, fs_base, gs_base;
	struct uefi_table_register gdtr, idtr;
	uint16_t es, cs, ss, ds, fs, gs, ldtr, tr;
	/* The next are of the other CPUs only. */
	uint64_t stack;	  /* the hypervisor's for it, written before UEFI_CPU_GOES */
	uint32_t apic_id; /* by the firmware's word */
	uint32_t state;	  /* enum uefi_cpu_state; atomic */
};

struct uefi_handover {
	struct uefi_cpu boot;
	/* Input */
	struct uefi_cpu cpus[UEFI_CPUS_MAXIMUM]; /* the others that the firmware knows */
	uint32_t nr_cpus;
	struct boot_info info; /* info.place is set */
	/* Output: texts for the firmware's screen, NUL-terminated. */
	char why[192];	   /* why no guest was made, or it must not go on */
	uint32_t refused;  /* 1: what has to be in force is not; the loader stops the boot */
	uint32_t reconnect; /* 1: the firmware's drivers of disks are to begin anew */
	char log[16384];   /* what was logged until the guest started */
};

_Static_assert(offsetof(struct uefi_handover, boot) == 0, "boot CPU");
_Static_assert(offsetof(struct uefi_cpu, root) == UEFI_CPU_ROOT, "root");
_Static_assert(offsetof(struct uefi_cpu, efer) == UEFI_CPU_EFER, "efer");
_Static_assert(offsetof(struct uefi_cpu, gdtr) == UEFI_CPU_GDTR, "gdtr");
_Static_assert(offsetof(struct uefi_cpu, idtr) == UEFI_CPU_IDTR, "idtr");
_Static_assert(offsetof(struct uefi_cpu, es) == UEFI_CPU_ES, "es");
_Static_assert(offsetof(struct uefi_cpu, tr) == UEFI_CPU_TR, "tr");
_Static_assert(offsetof(struct uefi_cpu, stack) == UEFI_CPU_STACK, "stack");

#endif
#endif
