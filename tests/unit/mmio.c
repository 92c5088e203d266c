/*
 * tests/unit/mmio.c: claiming memory, what handlers see and may do, faults of the guest in the
 * midst of an access, what cannot be emulated, and the hypervisor's own memory.
 */
#include "vmm/breakpoint.h"
#include "vmm/mmio.h"

#include "core/instructions.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/guest_walk.h"

#define CODE UINT64_C(0x40600000)
#define CODE_GPA MIB(2)
#define DEVICE FAKE_DEVICE_START
#define RAM MIB(4)
#define RW (PAGING_PRESENT | PAGING_WRITABLE)

/* What the handlers saw. */
static struct access seen[64];
static unsigned nr_seen;
static enum access_result answer;
static uint64_t answer_value;
static bool answer_resolves;

static enum access_result note(struct access *access, void *context)
{
	(void)context;
	if (nr_seen < ARRAY_LENGTH(seen))
		seen[nr_seen] = *access;
	nr_seen++;
	if (answer_resolves) {
		access->resolved = true;
		access->value = answer_value;
	}
	return answer;
}

static struct access_region region;

/* The device page mapped at DEVICE, RAM at RAM, code at CODE; registers [first, last] claimed. */
static void set_up(uint64_t first, uint64_t last)
{
	mmio_unregister(&region);
	fake_machine_reset();
	for (uint64_t page = 0; page < 4 * PAGE_BYTES; page += PAGE_BYTES) {
		fake_map_page(DEVICE + page, DEVICE + page, RW);
		fake_map_page(RAM + page, RAM + page, RW);
	}
	fake_map_page(CODE, CODE_GPA, PAGING_PRESENT);
	region = (struct access_region){.first = first, .last = last, .handler = note};
	UNIT_EQUAL(mmio_register(&region), 0);
	nr_seen = 0;
	answer = ACCESS_PASS;
	answer_resolves = false;
	fake_vcpu.rip = CODE;
}

static void put_code(const void *bytes, size_t length_bytes)
{
	memcpy(fake_memory + CODE_GPA, bytes, length_bytes);
}

#define PUT(...)                                                                                   \
	do {                                                                                       \
		const uint8_t code[] = {__VA_ARGS__};                                              \
		put_code(code, sizeof(code));                                                      \
	} while (0)

static void fault_at(gpa_t gpa, bool write)
{
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.kind = EXIT_NESTED_FAULT;
	fake_vcpu.exit.nested.gpa = gpa;
	fake_vcpu.exit.nested.write = write;
	mmio_handle_fault(&fake_vcpu);
}

static void test_registration(void)
{
	struct access_region a = {
		.first = DEVICE + 0xff0, .last = DEVICE + 0x1010, .handler = note};
	struct access_region b = {
		.first = DEVICE + 0x1800, .last = DEVICE + 0x1803, .handler = note};
	struct access_region ours = {.first = FAKE_RESERVED_START - 1,
				     .last = FAKE_RESERVED_START, .handler = note};
	struct access_region beyond = {.first = DEVICE, .last = FAKE_MEMORY_BYTES, .handler = note};
	struct access_region backward = {.first = DEVICE + 1, .last = DEVICE, .handler = note};
	gpa_t page = DEVICE / PAGE_BYTES;

	mmio_unregister(&region);
	fake_machine_reset();
	UNIT_EQUAL(mmio_register(&ours), -RV_EPERM);
	UNIT_EQUAL(mmio_register(&beyond), -RV_EINVAL);
	UNIT_EQUAL(mmio_register(&backward), -RV_EINVAL);
	UNIT_CHECK(!fake_denied[page]);
	UNIT_EQUAL(mmio_register(&a), 0);
	UNIT_CHECK(fake_denied[page] && fake_denied[page + 1] && !fake_denied[page + 2]);
	UNIT_EQUAL(mmio_register(&b), 0);
	mmio_unregister(&a);
	UNIT_CHECK(!fake_denied[page] && fake_denied[page + 1]);
	mmio_unregister(&a);
	UNIT_CHECK(fake_denied[page + 1]);
	mmio_unregister(&b);
	UNIT_CHECK(!fake_denied[page + 1]);
	fake_deny_error = -RV_ENOMEM;
	UNIT_EQUAL(mmio_register(&a), -RV_ENOMEM);
	UNIT_CHECK(!fake_denied[page] && !fake_denied[page + 1]);
}

