/*
 * vmm/guest_memory.h: reading and writing the guest's memory by physical and by linear address.
 */
#ifndef VMM_GUEST_MEMORY_H
#define VMM_GUEST_MEMORY_H

#include "rv/types.h"
#include "vmm/vcpu.h"

/* What a walk of the guest's page tables found. */
struct guest_fault {
	bool fault;
	uint8_t vector;	     /* 14 #PF, 13 #GP, 12 #SS */
	uint32_t error_code; /* as the CPU would push it */
	gva_t address;	     /* CR2 for #PF */
};

enum guest_access { GUEST_READ, GUEST_WRITE, GUEST_FETCH };

/* Copies guest-physical memory. Only RAM that is the guest's (and ROM for reading): -RV_EPERM for
 * ours, -RV_EFAULT for what is no memory. All or nothing. */
int guest_memory_read(gpa_t gpa, void *buffer, size_t length_bytes);
int guest_memory_write(gpa_t gpa, const void *buffer, size_t length_bytes);

/* Translates a linear address by the vCPU's paging mode and rights as the CPU would for `access`
 * (sets accessed and dirty bits likewise). False: `fault` tells. AMD APM v2 5, Intel SDM 3 4. */
bool guest_translate(struct vcpu *vcpu, gva_t gva, enum guest_access access, gpa_t *gpa,
		     struct guest_fault *fault);

/* Copies between a buffer and linear addresses, page by page; memory-mapped devices are allowed
 * for neither. Returns false with `fault` filled (fault->fault unset: what is mapped there is no
 * RAM); what lies before the fault is then undefined for reads and written for writes. */
bool guest_linear_read(struct vcpu *vcpu, gva_t gva, void *buffer, size_t length_bytes,
		       enum guest_access access, struct guest_fault *fault);
bool guest_linear_write(struct vcpu *vcpu, gva_t gva, const void *buffer, size_t length_bytes,
			struct guest_fault *fault);

/* Fetches up to 15 bytes of the instruction at CS:RIP; returns how many (fewer at the end of what
 * is mapped), 0 with `fault` filled if none (fault->fault unset: no RAM). */
unsigned guest_fetch_instruction(struct vcpu *vcpu, uint8_t bytes[15], struct guest_fault *fault);

/* The shortcut to the same for 64-bit code that the CPU has just executed from: where the 15 bytes
 * at RIP lie, or NULL when it is anything but the common case. It looks at no rights. The bytes are
 * the guest's, which can change them: read each once. */
const uint8_t *guest_peek_code(struct vcpu *vcpu);
/* The same for a back end that knows the mode: 64-bit code, four levels of tables. */
const uint8_t *guest_peek_long_code(uint32_t cpu_index, uint64_t rip, uint64_t cr3);

/* Injects what a failed translation says. */
void guest_inject_fault(struct vcpu *vcpu, const struct guest_fault *fault);

#endif
