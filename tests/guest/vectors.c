/*
 * tests/guest/vectors.c: keeps patterns in all vector registers, MXCSR and x87's state while the second disk of the second IDE
 * channel is busy, or with the option "first" the first of all, which is encrypted below it. Nothing else here uses these
 * registers. ATA/ATAPI-7, PIO; Intel SDM 1, 13.
 */
#include "guest.h"

#include "instruction.h"

#define CONTROL_NIEN 2
#define DEVICE_LBA 0xe0
#define DEVICE_SECOND 0x10
#define BSY 0x80
#define DRQ 0x08
#define ERR 0x01
#define READ_SECTORS 0x20
#define WRITE_SECTORS 0x30
#define SECTOR 512u
#define SECTORS 24u /* more than eight, whose tweaks are made at once */
#define POLLS 100000000u
#define ROUNDS 8

#define CR0_MP 0x2u
#define CR0_EM_TS 0xcu
#define CR4_OSFXSR_OSXMMEXCPT 0x600u
#define CR4_OSXSAVE 0x40000u
#define XCR0_X87_SSE 3u
#define XCR0_AVX 4u
#define XCR0_AVX512 0xe0u
#define CPUID_XSAVE 0xd

/* The standard form of XSAVE's area (13.4). */
enum { FXSAVE_IGNORED = 6, FXSAVE_POINTERS_END = 24, MXCSR_MASK = 28, REGISTERS = 32, XMM = 160, FXSAVE_FREE = 416, HEADER = 512,
       YMM = 576, YMM_END = 832, AVX512 = 1088, AREA_END = 2688 };

static uint16_t command_block = 0x170, control_block = 0x376;
static uint8_t device = DEVICE_LBA | DEVICE_SECOND;
static uint32_t first_sector = 3000;

static uint8_t pattern[4096] __attribute__((aligned(64))), found[4096] __attribute__((aligned(64)));
static uint8_t data[SECTORS * SECTOR], wanted[SECTORS * SECTOR];

static bool wait_for(uint8_t bits)
{
	for (uint32_t i = 0; i < POLLS; i++) {
		uint8_t status = in8(command_block + 7);

		if (!(status & BSY) && (status & (bits | ERR)) != 0)
			return !(status & ERR);
		if (!(status & BSY) && bits == 0)
			return true;
	}
	return false;
}

static bool move(uint8_t command, uint32_t lba)
{
	out8(command_block + 2, SECTORS);
	out8(command_block + 3, (uint8_t)lba);
	out8(command_block + 4, (uint8_t)(lba >> 8));
	out8(command_block + 5, (uint8_t)(lba >> 16));
	out8(command_block + 6, device);
	out8(command_block + 7, command);
	for (uint32_t at = 0; at < sizeof(data); at += SECTOR) {
		uint8_t *bytes = data + at;
		uint64_t count = SECTOR / 2;

		if (!wait_for(DRQ))
			return false;
		if (command == WRITE_SECTORS)
			__asm__ volatile("rep outsw" : "+S"(bytes), "+c"(count) : "d"(command_block) : "memory");
		else
			__asm__ volatile("rep insw" : "+D"(bytes), "+c"(count) : "d"(command_block) : "memory");
	}
	return wait_for(0);
}

static void state_load(const uint8_t *area, uint32_t features)
{
	__asm__ volatile("xrstor %0" ::"m"(*(const uint8_t(*)[4096])area), "a"(features), "d"(0));
}

static void state_store(uint8_t *area, uint32_t features)
{
	__asm__ volatile("xsave %0" : "=m"(*(uint8_t(*)[4096])area) : "a"(features), "d"(0));
}

/* Which of the CPU's there are; 0: it has no XSAVE. */
static uint32_t state_enable(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx, features = XCR0_X87_SSE;
	uint64_t cr0, cr4;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (!(ecx >> 26 & 1))
		return 0;
	eax = CPUID_XSAVE;
	ecx = 0;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	features |= eax & (XCR0_AVX | XCR0_AVX512);
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr0" ::"r"((cr0 & ~(uint64_t)CR0_EM_TS) | CR0_MP));
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | CR4_OSFXSR_OSXMMEXCPT | CR4_OSXSAVE));
	__asm__ volatile("xsetbv" ::"a"(features), "c"(0), "d"(0));
	return features;
}

static void pattern_fill(uint32_t features)
{
	static const uint8_t control[] = { 0x7f, 0x02, 0, 0x28, 0xff, 0, 0, 0 }; /* rounding, a top of the stack, all full */
	static const uint32_t mxcsr = 0x5fa3;

	for (uint32_t i = 0; i < AREA_END; i++)
		pattern[i] = (uint8_t)(i * 37 + 11);
	memcpy(pattern, control, sizeof(control));
	memset(pattern + sizeof(control), 0, FXSAVE_POINTERS_END - sizeof(control));
	memcpy(pattern + FXSAVE_POINTERS_END, &mxcsr, sizeof(mxcsr));
	for (uint32_t i = 0; i < 8; i++)
		memset(pattern + REGISTERS + 16 * i + 10, 0, 6);
	memset(pattern + FXSAVE_FREE, 0, YMM - FXSAVE_FREE);
	memset(pattern + YMM_END, 0, AVX512 - YMM_END);
	memcpy(pattern + HEADER, &features, sizeof(features));
}

/* The first byte that is another; AREA_END: none. */
static uint32_t pattern_compare(uint32_t features)
{
	uint32_t end = features & XCR0_AVX512 ? AREA_END : features & XCR0_AVX ? YMM_END : FXSAVE_FREE;

	for (uint32_t i = 0; i < end; i++) {
		bool counts = i < FXSAVE_IGNORED || (i >= FXSAVE_POINTERS_END && i < MXCSR_MASK) || (i >= REGISTERS && i < FXSAVE_FREE) ||
			      (i >= YMM && i < YMM_END) || i >= AVX512;

		if (counts && found[i] != pattern[i])
			return i;
	}
	return AREA_END;
}

void guest_main(void)
{
	uint32_t features = state_enable(), wrong = AREA_END;
	bool good = true;

	if (option_number_or("first", 0) != 0) {
		command_block = 0x1f0;
		control_block = 0x3f6;
		device = DEVICE_LBA;
		first_sector = 28000;
	}

	if (features == 0) {
		guest_print("not ok vectors: the CPU has no XSAVE\n");
		return;
	}
	guest_print("vectors: features %x\n", features);
	pattern_fill(features);
	out8(control_block, CONTROL_NIEN);
	for (uint32_t round = 0; round < ROUNDS && good && wrong == AREA_END; round++) {
		for (uint32_t i = 0; i < sizeof(data); i++)
			data[i] = wanted[i] = (uint8_t)(i * 7 + (i >> 9) + round);
		state_load(pattern, features);
		good = move(WRITE_SECTORS, first_sector + round) && move(READ_SECTORS, first_sector + round);
		state_store(found, features);
		wrong = pattern_compare(features);
		good = good && memcmp(data, wanted, sizeof(data)) == 0;
	}
	guest_print("%s the disk gives what was written\n", good ? "ok" : "not ok");
	if (wrong != AREA_END)
		guest_print("not ok registers: byte %x of XSAVE's area is %x, not %x\n", wrong, found[wrong], pattern[wrong]);
	else
		guest_print("ok registers are as they were\n");
}
