/*
 * tests/engine/fuzz.c: random system calls. Those that would harm the machine itself, which an
 * engine may do to it as well as the guest may (random device registers, MSRs, the guest's memory),
 * are turned to harmless targets; their arguments are random otherwise.
 */
#include "tests/spec.h"
#include "engine.h"

static uint64_t fuzz_state;

/* xorshift64* */
static uint64_t fuzz_random(void)
{
	fuzz_state ^= fuzz_state >> 12;
	fuzz_state ^= fuzz_state << 25;
	fuzz_state ^= fuzz_state >> 27;
	return fuzz_state * 0x2545f4914f6cdd1d;
}

static uint8_t fuzz_buffer[16384];

/* Numbers near every border there is. */
static uint64_t fuzz_number(void)
{
	static const uint64_t borders[] = {
		0, 1, 8, 0x1000, 0x10000, RV_LOG_BYTES, RV_ENGINE_IMAGE_ADDRESS,
		RV_ENGINE_INFO_ADDRESS, RV_ENGINE_EVENT_ADDRESS, RV_ENGINE_SCRIPT_ADDRESS,
		RV_ENGINE_HEAP_ADDRESS, RV_ENGINE_STACK_TOP, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES,
		0x80000000, 0xfee00000, 0x100000000, 0x7fffffffffff, 0x800000000000,
		0xffff800000000000, 0xffffffff80000000, ~UINT64_C(0),
	};
	uint64_t r = fuzz_random();

	switch (r & 7) {
	case 0:
		return fuzz_random();
	case 1:
		return fuzz_random() >> (fuzz_random() & 63);
	case 2:
	case 3:
		return borders[(r >> 8) % ARRAY_LENGTH(borders)] + (r >> 16) % 64 - 32;
	case 4:
		return (uint64_t)fuzz_buffer + (r >> 8) % sizeof(fuzz_buffer);
	case 5:
		/* Stack that is not in use, or this program would shoot itself. */
		return RV_ENGINE_STACK_TOP - 8192 - (r >> 8) % 8192;
	default:
		return (r >> 8) % 32;
	}
}

/* Not the system's own registers, which the guest needs to end the test, nor times so often that it gets
 * on too slowly. */
static uint64_t fuzz_address(uint32_t kind)
{
	uint64_t address = fuzz_number();

	switch (kind) {
	case RV_EVENT_PORT_READ:
	case RV_EVENT_PORT_WRITE:
		return address | 0x4000;
	case RV_EVENT_MMIO_READ:
	case RV_EVENT_MMIO_WRITE:
		return address | UINT64_C(1) << 40;
	case RV_EVENT_MSR_READ:
	case RV_EVENT_MSR_WRITE:
	case RV_EVENT_CPUID:
		return address | 0x40000000;
	case RV_EVENT_TIMER:
		return address | UINT64_C(1) << 20;
	default:
		return address;
	}
}

static void fuzz_fill_spec(void)
{
	struct rv_hook_spec *spec = (struct rv_hook_spec *)fuzz_buffer;

	for (unsigned i = 0; i < sizeof(*spec); i++)
		fuzz_buffer[i] = (uint8_t)(fuzz_random() & (fuzz_random() & 1 ? 0xff : 0));
	spec->kind = (uint32_t)(fuzz_random() % (RV_EVENT_KIND_COUNT + 2));
	spec->nr_clauses = 1 + fuzz_random() % (RV_CLAUSES_MAXIMUM + 1);
	for (uint32_t i = 0; i < RV_CLAUSES_MAXIMUM && (fuzz_random() & 7) != 0; i++) {
		spec->clauses[i].field = fuzz_random() % 12;
		spec->clauses[i].except = fuzz_random() & 1 ? (uint32_t)(fuzz_random() % 3) : 0;
		spec->clauses[i].first = fuzz_number();
		spec->clauses[i].last = spec->clauses[i].first + fuzz_random() % 64;
	}
	if (fuzz_random() & 1) {
		spec->on_error = (uint32_t)(fuzz_random() % 4);
		spec->observe = (uint32_t)(fuzz_random() & 1);
	}
	if (fuzz_random() & 7) {
		spec->follows = 0;
		spec->fixed = RV_FIXED_NONE;
	}
	spec->clauses[0].field = rv_kind_is(spec->kind) ? rv_kind_field_with(spec->kind, RV_FIELD_ADDRESS) : 0;
	spec->clauses[0].except = 0;
	spec->clauses[0].mask = UINT64_MAX;
	spec->clauses[0].first = fuzz_address(spec->kind);
	spec->clauses[0].last = spec->clauses[0].first + fuzz_random() % 64;
	if (spec->kind == RV_EVENT_PCI_CONFIG_READ || spec->kind == RV_EVENT_PCI_CONFIG_WRITE) {
		/* A bus that is not there. */
		spec->nr_clauses += spec->nr_clauses == 1;
		spec->clauses[1] = (struct rv_clause){ .field = spec_field(spec->kind, "bus"), .mask = UINT64_MAX,
						       .first = 200, .last = 200 };
	}
}

