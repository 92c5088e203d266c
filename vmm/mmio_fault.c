/*
 * vmm/mmio_fault.c: owns what happens when the guest touches a page that is claimed, or ours: the
 * instruction is emulated; what cannot be emulated runs by itself (mmio_step.c). Each array element
 * below belongs to one CPU; mmio_reported is only a filter for messages and needs no lock.
 */
#include "vmm/mmio.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "vmm/emulate.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio_page.h"

#define DECODED_SLOTS 8
#define REPORTED_SLOTS 64
#define STALE_FAULTS_MAXIMUM 1000

/* Decoding is a pure function of mode and bytes, so its results can be kept by them. */
struct decoded_slot {
	uint64_t bytes[2]; /* 15 bytes, then how many of them and the mode */
	struct decoded_instruction instruction;
};

/* Faults in a row of one instruction on one page that nobody claims. */
struct stale_faults {
	gpa_t page;
	gva_t rip;
	unsigned count;
};

static struct stale_faults mmio_stale_faults[CPUS_MAXIMUM];
static struct decoded_slot mmio_decoded[CPUS_MAXIMUM][DECODED_SLOTS];
static gva_t mmio_reported[REPORTED_SLOTS];

/* The instruction at RIP, from a copy of its bytes; NULL if there is none, with the fault if that
 * is why. */
static const struct decoded_instruction *mmio_decode(struct vcpu *vcpu, uint8_t bytes[16],
						     struct guest_fault *fault)
{
	enum decode_mode mode = decode_mode_of(vcpu);
	unsigned nr_bytes = guest_fetch_instruction(vcpu, bytes, fault);
	struct decoded_slot *slot = &mmio_decoded[vcpu->cpu->index][vcpu->rip % DECODED_SLOTS];
	uint64_t key[2];

	if (nr_bytes == 0)
		return NULL;
	memset(bytes + nr_bytes, 0, 16 - nr_bytes);
	bytes[15] = (uint8_t)(nr_bytes | (unsigned)mode << 4);
	memcpy(key, bytes, sizeof(key));
	if (slot->bytes[0] == key[0] && slot->bytes[1] == key[1])
		return &slot->instruction;
	slot->bytes[1] = 0; /* no key has a count of 0 */
	if (!decode_instruction(mode, bytes, nr_bytes, &slot->instruction))
		return NULL;
	slot->bytes[0] = key[0];
	slot->bytes[1] = key[1];
	return &slot->instruction;
}

/* Once for each instruction address, as far as the slots go. */
static void mmio_report(struct vcpu *vcpu, gpa_t gpa, const uint8_t bytes[16], const char *what)
{
	gva_t *slot = &mmio_reported[(vcpu->rip ^ vcpu->rip >> 6) % REPORTED_SLOTS];

	if (*slot == vcpu->rip + 1)
		return;
	*slot = vcpu->rip + 1;
	log_notice("access to claimed memory 0x%llx by %02x %02x %02x %02x %02x %02x at 0x%llx %s",
		   (unsigned long long)gpa, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
		   bytes[5], (unsigned long long)vcpu->rip, what);
}

/* Finds the memory operand of an instruction that is not emulated. False, with a fault if that is
 * why: it is not known, or elsewhere. */
static bool mmio_find_step_operand(struct emulation *emulation, struct step_operand *operand)
{
	const struct decoded_instruction *instruction = emulation->instruction;

	if (instruction->other_bytes == 0 ||
	    !operand_translate(emulation, instruction->memory.segment, operand_offset(emulation),
			       instruction->other_bytes,
			       instruction->other_writes ? GUEST_WRITE : GUEST_READ,
			       &operand->memory))
		return false;
	operand->reads = instruction->other_reads;
	operand->writes = instruction->other_writes;
	operand->breakpoints = emulation->breakpoints;
	operand->next_rip = emulation->vcpu->rip + instruction->length_bytes;
	if (instruction->mode != DECODE_64)
		operand->next_rip = (uint32_t)operand->next_rip;
	return emulation->touched;
}

static const char *mmio_describe_step(gpa_t page, bool known)
{
	if (memory_is_reserved(page, PAGE_BYTES))
		return "finds ones: it is ours";
	if (memory_is_ram(page, PAGE_BYTES))
		return "is not emulated and passes";
	return known ? NULL : "is not emulated: it finds ones, and what it writes vanishes";
}

