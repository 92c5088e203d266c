/*
 * tests/guest/dma_xhci.c: a USB controller that is told to have its rings in memory: it reads commands from one,
 * and writes events to another. eXtensible Host Controller Interface for USB 1.2.
 */
#include "dma.h"
#include "guest.h"

#define CLASS_XHCI 0x0c0330u
#define RUNTIME_OFFSET 0x18
#define DOORBELL_OFFSET 0x14
#define USBCMD 0x00 /* operational */
#define USBCMD_RUN 0x1u
#define USBCMD_RESET 0x2u
#define USBSTS 0x04
#define USBSTS_HALTED 0x1u
#define USBSTS_NOT_READY 0x800u
#define CRCR 0x18
#define DCBAAP 0x30
#define CONFIG 0x38
#define ERSTSZ 0x28 /* runtime, of interrupter 0 */
#define ERSTBA 0x30
#define ERDP 0x38
#define EVENTS 64u
#define COMMANDS 8u
#define TRB_CYCLE 0x1u
#define TRB_NO_OP (23u << 10)
#define TRB_COMPLETION (33u << 10)
#define SUCCESS (1u << 24)
#define TRIES 256u /* for what happens to look like a command */

struct trb {
	volatile uint64_t parameter;
	volatile uint32_t status, control;
};

static uint64_t operational, runtime, doorbells;
static struct trb commands[16] __attribute__((aligned(64))), events[EVENTS] __attribute__((aligned(64)));
static uint64_t contexts[256] __attribute__((aligned(4096)));
static struct {
	uint64_t address;
	uint32_t size, reserved;
} segments[1] __attribute__((aligned(64)));

/* With its rings at these places. */
static bool xhci_begin(uint64_t command_ring, uint64_t event_ring)
{
	write32(operational + USBCMD, 0);
	write32(operational + USBCMD, USBCMD_RESET);
	for (unsigned i = 0; (read32(operational + USBSTS) & USBSTS_NOT_READY) ||
			     (read32(operational + USBCMD) & USBCMD_RESET); i++) {
		if (i == POLLS)
			return guest_check(false, "xhci", "status 0x%x", read32(operational + USBSTS));
	}
	segments[0].address = event_ring;
	segments[0].size = EVENTS;
	memset(events, 0, sizeof(events));
	write32(operational + CONFIG, 1);
	write64(operational + DCBAAP, (uint64_t)contexts);
	write64(operational + CRCR, command_ring | TRB_CYCLE);
	write32(runtime + ERSTSZ, 1);
	write64(runtime + ERDP, event_ring);
	write64(runtime + ERSTBA, (uint64_t)segments);
	write32(operational + USBCMD, USBCMD_RUN);
	return true;
}

static void xhci_command(void)
{
	for (unsigned i = 0; i < COMMANDS; i++)
		commands[i] = (struct trb){ .control = TRB_NO_OP | TRB_CYCLE };
	commands[COMMANDS].control = 0;
	write32(doorbells, 0);
}

/* Has it said that it is done with a command that is within these bounds? */
static bool xhci_has_done(uint64_t first, uint64_t end, unsigned polls)
{
	for (unsigned poll = 0; poll < polls; poll++) {
		for (unsigned i = 0; i < EVENTS; i++) {
			if ((events[i].control & TRB_COMPLETION) == TRB_COMPLETION && events[i].parameter >= first &&
			    events[i].parameter < end)
				return true;
		}
	}
	return false;
}

void xhci_write(uint64_t to)
{
	if (operational == 0 || !xhci_begin((uint64_t)commands, to))
		return;
	xhci_command();
	for (unsigned i = 0; i < 1000; i++)
		(void)read32(operational + USBSTS);
}

/* Somebody outside looks for what the first event says. */
static void check_events(void)
{
	uint64_t at = ours_page(PAGE_XHCI);

	xhci_write(at);
	guest_print("dma: and 0x%lx 0x%lx\n", (uint64_t)commands,
		    (uint64_t)(TRB_COMPLETION | TRB_CYCLE) << 32 | SUCCESS);
	edu_fetch(at, PAGE - 8);
	check(page[0] == (uint64_t)commands, "xhci writes events to the hypervisor's memory", at);
}

/* What is there was meant for other things, but about every second place looks like a command that is none, of
 * which it says so. */
static void check_commands(void)
{
	bool did = false;

	for (unsigned i = 0; i < TRIES && !did; i++) {
		if (!xhci_begin(ours + 64 * i, (uint64_t)events))
			return;
		write32(doorbells, 0);
		did = xhci_has_done(ours, ours + OURS_END, 100);
	}
	check(did, "xhci reads commands from the hypervisor's memory", ours);
}

void check_xhci(void)
{
	unsigned function = device_find(CLASS_XHCI, 0);
	uint64_t registers;

	if (function == 256)
		return;
	registers = device_start(function, 0);
	operational = registers + (read32(registers) & 0xff);
	runtime = registers + (read32(registers + RUNTIME_OFFSET) & ~31u);
	doorbells = registers + (read32(registers + DOORBELL_OFFSET) & ~3u);
	if (!xhci_begin((uint64_t)commands, (uint64_t)events))
		return;
	xhci_command();
	guest_check(xhci_has_done((uint64_t)commands, (uint64_t)(commands + COMMANDS), POLLS / EVENTS),
		    "xhci reaches the guest's memory", "status 0x%x", read32(operational + USBSTS));
	check_events();
	check_commands();
}
