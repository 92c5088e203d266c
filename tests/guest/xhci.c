/*
 * tests/guest/xhci.c: a driver that means harm, at the first of two xHCI; at the second one behaves, and reads its stick after
 * each sequence. A sequence begins with as much as a driver does, from a reset to a stick that is configured, and goes on with
 * random steps: registers, commands, transfers and rings that are none, lie over each other, lead into each other, into memory
 * that is not there and into the hypervisor's; what is there already is changed while the controller reads it. Every
 * eighth sequence behaves before it does so: the first controller works then, too.
 *
 * Options: seed=N; first=N, count=N: the sequences; trace=1: print each step. Somebody outside looks at memory, when we say "xhci: look"; a key
 * has us go on. Disks have their sector's number, and A5h, in each word.
 */
#include "guest.h"
#include "instruction.h"
#include "reserved.h"
#include "xhci_driver.h"

#define ARENA_BYTES 0x40000u /* memory that the first controller is told of */
#define SECTORS 64u	     /* that nobody writes */
#define BEHAVES_EVERY 8u
#define LOOKS_EVERY 50u
#define OURS_BYTES (UINT64_C(16) << 20)
#define CODE_BYTES (UINT64_C(1) << 20) /* which it begins with */
#define NOWHERE UINT64_C(0x7ffff00000)
#define NOT_LOW 0x80000000u /* of a random value: no memory is there */
#define SAMPLES 4u
#define INTERRUPTERS 16u
#define KEYBOARD_STATUS 0x64
#define KEYBOARD_DATA 0x60
#define KEY_A 0x1e
#define CONTEXT_STATE 19u /* an error (table 6-90) */

/* What the first controller may write: away from all else, whichever bit of an address is another. What overruns the driver's memory gets
 * into the spare. */
static struct area {
	struct xhci_memory bad;
	uint8_t spare[0x20000];
	uint8_t arena[ARENA_BYTES] __attribute__((aligned(4096)));
} *const area = (struct area *)0x15500000;
static struct xhci_memory good_memory;
static struct xhci_driver bad, good;
static uint64_t ours, state;
static unsigned sequence;
static bool is_traced;

static uint64_t random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint32_t below(uint32_t end)
{
	return (uint32_t)((random() >> 32) * end >> 32);
}

/* An address: memory that may be written to, rings (but endpoint 0's); or of one of `kinds` kinds, of which the third and fourth
 * are the hypervisor's memory, and the fifth none at all. Aligned, or not. */
static uint64_t pick_of(unsigned kinds)
{
	uint64_t at = (uint64_t)area->arena + below(ARENA_BYTES / 2);

	switch (below(2) != 0 ? 0 : 1 + below(kinds)) {
	default: break;
	case 2:
		at = (uint64_t)&area->bad + below(sizeof(area->bad));
		if ((at & ~UINT64_C(4095)) == (uint64_t)&area->bad.rings[1])
			at += 4096;
		break;
	case 3: at = ours + random() % CODE_BYTES; break;
	case 4: at = ours + random() % OURS_BYTES; break;
	case 5: at = NOWHERE + below(0x100000); break;
	}
	switch (below(4)) {
	case 0: return at;
	case 1: return at & ~UINT64_C(4095);
	default: return at & ~UINT64_C(63);
	}
}

static uint64_t pick(void)
{
	return pick_of(5);
}

static uint32_t length(void)
{
	static const uint32_t usual[] = { 0, 1, 11, 18, 31, 512, 4096, 0x1ffff };

	return below(4) != 0 ? usual[below(8)] : below(0x20000);
}

/* Not endpoint 0's: QEMU (7.2, usb_packet_copy()) ends, bare too, at a control transfer whose data have less room than its length, go
 * the other way, or are where no memory is. So these stay as they are put there. */
static struct xhci_guest_ring *pick_ring(void)
{
	struct xhci_memory *memory = bad.memory;
	unsigned number = below(6);

	return number < 4 ? &memory->rings[number == 1 ? 4 : number] : number == 4 ? &memory->commands : &memory->events;
}

static void put(struct xhci_guest_ring *ring, uint64_t parameter, uint32_t status, uint32_t control)
{
	struct xhci_trb *trb = &ring->trbs[ring->index % XHCI_TRBS];

	trb->parameter = parameter;
	trb->status = status;
	trb->control = control | ring->cycle;
	ring->index = (ring->index + 1) % (XHCI_TRBS - 1);
	if (ring->index == 0) {
		ring->trbs[XHCI_TRBS - 1].control = 6u << 10 | 2 | ring->cycle;
		ring->cycle ^= 1;
	}
}

static void ring_doorbell(uint32_t slot, uint32_t value)
{
	xhci_write32(bad.doorbells + 4 * slot, value);
}

