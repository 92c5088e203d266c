/*
 * vmm/reset_vector.c: F000:FFF0 is where a PC's firmware starts in real mode (Intel SDM 3 10.1.4, AMD
 * APM v2 14.1.4), and an OS whose other ways to restart are missing jumps there. UEFI firmware then
 * goes through its first steps without a reset: it sets up memory that is ours, and starts CPUs by a
 * page that is. So its page is watched while the guest is UEFI's, and such a jump becomes a reset. A
 * legacy BIOS keeps more than that in the page, and knows itself what to do: where one is at work,
 * nothing is watched any more.
 */
#include "vmm/reset_vector.h"

#include "core/log.h"
#include "vmm/access.h"

#define RESET_VECTOR UINT64_C(0xffff0)

static bool reset_vector_watched;

static enum access_result reset_vector_access(struct access *access, void *context)
{
	(void)access;
	(void)context;
	return ACCESS_PASS; /* it may be read */
}

static struct access_region reset_vector_region = {
	.first = RESET_VECTOR & ~PAGE_MASK,
	.last = RESET_VECTOR | PAGE_MASK,
	.handler = reset_vector_access,
	.band = BAND_GUARD,
};

int reset_vector_watch(void)
{
	int error = mmio_register(&reset_vector_region);

	reset_vector_watched = error == 0;
	return error;
}

bool reset_vector_handle_fault(struct vcpu *vcpu)
{
	struct segment_register code;
	uint64_t address;

	/* A script's hook of the page is no business of ours. */
	if (!__atomic_load_n(&reset_vector_watched, __ATOMIC_RELAXED) ||
	    vcpu->exit.nested.gpa < reset_vector_region.first ||
	    vcpu->exit.nested.gpa > reset_vector_region.last)
		return false;
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	address = code.base + vcpu->rip;
	if (address < reset_vector_region.first || address > reset_vector_region.last)
		return false; /* code elsewhere reads the page */
	if (address == RESET_VECTOR)
		vcpu_reset_machine(vcpu, "jumped to the reset vector");
	__atomic_store_n(&reset_vector_watched, false, __ATOMIC_RELAXED);
	log_info("a legacy BIOS is at work: jumps to its reset vector are its own");
	mmio_unregister(&reset_vector_region);
	return true;
}
