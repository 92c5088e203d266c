/*
 * tests/unit/emulate_forms.c: one instruction form run on the CPU and by the emulator, on random
 * registers, flags and memory.
 */
#include "emulate_forms.h"

#include "core/memory.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "native.h"
#include "unit.h"
#include "vmm/mmio.h"

#define DATA_GPA FAKE_DEVICE_START
#define RAM_GPA MIB(4)
#define CODE_GPA MIB(2)
#define ROUNDS 300
#define FLAGS_COMPARED UINT64_C(0xcd5)

/* Guest pages of the data area: even ones claimed device memory, odd ones RAM or claimed as well.
 */
static gpa_t page_gpa[NATIVE_DATA_BYTES / PAGE_BYTES];
static unsigned handled;
static uint64_t code_address;

static enum access_result watch(struct access *access, void *context)
{
	(void)context;
	handled++;
	/* Half of the reads are fetched by the handler, the others by the registry. */
	if (!access->write && (handled & 1) != 0) {
		access->value = mmio_hardware_read(access->address, access->width_bytes);
		access->resolved = true;
	}
	return ACCESS_PASS;
}

static struct access_region region = {
	.first = DATA_GPA, .last = DATA_GPA + NATIVE_DATA_BYTES - 1, .handler = watch};

static void set_up_guest(bool wide, bool all_claimed)
{
	fake_machine_reset();
	if (!wide)
		fake_set_code(FAKE_CODE_32, 0, UINT32_MAX);
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		/* Not contiguous, so that an operand that straddles pages tells. */
		unsigned scattered = i * 5 % ARRAY_LENGTH(page_gpa);

		page_gpa[i] = (all_claimed || i % 2 == 0 ? DATA_GPA : RAM_GPA) +
			      scattered * PAGE_BYTES;
		fake_map_page(NATIVE_DATA + i * PAGE_BYTES, page_gpa[i],
			      PAGING_PRESENT | PAGING_WRITABLE);
	}
	fake_map_page(NATIVE_CODE, CODE_GPA, PAGING_PRESENT);
}

/* The instruction and a seed for memory in place, both sides alike. */
static void set_up_state(struct native_state *start, bool wide, bool branch, bool returns,
			 bool string, bool repeat)
{
	uint64_t *data = (uint64_t *)NATIVE_DATA;

	for (unsigned i = 0; i < NATIVE_DATA_BYTES / 8; i++)
		data[i] = string && unit_random() % 4 != 0 ? 0x4141414141414141 : unit_random();
	for (unsigned i = 0; i < 16; i++)
		start->gpr[i] = unit_random() % 3 == 0 ? unit_random() % 256 : unit_random();
	if (string && unit_random() % 2 == 0)
		start->gpr[GPR_RAX] = 0x4141414141414141;
	start->rflags = (unit_random() & 0x8d5) | 0x202 | (string ? unit_random() & 0x400 : 0);
	/* Operands around the end of the first page, now and then across it. */
	start->gpr[GPR_RBX] = NATIVE_DATA + PAGE_BYTES - 16 + unit_random() % 32;
	start->gpr[GPR_RSP] = NATIVE_DATA + 3 * PAGE_BYTES - 64 + unit_random() % 128;
	start->gpr[GPR_R12] = unit_random() % 8;
	start->gpr[GPR_R13] = (uint64_t)((int64_t)(unit_random() % 2000) - 1000);
	if (!wide)
		start->gpr[GPR_RDX] = start->gpr[GPR_R13];
	start->gpr[GPR_RCX] = repeat ? 1 + unit_random() % 300 : unit_random() % 80;
	if (string) {
		start->gpr[GPR_RSI] = NATIVE_DATA + 4 * PAGE_BYTES - 8 + unit_random() % 16;
		start->gpr[GPR_RDI] = NATIVE_DATA + 5 * PAGE_BYTES - 8 + unit_random() % 16;
		/* Sometimes the two overlap. */
		if (unit_random() % 4 == 0)
			start->gpr[GPR_RDI] = start->gpr[GPR_RSI] + unit_random() % 24;
	}
	for (unsigned i = 0; !wide && i < 16; i++)
		start->gpr[i] = (uint32_t)start->gpr[i];
	/* What works on a frame, and goes where the stack or a register says. */
	start->gpr[GPR_RBP] = NATIVE_DATA + 2 * PAGE_BYTES - 64 + unit_random() % 128;
	if (wide)
		start->gpr[GPR_R14] = code_address;
	if (returns)
		memcpy((void *)start->gpr[GPR_RSP], &code_address, 8);
	if (branch)
		memcpy((void *)start->gpr[GPR_RBX], &code_address, 8);
}

static void copy_to_guest(const struct native_state *start)
{
	memcpy(fake_vcpu.gpr, start->gpr, sizeof(start->gpr));
	fake_vcpu.rflags = start->rflags;
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++)
		memcpy(memory_direct(page_gpa[i]), (void *)(NATIVE_DATA + i * PAGE_BYTES),
		       PAGE_BYTES);
	memcpy(memory_direct(CODE_GPA), (void *)NATIVE_CODE, PAGE_BYTES);
}

