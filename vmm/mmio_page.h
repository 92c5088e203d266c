/*
 * vmm/mmio_page.h: opening and closing one claimed page, between mmio.c and mmio_fault.c.
 */
#ifndef VMM_MMIO_PAGE_H
#define VMM_MMIO_PAGE_H

#include "vmm/vcpu.h"

void mmio_open_page(struct vcpu *vcpu, gpa_t page);
/* Denies it again if some region still wants that. */
void mmio_close_page(struct vcpu *vcpu, gpa_t page);

#endif
