/*
 * tests/unit/mmio_step.c: what is not emulated, and runs by itself, alone: what it reaches, and what ends it.
 */
#include "mmio_machine.h"

static void test_unknown_steps(void)
{
	gpa_t page = DEVICE / PAGE_BYTES;

	set_up(DEVICE, DEVICE + 3);
	PUT(0x0f, 0x28, 0x03); /* movaps (%rbx), %xmm0 */
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	UNIT_CHECK(!mmio_handle_step(&fake_vcpu));
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_CHECK(fake_stepping && fake_vcpu.steps == 1 && !fake_denied[page]);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_CHECK(!fake_stepping && fake_vcpu.steps == 0 && fake_denied[page]);
	/* Unclaimed meanwhile: it stays open. */
	fault_at(DEVICE, false);
	mmio_unregister(&region);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_CHECK(!fake_denied[page]);
}

/* What an unknown instruction reads and writes goes through the handlers; it itself meets a page
 * that stands in for the device's. */
static void test_unknown_through_handlers(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0x20;
	memset(fake_memory + DEVICE, 0x77, 64);
	PUT(0x0f, 0x10, 0x03); /* movups (%rbx), %xmm0 */
	answer = ACCESS_DONE;
	answer_resolves = true;
	answer_value = 0x1122334455667788;
	fault_at(DEVICE + 0x20, false);
	UNIT_EQUAL(nr_seen, 2);
	UNIT_EQUAL(seen[1].address, DEVICE + 0x28);
	UNIT_EQUAL(seen[1].width_bytes, 8);
	UNIT_EQUAL(fake_moved_from, DEVICE);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0x1f], 0xff);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0x20], 0x88);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0x2f], 0x11);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0x30], 0xff);
	fake_vcpu.rip += 3;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_EQUAL(nr_seen, 2);

	fake_vcpu.rip = CODE;
	PUT(0x66, 0x0f, 0xd6, 0x03); /* movq %xmm0, (%rbx) */
	answer = ACCESS_PASS;
	answer_resolves = false;
	fault_at(DEVICE + 0x20, true);
	memset(fake_memory + fake_moved_to + 0x20, 0x99, 8);
	UNIT_EQUAL(nr_seen, 2);
	fake_vcpu.rip += 4;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_EQUAL(nr_seen, 3);
	UNIT_CHECK(seen[2].write && seen[2].value == UINT64_C(0x9999999999999999));
	UNIT_EQUAL(fake_memory[DEVICE + 0x20], 0x99);
	UNIT_EQUAL(fake_memory[DEVICE + 0x28], 0x77);
	/* One that faulted has written nothing. */
	fake_vcpu.rip = CODE;
	fault_at(DEVICE + 0x20, true);
	fake_vcpu.rip = CODE + 0x1000;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_EQUAL(nr_seen, 3);
}

/* Where the operand is not known, the device is not reached all the same; RAM is. */
static void test_unknown_operand(void)
{
	static const uint8_t codes[][5] = {
		{0xc4, 0xe2, 0x71, 0x2e, 0x03}, /* vmaskmovps %xmm0, %xmm1, (%rbx) */
		{0x0f, 0xae, 0x23},		/* xsave (%rbx) */
		{0x66, 0x0f, 0xf7, 0xc1},	/* maskmovdqu %xmm1, %xmm0 to (%rdi) */
		{0x62, 0xf1, 0x7c, 0x48, 0x11}, /* AVX-512, which is not decoded */
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(codes); i++) {
		set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
		fake_vcpu.gpr[GPR_RBX] = fake_vcpu.gpr[GPR_RDI] = DEVICE;
		put_code(codes[i], sizeof(codes[i]));
		fake_moved_from = 0;
		fault_at(DEVICE, true);
		UNIT_EQUAL(nr_seen, 0);
		UNIT_CHECK(fake_stepping);
		UNIT_EQUAL(fake_moved_from, DEVICE);
		fake_vcpu.rip += 5;
		UNIT_CHECK(mmio_handle_step(&fake_vcpu));
		UNIT_EQUAL(nr_seen, 0);
	}
	set_up(RAM, RAM + 3);
	PUT(0x0f, 0x11, 0x03); /* movups %xmm0, (%rbx) */
	fake_vcpu.gpr[GPR_RBX] = RAM + 0x10;
	fake_moved_from = 0;
	fault_at(RAM + 0x10, true);
	UNIT_CHECK(fake_stepping && !fake_denied[RAM / PAGE_BYTES]);
	UNIT_EQUAL(fake_moved_from, 0);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
}

