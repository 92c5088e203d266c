/*
 * vmm/mmio_fault.c: owns what happens when the guest touches a page that is claimed, or ours: the
 * instruction is emulated; what cannot be emulated runs by itself, alone, with the page opened for
 * that moment. Each array element below belongs to one CPU; mmio_reported is only a filter for
 * messages and needs no lock.
 */
#include "vmm/mmio.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "vmm/emulate.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio_page.h"

#define OPEN_PAGES_MAXIMUM 32
#define DECODED_SLOTS 8
#define REPORTED_SLOTS 64

/* Pages that a CPU has opened for the instruction that it steps over. */
struct open_pages {
	gpa_t page[OPEN_PAGES_MAXIMUM];
	unsigned count;
};

/* Decoding is a pure function of mode and bytes, so its results can be kept by them. */
struct decoded_slot {
	uint64_t bytes[2]; /* 15 bytes, then how many of them and the mode */
	struct decoded_instruction instruction;
};

static struct open_pages mmio_open_pages[CPUS_MAXIMUM];
static struct decoded_slot mmio_decoded[CPUS_MAXIMUM][DECODED_SLOTS];
static gva_t mmio_reported[REPORTED_SLOTS];

/* The instruction at RIP, from a copy of its bytes; NULL if there is none, with the fault if that is
 * why. */
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

static void mmio_end_step(struct vcpu *vcpu)
{
	struct open_pages *open = &mmio_open_pages[vcpu->cpu->index];

	while (open->count != 0)
		mmio_close_page(vcpu, open->page[--open->count]);
	vcpu->steps = 0;
	vcpu_ops->want_step(vcpu, false);
}

/* Lets the CPU run the instruction itself, with the page open. It may need several, one fault each. */
static void mmio_begin_step(struct vcpu *vcpu, gpa_t page)
{
	struct open_pages *open = &mmio_open_pages[vcpu->cpu->index];

	/* No instruction needs that many at once: something else faults. Start over. */
	if (open->count == OPEN_PAGES_MAXIMUM)
		mmio_end_step(vcpu);
	open->page[open->count++] = page;
	mmio_open_page(vcpu, page);
	if (vcpu->steps == 0)
		vcpu_ops->want_step(vcpu, true);
	vcpu->steps = 1;
	vcpu->step_page = page;
}

static void mmio_inject(struct vcpu *vcpu, uint8_t vector, int64_t error_code)
{
	vcpu_ops->inject_exception(vcpu, vector, error_code);
}

/* Our memory holds page tables of the guest, it thinks: they read as ones, so the translation fails
 * by reserved bits. Which address was translated no exit tells; try those that are at hand. */
static void mmio_fail_table_walk(struct vcpu *vcpu)
{
	struct guest_fault fault = {true, VECTOR_PAGE_FAULT,
				    PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED, 0};
	struct emulation emulation = {.vcpu = vcpu};
	struct memory_operand operand;
	uint8_t bytes[16];

	emulation.instruction = mmio_decode(vcpu, bytes, &emulation.fault);
	if (emulation.instruction && emulation.instruction->operation != DECODE_OTHER)
		(void)operand_translate(&emulation, emulation.instruction->memory.segment,
					operand_offset(&emulation), 1, GUEST_READ, &operand);
	if (emulation.fault.fault)
		fault = emulation.fault;
	guest_inject_fault(vcpu, &fault);
}

/* An access to our memory that cannot be emulated must not be let through. */
static void mmio_refuse(struct vcpu *vcpu, const struct decoded_instruction *instruction,
			const uint8_t bytes[16])
{
	gpa_t gpa = vcpu->exit.nested.gpa;

	if (!instruction) {
		mmio_inject(vcpu, VECTOR_GENERAL_PROTECTION, 0);
		return;
	}
	mmio_report(vcpu, gpa, bytes, "is skipped: it is the hypervisor's");
	vcpu->rip += instruction->length_bytes;
	vcpu_ops->clear_interrupt_shadow(vcpu);
}

static void mmio_emulate(struct vcpu *vcpu, bool reserved)
{
	struct emulation emulation = {
		.vcpu = vcpu,
		.fault_page = align_down(vcpu->exit.nested.gpa, PAGE_BYTES),
	};
	enum emulate_result result = EMULATE_ELSEWHERE;
	uint8_t bytes[16];

	emulation.instruction = mmio_decode(vcpu, bytes, &emulation.fault);
	if (emulation.instruction)
		result = emulate_instruction(&emulation);
	else if (emulation.fault.fault)
		result = EMULATE_FAULT;

	switch (result) {
	case EMULATE_DONE:
		if (vcpu->steps != 0)
			mmio_end_step(vcpu);
		return;
	case EMULATE_AGAIN:
		return;
	case EMULATE_FAULT:
		guest_inject_fault(vcpu, &emulation.fault);
		return;
	case EMULATE_UNKNOWN:
		if (reserved) {
			mmio_refuse(vcpu, emulation.instruction, bytes);
			return;
		}
		mmio_report(vcpu, vcpu->exit.nested.gpa, bytes, "is not emulated and passes");
		break;
	case EMULATE_ELSEWHERE:
		/* The CPU's own accesses (descriptors, stacks of interrupts), or another CPU changed
		 * the instruction meanwhile. */
		if (reserved) {
			mmio_refuse(vcpu, NULL, bytes);
			return;
		}
		break;
	}
	mmio_begin_step(vcpu, emulation.fault_page);
}

bool mmio_handle_fault(struct vcpu *vcpu)
{
	gpa_t gpa = vcpu->exit.nested.gpa;
	bool reserved = memory_is_reserved(gpa, 1);

	if (!mmio_is_claimed(gpa))
		return false;
	if (!vcpu->exit.nested.execute && !vcpu->exit.nested.table_walk)
		mmio_emulate(vcpu, reserved);
	else if (!reserved)
		mmio_begin_step(vcpu, align_down(gpa, PAGE_BYTES));
	else if (vcpu->exit.nested.table_walk)
		mmio_fail_table_walk(vcpu);
	else
		mmio_inject(vcpu, VECTOR_INVALID_OPCODE, -1); /* ones are no instruction: FF /7 */
	return true;
}

bool mmio_handle_step(struct vcpu *vcpu)
{
	if (vcpu->steps == 0)
		return false;
	mmio_end_step(vcpu);
	/* If TF is set still, the guest steps too: the trap is its own as well. */
	if ((vcpu->rflags & RFLAGS_TF) != 0)
		vcpu_ops->inject_single_step(vcpu);
	return true;
}
