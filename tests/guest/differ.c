/*
 * tests/guest/differ.c: performs generated sequences of accesses (tests/differ/generate.py) and prints what
 * came of them, one line a sequence: of a read the value, of a write what the device has afterwards, `gp` for
 * #GP. tests/differ/run compares that with what `check` says.
 *
 * Options: sequences=N, default all.
 */
#include "differ.h"

#include "guest.h"

#include "instruction.h"

#define LINE_BYTES 4096

static char line[LINE_BYTES];
static unsigned line_length;

static void line_add(char c)
{
	if (line_length < LINE_BYTES - 1)
		line[line_length++] = c;
}

static void line_number(uint64_t number)
{
	int shift = 60;

	while (shift > 0 && number >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		line_add("0123456789abcdef"[number >> shift & 15]);
}

struct result {
	const struct differ_access *access;
	uint64_t value;
	struct cpuid_registers leaf;
};

static void perform(void *context)
{
	struct result *result = context;
	const struct differ_access *access = result->access;
	uint16_t port = (uint16_t)access->address;
	unsigned width = access->width_bytes;

	switch (access->kind) {
	case DIFFER_PORT_READ:
		result->value = width == 1 ? in8(port) : width == 2 ? in16(port) : in32(port);
		break;
	case DIFFER_PORT_WRITE:
		if (width == 1)
			out8(port, (uint8_t)access->value);
		else if (width == 2)
			out16(port, (uint16_t)access->value);
		else
			out32(port, (uint32_t)access->value);
		break;
	case DIFFER_MMIO_READ:
		result->value = memory_read(access->address, width);
		break;
	case DIFFER_MMIO_WRITE:
		memory_write(access->address, width, access->value);
		break;
	case DIFFER_MSR_READ:
		result->value = msr_read((uint32_t)access->address);
		break;
	case DIFFER_MSR_WRITE:
		msr_write((uint32_t)access->address, access->value);
		break;
	case DIFFER_CPUID:
		result->leaf = cpuid((uint32_t)access->address, (uint32_t)(access->address >> 32));
		break;
	default:
		break;
	}
}

/* What no hook is about: reads of the page that is written, and of its MSRs. */
static void read_back(struct result *result)
{
	if (result->access->kind == DIFFER_MMIO_WRITE)
		result->value = memory_read(result->access->address, result->access->width_bytes);
	else if (result->access->kind == DIFFER_MSR_WRITE)
		result->value = msr_read((uint32_t)result->access->address);
}

static void line_leaf(const struct cpuid_registers *leaf)
{
	line_number(leaf->eax);
	line_add('/');
	line_number(leaf->ebx);
	line_add('/');
	line_number(leaf->ecx);
	line_add('/');
	line_number(leaf->edx);
}

static void run(const struct differ_access *access)
{
	struct result result = { .access = access };
	int vector = fault_catch(perform, &result);

	line_add(' ');
	if (vector >= 0) {
		line_add(vector == 13 ? 'g' : '?');
		line_add(vector == 13 ? 'p' : '?');
		return;
	}
	read_back(&result);
	if (access->kind == DIFFER_CPUID)
		line_leaf(&result.leaf);
	else
		line_number(result.value);
}

/* What is written is left as it is, for each write is a hook's, and told. */
static void prepare(void)
{
	for (unsigned i = 0; i < differ_nr_bytes; i++)
		((volatile uint8_t *)differ_read_page)[i] = differ_bytes[i];
	for (unsigned i = 0; i < differ_nr_bytes; i++)
		guest_print("byte %x %x\n", i, ((volatile uint8_t *)differ_write_page)[i]);
	for (unsigned i = 0; i < differ_nr_msrs; i++)
		msr_write(differ_msrs[i].msr, differ_msrs[i].value);
	for (unsigned i = 0; i < differ_nr_written_msrs; i++)
		guest_print("msr %x %lx\n", differ_written_msrs[i], msr_read(differ_written_msrs[i]));
	for (unsigned i = 0; i < differ_nr_leaves; i++) {
		struct cpuid_registers leaf = cpuid(differ_leaves[i], DIFFER_RAW_SUBLEAF);

		line_length = 0;
		line_leaf(&leaf);
		line[line_length] = '\0';
		guest_print("leaf %x %s\n", differ_leaves[i], line);
	}
}

void guest_main(void)
{
	uint64_t sequences = option_number_or("sequences", ~UINT64_C(0)), number = 0;

	prepare();
	for (unsigned i = 0; i < differ_nr_accesses && number < sequences; number++) {
		line_length = 0;
		for (; differ_accesses[i].kind != DIFFER_END; i++)
			run(&differ_accesses[i]);
		i++;
		line[line_length] = '\0';
		guest_print("sequence %lu:%s\n", number, line);
	}
	guest_print("guest: done\n");
}