static bool fuzz_is_harmful(uint64_t number)
{
	return number == RV_SYS_NEXT_EVENT || number == RV_SYS_EXIT || number == RV_SYS_PORT_WRITE ||
	       number == RV_SYS_PORT_READ || number == RV_SYS_MMIO_WRITE ||
	       number == RV_SYS_MMIO_READ || number == RV_SYS_MSR_WRITE ||
	       number == RV_SYS_PCI_WRITE || number == RV_SYS_PCI_SWITCH_OFF || number == RV_SYS_MEMORY_WRITE ||
	       number == RV_SYS_POWERS || number == RV_SYS_POLICY || number == RV_SYS_ALARM; /* it would be called */
}

/* Would writing there overwrite the stack that this program runs on? */
static bool fuzz_hits_stack(uint64_t address, uint64_t length_bytes)
{
	return address < RV_ENGINE_STACK_TOP && address + length_bytes > RV_ENGINE_STACK_TOP - 8192;
}

static void fuzz_call(void)
{
	static const uint64_t own_msrs[] = { 0x1b, 0x6e0, 0x80f, 0xc0000080, 0xc0010117, 0x12345678 };
	uint64_t number = fuzz_random() % (RV_SYSCALL_COUNT + 2), a = fuzz_number(), b = fuzz_number();
	uint64_t c = fuzz_number(), d = fuzz_number();

	if (fuzz_random() % 64 == 0)
		number = fuzz_number() | 0x40;
	if (number == RV_SYS_LOG && c < 256)
		c = 0; /* quiet */
	if (number == RV_SYS_HOOK_ADD) {
		/* What lies elsewhere might ask for all ports, and the guest would not get on. */
		fuzz_fill_spec();
		a = fuzz_random() & 1 ? (uint64_t)fuzz_buffer : a | UINT64_C(1) << 40;
	}
	if (number == RV_SYS_MSR_WRITE) {
		a = own_msrs[a % ARRAY_LENGTH(own_msrs)];
	} else if (number == RV_SYS_MMIO_WRITE || number == RV_SYS_MMIO_READ) {
		a = 0xfee00000 + a % 0x1000; /* refused */
	} else if (number == RV_SYS_PORT_WRITE || number == RV_SYS_PORT_READ) {
		a = a % 8 == 0 ? fuzz_number() | 0x10000 : 0x80;
	} else if (number == RV_SYS_PCI_WRITE) {
		b |= 0x1000;
	} else if (number == RV_SYS_MEMORY_WRITE) {
		a |= UINT64_C(1) << 52;
	} else if (number == RV_SYS_MEMORY_READ && fuzz_hits_stack(b, c)) {
		c = 16;
	} else if (fuzz_is_harmful(number)) {
		return;
	}
	system_call(number, a, b, c, d);
}

void fuzz_system_calls(uint64_t count, uint64_t seed)
{
	fuzz_state = seed | 1;
	for (uint64_t i = 0; i < count; i++)
		fuzz_call();
	engine_print("\nengine: ok fuzz %s%x", "", count);
}
