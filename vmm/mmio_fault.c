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
#include "vmm/access.h"
#include "vmm/alu.h"
#include "vmm/breakpoint.h"
#include "vmm/emulate.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio_direct.h"
#include "vmm/mmio_page.h"
#include "vmm/pio.h"

#define DECODED_SLOTS 8
#define REPORTED_SLOTS 64
#define STALE_FAULTS_MAXIMUM 1000
#define OPCODE_INTO 0xce

/* Decoding is a pure function of mode and bytes, so its results can be kept by them. */
struct decoded_slot {
	uint64_t bytes[2]; /* 15 bytes, then how many of them and the mode */
	struct decoded_instruction instruction;
};

/* Faults in a row of one instruction on one page that nobody claims. */
struct stale_faults {
	gpa_t page;
	gva_t rip;
	uint64_t generation; /* of the intercepts that the guest ran with */
	unsigned count;
};

static struct stale_faults mmio_stale_faults[CPUS_MAXIMUM];
static struct decoded_slot mmio_decoded[CPUS_MAXIMUM][DECODED_SLOTS];
static gva_t mmio_reported[REPORTED_SLOTS];

/* Linear address of the instruction at RIP. */
static gva_t mmio_code_address(struct vcpu *vcpu)
{
	struct segment_register code;

	if (decode_mode_of(vcpu) == DECODE_64)
		return vcpu->rip;
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	return (uint32_t)(code.base + (uint32_t)vcpu->rip);
}

/* What guest_fetch_instruction() leaves out, as the CPU fetches it from a device. */
static unsigned mmio_fetch_device(struct vcpu *vcpu, uint8_t bytes[16], unsigned nr_bytes,
				  struct guest_fault *fault)
{
	uint64_t left = INSTRUCTION_BYTES_MAXIMUM;
	gva_t gva = mmio_code_address(vcpu);
	struct segment_register code;
	gpa_t gpa;

	if (decode_mode_of(vcpu) != DECODE_64) {
		vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
		left = (uint32_t)vcpu->rip > code.limit_bytes
			       ? 0
			       : (uint64_t)code.limit_bytes - (uint32_t)vcpu->rip + 1;
	}
	for (; nr_bytes < INSTRUCTION_BYTES_MAXIMUM && nr_bytes < left; nr_bytes++) {
		if (!guest_translate(vcpu, gva + nr_bytes, GUEST_FETCH, &gpa, fault))
			break;
		bytes[nr_bytes] = (uint8_t)mmio_hardware_read(gpa, 1);
	}
	return nr_bytes;
}

/* The instruction at RIP, from a copy of its bytes; NULL if there is none, with the fault if that
 * is why. */
static const struct decoded_instruction *mmio_decode(struct vcpu *vcpu, uint8_t bytes[16],
						     struct guest_fault *fault)
{
	enum decode_mode mode = decode_mode_of(vcpu);
	unsigned nr_bytes = guest_fetch_instruction(vcpu, bytes, fault);
	struct decoded_slot *slot = &mmio_decoded[vcpu->cpu->index][vcpu->rip % DECODED_SLOTS];
	uint64_t key[2];