/* A claim that another CPU ended meanwhile: the guest tries again, as often as claims come and go; if it
 * goes on though none did, or our tables do not reach there, the access is performed. */
static void test_stale_fault(void)
{
	gpa_t page = DEVICE / PAGE_BYTES;
	unsigned tries = 0;

	set_up(RAM, RAM + 3);
	PUT(0x89, 0x03);
	fake_vcpu.gpr[GPR_RAX] = 0x1234;
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	for (; tries < 5000; tries++) {
		fake_denied[page] = true;
		fake_vcpu.generation++;
		fault_at(DEVICE, true);
		if (fake_denied[page] || fake_vcpu.rip != CODE || fake_injections != 0)
			break;
	}
	UNIT_EQUAL(tries, 5000);
	for (tries = 0; tries < 5000 && fake_vcpu.rip == CODE; tries++)
		fault_at(DEVICE, true);
	UNIT_CHECK(tries > 100 && tries < 5000);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(mmio_hardware_read(DEVICE, 4), 0x1234);
	/* Nothing can be there: reads give ones. */
	fake_map_page(0x7000000, FAKE_MEMORY_BYTES + DEVICE, RW);
	PUT(0x8b, 0x03);
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[GPR_RBX] = 0x7000000;
	fault_at(FAKE_MEMORY_BYTES + DEVICE, false);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], 0xffffffff);
	UNIT_EQUAL(fake_injections, 0);
	/* An SSE load has no page to run on, and code none to run from. */
	PUT(0x0f, 0x28, 0x03);
	fake_vcpu.rip = CODE;
	fault_at(FAKE_MEMORY_BYTES + DEVICE, false);
	UNIT_EQUAL(fake_injections, 1);
	UNIT_EQUAL(fake_vector, 13);
	fake_vcpu.rip = 0x7000000;
	memset(&fake_vcpu.exit, 0, sizeof(fake_vcpu.exit));
	fake_vcpu.exit.nested.gpa = FAKE_MEMORY_BYTES + DEVICE;
	fake_vcpu.exit.nested.execute = true;
	mmio_handle_fault(&fake_vcpu);
	UNIT_EQUAL(fake_injections, 2);
	UNIT_EQUAL(fake_vector, 6);
	UNIT_EQUAL(fake_vcpu.steps, 0);
}

/* movl %eax, (%rbx); movl (%rbx), %eax */
static void test_handlers_see_and_change(void)
{
	set_up(DEVICE + 0x10, DEVICE + 0x13);
	PUT(0x89, 0x03);
	fake_vcpu.gpr[GPR_RAX] = 0xaabbccdd11223344;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0x10;
	fault_at(DEVICE + 0x10, true);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(seen[0].address, DEVICE + 0x10);
	UNIT_EQUAL(seen[0].width_bytes, 4);
	UNIT_EQUAL(seen[0].value, 0x11223344);
	UNIT_CHECK(seen[0].write && seen[0].kind == ACCESS_MMIO && seen[0].vcpu == &fake_vcpu);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x10, 4), 0x11223344);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_CHECK(fake_vcpu.shadow_ended);

	fake_vcpu.rip = CODE;
	answer = ACCESS_DONE; /* dropped */
	fake_vcpu.gpr[GPR_RAX] = 0;
	fault_at(DEVICE + 0x10, true);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x10, 4), 0x11223344);

	PUT(0x8b, 0x03);
	fake_vcpu.rip = CODE;
	answer = ACCESS_PASS;
	answer_resolves = true;
	answer_value = 0xffffffffcafebabe; /* what exceeds the width does not count */
	fault_at(DEVICE + 0x10, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], 0xcafebabe);
}

/* The rest of a claimed page works as if nothing were claimed. */
static void test_rest_of_page(void)
{
	set_up(DEVICE + 0x10, DEVICE + 0x13);
	PUT(0x48, 0x89, 0x03); /* movq %rax, (%rbx) */
	fake_vcpu.gpr[GPR_RAX] = 0x1122334455667788;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0x14;
	fault_at(DEVICE + 0x14, true);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x14, 8), 0x1122334455667788);
	/* One that overlaps in a part is seen whole. */
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0xe;
	fault_at(DEVICE + 0xe, true);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(seen[0].width_bytes, 8);
	UNIT_EQUAL(seen[0].address, DEVICE + 0xe);
}

