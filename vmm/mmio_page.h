/*
 * vmm/mmio_page.h: opening and closing one claimed page, between mmio.c and mmio_fault.c.
 */
#ifndef VMM_MMIO_PAGE_H
#define VMM_MMIO_PAGE_H

#include "vmm/vcpu.h"

/* Lets the guest at a claimed page; at a page of ones in place of one of ours. 0 or -errno. */
int mmio_open_page(struct vcpu *vcpu, gpa_t page);
/* Denies it again if some region still wants that, or it is ours. */
void mmio_close_page(struct vcpu *vcpu, gpa_t page);

/* Gives the guest a page that nobody claims, whatever was before. 0 or -errno. */
int mmio_settle_page(struct vcpu *vcpu, gpa_t page);

#endif
