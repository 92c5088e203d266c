/*
 * vmm/mmio_page.h: what mmio.c, mmio_fault.c and mmio_hardware.c share.
 */
#ifndef VMM_MMIO_PAGE_H
#define VMM_MMIO_PAGE_H

#include "vmm/vcpu.h"

/* Compare-exchange on RAM of the guest within one page; false: it held something else. */
bool mmio_hardware_exchange(gpa_t gpa, unsigned width_bytes, uint64_t old, uint64_t value);

/* Lets the guest at a claimed page; at a page of ones in place of one of ours. 0 or -errno. */
int mmio_open_page(struct vcpu *vcpu, gpa_t page);
/* Denies it again if some region still wants that, or it is ours. */
void mmio_close_page(struct vcpu *vcpu, gpa_t page);

/* Gives the guest a page that nobody claims, whatever was before. 0 or -errno. */
int mmio_settle_page(struct vcpu *vcpu, gpa_t page);

#endif
