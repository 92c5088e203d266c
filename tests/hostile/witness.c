/*
 * tests/hostile/witness.c: the guest's whole user space while hostile scripts run: it computes, and
 * does the port reads that the scripts hook. Its results are known beforehand (tests/hostile/run
 * computes them as well); every register must be the same after a read as before it.
 *
 * Kernel command line: ports=FIRST,COUNT rounds=N. Prints `witness: ` lines and powers off.
 */
#include <cpuid.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "rv/sha256.h"

#define BLOCK_BYTES 16384
#define STEPS 2000	/* of the logistic map, a round */
#define PORTS_MAXIMUM 64
#define VALUES_MAXIMUM 4
#define XSAVE_X87_SSE 3u
#define XSAVE_AVX 4u
#define FCW_DOUBLE 0x27f /* all exceptions masked, 53 bits, to nearest */

struct registers {
	uint64_t gpr[13]; /* all but RAX, RDX and RSP */
	uint8_t extended[1024] __attribute__((aligned(64))); /* by XSAVE, or FXSAVE */
};

_Static_assert(offsetof(struct registers, extended) == 128, "witness_entry.S");

/* witness_entry.S: loads *before into the registers, reads the port, stores them to *after. */
uint8_t witness_read_port(uint16_t port, const struct registers *before, struct registers *after,
			  uint64_t features);

struct sums {
	uint8_t digest[SHA256_BYTES];
	double lanes[4]; /* SSE or AVX */
	double x87;
};

struct port {
	unsigned reads, nr_values;
	uint8_t values[VALUES_MAXIMUM]; /* in the order of their first coming */
	uint8_t last;
};

static struct port ports[PORTS_MAXIMUM];
static unsigned first_port, nr_ports, nr_rounds;
static unsigned reads, damages;
static uint64_t features;

static void sums_begin(struct sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (unsigned i = 0; i < 4; i++)
		sums->lanes[i] = 0.1 + i * 0.2;
	sums->x87 = 0.3;
}

/* Four chaotic sequences at once: one lost bit changes all that follows. */
__attribute__((target("avx"), noinline)) static void logistic_avx(double lanes[4])
{
	typedef double vector __attribute__((vector_size(32)));
	vector x, r = {3.9, 3.9, 3.9, 3.9}, one = {1, 1, 1, 1};

	memcpy(&x, lanes, sizeof(x));
	for (unsigned i = 0; i < STEPS; i++)
		x = r * x * (one - x);
	memcpy(lanes, &x, sizeof(x));
}

__attribute__((noinline)) static void logistic_sse(double lanes[4])
{
	for (unsigned lane = 0; lane < 4; lane++)
		for (unsigned i = 0; i < STEPS; i++)
			lanes[lane] = 3.9 * lanes[lane] * (1 - lanes[lane]);
}

static double logistic_x87(double start)
{
	const uint16_t control = FCW_DOUBLE;
	volatile double three_point_nine = 3.9;
	long double x = start, r = three_point_nine;

	__asm__ volatile("fldcw %0" ::"m"(control));
	for (unsigned i = 0; i < STEPS; i++)
		x = r * x * (1 - x);
	return (double)x;
}

static void sums_round(struct sums *sums, unsigned round)
{
	static uint8_t block[BLOCK_BYTES];

	memcpy(block, sums->digest, sizeof(sums->digest));
	for (unsigned i = sizeof(sums->digest); i < BLOCK_BYTES; i++)
		block[i] = (uint8_t)(i * 7 + round);
	sha256(block, sizeof(block), sums->digest);
	if (features & XSAVE_AVX)
		logistic_avx(sums->lanes);
	else
		logistic_sse(sums->lanes);
	sums->x87 = logistic_x87(sums->x87);
}

static void sums_print(const char *name, const struct sums *sums)
{
	char text[2 * SHA256_BYTES + 1];

	for (unsigned i = 0; i < SHA256_BYTES; i++)
		sprintf(text + 2 * i, "%02x", sums->digest[i]);
	printf("witness: %s sha256 %s lanes", name, text);
	for (unsigned i = 0; i < 4; i++)
		printf(" %a", sums->lanes[i]);
	printf(" x87 %a\n", sums->x87);
}

/* XCR0 says whether the kernel keeps AVX state for us. */
static uint64_t features_detect(void)
{
	uint32_t eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	if ((ecx & bit_OSXSAVE) == 0)
		return 0;
	__asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return (eax & XSAVE_AVX) && (ecx & bit_AVX) ? XSAVE_X87_SSE | XSAVE_AVX : XSAVE_X87_SSE;
}

