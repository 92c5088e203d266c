/*
 * vmm/mmio.h: memory-mapped devices that someone claims, and the hypervisor's own memory as the
 * guest sees it. Registration is in vmm/access.h.
 */
#ifndef VMM_MMIO_H
#define VMM_MMIO_H

#include "vmm/access.h"
#include "vmm/vcpu.h"

/* Handles EXIT_NESTED_FAULT, whatever address it is about. Context: exit. */
void mmio_handle_fault(struct vcpu *vcpu);

/* Handles EXIT_DEBUG_EXCEPTION while vcpu->steps is set: closes what was opened for one
 * instruction. False: no step was going on. Context: exit. */
bool mmio_handle_step(struct vcpu *vcpu);

/* Takes an access within a page through the handlers; the hardware is left to the caller. */
enum access_result mmio_offer(struct access *access);

/* Is the page of RAM of a region that is kept? */
bool mmio_is_kept(gpa_t page);

/* Does any guard watch [first, last] but those with this handler? */
bool mmio_has_guard_but(uint64_t first, uint64_t last, access_handler handler);

/* Performs an access of the guest to one page, 1 to 8 bytes: through the handlers where the page is
 * claimed, as ones and vanishing where it is ours, else on memory or the device. */
uint64_t mmio_read(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes);
void mmio_write(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes, uint64_t value);

/* The write of a locked read-modify-write that has read `old`. False: RAM or who is asked changed
 * meanwhile, nothing was written. */
bool mmio_write_locked(struct vcpu *vcpu, gpa_t gpa, unsigned length_bytes, uint64_t old,
		       uint64_t value);

/* Is the page of this address claimed, or ours, or out of what a guest can have? */
bool mmio_is_claimed(gpa_t gpa);

#endif
