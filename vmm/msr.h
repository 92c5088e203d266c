/*
 * vmm/msr.h: intercepted RDMSR and WRMSR.
 */
#ifndef VMM_MSR_H
#define VMM_MSR_H

#include "vmm/access.h"
#include "vmm/vcpu.h"

/* Takes an access through the handlers; the hardware is left to the caller. */
enum access_result msr_offer(struct access *access);

/* EXIT_MSR_READ and EXIT_MSR_WRITE. */
void msr_handle_exit(struct vcpu *vcpu, bool write);

/* Guards the MSRs whose change would harm us; a guest that tries gets #GP. Context: boot, after the
 * boot CPU's vCPU was made. */
int msr_guard_init(void);

/* Is it a PAT that the CPU takes: type 0, 1, 4, 5, 6 or 7 in each byte (APM v2 7.8.1, SDM v3
 * 12.12.2)? */
static inline bool msr_is_valid_pat(uint64_t value)
{
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint8_t type = (uint8_t)(value >> shift);

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

#endif