static uint32_t pick_slot(void)
{
	return below(8) != 0 ? bad.slot : below(256);
}

/* Steps ------------------------------------------------------------------------------------------------------------ */

static void step_command(void)
{
	uint64_t parameter = below(2) != 0 ? (uint64_t)bad.memory->input : pick();

	put(&bad.memory->commands, below(4) != 0 ? parameter : parameter | 1, below(8) == 0 ? (uint32_t)random() : 0,
	    (9 + below(16)) << 10 | pick_slot() << 24 | below(32) << 16 | (below(4) == 0 ? 1u << 9 : 0));
	ring_doorbell(0, 0);
}

static void step_transfer(void)
{
	static const uint8_t doorbells[] = { 1, XHCI_IN, XHCI_OUT, 2 };
	unsigned doorbell = doorbells[below(4)];
	struct xhci_guest_ring *ring = &bad.memory->rings[doorbell];

	for (unsigned nr = 1 + below(6); nr != 0; nr--) {
		uint64_t parameter = below(4) == 0 ? random() >> (doorbell == 1 ? 16 : 0) : pick();
		uint32_t flags = (uint32_t)random() & (0x7e | 1u << 16 | 3u << 17);

		if (below(2) != 0)
			flags &= ~0x40u;
		put(ring, parameter, length() | below(4) << 22, (below(8) == 0 ? below(64) : 1 + below(8)) << 10 | flags);
	}
	ring_doorbell(bad.slot, doorbell);
}

/* A control transfer as it should be, but for what it asks and where its data go. */
static void step_control(void)
{
	static const uint64_t setups[] = { 0x01000680, 0x02000680, 0x03010680, 0x00010900, 0x00000500, 0x0000fea1, 0x0000ff21, 0x00810102 };
	uint64_t setup = below(4) != 0 ? setups[below(8)] : random() & 0xffffffffffff;
	uint32_t bytes = below(2) != 0 ? 255 : below(0x10000);
	struct xhci_guest_ring *ring = &bad.memory->rings[1];

	setup |= (uint64_t)bytes << 48;
	put(ring, setup, 8, 2u << 10 | 0x40 | 3u << 16);
	put(ring, pick_of(2), bytes, 3u << 10 | ((setup & 0x80) != 0 ? 1u << 16 : 0));
	put(ring, 0, 0, 4u << 10 | 0x20);
	ring_doorbell(bad.slot, 1);
}

/* The stick reads, or writes, and its data are anywhere. */
static void step_block(void)
{
	uint8_t *block = bad.memory->block;
	bool write = below(2) != 0;
	uint32_t bytes = SECTOR_BYTES * (1 + below(8)), sector = SECTORS + below(1024);

	memset(block, 0, sizeof(bad.memory->block));
	memcpy(block, "USBC", 4);
	memcpy(block + 8, &bytes, 4);
	block[12] = write ? 0 : 0x80;
	block[14] = 10;
	block[15] = write ? 0x2a : 0x28;
	block[19] = (uint8_t)(sector >> 8);
	block[20] = (uint8_t)sector;
	block[23] = (uint8_t)(bytes / SECTOR_BYTES);
	put(&bad.memory->rings[XHCI_OUT], (uint64_t)block, 31, 1u << 10 | 0x20);
	ring_doorbell(bad.slot, XHCI_OUT);
	for (uint32_t part, left = bytes; left != 0; left -= part) {
		part = below(2) != 0 ? left : 1 + below(left);
		put(&bad.memory->rings[write ? XHCI_OUT : XHCI_IN], pick(), part, 1u << 10 | (part != left ? 0x10 : 0x20));
	}
	ring_doorbell(bad.slot, write ? XHCI_OUT : XHCI_IN);
	put(&bad.memory->rings[XHCI_IN], pick(), 13, 1u << 10 | 0x20);
	ring_doorbell(bad.slot, XHCI_IN);
}

static void step_change(void)
{
	struct xhci_guest_ring *ring = pick_ring();
	uint32_t at = below(sizeof(ring->trbs));

	switch (below(3)) {
	case 0: *((volatile uint8_t *)ring->trbs + at) = (uint8_t)random(); break;
	case 1: *((volatile uint32_t *)ring->trbs + at / 4) ^= 1u << below(32); break;
	default: *((volatile uint64_t *)ring->trbs + at / 8) = pick(); break;
	}
}

static void step_link(void)
{
	struct xhci_guest_ring *ring = pick_ring(), *to = pick_ring();
	struct xhci_trb *trb = &ring->trbs[below(2) != 0 ? ring->index % XHCI_TRBS : below(XHCI_TRBS)];

	trb->parameter = below(2) != 0 ? (uint64_t)&to->trbs[below(XHCI_TRBS)] : pick();
	trb->control = 6u << 10 | below(64) | ring->cycle;
}