/* An operand over two pages comes in pieces that a CPU can access. */
static void test_straddling(void)
{
	set_up(DEVICE, DEVICE + 2 * PAGE_BYTES - 1);
	PUT(0x48, 0x89, 0x03);
	fake_vcpu.gpr[GPR_RAX] = 0x1122334455667788;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + PAGE_BYTES - 3;
	fault_at(DEVICE + PAGE_BYTES - 3, true);
	UNIT_EQUAL(nr_seen, 4);
	UNIT_EQUAL(seen[0].width_bytes, 1);
	UNIT_EQUAL(seen[0].value, 0x88);
	UNIT_EQUAL(seen[1].width_bytes, 2);
	UNIT_EQUAL(seen[1].value, 0x6677);
	UNIT_EQUAL(seen[2].address, DEVICE + PAGE_BYTES);
	UNIT_EQUAL(seen[2].width_bytes, 4);
	UNIT_EQUAL(seen[2].value, 0x22334455);
	UNIT_EQUAL(seen[3].value, 0x11);
}

/* A fault of any operand comes before the device sees a thing. */
static void test_faults_first(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0xa4); /* movsb from the device to a page that is not there */
	fake_vcpu.gpr[GPR_RSI] = DEVICE;
	fake_vcpu.gpr[GPR_RDI] = 0x7777123;
	fault_at(DEVICE, false);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_EQUAL(fake_vector, 14);
	UNIT_EQUAL(fake_error_code, 2);
	UNIT_EQUAL(fake_control[2], 0x7777123);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSI], DEVICE);

	fake_injections = 0;
	fake_map_page(RAM, RAM, PAGING_PRESENT); /* read-only */
	fake_cpl = 3;
	fake_vcpu.gpr[GPR_RDI] = RAM;
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_error_code, 5); /* the source is the supervisor's: it comes first */
	UNIT_EQUAL(fake_control[2], DEVICE);
	fake_cpl = 0;
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_error_code, 3);
	UNIT_EQUAL(nr_seen, 0);

	/* pushq (%rbx) with a bad stack, popq (%rbx) likewise; RSP as before. */
	PUT(0xff, 0x33);
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	fake_vcpu.gpr[GPR_RSP] = 0x9999008;
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_control[2], 0x9999000);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSP], 0x9999008);
	PUT(0x8f, 0x03);
	fake_map_page(0x9999000, RAM + PAGE_BYTES, RW);
	fake_map_page(DEVICE, DEVICE, PAGING_PRESENT);
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_control[2], DEVICE);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSP], 0x9999008);
	UNIT_EQUAL(nr_seen, 0);
}

/* In the middle of a repeated string the registers say what is done. */
static void test_fault_in_string(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0xf3, 0xa5); /* rep movsl */
	fake_map_page(RAM + PAGE_BYTES, 0, 0);
	fake_vcpu.gpr[GPR_RSI] = DEVICE;
	fake_vcpu.gpr[GPR_RDI] = RAM + PAGE_BYTES - 10;
	fake_vcpu.gpr[GPR_RCX] = 100;
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vector, 14);
	UNIT_EQUAL(fake_control[2], RAM + PAGE_BYTES);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 98);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSI], DEVICE + 8);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RDI], RAM + PAGE_BYTES - 2);
	UNIT_EQUAL(nr_seen, 2);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
}

/* Long strings give the guest back in between; behind the claimed page they go on without us. */
static void test_string_batches(void)
{
	unsigned exits = 0;

	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0xf3, 0xaa); /* rep stosb */
	fake_vcpu.gpr[GPR_RAX] = 0x5a;
	fake_vcpu.gpr[GPR_RDI] = DEVICE + PAGE_BYTES - 1000;
	fake_vcpu.gpr[GPR_RCX] = 1500;
	while (fake_vcpu.gpr[GPR_RDI] < DEVICE + PAGE_BYTES && exits < 100) {
		fault_at(fake_vcpu.gpr[GPR_RDI], true);
		exits++;
	}
	UNIT_CHECK(exits >= 4 && exits < 100);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 500);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_EQUAL(nr_seen, 1000);
	UNIT_EQUAL(fake_memory[DEVICE + PAGE_BYTES - 1], 0x5a);
	UNIT_EQUAL(fake_memory[DEVICE + PAGE_BYTES], 0);
}

