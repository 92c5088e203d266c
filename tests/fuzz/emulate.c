/*
 * tests/fuzz/emulate.c: any instruction, in any mode, with any registers, on claimed memory and on
 * ours: nothing outside the guest's own memory is touched.
 */
#include "core/instructions.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "input.h"
#include "vmm/mmio.h"

#define CODE UINT64_C(0x40600000)
#define CODE_GPA MIB(2)
#define RAM MIB(4)
#define RW (PAGING_PRESENT | PAGING_WRITABLE)

static enum access_result pass(struct access *access, void *context)
{
	(void)context;
	FUZZ_MUST(access->width_bytes == 1 || access->width_bytes == 2 ||
		  access->width_bytes == 4 || access->width_bytes == 8);
	FUZZ_MUST(!access->write || (access->value & ~access_mask(access)) == 0);
	return ACCESS_PASS;
}

static struct access_region region = {
	.first = FAKE_DEVICE_START, .last = FAKE_DEVICE_START + 0x80f, .handler = pass};

static const uint64_t places[] = {FAKE_DEVICE_START, FAKE_DEVICE_START + PAGE_BYTES - 4, RAM,
				  RAM + PAGE_BYTES - 4, FAKE_RESERVED_START + PAGE_BYTES,
				  FAKE_RESERVED_START + 2 * PAGE_BYTES - 4, 0x7777000, 0};

static void set_up(void)
{
	fake_machine_reset();
	for (gpa_t page = 0; page < 3 * PAGE_BYTES; page += PAGE_BYTES) {
		fake_map_page(FAKE_DEVICE_START + page, FAKE_DEVICE_START + page, RW);
		fake_map_page(RAM + page, RAM + page, RW);
		fake_map_page(FAKE_RESERVED_START + page, FAKE_RESERVED_START + page, RW);
	}
	fake_map_page(CODE, CODE_GPA, RW);
	FUZZ_MUST(mmio_register(&region) == 0);
}

static void set_mode(unsigned mode)
{
	fake_efer = mode == 0 || mode == 1 ? 0xd00 : 0;
	fake_control[0] = mode == 3 ? 0 : mode == 2 ? CR0_PE : CR0_PE | CR0_PG | CR0_WP;
	fake_set_code(mode == 0	  ? FAKE_CODE_64
		      : mode == 3 ? FAKE_CODE_16
				  : FAKE_CODE_32,
		      mode >= 2 ? CODE_GPA - CODE % PAGE_BYTES : 0, UINT32_MAX);
	fake_set_data(mode == 3 ? RAM : 0, mode == 3 ? 0xffff : UINT32_MAX);
	fake_vcpu.rip = mode >= 2 ? 0 : CODE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = {data, length_bytes};
	const uint8_t *ours;
	unsigned choice;

	if (!fake_memory)
		set_up();
	choice = (unsigned)input_number(&input, 2);
	set_mode(choice & 3);
	fake_cpl = choice & 4 ? 3 : 0;
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		uint64_t place = places[input_number(&input, 1) % ARRAY_LENGTH(places)];

		fake_vcpu.gpr[i] = place + (uint64_t)(int8_t)input_number(&input, 1);
	}
	fake_vcpu.rflags = 2 | (input_number(&input, 2) & 0xdd5);
	input_take(&input, fake_memory + CODE_GPA, 15);
	ours = fake_memory + FAKE_RESERVED_START + PAGE_BYTES;
	for (unsigned i = 0; i < 4; i++) {
		fake_vcpu.exit.nested.gpa = places[choice >> 4 & 7];
		fake_vcpu.exit.nested.execute = (choice >> 7 & 7) == 7;
		mmio_handle_fault(&fake_vcpu);
		(void)mmio_handle_step(&fake_vcpu);
		FUZZ_MUST(fake_vcpu.steps == 0 && !fake_stepping);
	}
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		FUZZ_MUST(ours[i] == 0);
	FUZZ_MUST(fake_denied[FAKE_DEVICE_START / PAGE_BYTES] &&
		  fake_denied[FAKE_RESERVED_START / PAGE_BYTES + 1]);
	return 0;
}