static void step_operational(void)
{
	static const uint32_t offsets[] = { 0x00, 0x04, 0x14, 0x18, 0x1c, 0x30, 0x34, 0x38 };
	uint32_t offset = offsets[below(8)];
	uint64_t at = bad.operational + offset, value = below(2) != 0 ? pick() : random() | (offset >= XHCI_CRCR ? NOT_LOW : 0);

	if (offset == 0 && below(4) != 0)
		value |= 1; /* it mostly runs */
	switch (below(8)) {
	case 0: *(volatile uint64_t *)(at & ~UINT64_C(7)) = value; break;
	case 1: *(volatile uint8_t *)at = (uint8_t)value; break;
	case 2: *(volatile uint16_t *)at = (uint16_t)value; break;
	default: xhci_write32(at, (uint32_t)value | (below(2) != 0)); break;
	}
}

static void step_runtime(void)
{
	uint64_t at = bad.runtime + 0x20 + 0x20 * below(below(2) != 0 ? 1 : INTERRUPTERS) + 4 * below(8);

	xhci_write32(at, (uint32_t)(below(2) != 0 ? pick() : below(2) != 0 ? below(64) : random() | NOT_LOW));
}

static void step_port(void)
{
	xhci_write32(bad.operational + XHCI_PORTS + 16 * below(bad.nr_ports) + 4 * below(4), (uint32_t)random());
}

static void step_context(void)
{
	bad.memory->input[below(8 * 8)] = below(2) != 0 ? (uint32_t)random() : (uint32_t)pick();
	if (below(4) == 0)
		bad.memory->contexts[below(10)] = pick();
	if (below(8) == 0)
		bad.memory->segments[0].address = pick();
	if (below(8) == 0)
		bad.memory->segments[0].size = (uint32_t)random();
}

static void step_read(void)
{
	(void)xhci_read32(bad.registers + (below(0x4000) & ~3u));
	(void)*(volatile uint64_t *)&pick_ring()->trbs[below(XHCI_TRBS)];
}

static void step_doorbell(void)
{
	ring_doorbell(below(256), below(2) != 0 ? below(32) : (uint32_t)random());
}

static void step_reset(void)
{
	switch (below(4)) {
	case 0: xhci_write32(bad.operational + XHCI_USBCMD, XHCI_RESET); break;
	case 1: xhci_write32(bad.operational + XHCI_USBCMD, 0x100u << below(2)); break; /* its state is saved, or restored */
	case 2: xhci_write32(bad.operational + XHCI_USBCMD, 0); /* fall through */
	default: xhci_write32(bad.operational + XHCI_USBCMD, XHCI_RUN); break;
	}
}

static void step_begin(void)
{
	if (xhci_begin(&bad) && xhci_address(&bad))
		(void)xhci_configure(&bad);
}