static void test_single_step_of_guest(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	PUT(0xf3, 0xaa);
	fake_vcpu.rflags |= RFLAGS_TF | RFLAGS_RF;
	fake_vcpu.gpr[GPR_RDI] = DEVICE;
	fake_vcpu.gpr[GPR_RCX] = 3;
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 2);
	UNIT_EQUAL(fake_single_steps, 1);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	fault_at(DEVICE + 1, true);
	fault_at(DEVICE + 2, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(fake_single_steps, 3);
	UNIT_EQUAL(fake_vcpu.rflags & RFLAGS_RF, 0);
}

/* DR7: L0 to L3 of a breakpoint, its kind and its length. */
#define DR7(number, kind, length)                                                                  \
	(UINT64_C(1) << 2 * (number) | ((uint64_t)(kind) | (uint64_t)(length) << 2)                \
					       << (16 + 4 * (number)))
#define DR7_LENGTH_8 2

static void test_breakpoint_matches(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_debug[0] = 0x1003; /* of 4 bytes: from 0x1000 */
	fake_debug[1] = 0x2000;
	fake_debug[2] = 0x1008;
	fake_debug[3] = 0x60;
#define MATCH(access, address, bytes)                                                              \
	breakpoint_match(&fake_vcpu, BREAKPOINT_##access, address, bytes)
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 8), 0);
	fake_debug[7] = DR7(0, 1, 3) | DR7(1, 3, 1) | DR7(2, 3, DR7_LENGTH_8) | DR7(3, 2, 0);
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 1), 1);
	UNIT_EQUAL(MATCH(WRITE, 0xffc, 4), 0);
	UNIT_EQUAL(MATCH(WRITE, 0xffd, 4), 1);
	UNIT_EQUAL(MATCH(WRITE, 0x1004, 4), 0);
	UNIT_EQUAL(MATCH(READ, 0x1000, 4), 0);
	UNIT_EQUAL(MATCH(READ, 0x1000, 16), 4);
	UNIT_EQUAL(MATCH(WRITE, 0x1003, 6), 5);
	UNIT_EQUAL(MATCH(READ, 0x100f, 1), 4);
	UNIT_EQUAL(MATCH(READ, 0x1010, 1), 0);
	UNIT_EQUAL(MATCH(READ, 0x2001, 1), 2);
	UNIT_EQUAL(MATCH(READ, 0x2002, 1), 0);
	/* Ports have breakpoints only with CR4.DE. */
	UNIT_EQUAL(MATCH(PORT, 0x60, 1), 0);
	fake_control[4] |= CR4_DE;
	UNIT_EQUAL(MATCH(PORT, 0x60, 1), 8);
	UNIT_EQUAL(MATCH(PORT, 0x5f, 2), 8);
	UNIT_EQUAL(MATCH(PORT, 0x61, 1), 0);
	UNIT_EQUAL(MATCH(READ, 0x60, 1), 0);
	fake_debug[7] = 2 | (DR7(0, 1, 3) & ~UINT64_C(0xff)); /* G0 in the place of L0 */
	UNIT_EQUAL(MATCH(WRITE, 0x1000, 1), 1);
#undef MATCH
}

/* Their traps come behind the instruction, and behind each iteration that meets one. */
static void test_breakpoints_of_guest(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_debug[1] = DEVICE + 2;
	fake_debug[7] = DR7(1, 1, 0);
	PUT(0xf3, 0xaa); /* rep stosb */
	fake_vcpu.gpr[GPR_RDI] = DEVICE;
	fake_vcpu.gpr[GPR_RCX] = 5;
	fault_at(DEVICE, true);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 2);
	UNIT_EQUAL(fake_breakpoints, 2);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	fake_breakpoints = 0;
	fault_at(DEVICE + 3, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 2);
	UNIT_EQUAL(fake_breakpoints, 0);
	/* One that faults meets none. */
	fake_vcpu.rip = CODE;
	PUT(0xa4); /* movsb */
	fake_vcpu.gpr[GPR_RSI] = DEVICE + 2;
	fake_vcpu.gpr[GPR_RDI] = RAM + 8 * PAGE_BYTES;
	fake_debug[7] = DR7(1, 3, 0);
	fault_at(DEVICE + 2, false);
	UNIT_EQUAL(fake_injections, 1);
	UNIT_EQUAL(fake_breakpoints, 0);
	/* One that runs by itself. */
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	PUT(0x0f, 0x10, 0x03); /* movups (%rbx), %xmm0 */
	fault_at(DEVICE, false);
	fake_vcpu.rip = CODE + 3;
	UNIT_CHECK(mmio_handle_step(&fake_vcpu));
	UNIT_EQUAL(fake_breakpoints, 2);
}

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

