/*
 * vmm/mmio_step.c: owns how an instruction that is not emulated (SSE, AVX, x87, ...) runs by itself.
 * Each array element below belongs to one CPU.
 *
 * It never reaches a device that way. Where its memory operand is known, a page of ours stands in
 * for the device's: what the operand reads is put there beforehand, what it writes is taken from
 * there afterwards, both by way of the handlers; no register of the FPU is touched for that. Where
 * it is not known (masked stores, descriptor tables, page walks), the page is one of ones and what is
 * written vanishes. Code in a device's memory runs from such a page of ones with that one instruction
 * in it. In RAM that is not kept (vmm/access.h), where another CPU may have the same page in use, the instruction meets the page
 * itself, past the handlers; so does code that runs from a ROM below 1 MiB.
 *
 * While it runs, other CPUs find the same page in place of the device's: what they write there in
 * that moment is lost.
 */
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio.h"
#include "vmm/mmio_page.h"

#define STEP_PAGES_MAXIMUM 32
#define STEP_CHUNK_BYTES 8
#define STEP_ONES 2 /* behind those of the operand's two parts */
#define STEP_CODE 3 /* and those of the instruction's */
#define STEP_STAND_INS 5
#define STEP_ROM_END MIB(1)

static struct step {
	gpa_t pages[STEP_PAGES_MAXIMUM]; /* that are open */
	unsigned count;
	struct step_operand operand;
	bool stands_in[2];	/* for this part of the operand */
	unsigned code_pages;	/* that are open */
	uint8_t *instead[STEP_STAND_INS]; /* allocated when first needed, and kept */
} mmio_steps[CPUS_MAXIMUM];

/* A page of ones. NULL: there is no memory. */
static uint8_t *step_page(struct step *step, unsigned which)
{
	uint8_t **page = &step->instead[which];

	if (!*page)
		*page = memory_allocate_page();
	if (*page)
		memset(*page, 0xff, PAGE_BYTES);
	return *page;
}

static unsigned step_part_bytes(const struct memory_operand *operand, unsigned part)
{
	return part == 0 ? operand->first_bytes : operand->width_bytes - operand->first_bytes;
}

/* Between the operand's part and the page that stands in for it, through the handlers. */
static void step_transfer(struct vcpu *vcpu, struct step *step, unsigned part, bool write)
{
	const struct memory_operand *operand = &step->operand.memory;
	unsigned length_bytes = step_part_bytes(operand, part);
	gpa_t gpa = operand->gpa[part];

	for (unsigned done = 0; done < length_bytes; done += STEP_CHUNK_BYTES) {
		uint8_t *at = step->instead[part] + (gpa & PAGE_MASK) + done;
		unsigned chunk = length_bytes - done;
		uint64_t value = 0;

		if (chunk > STEP_CHUNK_BYTES)
			chunk = STEP_CHUNK_BYTES;
		if (write) {
			memcpy(&value, at, chunk);
			mmio_write(vcpu, gpa + done, chunk, value);
		} else {
			value = mmio_read(vcpu, gpa + done, chunk);
			memcpy(at, &value, chunk);
		}
	}
}

static int step_open_operand(struct vcpu *vcpu, struct step *step, gpa_t page,
			     const struct step_operand *operand)
{
	unsigned part = align_down(operand->memory.gpa[0], PAGE_BYTES) != page;

	if (!step_page(step, part))
		return -RV_ENOMEM;
	step->operand = *operand;
	step->stands_in[part] = true;
	if (operand->reads)
		step_transfer(vcpu, step, part, false);
	return mmio_open_page(vcpu, page, step->instead[part]);
}

/* An instruction lies in two pages at most. */
static int step_open_code(struct vcpu *vcpu, struct step *step, gpa_t page,
			  const struct step_target *target)
{
	unsigned which = STEP_CODE + step->code_pages % 2;
	uint8_t *code = step_page(step, which);

	if (!code)
		return -RV_ENOMEM;
	memcpy(code + (target->code_gpa & PAGE_MASK), target->code, target->code_bytes);
	step->code_pages++;
	return mmio_open_page(vcpu, page, code);
}

static int step_open(struct vcpu *vcpu, struct step *step, gpa_t page,
		     const struct step_target *target)
{
	bool ours = memory_is_reserved(page, PAGE_BYTES), execute = target->code != NULL;
	uint8_t *ones;

	if (!ours && ((memory_is_ram(page, PAGE_BYTES) && !mmio_is_kept(page)) || (execute && page < STEP_ROM_END)))
		return mmio_open_page(vcpu, page, NULL);
	if (!ours && execute && target->code_bytes != 0)
		return step_open_code(vcpu, step, page, target);
	if (!ours && !execute && target->operand)
		return step_open_operand(vcpu, step, page, target->operand);
	ones = step_page(step, STEP_ONES);
	return ones ? mmio_open_page(vcpu, page, ones) : -RV_ENOMEM;
}

void mmio_begin_step(struct vcpu *vcpu, gpa_t page, const struct step_target *target)
{
	struct step *step = &mmio_steps[vcpu->cpu->index];

	/* No instruction needs that many at once: something else faults. Start over. */
	if (step->count == STEP_PAGES_MAXIMUM)
		mmio_end_step(vcpu);
	if (step_open(vcpu, step, page, target) != 0) {
		/* No memory for that, or an address that our tables do not reach; the guest must not come
		 * back for ever. Of an absent device it would fetch ones, which are no instruction. */
		if (vcpu->steps != 0)
			mmio_end_step(vcpu);
		if (target->code != NULL)
			vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
		else
			vcpu_ops->inject_exception(vcpu, VECTOR_GENERAL_PROTECTION, 0);
		return;
	}
	step->pages[step->count++] = page;
	vcpu_ops->begin_step(vcpu, target->instruction);
	vcpu->steps = 1;
}

void mmio_end_step(struct vcpu *vcpu)
{
	struct step *step = &mmio_steps[vcpu->cpu->index];

	while (step->count != 0)
		mmio_close_page(vcpu, step->pages[--step->count]);
	step->stands_in[0] = step->stands_in[1] = false;
	step->code_pages = 0;
	vcpu->steps = 0;
	vcpu_ops->end_step(vcpu);
}

bool mmio_handle_step(struct vcpu *vcpu)
{
	struct step *step = &mmio_steps[vcpu->cpu->index];
	bool known = step->stands_in[0] || step->stands_in[1];
	unsigned hits = known && vcpu->rip == step->operand.next_rip ? step->operand.breakpoints : 0;
	bool written[2];

	if (vcpu->steps == 0)
		return false;
	for (unsigned part = 0; part < 2; part++)
		written[part] = step->stands_in[part] && step->operand.writes &&
				vcpu->rip == step->operand.next_rip &&
				mmio_is_claimed(step->operand.memory.gpa[part]);
	mmio_end_step(vcpu);
	for (unsigned part = 0; part < 2; part++) {
		if (written[part])
			step_transfer(vcpu, step, part, true);
	}
	/* Unless the instruction faulted. */
	if (hits != 0 && vcpu_ops->can_inject(vcpu))
		vcpu_ops->inject_breakpoints(vcpu, hits);
	return true;
}
