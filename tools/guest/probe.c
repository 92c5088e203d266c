/*
 * probe: the guest's hands. One command line does one hardware access, or computes a checksum
 * that any damage to registers or memory would change. Runs as root in the guest's user space.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cpuid.h>
#include <emmintrin.h>

static const char usage_text[] =
	"usage: probe in8|in16|in32 PORT\n"
	"       probe out8|out16|out32 PORT VALUE\n"
	"       probe read8|read16|read32|read64 PHYSICAL-ADDRESS\n"
	"       probe write8|write16|write32|write64 PHYSICAL-ADDRESS VALUE\n"
	"       probe cpuid LEAF [SUBLEAF]\n"
	"       probe rdmsr MSR\n"
	"       probe wrmsr MSR VALUE\n"
	"       probe pci BUS DEVICE FUNCTION OFFSET\n"
	"       probe checksum ROUNDS\n";

static int fail(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

static int port_access(const char *command, uint16_t port, const char *value)
{
	if (iopl(3) != 0)
		return fail("iopl");
	if (!strcmp(command, "in8"))
		printf("0x%02x\n", inb(port));
	else if (!strcmp(command, "in16"))
		printf("0x%04x\n", inw(port));
	else if (!strcmp(command, "in32"))
		printf("0x%08x\n", inl(port));
	else if (!strcmp(command, "out8") && value)
		outb((unsigned char)number(value), port);
	else if (!strcmp(command, "out16") && value)
		outw((unsigned short)number(value), port);
	else if (!strcmp(command, "out32") && value)
		outl((unsigned int)number(value), port);
	else
		return 2;
	return 0;
}

/* Reads or writes device memory with one access of the given width. */
static int memory_access(const char *command, uint64_t address, const char *value)
{
	const uint64_t page = address & ~UINT64_C(0xfff);
	const int width = atoi(command + (value ? 5 : 4));
	int file = open("/dev/mem", O_RDWR | O_SYNC);
	volatile void *at;
	void *map;

	if (file < 0)
		return fail("/dev/mem");
	map = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)page);
	close(file);
	if (map == MAP_FAILED)
		return fail("mmap");
	at = (char *)map + (address - page);
	switch (width) {
	case 8:
		if (value)
			*(volatile uint8_t *)at = (uint8_t)number(value);
		else
			printf("0x%02x\n", *(volatile uint8_t *)at);
		return 0;
	case 16:
		if (value)
			*(volatile uint16_t *)at = (uint16_t)number(value);
		else
			printf("0x%04x\n", *(volatile uint16_t *)at);
		return 0;
	case 32:
		if (value)
			*(volatile uint32_t *)at = (uint32_t)number(value);
		else
			printf("0x%08x\n", *(volatile uint32_t *)at);
		return 0;
	case 64:
		if (value)
			*(volatile uint64_t *)at = number(value);
		else
			printf("0x%016" PRIx64 "\n", *(volatile uint64_t *)at);
		return 0;
	default:
		return 2;
	}
}

static int cpuid_read(uint32_t leaf, uint32_t subleaf)
{
	uint32_t eax, ebx, ecx, edx;

	__cpuid_count(leaf, subleaf, eax, ebx, ecx, edx);
	printf("0x%08x 0x%08x 0x%08x 0x%08x\n", eax, ebx, ecx, edx);
	return 0;
}

/* Through the kernel's msr driver: a #GP becomes an I/O error, not an oops. */
static int msr_access(uint32_t msr, const char *value)
{
	uint64_t data = value ? number(value) : 0;
	int file = open("/dev/cpu/0/msr", value ? O_WRONLY : O_RDONLY);
	ssize_t done;

	if (file < 0)
		return fail("/dev/cpu/0/msr");
	if (value)
		done = pwrite(file, &data, sizeof(data), msr);
	else
		done = pread(file, &data, sizeof(data), msr);
	if (done != (ssize_t)sizeof(data))
		return fail(value ? "wrmsr" : "rdmsr");
	if (!value)
		printf("0x%016" PRIx64 "\n", data);
	return 0;
}

static int pci_read(uint32_t bus, uint32_t device, uint32_t function, uint32_t offset)
{
	if (iopl(3) != 0)
		return fail("iopl");
	outl(0x80000000u | bus << 16 | device << 11 | function << 8 | (offset & 0xfc), 0xcf8);
	printf("0x%08x\n", inl(0xcfc));
	return 0;
}

/* Integers, doubles and XMM registers over a buffer of 64 KiB, so that lost state shows. */
static uint64_t checksum(uint64_t rounds)
{
	static uint32_t buffer[16384] __attribute__((aligned(16)));
	uint64_t hash = 0xcbf29ce484222325u;
	double sum = 1.0;
	__m128i lanes = _mm_set_epi32(1, 2, 3, 4);

	for (uint64_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < 16384; i++) {
			hash = (hash ^ (buffer[i] + i)) * 0x100000001b3u;
			buffer[i] = (uint32_t)(hash >> 32);
		}
		for (uint32_t i = 0; i < 16384; i += 4) {
			lanes = _mm_add_epi32(lanes, _mm_load_si128((__m128i *)&buffer[i]));
			sum = sum * 0.999 + (double)buffer[i] / 3.0;
		}
	}
	_mm_store_si128((__m128i *)buffer, lanes);
	for (uint32_t i = 0; i < 4; i++)
		hash = (hash ^ buffer[i]) * 0x100000001b3u;
	return hash ^ (uint64_t)sum;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	const char *value = argc > 3 ? argv[3] : NULL;
	int status = 2;

	if (argc < 3)
		status = 2;
	else if (!strncmp(command, "in", 2) || !strncmp(command, "out", 3))
		status = port_access(command, (uint16_t)number(argv[2]), value);
	else if (!strncmp(command, "read", 4))
		status = memory_access(command, number(argv[2]), NULL);
	else if (!strncmp(command, "write", 5) && value)
		status = memory_access(command, number(argv[2]), value);
	else if (!strcmp(command, "cpuid"))
		status = cpuid_read((uint32_t)number(argv[2]), value ? (uint32_t)number(value) : 0);
	else if (!strcmp(command, "rdmsr"))
		status = msr_access((uint32_t)number(argv[2]), NULL);
	else if (!strcmp(command, "wrmsr") && value)
		status = msr_access((uint32_t)number(argv[2]), value);
	else if (!strcmp(command, "pci") && argc == 6)
		status = pci_read((uint32_t)number(argv[2]), (uint32_t)number(argv[3]),
				  (uint32_t)number(argv[4]), (uint32_t)number(argv[5]));
	else if (!strcmp(command, "checksum"))
		status = printf("%016" PRIx64 "\n", checksum(number(argv[2]))) < 0;
	if (status == 2)
		fputs(usage_text, stderr);
	return status;
}