static void test_our_memory(void)
{
	gpa_t ours = FAKE_RESERVED_START + 5 * PAGE_BYTES;

	set_up(DEVICE, DEVICE + 3);
	fake_map_page(ours, ours, RW);
	memset(fake_memory + ours, 0x11, PAGE_BYTES);
	fake_vcpu.gpr[GPR_RBX] = ours + 8;
	PUT(0x48, 0x8b, 0x03);
	fault_at(ours + 8, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], ~UINT64_C(0));
	UNIT_EQUAL(fake_vcpu.rip, CODE + 3);
	PUT(0x48, 0x89, 0x03);
	fake_vcpu.rip = CODE;
	fault_at(ours + 8, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 3);
	PUT(0xf0, 0x48, 0x0f, 0xc1, 0x03); /* lock xadd %rax, (%rbx) */
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[GPR_RAX] = 1;
	fault_at(ours + 8, true);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], ~UINT64_C(0));
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		UNIT_CHECK(fake_memory[ours + i] == 0x11);
	UNIT_CHECK(fake_denied[ours / PAGE_BYTES]);
}

/* Nor does a script get there. */
static void test_our_memory_direct(void)
{
	set_up(DEVICE, DEVICE + 3);
	memset(fake_memory + FAKE_RESERVED_START, 0x11, PAGE_BYTES);
	UNIT_EQUAL(mmio_hardware_read(FAKE_RESERVED_START, 4), UINT32_MAX);
	UNIT_EQUAL(mmio_hardware_read(FAKE_RESERVED_START - 4, 8), ~UINT64_C(0));
	mmio_hardware_write(FAKE_RESERVED_START - 1, 2, 0);
	UNIT_EQUAL(fake_memory[FAKE_RESERVED_START], 0x11);
	UNIT_EQUAL(mmio_hardware_read(FAKE_MEMORY_BYTES - 4, 8), ~UINT64_C(0));
	UNIT_EQUAL(mmio_hardware_read(~UINT64_C(0) - 3, 4), UINT32_MAX);
	mmio_hardware_write(~UINT64_C(0) - 3, 4, 0);
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

/* 16-bit code: segment bases, limits, offsets that wrap at 64 KiB. */
static void test_real_mode(void)
{
	set_up(RAM, RAM + 2 * PAGE_BYTES - 1);
	fake_control[0] = 0;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_16, CODE_GPA, 0xffff);
	fake_set_data(RAM - 0xf000, 0xffff);
	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		fake_segments[i].attributes &= (uint16_t)~0x400;
	fake_vcpu.rip = 0;
	PUT(0x89, 0x40, 0x20); /* movw %ax, 0x20(%bx, %si) */
	fake_vcpu.gpr[GPR_RAX] = 0x1234;
	fake_vcpu.gpr[GPR_RBX] = 0xabcd0000f000;
	fake_vcpu.gpr[GPR_RSI] = 0x10;
	fault_at(RAM + 0x30, true);
	UNIT_EQUAL(fake_vcpu.rip, 3);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x30, 2), 0x1234);
	/* 0x20 + 0xf000 + 0x10000 - 0x1000 wraps to 0xe020, below the claimed page. */
	fake_vcpu.gpr[GPR_RSI] = 0xfff0;
	fake_vcpu.rip = 0;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x10, 2), 0x1234);
	/* A word at the limit: #GP, at SS #SS. */
	PUT(0x89, 0x07); /* movw %ax, (%bx) */
	fake_vcpu.gpr[GPR_RBX] = 0xffff;
	fake_vcpu.rip = 0;
	fault_at(RAM + 0xfff, true);
	UNIT_EQUAL(fake_vector, 13);
	PUT(0x36, 0x89, 0x07);
	fault_at(RAM + 0xfff, true);
	UNIT_EQUAL(fake_vector, 12);
	/* rep stosb with 16-bit CX and DI, the rest of the registers stays */
	PUT(0xf3, 0xaa);
	fake_injections = 0;
	fake_vcpu.gpr[GPR_RDI] = 0x55550000fffe;
	fake_vcpu.gpr[GPR_RCX] = 0x777700000002;
	fault_at(RAM + 0xffe, true);
	UNIT_EQUAL(fake_injections, 0);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RDI], 0x555500000000);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RCX], 0x777700000000);
	UNIT_EQUAL(fake_vcpu.rip, 2);
}