/* RAM that is kept is met no more than a device: what is read and written goes through the handlers. */
static void test_kept_memory(void)
{
	set_up(RAM, RAM + 63);
	region.is_kept = true;
	memset(fake_memory + RAM, 0x77, 64);
	PUT(0x0f, 0x10, 0x03); /* movups (%rbx), %xmm0 */
	fake_vcpu.gpr[GPR_RBX] = RAM + 0x10;
	answer = ACCESS_DONE;
	answer_resolves = true;
	answer_value = 0x1122334455667788;
	fault_at(RAM + 0x10, false);
	UNIT_EQUAL(fake_moved_from, RAM);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0x10], 0x88);
	fake_vcpu.rip += 3;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	fake_vcpu.rip = CODE;
	PUT(0x66, 0x0f, 0xd6, 0x03); /* movq %xmm0, (%rbx) */
	fault_at(RAM + 0x10, true);
	memset(fake_memory + fake_moved_to + 0x10, 0x99, 8);
	nr_seen = 0;
	fake_vcpu.rip += 4;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_CHECK(nr_seen == 1 && seen[0].write && seen[0].value == UINT64_C(0x9999999999999999));
	UNIT_EQUAL(fake_memory[RAM + 0x10], 0x77);
}

/* Code in a device's memory: it runs from a page of ours that holds that instruction alone, and an
 * operand in another claimed page goes to the handlers, if the instruction is emulated. */
static void test_code_in_device(void)
{
	set_up(DEVICE, DEVICE + 2 * PAGE_BYTES - 1);
	fake_vcpu.rip = DEVICE + 0x10;
	memset(fake_memory + DEVICE, 0x90, PAGE_BYTES);
	memcpy(fake_memory + DEVICE + 0x10, "\xb8\x2a\x00\x00\x00\x8b\x03", 7);
	fake_vcpu.gpr[GPR_RBX] = DEVICE + PAGE_BYTES;
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.nested.gpa = DEVICE + 0x10;
	fake_vcpu.exit.nested.execute = true;
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(fake_stepping);
	UNIT_EQUAL(fake_moved_from, DEVICE);
	UNIT_EQUAL(fake_moved_to, FAKE_RESERVED_START);
	UNIT_CHECK(memcmp(fake_memory + fake_moved_to + 0x10, "\xb8\x2a\x00\x00\x00", 5) == 0);
	UNIT_EQUAL(fake_memory[fake_moved_to + 0xf], 0xff);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	fake_vcpu.rip = DEVICE + 0x15;
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(!fake_stepping);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(fake_vcpu.rip, DEVICE + 0x17);
}

/* What a step would show in, or what is skipped amid one, ends it. */
static void test_what_ends_a_step(void)
{
	set_up(RAM, RAM + PAGE_BYTES - 1);
	memcpy(fake_memory + RAM, "\x9c\x0f\x28\x03", 4); /* pushf; movaps (%rbx), %xmm0 */
	fake_vcpu.rip = RAM;
	fake_vcpu.gpr[GPR_RSP] = RAM + 2 * PAGE_BYTES;
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	fake_vcpu.rflags = 0x10302; /* RF, IF, TF */
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.nested.gpa = RAM;
	fake_vcpu.exit.nested.execute = true;
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(!fake_stepping);
	UNIT_EQUAL(mmio_hardware_read(RAM + 2 * PAGE_BYTES - 8, 8), 0x302);
	UNIT_EQUAL(fake_single_steps, 1);
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(fake_stepping && fake_vcpu.steps == 1);
	fake_vcpu.exit.next_rip = RAM + 4;
	vcpu_skip_instruction(&fake_vcpu, 3);
	UNIT_CHECK(!fake_stepping && fake_vcpu.steps == 0 && fake_denied[RAM / PAGE_BYTES]);
	UNIT_EQUAL(fake_single_steps, 2);
}

