/*
 * tests/guest/access.c: performs the accesses that the command line lists and checks what they give.
 *
 * A word KIND:ADDRESS[=VALUE][&MASK] is one access, performed in order:
 *   in8 in16 in32, ins8 ins16 ins32      port reads; the latter four at once by REP INS
 *   out8 out16 out32, outs8 ...          port writes of VALUE; the latter four times by REP OUTS
 *   mem8 mem16 mem32 mem64, memw8 ...    physical memory reads, writes
 *   pci8 pci16 pci32, pciw8 ...          configuration space by CF8/CFC; ADDRESS is as in CF8
 *   ecam8 ecam16 ecam32, ecamw8 ...      by the window at ecam=ADDRESS (default 0xb0000000);
 *                                        ADDRESS is bus << 20 | device << 15 | function << 12 | offset
 *   rdmsr, wrmsr
 *   wait                                 for a key; somebody outside does something meanwhile
 *   cpuida cpuidb cpuidc cpuidd          EAX, ...; ADDRESS is leaf | subleaf << 32
 * A read without VALUE is only printed. VALUE `gp` means that #GP is expected.
 * repeat=N performs the list N times.
 */
#include "guest.h"

#include "instruction.h"

#define REP_COUNT 4

struct operation {
	char kind[8];
	unsigned width_bytes; /* 0: the kind has none */
	uint64_t address, value, mask;
	bool compare, expect_fault;
	uint64_t result;
};

static uint64_t ecam_base;

static uint64_t port_read(uint16_t port, unsigned width_bytes)
{
	return width_bytes == 1 ? in8(port) : width_bytes == 2 ? in16(port) : in32(port);
}

static void port_write(uint16_t port, unsigned width_bytes, uint64_t value)
{
	if (width_bytes == 1)
		out8(port, (uint8_t)value);
	else if (width_bytes == 2)
		out16(port, (uint16_t)value);
	else
		out32(port, (uint32_t)value);
}

/* REP INS of four elements; the result is the first if all are equal, else all ones. */
static uint64_t port_read_string(uint16_t port, unsigned width_bytes)
{
	uint32_t buffer[REP_COUNT] = {0};
	void *to = buffer;
	uint64_t count = REP_COUNT, first = 0;

	if (width_bytes == 1)
		__asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
	else if (width_bytes == 2)
		__asm__ volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
	else
		__asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory");
	memcpy(&first, buffer, width_bytes);
	for (unsigned i = 1; i < REP_COUNT; i++)
		if (memcmp((uint8_t *)buffer + i * width_bytes, &first, width_bytes) != 0)
			return ~UINT64_C(0);
	return count == 0 ? first : ~UINT64_C(0);
}