/* Firmware drives devices from its ROM, which no memory map calls RAM. */
static void test_firmware(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_control[0] = CR0_PE;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_32, 0, UINT32_MAX);
	fake_vcpu.rip = 0xea643;
	fake_memory[0xea643] = 0x89;
	fake_memory[0xea644] = 0x03;
	fake_vcpu.gpr[GPR_RBX] = DEVICE + 0x20;
	fake_vcpu.gpr[GPR_RAX] = 0x1234;
	fault_at(DEVICE + 0x20, true);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(seen[0].value, 0x1234);
	UNIT_EQUAL(fake_vcpu.rip, 0xea645);
}

static void test_protected_mode(void)
{
	set_up(RAM, RAM + PAGE_BYTES - 1);
	fake_control[0] = CR0_PE;
	fake_efer = 0;
	fake_set_code(FAKE_CODE_32, CODE_GPA, UINT32_MAX);
	fake_set_data(0, UINT32_MAX);
	fake_segments[SEGMENT_FS] = (struct segment_register){16, FAKE_DATA, 0xfff, RAM - 0x1000};
	fake_vcpu.rip = 0;
	PUT(0x64, 0xa3, 0x10, 0x10, 0x00, 0x00); /* movl %eax, %fs:0x1010: beyond the limit */
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_vector, 13);
	fake_segments[SEGMENT_FS].limit_bytes = 0x1013;
	fake_injections = 0;
	fake_vcpu.gpr[GPR_RAX] = 0x89abcdef;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 0);
	UNIT_EQUAL(fake_vcpu.rip, 6);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x10, 4), 0x89abcdef);
	/* Read-only and expand-down segments. */
	fake_vcpu.rip = 0;
	fake_segments[SEGMENT_FS].attributes = 0x491;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 1);
	fake_segments[SEGMENT_FS].attributes = 0x497;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 2);
	fake_segments[SEGMENT_FS].limit_bytes = 0x100f;
	fault_at(RAM + 0x10, true);
	UNIT_EQUAL(fake_injections, 2);
	UNIT_EQUAL(fake_vcpu.rip, 6);
	/* pushl (%ebx): a 32-bit push */
	PUT(0xff, 0x33);
	fake_vcpu.rip = 0;
	fake_vcpu.gpr[GPR_RBX] = RAM + 0x10;
	fake_vcpu.gpr[GPR_RSP] = RAM + 0x2008;
	fault_at(RAM + 0x10, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RSP], RAM + 0x2004);
	UNIT_EQUAL(mmio_hardware_read(RAM + 0x2004, 4), 0x89abcdef);
	/* EIP wraps, linear addresses too. */
	fake_segments[SEGMENT_DS].base = 0xfffff000;
	PUT(0xa1, 0x00, 0x20, 0x00, 0x00);
	fake_segments[SEGMENT_DS].base = UINT32_MAX - 0xfff;
	fake_vcpu.gpr[GPR_RAX] = 0;
	fake_vcpu.rip = 0;
	memcpy(fake_memory + CODE_GPA + 1, &(uint32_t){RAM + 0x1010}, 4);
	fault_at(RAM + 0x10, false);
	UNIT_EQUAL(fake_vcpu.gpr[GPR_RAX], 0x89abcdef);
}