/* Execution from a claimed page, with an operand in another one. */
static void test_step_of_two_pages(void)
{
	gpa_t page = DEVICE / PAGE_BYTES;

	set_up(DEVICE, DEVICE + 2 * PAGE_BYTES - 1);
	fake_vcpu.rip = DEVICE;
	memcpy(fake_memory + DEVICE, "\x0f\x28\x03", 3);
	fake_vcpu.gpr[GPR_RBX] = DEVICE + PAGE_BYTES;
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.nested.gpa = DEVICE;
	fake_vcpu.exit.nested.execute = true;
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(!fake_denied[page] && fake_denied[page + 1]);
	fault_at(DEVICE + PAGE_BYTES, false);
	UNIT_CHECK(!fake_denied[page] && !fake_denied[page + 1]);
	UNIT_EQUAL(fake_step_requests, 1);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_CHECK(fake_denied[page] && fake_denied[page + 1]);
}

/* A walk of the guest's tables, and an access that is none of the instruction's, run by themselves.
 */
static void test_accesses_of_the_cpu(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0x89, 0x03);
	fake_vcpu.gpr[GPR_RBX] = RAM;
	fault_at(DEVICE + 8, true);
	UNIT_CHECK(fake_stepping && fake_injections == 0 && nr_seen == 0);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	fake_vcpu.exit.nested.table_walk = true;
	mmio_handle_fault(&fake_vcpu);
	UNIT_CHECK(fake_stepping);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	/* The stack of an interrupt, while RIP stands at an instruction that would fit. */
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	fake_event_pending = true;
	fault_at(DEVICE + 8, true);
	UNIT_CHECK(fake_stepping && nr_seen == 0);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
}

/* Whatever runs by itself on our memory sees ones elsewhere. */
static void test_our_memory_by_steps(void)
{
	gpa_t ours = FAKE_RESERVED_START + 5 * PAGE_BYTES;

	set_up(DEVICE, DEVICE + 3);
	fake_map_page(ours, ours, RW);
	fake_vcpu.gpr[GPR_RBX] = ours;
	PUT(0x0f, 0x28, 0x03);
	fault_at(ours, false);
	UNIT_CHECK(fake_stepping);
	UNIT_EQUAL(fake_moved_from, ours);
	UNIT_EQUAL(fake_moved_to, FAKE_RESERVED_START); /* where the fake's pages come from */
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		UNIT_CHECK(fake_memory[fake_moved_to + i] == 0xff);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_CHECK(fake_denied[ours / PAGE_BYTES]);
}

/* The instruction changes under us: what it now accesses is judged by where that leads. */
static void test_instruction_changed(void)
{
	gpa_t ours = FAKE_RESERVED_START + 8 * PAGE_BYTES;

	set_up(DEVICE, DEVICE + 3);
	PUT(0x48, 0x89, 0x03);
	memset(fake_memory + ours, 0x11, PAGE_BYTES);
	/* The CPU saw a store to the device; the tables now lead to our memory. */
	fake_map_page(RAM, ours, RW);
	fake_vcpu.gpr[GPR_RBX] = RAM;
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_EQUAL(fake_memory[ours], 0x11);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
}

int main(void)
{
	unit_run("mmio_unknown_steps", test_unknown_steps);
	unit_run("mmio_code_in_device", test_code_in_device);
	unit_run("mmio_what_ends_a_step", test_what_ends_a_step);
	unit_run("mmio_unknown_through_handlers", test_unknown_through_handlers);
	unit_run("mmio_unknown_operand", test_unknown_operand);
	unit_run("mmio_kept_memory", test_kept_memory);
	unit_run("mmio_step_of_two_pages", test_step_of_two_pages);
	unit_run("mmio_accesses_of_the_cpu", test_accesses_of_the_cpu);
	unit_run("mmio_our_memory_by_steps", test_our_memory_by_steps);
	unit_run("mmio_instruction_changed", test_instruction_changed);
	return unit_failed;
}