static void port_write_string(uint16_t port, unsigned width_bytes, uint64_t value)
{
	uint32_t buffer[REP_COUNT];
	const void *from = buffer;
	uint64_t count = REP_COUNT;

	for (unsigned i = 0; i < REP_COUNT; i++)
		memcpy((uint8_t *)buffer + i * width_bytes, &value, width_bytes);
	if (width_bytes == 1)
		__asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
	else if (width_bytes == 2)
		__asm__ volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
	else
		__asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static uint16_t pci_select(uint64_t address)
{
	out32(0xcf8, 0x80000000u | ((uint32_t)address & 0xfffffcu));
	return (uint16_t)(0xcfc + (address & 3));
}

static uint64_t cpuid_register(uint64_t address, char name)
{
	struct cpuid_registers r = cpuid((uint32_t)address, (uint32_t)(address >> 32));

	return name == 'a' ? r.eax : name == 'b' ? r.ebx : name == 'c' ? r.ecx : r.edx;
}

static bool kind_is(const struct operation *operation, const char *kind)
{
	return memcmp(operation->kind, kind, strlen(kind) + 1) == 0;
}

/* Performs an access that has a width. Returns false if the kind is unknown. */
static bool operation_perform_sized(struct operation *op)
{
	uint16_t port = (uint16_t)op->address;

	if (kind_is(op, "in"))
		op->result = port_read(port, op->width_bytes);
	else if (kind_is(op, "ins"))
		op->result = port_read_string(port, op->width_bytes);
	else if (kind_is(op, "out"))
		port_write(port, op->width_bytes, op->value);
	else if (kind_is(op, "outs"))
		port_write_string(port, op->width_bytes, op->value);
	else if (kind_is(op, "mem"))
		op->result = memory_read(op->address, op->width_bytes);
	else if (kind_is(op, "memw"))
		memory_write(op->address, op->width_bytes, op->value);
	else if (kind_is(op, "pci"))
		op->result = port_read(pci_select(op->address), op->width_bytes);
	else if (kind_is(op, "pciw"))
		port_write(pci_select(op->address), op->width_bytes, op->value);
	else if (kind_is(op, "ecam"))
		op->result = memory_read(ecam_base + op->address, op->width_bytes);
	else if (kind_is(op, "ecamw"))
		memory_write(ecam_base + op->address, op->width_bytes, op->value);
	else
		return false;
	return true;
}

static void wait_for_key(void)
{
	while (in8(0x64) & 1)
		in8(0x60);
	guest_print("access: wait\n");
	while (!(in8(0x64) & 1))
		__asm__ volatile("pause");
}

static void operation_perform(void *context)
{
	struct operation *op = context;

	if (op->width_bytes && operation_perform_sized(op))
		return;
	if (kind_is(op, "rdmsr"))
		op->result = msr_read((uint32_t)op->address);
	else if (kind_is(op, "wait"))
		wait_for_key();
	else if (kind_is(op, "wrmsr"))
		msr_write((uint32_t)op->address, op->value);
	else if (memcmp(op->kind, "cpuid", 5) == 0)
		op->result = cpuid_register(op->address, op->kind[5]);
	else
		guest_print("not ok access: unknown kind '%s'\n", op->kind);
}

static bool operation_is_write(const struct operation *op)
{
	return memcmp(op->kind, "out", 3) == 0 || kind_is(op, "memw") || kind_is(op, "pciw") ||
	       kind_is(op, "ecamw") || kind_is(op, "wrmsr") || kind_is(op, "wait");
}

static void operation_run(struct operation *op, const char *word)
{
	int vector = fault_catch(operation_perform, op);

	if (vector >= 0) {
		guest_check(op->expect_fault && vector == 13, word, "exception %d", vector);
		return;
	}
	if (operation_is_write(op))
		guest_check(!op->expect_fault, word, "no #GP");
	else if (op->compare)
		guest_check(!op->expect_fault && (op->result & op->mask) == op->value, word,
			    "read 0x%lx", op->result);
	else
		guest_print("access: %s 0x%lx\n", word, op->result);
}

/* Parses KIND:ADDRESS[=VALUE][&MASK] into an operation; false if the word is none. */
static bool operation_parse(const char *word, struct operation *op)
{
	const char *p = word;
	size_t length = 0;

	*op = (struct operation){.mask = ~UINT64_C(0)};
	for (; *p >= 'a' && *p <= 'z'; p++)
		if (length + 1 < sizeof(op->kind))
			op->kind[length++] = *p;
	for (; *p >= '0' && *p <= '9'; p++)
		op->width_bytes = op->width_bytes * 10 + (unsigned)(*p - '0');
	op->width_bytes /= 8;
	if (*p != ':')
		return false;
	p = number_parse(p + 1, &op->address);
	if (*p == '=') {
		op->compare = true;
		op->expect_fault = p[1] == 'g' && p[2] == 'p';
		p = op->expect_fault ? p + 3 : number_parse(p + 1, &op->value);
	}
	if (*p == '&')
		number_parse(p + 1, &op->mask);
	return true;
}

void guest_main(void)
{
	uint64_t repeat = option_number_or("repeat", 1);
	struct operation operation;
	char word[64];

	ecam_base = option_number_or("ecam", 0xb0000000);
	for (uint64_t round = 0; round < repeat; round++)
		for (unsigned i = 0; option_word(i, word, sizeof(word)); i++)
			if (operation_parse(word, &operation))
				operation_run(&operation, word);
}
