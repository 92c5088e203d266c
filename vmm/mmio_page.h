/*
 * vmm/mmio_page.h: what mmio.c, mmio_fault.c and mmio_hardware.c share.
 */
#ifndef VMM_MMIO_PAGE_H
#define VMM_MMIO_PAGE_H

#include "vmm/operand.h"

/* Compare-exchange on RAM of the guest within one page; false: it held something else. */
bool mmio_hardware_exchange(gpa_t gpa, unsigned width_bytes, uint64_t old, uint64_t value);

/* Lets the guest at a claimed page, or at a page of ours (memory_allocate_page()) in its place; NULL:
 * at the page itself. 0 or -errno. */
int mmio_open_page(struct vcpu *vcpu, gpa_t page, void *instead);
/* Denies it again if some region still wants that, or it is ours; else it is the guest's. */
void mmio_close_page(struct vcpu *vcpu, gpa_t page);

/* mmio_step.c: an instruction that is not emulated runs by itself, alone, with the pages that it
 * needs open. */

/* The memory operand of that instruction. */
struct step_operand {
	struct memory_operand memory;
	bool reads, writes;
	unsigned breakpoints; /* that it meets: DR6 */
	gva_t next_rip; /* where the CPU stands when it has executed the instruction */
};

/* What is stepped over. */
struct step_target {
	const struct decoded_instruction *instruction; /* NULL: not known, or the delivery of an event */
	const struct step_operand *operand; /* NULL: what is accessed is not known */
	const uint8_t *code; /* the bytes at RIP, for a page that the instruction itself lies in; else NULL */
	gpa_t code_gpa;	     /* where they begin in that page */
	unsigned code_bytes; /* how many of them lie there */
};

/* Opens a page and steps; mmio_end_step() closes it. */
void mmio_begin_step(struct vcpu *vcpu, gpa_t page, const struct step_target *target);
/* Gives the guest a page that nobody claims, whatever was before. 0 or -errno. */
int mmio_settle_page(struct vcpu *vcpu, gpa_t page);

#endif
