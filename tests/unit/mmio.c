/*
 * tests/unit/mmio.c: claiming memory, what handlers see and may do, faults of the guest in the midst of an
 * access, whatever the bytes of the instruction, and the hypervisor's own memory.
 */
#include "mmio_machine.h"

#include "vmm/decode.h"
#include "vmm/emulate.h"
#include "vmm/mmio_direct.h"
#include "vmm/operand.h"

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

/* The short way reads an instruction as the decoder does. */
static void test_plain_stores(void)
{
	struct decoded_instruction instruction;
	struct emulation emulation = {.vcpu = &fake_vcpu, .instruction = &instruction};
	uint8_t code[16];
	uint32_t value;

	for (unsigned round = 0; round < 20000; round++) {
		unsigned at = 0, bytes;

		for (unsigned i = 0; i < sizeof(code); i++)
			code[i] = (uint8_t)unit_random();
		for (unsigned i = 0; i < GPR_COUNT; i++)
			fake_vcpu.gpr[i] = unit_random();
		fake_vcpu.rip = unit_random();
		if (round % 2 != 0)
			code[at++] = (uint8_t)(0x40 | (unit_random() & 7));
		code[at++] = round % 3 != 0 ? 0x89 : 0xc7;
		if ((code[at] & 0xc0) == 0xc0)
			code[at] &= 0x3f;
		if (round % 3 == 0)
			code[at] &= (uint8_t)~0x38u;
		bytes = mmio_direct_decode(&fake_vcpu, code, &value);
		if (!decode_instruction(DECODE_64, code, 15, &instruction) || bytes != instruction.length_bytes ||
		    mmio_direct_address(&fake_vcpu, code, bytes) != operand_offset(&emulation)) {
			UNIT_CHECK(false);
			break;
		}
	}
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
	unit_run("mmio_our_memory", test_our_memory);
	unit_run("mmio_our_memory_direct", test_our_memory_direct);
	unit_run("mmio_locked_on_ram", test_locked_on_ram);
	unit_run("mmio_guards_come_last", test_guards_come_last);
	unit_run("mmio_accept_skips_hooks", test_accept_skips_hooks);
	unit_run("mmio_random_instructions", test_random_instructions);
	unit_run("mmio_plain_stores", test_plain_stores);
	return unit_failed;
}