/* Has the instruction at RIP run by itself. */
static void mmio_step(struct vcpu *vcpu, gpa_t page, struct emulation *emulation,
		      const uint8_t bytes[16])
{
	struct step_operand operand;
	bool known = mmio_find_step_operand(emulation, &operand);
	const char *what = mmio_describe_step(page, known);

	if (emulation->fault.fault) {
		guest_inject_fault(vcpu, &emulation->fault);
		return;
	}
	if (what)
		mmio_report(vcpu, vcpu->exit.nested.gpa, bytes, what);
	mmio_begin_step(vcpu, page, false, known ? &operand : NULL);
}

/* Emulates the instruction at RIP; false if it has to run by itself. */
static bool mmio_emulate(struct vcpu *vcpu, gpa_t page)
{
	struct emulation emulation = {.vcpu = vcpu, .fault_page = page};
	uint8_t bytes[16] = {0};

	emulation.instruction = mmio_decode(vcpu, bytes, &emulation.fault);
	if (!emulation.instruction) {
		if (!emulation.fault.fault)
			mmio_report(vcpu, vcpu->exit.nested.gpa, bytes, "cannot be decoded");
		guest_inject_fault(vcpu, &emulation.fault);
		return emulation.fault.fault;
	}
	switch (emulate_instruction(&emulation)) {
	case EMULATE_DONE:
		if (vcpu->steps != 0)
			mmio_end_step(vcpu);
		return true;
	case EMULATE_AGAIN:
		return true;
	case EMULATE_FAULT:
		guest_inject_fault(vcpu, &emulation.fault);
		return true;
	case EMULATE_UNKNOWN:
		mmio_step(vcpu, page, &emulation, bytes);
		return true;
	default: /* EMULATE_ELSEWHERE: the CPU's own accesses (descriptors, stacks of interrupts),
		  * or another CPU changed the instruction meanwhile */
		return false;
	}
}

/* Another CPU ended the claim after this one had faulted: the access is to be tried again. That it
 * does not help for ever is a mistake of ours. */
static bool mmio_retry(struct vcpu *vcpu, gpa_t page)
{
	struct stale_faults *stale = &mmio_stale_faults[vcpu->cpu->index];

	if (stale->page != page || stale->rip != vcpu->rip)
		*stale = (struct stale_faults){page, vcpu->rip, 0};
	return stale->count++ < STALE_FAULTS_MAXIMUM && mmio_settle_page(vcpu, page) == 0;
}

/* Does the instruction at RIP begin in a page of ours? Ones are none, whatever follows: the second byte
 * of them makes FF /7, which is undefined (AMD APM v3 A.1.4). */
static bool mmio_executes_ones(struct vcpu *vcpu, gpa_t page)
{
	gva_t offset = vcpu->rip;
	struct segment_register code;

	if (!vcpu->exit.nested.execute || !memory_is_reserved(page, PAGE_BYTES))
		return false;
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	if (!vcpu_is_long(vcpu) || (code.attributes & SEGMENT_ATTRIBUTE_LONG) == 0)
		offset += code.base;
	offset &= PAGE_MASK;
	return offset == (vcpu->exit.nested.gpa & PAGE_MASK) && offset != PAGE_MASK;
}

bool mmio_handle_fault(struct vcpu *vcpu)
{
	gpa_t page = align_down(vcpu->exit.nested.gpa, PAGE_BYTES);

	if (!mmio_is_claimed(page))
		return mmio_retry(vcpu, page);
	if (mmio_executes_ones(vcpu, page) && vcpu_ops->can_inject(vcpu)) {
		vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
		return true;
	}
	/* Amid the delivery of an event it is that which faulted, not the instruction at RIP. A page table of
	 * ones, which ours is, gives the fault that guest_translate() finds; to have the instruction find it
	 * would need a step, and Bochs with several CPUs ends one whose instruction faults where it began. */
	if (vcpu->exit.nested.execute ||
	    (vcpu->exit.nested.table_walk && !memory_is_reserved(page, PAGE_BYTES)) ||
	    !vcpu_ops->can_inject(vcpu) || !mmio_emulate(vcpu, page))
		mmio_begin_step(vcpu, page, vcpu->exit.nested.execute, NULL);
	return true;
}
