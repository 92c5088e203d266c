/*
 * tests/guest/dma_e1000e.c: a network card that is told to read and write memory: it sends itself frames (MAC
 * loopback). Intel 82574 GbE Controller Family, Datasheet, 10.
 */
#include "dma.h"
#include "guest.h"

#define CLASS_NETWORK 0x020000u
#define ID_E1000E 0x10d38086u
#define CTRL 0x0000
#define CTRL_RST 0x04000000u
#define RCTL 0x0100
#define RCTL_ON 0x805au /* enabled, all addresses, loopback, broadcasts */
#define TCTL 0x0400
#define TCTL_ON 0xau
#define RX 0x2800
#define TX 0x3800
#define RING_LOW 0x00 /* of RX and TX */
#define RING_HIGH 0x04
#define RING_BYTES 0x08
#define RING_HEAD 0x10
#define RING_TAIL 0x18
#define TX_LAST_REPORT 0x0b000000u /* end of packet, checksum inserted, report status */
#define FRAME 1024u

struct e1000e_descriptor {
	uint64_t address;
	volatile uint32_t first, second; /* length; status */
};

static uint64_t e1000e;
static struct e1000e_descriptor sends[8] __attribute__((aligned(128))), receives[8] __attribute__((aligned(128)));

static void e1000e_ring(uint64_t registers, struct e1000e_descriptor *ring)
{
	memset(ring, 0, 8 * sizeof(*ring));
	write32(registers + RING_LOW, (uint32_t)(uint64_t)ring);
	write32(registers + RING_HIGH, 0);
	write32(registers + RING_BYTES, 8 * sizeof(*ring));
	write32(registers + RING_HEAD, 0);
	write32(registers + RING_TAIL, 0);
}

/* A frame goes out of one place in memory and comes back to another. False: it did not. */
static bool e1000e_move(uint64_t from, uint64_t to)
{
	write32(e1000e + CTRL, read32(e1000e + CTRL) | CTRL_RST);
	for (unsigned i = 0; i < POLLS_IN_VAIN && (read32(e1000e + CTRL) & CTRL_RST) != 0; i++)
		__asm__ volatile("pause");
	e1000e_ring(e1000e + RX, receives);
	e1000e_ring(e1000e + TX, sends);
	receives[0].address = to;
	sends[0].address = from;
	sends[0].first = FRAME | TX_LAST_REPORT;
	write32(e1000e + RCTL, RCTL_ON);
	write32(e1000e + TCTL, TCTL_ON);
	write32(e1000e + RX + RING_TAIL, 1);
	write32(e1000e + TX + RING_TAIL, 1);
	for (unsigned i = 0; i < polls_for(from) && i < polls_for(to); i++) {
		if (receives[0].second & 1)
			return true;
	}
	return false;
}

static bool e1000e_page_has(uint64_t pattern)
{
	for (unsigned i = 0; i < FRAME / 8; i++) {
		if (page[i] != (pattern != 0 ? pattern + i : 0))
			return false;
	}
	return true;
}

void e1000e_write(uint64_t to)
{
	if (e1000e != 0)
		(void)e1000e_move((uint64_t)page, to);
}

void check_e1000e(void)
{
	unsigned function = device_find(CLASS_NETWORK, ID_E1000E);
	uint64_t half = (uint64_t)page + PAGE / 2;

	if (function == 256)
		return;
	e1000e = device_start(function, 0);
	page_fill(PATTERN);
	memcpy((void *)half, page, FRAME);
	memset(page, 0, PAGE / 2);
	guest_check(e1000e_move(half, (uint64_t)page) && e1000e_page_has(PATTERN), "e1000e reaches the guest's memory",
		    "0x%lx", page[0]);
	(void)e1000e_move(half, ours_page(PAGE_E1000E)); /* the card says that it did, if it could or not */
	page_fill(0);
	edu_fetch(ours_page(PAGE_E1000E), PAGE - 8);
	check(e1000e_page_has(PATTERN), "e1000e writes the hypervisor's memory", ours_page(PAGE_E1000E));
	page_fill(0);
	(void)e1000e_move(ours, (uint64_t)page);
	check(!e1000e_page_has(0), "e1000e reads the hypervisor's memory", ours);
}
