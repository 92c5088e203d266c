/*
 * vmm/skip.c: moving RIP past an instruction that was emulated.
 */
#include "vmm/vcpu.h"

#include "core/instructions.h"
#include "vmm/decode.h"
#include "vmm/guest_memory.h"

/* Where the CPU does not tell the next RIP, the instruction's bytes do: prefixes may stand before
 * its opcode. */
static bool vcpu_find_next_rip(struct vcpu *vcpu, unsigned default_bytes)
{
	uint8_t bytes[15];
	struct guest_fault fault;
	unsigned nr = guest_fetch_instruction(vcpu, bytes, &fault), length;

	if (nr == 0) {
		guest_inject_fault(vcpu, &fault);
		return false;
	}
	length = decode_length(decode_mode_of(vcpu), bytes, nr);
	vcpu->exit.next_rip = vcpu->rip + (length != 0 ? length : default_bytes);
	return true;
}

void vcpu_skip_instruction(struct vcpu *vcpu, unsigned default_bytes)
{
	if (vcpu->exit.next_rip == 0 && !vcpu_find_next_rip(vcpu, default_bytes))
		return;
	vcpu->rip = vcpu->exit.next_rip;
	vcpu_ops->clear_interrupt_shadow(vcpu);
	/* What the CPU does when an instruction completes (AMD APM v2 3.1.6, 13.1.4) */
	vcpu->rflags &= ~RFLAGS_RF;
	if (vcpu->rflags & RFLAGS_TF)
		vcpu_ops->inject_single_step(vcpu);
}