/* Which claimed page does the instruction touch at its current registers? 0: none. The CPU tells in
 * real life; here all candidates are tried by a translation that must not change a thing. */
static bool emulate_somewhere(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		uint64_t rip = fake_vcpu.rip;
		struct vcpu before = fake_vcpu;

		if (!mmio_is_claimed(page_gpa[i]))
			continue;
		fake_vcpu.exit.nested.gpa = page_gpa[i];
		mmio_handle_fault(&fake_vcpu);
		if (fake_vcpu.steps == 0 && fake_injections == 0)
			return true;
		if (fake_injections != 0) {
			unit_fail("injected %u (%#llx)", fake_vector,
				  (unsigned long long)fake_error_code);
			return false;
		}
		mmio_handle_step(&fake_vcpu); /* not that page: nothing has changed */
		if (fake_vcpu.rip != rip ||
		    memcmp(before.gpr, fake_vcpu.gpr, sizeof(before.gpr)) != 0)
			unit_fail("a step changed registers");
	}
	return false;
}

static struct access_region ram_region = {
	.first = RAM_GPA, .last = RAM_GPA + NATIVE_DATA_BYTES - 1, .handler = watch};

/* Where no claimed page is touched the CPU would go on by itself. Here the RAM is claimed for that
 * while. */
static bool emulate_on_ram(void)
{
	bool done;

	UNIT_EQUAL(mmio_register(&ram_region), 0);
	done = emulate_somewhere();
	mmio_unregister(&ram_region);
	return done;
}

static void compare(const struct form *form, bool wide, const struct native_state *start,
		    const struct native_state *end)
{
	/* 32-bit code leaves the upper halves undefined, and has eight registers. */
	for (unsigned i = 0; i < (wide ? 16 : 8); i++) {
		if (wide ? fake_vcpu.gpr[i] != end->gpr[i]
			 : (uint32_t)fake_vcpu.gpr[i] != (uint32_t)end->gpr[i])
			unit_fail("%s: register %u is %llx, not %llx (was %llx)", form->text, i,
				  (unsigned long long)fake_vcpu.gpr[i],
				  (unsigned long long)end->gpr[i],
				  (unsigned long long)start->gpr[i]);
	}
	if (((fake_vcpu.rflags ^ end->rflags) & FLAGS_COMPARED) != 0)
		unit_fail("%s: flags are %llx, not %llx", form->text,
			  (unsigned long long)fake_vcpu.rflags, (unsigned long long)end->rflags);
	if (fake_vcpu.rip != code_address)
		unit_fail("%s: RIP is %llx", form->text, (unsigned long long)fake_vcpu.rip);
	for (unsigned i = 0; i < ARRAY_LENGTH(page_gpa); i++) {
		if (memcmp(memory_direct(page_gpa[i]), (void *)(NATIVE_DATA + i * PAGE_BYTES),
			   PAGE_BYTES) != 0)
			unit_fail("%s: page %u differs", form->text, i);
	}
}

static void run_form(const struct form *form, bool wide, bool all_claimed)
{
	volatile struct native_state *state = (struct native_state *)NATIVE_STATE;
	bool branch = strstr(form->text, "*(") != NULL;
	bool returns = strncmp(form->text, "ret", 3) == 0;
	bool repeat = strstr(form->text, "rep") != NULL;
	bool string = repeat || strstr(form->text, "(") == NULL;
	uint64_t rip = native_load(form->bytes, form->length_bytes, wide);
	struct native_state start, end;

	code_address = rip + form->length_bytes;
	set_up_guest(wide, all_claimed);
	UNIT_EQUAL(mmio_register(&region), 0);
	for (unsigned round = 0; round < ROUNDS && unit_why[0] == '\0'; round++) {
		set_up_state(&start, wide, branch, returns, string, repeat);
		copy_to_guest(&start);
		start.narrow_entry = (uint32_t)rip;
		start.narrow_selector = state->narrow_selector;
		*(struct native_state *)state = start;
		native_run();
		end = *(const struct native_state *)state;
		fake_vcpu.rip = rip;
		for (unsigned tries = 0; fake_vcpu.rip == rip && tries < 1000; tries++) {
			if (!emulate_somewhere() && !emulate_on_ram()) {
				unit_fail("%s: no page fits", form->text);
				break;
			}
		}
		compare(form, wide, &start, &end);
	}
	mmio_unregister(&region);
}

void emulate_compare_forms(bool wide, bool all_claimed)
{
	handled = 0;
	for (const struct form *form = form_first; form < form_last; form++) {
		run_form(form, wide, all_claimed);
		if (unit_why[0] != '\0')
			return;
	}
	UNIT_CHECK(handled > 100000);
	UNIT_CHECK(form_last - form_first > 100);
}
