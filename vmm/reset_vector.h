/*
 * vmm/reset_vector.h: a guest that restarts the machine by a jump to the reset vector below 1 MiB.
 */
#ifndef VMM_RESET_VECTOR_H
#define VMM_RESET_VECTOR_H

#include "vmm/vcpu.h"

/* From now on such a jump resets the machine. 0 or -errno of mmio_register(). Context: boot. */
int reset_vector_watch(void);

/* Was the nested fault the fetch of an instruction in the watched page? Then it is dealt with. Does not
 * return if the machine is to be reset. Context: exit. */
bool reset_vector_handle_fault(struct vcpu *vcpu);

#endif
