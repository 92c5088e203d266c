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

/* Opens a page, for an instruction fetch or else, and steps. operand: NULL: what is accessed is not
 * known. */
void mmio_begin_step(struct vcpu *vcpu, gpa_t page, bool execute,
		     const struct step_operand *operand);
/* Closes what is open. */
void mmio_end_step(struct vcpu *vcpu);

/* Gives the guest a page that nobody claims, whatever was before. 0 or -errno. */
int mmio_settle_page(struct vcpu *vcpu, gpa_t page);

#endif