static const struct {
	const char *name;
	void (*take)(void);
	unsigned weight;
} steps[] = {
	{ "command", step_command, 4 },	  { "transfer", step_transfer, 4 }, { "control", step_control, 3 },
	{ "block", step_block, 5 },	  { "change", step_change, 5 },	    { "link", step_link, 2 },
	{ "operational", step_operational, 2 }, { "runtime", step_runtime, 2 }, { "port", step_port, 1 },
	{ "context", step_context, 2 },	  { "read", step_read, 2 },	    { "doorbell", step_doorbell, 2 },
	{ "reset", step_reset, 1 },	  { "begin", step_begin, 2 },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void take_step(void)
{
	unsigned total = 0, at, i;

	for (i = 0; i < STEPS; i++)
		total += steps[i].weight;
	at = below(total);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	if (is_traced)
		guest_print("xhci: %s\n", steps[i].name);
	steps[i].take();
}

/* What is right ---------------------------------------------------------------------------------------------------- */

static bool sector_is_right(struct xhci_driver *driver, uint32_t sector)
{
	const uint32_t *words = (const uint32_t *)(const void *)driver->memory->data;

	if (!xhci_read_sector(driver, sector))
		return false;
	for (unsigned i = 0; i < SECTOR_BYTES / 4; i++) {
		if (words[i] != (0xa5000000u | sector))
			return false;
	}
	return true;
}

static bool works(struct xhci_driver *driver)
{
	return xhci_begin(driver) && xhci_address(driver) && xhci_configure(driver) && sector_is_right(driver, below(SECTORS));
}

/* Nothing of the hypervisor's memory is there for us. */
static bool ours_is_hidden(void)
{
	for (unsigned i = 0; i < SAMPLES; i++) {
		volatile uint64_t *at = (volatile uint64_t *)(ours + (random() % OURS_BYTES & ~UINT64_C(7)));

		if (*at != ~UINT64_C(0))
			return false;
	}
	return true;
}

/* Returns whether all is right. */
static bool run_sequence(uint64_t seed)
{
	bool behaves = sequence % BEHAVES_EVERY == 0;

	state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (sequence + 1) * UINT64_C(0xbf58476d1ce4e5b9);
	if (behaves && !works(&bad))
		return guest_check(false, "the controller works for who behaves", "sequence %u", sequence);
	/* What is known of a device the hypervisor writes where the guest wants it; not here. */
	if (behaves && xhci_control(&bad, UINT64_C(18) << 48 | 0x01000680, (void *)(ours + random() % OURS_BYTES)) == 1)
		return guest_check(false, "nothing is written to the hypervisor's memory", "sequence %u", sequence);
	bad.is_slow = !behaves && below(4) == 0;
	if (!behaves && xhci_begin(&bad) && below(8) != 0 && xhci_address(&bad) && below(4) != 0 && xhci_configure(&bad) && bad.is_slow)
		return guest_check(false, "what no rule has is not configured", "sequence %u", sequence);
	bad.is_slow = false;
	for (unsigned nr = below(4); nr != 0; nr--)
		step_block(); /* while all is as it should be */
	for (unsigned nr = 10 + below(40); nr != 0; nr--)
		take_step();
	if (!sector_is_right(&good, below(SECTORS)))
		return guest_check(false, "the stick beside is read", "sequence %u", sequence);
	return ours_is_hidden() || guest_check(false, "the hypervisor's memory is hidden", "sequence %u", sequence);
}

/* Ways round the rules: the mouse, which is refused, is configured by commands in another ring, whose address QEMU's controller takes while
 * it executes some, as it should not (5.4.5); or hears SET_CONFIGURATION where its ring was before a command that the controller refuses,
 * since endpoint 0 runs (4.6.10). Returns whether neither goes. */
static bool refused_stays_refused(void)
{
	struct xhci_trb *elsewhere = (struct xhci_trb *)area->arena;
	bool is_known;

	bad.is_slow = true;
	is_known = xhci_begin(&bad) && xhci_address(&bad) && !xhci_configure(&bad); /* which has prepared the context */
	elsewhere->parameter = (uint64_t)bad.memory->input;
	elsewhere->status = 0;
	elsewhere->control = 12u << 10 | bad.slot << 24 | 1;
	xhci_write32(bad.operational + XHCI_CRCR, (uint32_t)(uint64_t)elsewhere | 1);
	xhci_write32(bad.operational + XHCI_CRCR + 4, 0);
	ring_doorbell(0, 0);
	if (!guest_check(is_known && (bad.memory->device[8 * XHCI_IN] & 7) == 0, "commands elsewhere while some are executed", "slot %u", bad.slot))
		return false;
	is_known = xhci_begin(&bad) && xhci_address(&bad) && !xhci_configure(&bad) &&
		   xhci_command(&bad, (uint64_t)elsewhere | 1, 16u << 10 | bad.slot << 24 | 1u << 16) == CONTEXT_STATE;
	bad.is_slow = false;
	return guest_check(is_known && xhci_control(&bad, 0x00010900, NULL) == 0, "a ring that is not left", "slot %u", bad.slot);
}

static void look(void)
{
	guest_print("xhci: look 0x%lx 0x%lx\n", (uint64_t)area->arena, (uint64_t)area->arena + ARENA_BYTES - 1);
	while (!(in8(KEYBOARD_STATUS) & 1) || in8(KEYBOARD_DATA) != KEY_A)
		__asm__ volatile("pause");
}

void guest_main(void)
{
	uint64_t seed = option_number_or("seed", 1), first = option_number_or("first", 0), count = option_number_or("count", 500);
	bool ok = true;

	is_traced = option_number_or("trace", 0) != 0;
	ours = reserved_find();
	state = seed + 1;
	if (!guest_check(xhci_find(&bad, &area->bad, 0) && xhci_find(&good, &good_memory, 1) && ours != 0, "controllers", "ours 0x%lx", ours) ||
	    !guest_check(works(&good) && works(&bad), "both controllers have a stick", "slots %u, %u", good.slot, bad.slot))
		return;
	if (!refused_stays_refused())
		return;
	memset(area->arena, 0xee, sizeof(area->arena));
	look();
	for (sequence = (unsigned)first; sequence < first + count && ok; sequence++) {
		guest_print("xhci: sequence %u\n", sequence);
		ok = run_sequence(seed);
		if (sequence % LOOKS_EVERY == LOOKS_EVERY - 1)
			look();
	}
	guest_check(ok, "sequences", "seed %lu, sequence %u", seed, sequence - 1);
	guest_check(works(&bad), "the controller works at last", "slot %u", bad.slot);
	xhci_write32(bad.operational + XHCI_USBCMD, XHCI_RESET); /* it has nothing to do any more */
	look();
}