	if (vcpu->exit.nested.execute && !fault->fault && nr_bytes < INSTRUCTION_BYTES_MAXIMUM)
		nr_bytes = mmio_fetch_device(vcpu, bytes, nr_bytes, fault);
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

/* Where that operand is in its segment. */
static uint64_t mmio_step_offset(const struct emulation *emulation)
{
	const struct decoded_instruction *instruction = emulation->instruction;
	unsigned stack_bytes;
	uint64_t top;

	if (!instruction->other_stack)
		return operand_offset(emulation);
	stack_bytes = emulate_stack_bytes(emulation);
	top = operand_read_address(emulation->vcpu, GPR_RSP, stack_bytes);
	if (instruction->other_writes)
		top -= instruction->other_bytes;
	return top & alu_mask(stack_bytes);
}

/* Finds the memory operand of an instruction that is not emulated. False, with a fault if that is
 * why: it is not known, or elsewhere. */
static bool mmio_find_step_operand(struct emulation *emulation, struct step_operand *operand)
{
	const struct decoded_instruction *instruction = emulation->instruction;

	if (instruction->other_bytes == 0 ||
	    !operand_translate(emulation, instruction->memory.segment, mmio_step_offset(emulation),
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
	if (memory_is_ram(page, PAGE_BYTES) && !mmio_is_kept(page))
		return "is not emulated and passes";
	return known ? NULL : "is not emulated: it finds ones, and what it writes vanishes";
}

/* Has the instruction at RIP, which accesses the page, run by itself. */
static void mmio_step(struct vcpu *vcpu, gpa_t page, struct emulation *emulation,
		      const uint8_t bytes[16])
{
	struct step_operand operand;
	bool known = mmio_find_step_operand(emulation, &operand);
	const char *what = mmio_describe_step(page, known);
	struct step_target target = {
		.instruction = emulation->instruction,
		.operand = known ? &operand : NULL,
	};

	if (emulation->fault.fault) {
		guest_inject_fault(vcpu, &emulation->fault);
		return;
	}
	if (what)
		mmio_report(vcpu, vcpu->exit.nested.gpa, bytes, what);
	mmio_begin_step(vcpu, page, &target);
}

/* Has the instruction at RIP, which lies in the page, run from there by itself. `bytes` are as
 * mmio_decode() left them. */
static void mmio_step_code(struct vcpu *vcpu, gpa_t page, const struct decoded_instruction *instruction,
			   const uint8_t bytes[16])
{
	gva_t gva = mmio_code_address(vcpu);
	unsigned nr_bytes = bytes[15] & 0xf, left = (unsigned)(PAGE_BYTES - (gva & PAGE_MASK));
	unsigned first = nr_bytes < left ? nr_bytes : left;
	struct step_target target = {.instruction = instruction, .code = bytes};
	struct guest_fault fault;
	gpa_t gpa;

	if (guest_translate(vcpu, gva, GUEST_FETCH, &gpa, &fault) &&
	    align_down(gpa, PAGE_BYTES) == page) {
		target.code_gpa = gpa;
		target.code_bytes = first;
	} else { /* its second page */
		target.code = bytes + first;
		target.code_gpa = page;
		target.code_bytes = nr_bytes - first;
	}
	mmio_begin_step(vcpu, page, &target);
}

/* An INT n or its like, where a step would show: its event is delivered without it. The page, unless
 * the instruction itself lies in it, is one that the delivery accesses. */
static void mmio_interrupt(struct vcpu *vcpu, gpa_t page, const struct emulation *emulation)
{
	const struct step_target target = {0};

	if (vcpu->steps != 0 && emulation->fetched)
		mmio_end_step(vcpu);
	vcpu_ops->software_interrupt(vcpu, emulation->instruction);
	if (!emulation->fetched)
		mmio_begin_step(vcpu, page, &target);
}

/* Does it give an event of its own? INTO only if there was an overflow. */
static bool mmio_is_interrupt(const struct vcpu *vcpu, const struct decoded_instruction *instruction)
{
	if (vcpu_ops->software_interrupt == NULL)
		return false;
	return instruction->trace == DECODE_TRACE_ICEBP ||
	       (instruction->trace == DECODE_TRACE_INTERRUPT &&
		(instruction->opcode != OPCODE_INTO || (vcpu->rflags & RFLAGS_OF) != 0));
}

/* The instruction at RIP cannot be told. If that is where the fault comes from, the CPU may know
 * better, or gives the exception; else it has changed meanwhile. */
static void mmio_step_unknown(struct vcpu *vcpu, gpa_t page, const uint8_t bytes[16],
			      const struct guest_fault *fault)
{
	const struct step_target target = {0};

	if (fault->fault) {
		guest_inject_fault(vcpu, fault);
		return;
	}
	mmio_report(vcpu, vcpu->exit.nested.gpa, bytes, "cannot be decoded");
	if (vcpu->exit.nested.execute && !vcpu->exit.nested.table_walk)
		mmio_step_code(vcpu, page, NULL, bytes);
	else
		mmio_begin_step(vcpu, page, &target);
}

/* INS or OUTS on a port that nobody claims. */
static bool mmio_port_string(struct vcpu *vcpu, const struct emulation *emulation)
{
	if (emulation->instruction->port_string == 0 || emulation->fetched || vcpu->exit.nested.table_walk ||
	    !pio_perform_string(vcpu, emulation->instruction->port_string))
		return false;
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	return true;
}

/* Emulates the instruction at RIP, which accesses the page, lies in it, or is translated by it, or has it
 * run by itself. */
static void mmio_emulate(struct vcpu *vcpu, gpa_t page)
{
	struct emulation emulation = {
		.vcpu = vcpu,
		.fault_page = page,
		.fetched = vcpu->exit.nested.execute && !vcpu->exit.nested.table_walk,
	};
	struct step_target target = {0};
	enum emulate_result result;
	uint8_t bytes[16] = {0};

	emulation.instruction = mmio_decode(vcpu, bytes, &emulation.fault);
	if (!emulation.instruction) {
		mmio_step_unknown(vcpu, page, bytes, &emulation.fault);
		return;
	}
	if (mmio_is_interrupt(vcpu, emulation.instruction)) {
		mmio_interrupt(vcpu, page, &emulation);
		return;
	}
	if (mmio_port_string(vcpu, &emulation))
		return;
	result = emulate_instruction(&emulation);
	if (result == EMULATE_DONE || result == EMULATE_AGAIN) {
		if (vcpu->steps != 0)
			mmio_end_step(vcpu);
	} else if (result == EMULATE_FAULT) {
		guest_inject_fault(vcpu, &emulation.fault);
	} else if (emulation.fetched) {
		mmio_step_code(vcpu, page, emulation.instruction, bytes);
	} else if (result == EMULATE_UNKNOWN &&
		   (!vcpu->exit.nested.table_walk || memory_is_reserved(page, PAGE_BYTES))) {
		/* A page table of ones, which ours is, gives the fault that guest_translate() finds; a step
		 * would not do: Bochs with several CPUs ends one whose instruction faults where it began. */
		mmio_step(vcpu, page, &emulation, bytes);
	} else {
		/* The CPU's own accesses (page tables, descriptors), or another CPU changed the
		 * instruction meanwhile */
		target.instruction = emulation.instruction;
		mmio_begin_step(vcpu, page, &target);
	}
}

/* Nobody claims the page (any more), or there was no memory to map it: the guest gets it, and tries
 * again. False: that does not help, because our tables do not reach there, or have no memory; or it
 * has not helped again and again, though nobody changed a thing. */
static bool mmio_retry(struct vcpu *vcpu, gpa_t page)
{
	struct stale_faults *stale = &mmio_stale_faults[vcpu->cpu->index];

	if (mmio_settle_page(vcpu, page) != 0)
		return false;
	if (stale->page != page || stale->rip != vcpu->rip || stale->generation != vcpu->generation)
		*stale = (struct stale_faults){page, vcpu->rip, vcpu->generation, 0};
	return stale->count++ < STALE_FAULTS_MAXIMUM;
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

static void mmio_undefined(struct vcpu *vcpu)
{
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
}

/* A plain store of 4 bytes by 64-bit code, as drivers write registers: the exit says where that is in the
 * machine, so there is nothing to translate; if it is none of the instruction's own, another CPU having changed
 * that, it is hardly at the same place of a page. False: the general way has to do it. */
static bool mmio_store(struct vcpu *vcpu)
{
	gpa_t gpa = vcpu->exit.nested.gpa;
	uint8_t bytes[MMIO_DIRECT_BYTES];
	unsigned nr_bytes;
	const uint8_t *code;
	uint32_t value;

	if (!vcpu->exit.nested.write || vcpu->exit.nested.execute || vcpu->exit.nested.table_walk || gpa % 4 != 0 ||
	    vcpu->steps != 0 || breakpoint_any(vcpu))
		return false;
	code = guest_peek_code(vcpu);
	if (code == NULL)
		return false;
	mmio_direct_copy(bytes, code);
	nr_bytes = mmio_direct_decode(vcpu, bytes, &value);
	if (nr_bytes == 0 || ((mmio_direct_address(vcpu, bytes, nr_bytes) ^ gpa) & PAGE_MASK) != 0)
		return false;
	mmio_write(vcpu, gpa, sizeof(value), value);
	vcpu->exit.next_rip = vcpu->rip + nr_bytes;
	vcpu_skip_instruction(vcpu, 0);
	return true;
}

void mmio_handle_fault(struct vcpu *vcpu)
{
	gpa_t page = align_down(vcpu->exit.nested.gpa, PAGE_BYTES);
	const struct step_target target = {0};

	if (!mmio_is_claimed(page) && mmio_retry(vcpu, page))
		return;
	/* Amid the delivery of an event it is that which faulted, not the instruction at RIP. */
	if (!vcpu_ops->can_inject(vcpu))
		mmio_begin_step(vcpu, page, &target);
	else if (mmio_executes_ones(vcpu, page))
		mmio_undefined(vcpu);
	else if (!mmio_store(vcpu))
		mmio_emulate(vcpu, page);
}
