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
#define STALE_FAULTS_MAXIMUM 1000

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

/* Faults in a row of one instruction on one page that nobody claims. */
struct stale_faults {
	gpa_t page;
	gva_t rip;
	unsigned count;
};

static struct stale_faults mmio_stale_faults[CPUS_MAXIMUM];
static struct open_pages mmio_open_pages[CPUS_MAXIMUM];
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

static void mmio_end_step(struct vcpu *vcpu)
{
	struct open_pages *open = &mmio_open_pages[vcpu->cpu->index];

	while (open->count != 0)
		mmio_close_page(vcpu, open->page[--open->count]);
	vcpu->steps = 0;
	vcpu_ops->want_step(vcpu, false);
}

/* Lets the CPU run the instruction itself, with the page open, or ones in place of our memory. It
 * may need several pages, one fault each. */
static void mmio_begin_step(struct vcpu *vcpu, gpa_t page)
{
	struct open_pages *open = &mmio_open_pages[vcpu->cpu->index];

	/* No instruction needs that many at once: something else faults. Start over. */
	if (open->count == OPEN_PAGES_MAXIMUM)
		mmio_end_step(vcpu);
	if (mmio_open_page(vcpu, page) != 0) {
		/* No memory for that; the guest must not come back for ever. */
		vcpu_ops->inject_exception(vcpu, VECTOR_GENERAL_PROTECTION, 0);
		return;
	}
	open->page[open->count++] = page;
	if (vcpu->steps == 0)
		vcpu_ops->want_step(vcpu, true);
	vcpu->steps = 1;
	vcpu->step_page = page;
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
		mmio_report(vcpu, vcpu->exit.nested.gpa, bytes,
			    memory_is_reserved(page, PAGE_BYTES) ? "finds ones: it is ours"
								 : "is not emulated and passes");
		return false;
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

bool mmio_handle_fault(struct vcpu *vcpu)
{
	gpa_t page = align_down(vcpu->exit.nested.gpa, PAGE_BYTES);

	if (!mmio_is_claimed(page))
		return mmio_retry(vcpu, page);
	/* Amid the delivery of an event it is that which faulted, not the instruction at RIP. */
	if (vcpu->exit.nested.execute || vcpu->exit.nested.table_walk ||
	    !vcpu_ops->can_inject(vcpu) || !mmio_emulate(vcpu, page))
		mmio_begin_step(vcpu, page);
	return true;
}

bool mmio_handle_step(struct vcpu *vcpu)
{
	if (vcpu->steps == 0)
		return false;
	mmio_end_step(vcpu);
	/* If TF is set still, the guest steps too: the trap is its own as well, unless the
	 * instruction faulted. */
	if ((vcpu->rflags & RFLAGS_TF) != 0 && vcpu_ops->can_inject(vcpu))
		vcpu_ops->inject_single_step(vcpu);
	return true;
}
