/*
 * tests/guest/flood.c: a flood of NMIs and INITs to the second CPU while that writes to the last virtio disk, which is encrypted below
 * it: 64 KiB at a time, so that most of them come amid a section with a key. Its vector registers have a pattern: at each NMI, and at
 * each start after an INIT, which leaves them as they are (Intel SDM 3, table 10-1), they have it still, and nothing of a key.
 *
 * Option: rounds=N (default 40), of an INIT and some NMIs each.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"
#include "virtio_legacy.h"

#define VECTOR 0x10
#define APIC_ICR_NMI 0x4400u
#define NMIS 24u
#define INIT_CYCLES 300000u
#define WAIT_CYCLES UINT64_C(8000000000)
#define DATA_BYTES 65536u
#define REGISTER_BYTES 256u
#define CR0_EM_TS 0xcu
#define CR4_OSFXSR 0x200u

static struct ring ring __attribute__((aligned(4096)));
static struct request_header header = { .type = OUT };
static uint8_t data[DATA_BYTES] __attribute__((aligned(4096))), pattern[REGISTER_BYTES], found[REGISTER_BYTES];
static volatile uint8_t status;
static uint16_t ports;
SHARED bool is_loaded, is_wrong, is_refused;
SHARED uint64_t requests, nmis, starts;

static void registers_load(void)
{
	__asm__ volatile("movups 0(%0), %%xmm0; movups 16(%0), %%xmm1; movups 32(%0), %%xmm2; movups 48(%0), %%xmm3;"
			 "movups 64(%0), %%xmm4; movups 80(%0), %%xmm5; movups 96(%0), %%xmm6; movups 112(%0), %%xmm7;"
			 "movups 128(%0), %%xmm8; movups 144(%0), %%xmm9; movups 160(%0), %%xmm10; movups 176(%0), %%xmm11;"
			 "movups 192(%0), %%xmm12; movups 208(%0), %%xmm13; movups 224(%0), %%xmm14; movups 240(%0), %%xmm15"
			 ::"r"(pattern), "m"(pattern));
}

static void registers_compare(void)
{
	__asm__ volatile("movups %%xmm0, 0(%1); movups %%xmm1, 16(%1); movups %%xmm2, 32(%1); movups %%xmm3, 48(%1);"
			 "movups %%xmm4, 64(%1); movups %%xmm5, 80(%1); movups %%xmm6, 96(%1); movups %%xmm7, 112(%1);"
			 "movups %%xmm8, 128(%1); movups %%xmm9, 144(%1); movups %%xmm10, 160(%1); movups %%xmm11, 176(%1);"
			 "movups %%xmm12, 192(%1); movups %%xmm13, 208(%1); movups %%xmm14, 224(%1); movups %%xmm15, 240(%1)"
			 : "=m"(found) : "r"(found));
	is_wrong |= memcmp(found, pattern, sizeof(found)) != 0;
}

/* On the second CPU; the first gets none. */
static bool handle(struct fault_frame *frame)
{
	if (frame->vector != 2)
		return false;
	if (is_loaded)
		registers_compare();
	nmis++;
	return true;
}

/* Whatever the CPU did with it before its INIT. */
static void disk_start(void)
{
	out8((uint16_t)(ports + 18), 0);
	memset(&ring, 0, sizeof(ring));
	ring.descriptors[0].address = (uintptr_t)&header;
	ring.descriptors[0].length = 16;
	ring.descriptors[0].flags = ring.descriptors[1].flags = NEXT;
	ring.descriptors[0].next = 1;
	ring.descriptors[1].address = (uintptr_t)data;
	ring.descriptors[1].length = DATA_BYTES;
	ring.descriptors[1].next = 2;
	ring.descriptors[2].address = (uintptr_t)&status;
	ring.descriptors[2].length = 1;
	ring.descriptors[2].flags = WRITE;
	ring.flags = 1;
	out8((uint16_t)(ports + 18), 3);
	out32((uint16_t)(ports + 4), 0);
	out16((uint16_t)(ports + 14), 0);
	out32((uint16_t)(ports + 8), (uint32_t)(uintptr_t)&ring >> 12);
	out8((uint16_t)(ports + 18), 7);
}

/* The second CPU, for ever: what comes amid it has it start anew. */
static void work(void)
{
	uint64_t cr0, cr4;

	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	__asm__ volatile("mov %0, %%cr0; mov %1, %%cr4" ::"r"((cr0 & ~(uint64_t)CR0_EM_TS) | 2), "r"(cr4 | CR4_OSFXSR));
	if (starts != 0)
		registers_compare();
	registers_load();
	is_loaded = true;
	starts++;
	disk_start();
	for (;;) {
		status = 0xee;
		*(volatile uint16_t *)&ring.index = (uint16_t)(ring.index + 1);
		out16((uint16_t)(ports + 16), 0);
		while (ring.used_index != ring.index)
			(void)in8((uint16_t)(ports + 18));
		is_refused |= status != 0;
		requests++;
	}
}

static bool wait_for_request(uint64_t more)
{
	uint64_t wanted = requests + more, start = tsc_read();

	while (requests < wanted) {
		if (tsc_read() - start > WAIT_CYCLES)
			return false;
		__asm__ volatile("pause");
	}
	return true;
}

static void wait(uint64_t cycles)
{
	uint64_t start = tsc_read();

	while (tsc_read() - start < cycles)
		__asm__ volatile("pause");
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("rounds", 40), place = 1;
	bool comes = true;

	fault_handler = handle;
	ports = virtio_legacy_find();
	guest_check(ports != 0, "disk", "none");
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + (i >> 9));
	for (uint32_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 37 + 11);
	second_prepare(VECTOR, work);
	for (uint64_t round = 0; round < rounds && comes && !is_wrong; round++) {
		uint64_t before = starts;

		second_send(APIC_ICR_INIT);
		wait(INIT_CYCLES);
		second_send(APIC_ICR_STARTUP | VECTOR);
		for (uint64_t start = tsc_read(); starts == before && tsc_read() - start < WAIT_CYCLES;)
			__asm__ volatile("pause");
		comes = starts != before && wait_for_request(1);
		for (uint32_t i = 0; i < NMIS && comes; i++) {
			place = place * 6364136223846793005 + 1442695040888963407;
			wait((place >> 40) % 400000);
			second_send(APIC_ICR_NMI);
		}
		comes &= wait_for_request(1);
		wait((place >> 44) % 400000); /* into the next request */
	}
	second_send(APIC_ICR_INIT);
	guest_print("flood: %lu starts, %lu NMIs, %lu requests\n", starts, nmis, requests);
	guest_check(comes && !is_refused && nmis >= rounds, "the second CPU works on", "comes %d, refused %d", comes, is_refused);
	guest_check(!is_wrong, "registers have what they had", "0x%x%02x%02x%02x ...", found[0], found[1], found[2], found[3]);
	guest_power_off();
}
