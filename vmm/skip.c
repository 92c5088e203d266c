/*
 * vmm/skip.c: moving RIP past an instruction that was emulated.
 */
#include "vmm/vcpu.h"

#include "vmm/guest_memory.h"
#include "vmm/prefix.h"

/* Where the CPU does not tell the next RIP: the exit says which opcode it is, and its bytes which
 * prefixes stand before it. 40h-4Fh outside of 64-bit code are instructions of their own, so they
 * cannot precede the one that exited. */
bool vcpu_find_next_rip(struct vcpu *vcpu, unsigned opcode_bytes)
{
	uint8_t bytes[15];
	struct guest_fault fault;
	unsigned nr = guest_fetch_instruction(vcpu, bytes, &fault), at = 0;

	if (nr == 0 && fault.fault) {
		guest_inject_fault(vcpu, &fault);
		return false;
	}
	/* Nothing to read where the guest runs: it is firmware in its own memory, such as that of
	 * system management mode, which some CPUs let exit. Compilers write no prefixes there. */
	while (at < nr && (prefix_is_legacy(bytes[at]) || prefix_is_rex(bytes[at])))
		at++;
	vcpu->exit.next_rip = vcpu->rip + at + opcode_bytes;
	return true;
}