/* Random values that the registers can hold. The FXSAVE area: APM v2 11.4.4. */
static void registers_fill(struct registers *registers, unsigned seed)
{
	uint64_t word = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	uint8_t *area = registers->extended;

	memset(area, 0, sizeof(registers->extended));
	for (unsigned i = 0; i < 13; i++) {
		word ^= word << 13, word ^= word >> 7, word ^= word << 17;
		registers->gpr[i] = word;
	}
	for (unsigned i = 32; i < 416; i++) { /* x87 and XMM registers */
		word ^= word << 13, word ^= word >> 7, word ^= word << 17;
		area[i] = i < 160 && i % 16 >= 10 ? 0 : (uint8_t)(word >> 24);
	}
	memcpy(area, &(uint16_t){0x37f}, 2);
	area[4] = 0xff; /* all x87 registers are in use */
	memcpy(area + 24, &(uint32_t){0x1f80}, 4);
	if (features != 0)
		memcpy(area + 512, &features, 8);
	if (features & XSAVE_AVX)
		for (unsigned i = 576; i < 832; i++)
			area[i] = (uint8_t)(i * 11 + seed);
}

/* What names the last x87 instruction (bytes 6 to 23), and which MXCSR bits exist, may change. */
static bool registers_equal(const struct registers *a, const struct registers *b)
{
	return memcmp(a->gpr, b->gpr, sizeof(a->gpr)) == 0 &&
	       memcmp(a->extended, b->extended, 6) == 0 &&
	       memcmp(a->extended + 24, b->extended + 24, 4) == 0 &&
	       memcmp(a->extended + 32, b->extended + 32, 384) == 0 &&
	       memcmp(a->extended + 576, b->extended + 576, 256) == 0;
}

static void port_note(struct port *port, uint8_t value)
{
	port->reads++;
	port->last = value;
	for (unsigned i = 0; i < port->nr_values; i++)
		if (port->values[i] == value)
			return;
	if (port->nr_values < VALUES_MAXIMUM)
		port->values[port->nr_values++] = value;
}

static void ports_read(void)
{
	static struct registers before, after;

	for (unsigned i = 0; i < nr_ports; i++) {
		registers_fill(&before, reads);
		memset(&after, 0, sizeof(after));
		port_note(&ports[i], witness_read_port((uint16_t)(first_port + i), &before, &after,
						       features));
		reads++;
		if (!registers_equal(&before, &after) && damages++ == 0)
			printf("witness: registers differ after port 0x%x\n", first_port + i);
	}
}

static void ports_print(void)
{
	for (unsigned i = 0; i < nr_ports; i++) {
		printf("witness: port 0x%x reads %u last 0x%02x values", first_port + i,
		       ports[i].reads, ports[i].last);
		for (unsigned n = 0; n < ports[i].nr_values; n++)
			printf(" 0x%02x", ports[i].values[n]);
		printf("\n");
	}
	printf("witness: registers %u reads %u differ\n", reads, damages);
}

static void compute(const char *name, bool with_ports)
{
	struct sums sums;

	sums_begin(&sums);
	for (unsigned round = 0; round < nr_rounds; round++) {
		sums_round(&sums, round);
		if (with_ports)
			ports_read();
	}
	sums_print(name, &sums);
}

static bool options_read(void)
{
	const char *range = getenv("ports"), *rounds = getenv("rounds");

	if (!range || !rounds || sscanf(range, "%i,%u", (int *)&first_port, &nr_ports) != 2 ||
	    nr_ports > PORTS_MAXIMUM)
		return false;
	nr_rounds = (unsigned)atoi(rounds);
	return true;
}

int main(void)
{
	pid_t child;

	setvbuf(stdout, NULL, _IOLBF, 0);
	features = features_detect();
	printf("witness: features %" PRIx64 "\n", features);
	if (!options_read() || iopl(3) != 0) {
		printf("witness: needs ports=FIRST,COUNT and rounds=N, and to be root\n");
	} else {
		child = fork();
		if (child == 0) {
			compute("child", false);
			exit(0);
		}
		compute("parent", true);
		waitpid(child, NULL, 0);
		ports_print();
	}
	/* A serial line is slow, and power-off does not wait for it. */
	tcdrain(STDOUT_FILENO);
	usleep(300000);
	reboot(RB_POWER_OFF);
	return 1;
}