static void test_long_mode_addresses(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_segments[SEGMENT_GS].base = DEVICE;
	fake_segments[SEGMENT_DS].base = 0x123456; /* does not count */
	PUT(0x65, 0x89, 0x03); /* movl %eax, %gs:(%rbx) */
	fake_vcpu.gpr[GPR_RBX] = 0x20;
	fake_vcpu.gpr[GPR_RAX] = 77;
	fault_at(DEVICE + 0x20, true);
	UNIT_EQUAL(seen[0].address, DEVICE + 0x20);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 3);
	/* A stack reference that is not canonical: #SS. */
	PUT(0xff, 0x33);
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[GPR_RBX] = DEVICE;
	fake_vcpu.gpr[GPR_RSP] = UINT64_C(0x8000000000000000);
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vector, 12);
	/* jmpq *(%rbx) to nowhere: #GP, RIP stays */
	PUT(0xff, 0x23);
	mmio_hardware_write(DEVICE, 8, UINT64_C(0x1000000000000000));
	fault_at(DEVICE, false);
	UNIT_EQUAL(fake_vector, 13);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
}

/* A locked instruction on claimed RAM that another CPU writes meanwhile starts over. */
static enum access_result meddle(struct access *access, void *context)
{
	unsigned *left = context;

	if (access->write && *left != 0) {
		(*left)--;
		fake_memory[access->address]++;
	}
	return ACCESS_PASS;
}

static void test_locked_on_ram(void)
{
	unsigned left = 1;
	struct access_region watched = {
		.first = RAM, .last = RAM + 3, .handler = meddle, .context = &left};

	set_up(DEVICE, DEVICE + 3);
	UNIT_EQUAL(mmio_register(&watched), 0);
	PUT(0xf0, 0xff, 0x03); /* lock incl (%rbx) */
	fake_vcpu.gpr[GPR_RBX] = RAM;
	fake_memory[RAM] = 5;
	fault_at(RAM, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE);
	UNIT_EQUAL(fake_memory[RAM], 6);
	UNIT_EQUAL(fake_vcpu.rflags, 2);
	fault_at(RAM, true);
	UNIT_EQUAL(fake_vcpu.rip, CODE + 3);
	UNIT_EQUAL(fake_memory[RAM], 7);
	mmio_unregister(&watched);
}

/* The guest's memory may hold anything: whatever the bytes, nothing of ours is touched. */
static void test_random_instructions(void)
{
	set_up(DEVICE, DEVICE + PAGE_BYTES - 1);
	fake_map_page(FAKE_RESERVED_START, FAKE_RESERVED_START, RW);
	for (unsigned round = 0; round < 200000; round++) {
		uint8_t code[15];
		uint64_t places[] = {DEVICE, RAM, FAKE_RESERVED_START, DEVICE + PAGE_BYTES - 2};

		for (unsigned i = 0; i < sizeof(code); i++)
			code[i] = (uint8_t)unit_random();
		put_code(code, sizeof(code));
		for (unsigned i = 0; i < GPR_COUNT; i++)
			fake_vcpu.gpr[i] = places[unit_random() % 4] + unit_random() % 64;
		fake_vcpu.rip = CODE;
		fault_at(places[unit_random() % 3], unit_random() % 2);
		mmio_handle_step(&fake_vcpu);
		if (fake_memory[FAKE_RESERVED_START + PAGE_BYTES] != 0)
			unit_fail("our memory was written");
	}
}

/* A guard comes behind hooks whenever it was registered, and alone sees what a script does itself. */
static enum access_result guard(struct access *access, void *context)
{
	*(uint64_t *)context = access->value;
	return access->write ? ACCESS_DONE : ACCESS_PASS;
}

static void test_guards_come_last(void)
{
	uint64_t guarded = 0;
	struct access_region last = {
		.first = DEVICE + 0x10, .last = DEVICE + 0x13, .handler = guard, .context = &guarded,
		.band = BAND_GUARD};
	struct access_region hook = {.first = DEVICE + 0x10, .last = DEVICE + 0x13, .handler = note};
	struct access own = {.vcpu = &fake_vcpu, .kind = ACCESS_MMIO, .write = true, .width_bytes = 4,
			     .address = DEVICE + 0x10, .value = 0x33, .direct = true};

	set_up(DEVICE + 0x100, DEVICE + 0x103);
	mmio_hardware_write(DEVICE + 0x10, 4, 0x11);
	UNIT_EQUAL(mmio_register(&last), 0);
	UNIT_EQUAL(mmio_register(&hook), 0);
	answer_resolves = true;
	answer_value = 0x22;
	mmio_write(&fake_vcpu, DEVICE + 0x10, 4, 0x55);
	UNIT_EQUAL(seen[0].value, 0x55);
	UNIT_EQUAL(guarded, 0x22);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x10, 4), 0x11);
	UNIT_EQUAL(mmio_offer(&own), ACCESS_DONE);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(guarded, 0x33);
	mmio_unregister(&hook);
	UNIT_CHECK(fake_denied[DEVICE / PAGE_BYTES]);
	mmio_unregister(&last);
	answer_resolves = false;
	mmio_write(&fake_vcpu, DEVICE + 0x10, 4, 0x66);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x10, 4), 0x66);
}

static enum access_result accepts(struct access *access, void *context)
{
	(void)context;
	access->value = 0x44;
	return ACCESS_ACCEPT;
}

/* Who accepts ends the hooks' part of the walk, wherever in the chain, and with no guard too. */
static void test_accept_skips_hooks(void)
{
	uint64_t guarded = 0;
	struct access_region last = {
		.first = DEVICE + 0x10, .last = DEVICE + 0x13, .handler = guard, .context = &guarded,
		.band = BAND_GUARD};
	struct access_region first = {.first = DEVICE + 0x10, .last = DEVICE + 0x13, .handler = accepts};
	struct access_region second = {.first = DEVICE + 0x10, .last = DEVICE + 0x13, .handler = note};

	set_up(DEVICE + 0x100, DEVICE + 0x103);
	UNIT_EQUAL(mmio_register(&first), 0);
	UNIT_EQUAL(mmio_register(&second), 0);
	mmio_write(&fake_vcpu, DEVICE + 0x10, 4, 0x55);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 0x10, 4), 0x44);
	UNIT_EQUAL(mmio_register(&last), 0);
	mmio_write(&fake_vcpu, DEVICE + 0x10, 4, 0x55);
	UNIT_EQUAL(nr_seen, 0);
	UNIT_EQUAL(guarded, 0x44);
	mmio_unregister(&first);
	mmio_write(&fake_vcpu, DEVICE + 0x10, 4, 0x55);
	UNIT_EQUAL(nr_seen, 1);
	mmio_unregister(&second);
	mmio_unregister(&last);
}

int main(void)
{
	unit_run("mmio_registration", test_registration);
	unit_run("mmio_stale_fault", test_stale_fault);
	unit_run("mmio_handlers_see_and_change", test_handlers_see_and_change);
	unit_run("mmio_rest_of_page", test_rest_of_page);
	unit_run("mmio_straddling", test_straddling);
	unit_run("mmio_faults_first", test_faults_first);
	unit_run("mmio_fault_in_string", test_fault_in_string);
	unit_run("mmio_string_batches", test_string_batches);
	unit_run("mmio_single_step_of_guest", test_single_step_of_guest);
	unit_run("mmio_breakpoint_matches", test_breakpoint_matches);
	unit_run("mmio_breakpoints_of_guest", test_breakpoints_of_guest);
	unit_run("mmio_unknown_steps", test_unknown_steps);
	unit_run("mmio_code_in_device", test_code_in_device);
	unit_run("mmio_what_ends_a_step", test_what_ends_a_step);
	unit_run("mmio_unknown_through_handlers", test_unknown_through_handlers);
	unit_run("mmio_unknown_operand", test_unknown_operand);
	unit_run("mmio_step_of_two_pages", test_step_of_two_pages);
	unit_run("mmio_accesses_of_the_cpu", test_accesses_of_the_cpu);
	unit_run("mmio_our_memory", test_our_memory);
	unit_run("mmio_our_memory_direct", test_our_memory_direct);
	unit_run("mmio_our_memory_by_steps", test_our_memory_by_steps);
	unit_run("mmio_instruction_changed", test_instruction_changed);
	unit_run("mmio_real_mode", test_real_mode);
	unit_run("mmio_firmware", test_firmware);
	unit_run("mmio_protected_mode", test_protected_mode);
	unit_run("mmio_long_mode_addresses", test_long_mode_addresses);
	unit_run("mmio_locked_on_ram", test_locked_on_ram);
	unit_run("mmio_guards_come_last", test_guards_come_last);
	unit_run("mmio_accept_skips_hooks", test_accept_skips_hooks);
	unit_run("mmio_random_instructions", test_random_instructions);
	return unit_failed;
}
