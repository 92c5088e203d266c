/*
 * tests/unit/e1000.c: the mediator of Intel's gigabit cards between a guest and a card: sequences of frames both ways in all
 * layouts of descriptors, that hooks drop, change, make longer and have wait; what the card fills in, cuts and tags;
 * interrupts by pin and by message, resets, rings that become ours amid all that and the guest's again; and nonsense. What
 * stands on the wire is what the same card would have sent of the guest's own ring. The guest looks at its rings when it
 * is interrupted, as drivers do: a frame that is told of too early is one that it never finds.
 */
#include "mediator/net/e1000.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "core/watch.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "mediator/net/nic.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "second_cpu.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/interrupt_watch.h"
#include "vmm/pci_function.h"

#define SEQUENCES 400
#define BASE UINT64_C(0xe0000000)
#define PORTS 0xc000
#define ENTRIES 64 /* of the guest's rings */
#define ENTRY_BYTES 32
#define RING(queue) (MIB(1) + (queue) * KIB(4))
#define BUFFER_BYTES KIB(8)
#define BUFFER(queue, index) (MIB(2) + ((queue) * ENTRIES + (uint64_t)(index)) * BUFFER_BYTES)
#define PACKETS 1024 /* a sequence's at most */
#define FRAME_MOST 9000
#define GROWN 700
#define KEY 0x5a
#define HELD 256
#define IMC 0x00d8
#define MSS 1000u
#define HEADERS 54u

enum { RX, TX };
/* By the number of a frame. */
enum { RULE_DROP, RULE_DENY, RULE_CHANGE, RULE_GROW, RULES = 10 };
/* How the guest has a frame sent. */
enum { LEGACY, LEGACY_SUM, PLAIN, SUM, SUM_BOTH, CUT, HOWS };

static struct nic nic = { .number = 3, .function = 0x18000 };
static struct e1000 *card;
static bool is_watched = true, is_nonsense, wants[RV_EVENT_KIND_COUNT], is_wire_silent, has_messages, is_followed;
static bool has_tunnel; /* what the guest sends goes there, and what comes by the wire: neither sees the other */
static unsigned nr_tunnelled[2], nr_links;
static int nr_wishes;
static unsigned hold_one_in;
static unsigned nr_sent, nr_received, nr_waited, nr_cut, nr_tagged, nr_lives, nr_own, nr_full;
static uint16_t id;
struct watchers interrupt_taken_watchers;
uint64_t time_tsc_hz = 1000000, paging_direct_bytes = GIB(512);

static void happen(void);
static bool device_step(void);

/* Frames ------------------------------------------------------------------------------------------------------ */

struct packet {
	uint32_t length_bytes, tag;
	uint8_t how;
	bool is_given, is_seen, is_own; /* a script's, which no hook sees */
	uint32_t nr_expected, nr_seen; /* TX: frames on the wire */
	struct { uint32_t length_bytes; uint8_t *bytes; } expected[12];
};
static struct packet packets[2][PACKETS]; /* by direction */
static uint32_t nr_packets[2];

static uint32_t fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

static uint64_t sum_of(const uint8_t *bytes, uint32_t count)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	return sum;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t number_of(const uint8_t *bytes)
{
	return (uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 | (uint32_t)bytes[10] << 8 | bytes[11];
}

/* Ethernet, IPv4, TCP and what follows of the number, with no sum filled in. */
static void frame_make(uint8_t *bytes, uint32_t number, uint32_t length)
{
	static const uint8_t head[] = { 0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 0, 8, 0, 0x45, 0, 0, 0, 0x12, 0x34, 0, 0,
					64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x30, 0x39, 0, 80, 0, 0, 0, 7, 0, 0, 0, 1,
					0x50, 0x10, 2, 0, 0, 0, 0, 0 };

	for (uint32_t i = 0; i < length; i++)
		bytes[i] = i < sizeof(head) ? head[i] : (uint8_t)(number * 7 + i);
	put16(bytes + 8, number >> 16);
	put16(bytes + 10, number);
	put16(bytes + 16, length - 14);
}

static uint32_t pseudo(const uint8_t *bytes, uint32_t length)
{
	return fold(sum_of(bytes + 26, 8) + 6 + length);
}

static uint32_t frame_new(unsigned direction)
{
	uint32_t number = nr_packets[direction]++;
	struct packet *packet = &packets[direction][number];

	for (unsigned i = 0; i < ARRAY_LENGTH(packet->expected); i++)
		free(packet->expected[i].bytes);
	*packet = (struct packet){ .how = (uint8_t)(unit_random() % HOWS), .tag = unit_random() % 4 == 0 ? 0x2007 : 0 };
	packet->length_bytes = unit_random() % 4 == 0 ? 2000 + (uint32_t)unit_random() % 7000 : 64 + (uint32_t)unit_random() % 1400;
	return number;
}

static unsigned rule_of(unsigned direction, uint32_t number)
{
	unsigned rule = wants[direction == TX ? RV_EVENT_NET_TX : RV_EVENT_NET_RX] ? number % RULES : RULES;
	uint8_t how = packets[direction][number].how;

	if (packets[direction][number].is_own)
		return RULES;
	return rule >= RULE_CHANGE && direction == TX && how != LEGACY && how != PLAIN ? RULES : rule;
}

/* What hooks make of a frame. Returns how long it is. */
static uint32_t frame_change(uint8_t *bytes, uint32_t length, unsigned rule)
{
	for (uint32_t i = HEADERS; rule == RULE_CHANGE && i < length; i++)
		bytes[i] ^= KEY;
	if (rule != RULE_GROW)
		return length;
	memset(bytes + length, 0, GROWN);
	return length + GROWN;
}

/* The wire ------------------------------------------------------------------------------------------------------ */

static void wire_expect(uint8_t *bytes, uint32_t length)
{
	struct packet *packet = &packets[TX][number_of(bytes) % PACKETS];
	unsigned rule = rule_of(TX, number_of(bytes) % PACKETS);

	if (rule == RULE_DROP || rule == RULE_DENY)
		return;
	length = frame_change(bytes, length, rule);
	if (has_tunnel && !packet->is_own && length > NET_FRAME_BYTES)
		return; /* which no tunnel takes */
	packet->expected[packet->nr_expected].length_bytes = length;
	packet->expected[packet->nr_expected].bytes = malloc(length);
	memcpy(packet->expected[packet->nr_expected++].bytes, bytes, length);
}

static void sent_check(uint8_t *bytes, uint32_t length)
{
	uint32_t number = number_of(bytes);
	struct packet *packet = &packets[TX][number % PACKETS];

	nr_sent++;
	if (is_nonsense)
		return;
	if (number >= nr_packets[TX] || packet->nr_seen == packet->nr_expected) {
		unit_fail("frame %u is sent again, or was dropped", number);
		return;
	}
	UNIT_EQUAL(length, packet->expected[packet->nr_seen].length_bytes);
	for (uint32_t i = 0; i < length && unit_why[0] == '\0'; i++) {
		if (bytes[i] != packet->expected[packet->nr_seen].bytes[i])
			unit_fail("frame %u (%u), piece %u: byte %u is %#x", number, packet->how, packet->nr_seen, i, bytes[i]);
	}
	packet->nr_seen++;
}

/* Where there is a tunnel only a frame of our own may be there. */
static void wire_check(uint8_t *bytes, uint32_t length)
{
	if (has_tunnel && !packets[TX][number_of(bytes) % PACKETS].is_own)
		unit_fail("frame %u is past the tunnel", number_of(bytes));
	sent_check(bytes, length);
}

bool tunnel_is_wanted(void)
{
	return has_tunnel;
}

void tunnel_take_frame(enum tunnel_tag way, const uint8_t *frame, uint64_t frame_bytes)
{
	UNIT_CHECK(has_tunnel && way == TUNNEL_GUEST && card->lock.holder != 0 && frame_bytes <= NET_FRAME_BYTES);
	sent_check((uint8_t *)(uintptr_t)frame, (uint32_t)frame_bytes);
	nr_tunnelled[TX]++;
}

/* What comes by the wire, as it came. */
void tunnel_take(enum tunnel_tag way, const struct bounce *bounce, uint64_t before_bytes)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM + PAGE_BYTES], wanted[FRAME_MOST + 100];
	uint32_t length = (uint32_t)(bounce->length_bytes - before_bytes), number;
	struct packet *packet;

	UNIT_CHECK(has_tunnel && way == TUNNEL_WIRE && card->lock.holder != 0);
	bounce_copy((struct bounce *)(uintptr_t)bounce, before_bytes, bytes, length, false);
	nr_tunnelled[RX]++;
	if (is_nonsense)
		return;
	number = number_of(bytes);
	packet = &packets[RX][number % PACKETS];
	UNIT_CHECK(number < nr_packets[RX] && !packet->is_own && !packet->is_seen);
	packet->is_seen = true;
	frame_make(wanted, number, packet->length_bytes);
	if (packet->tag != 0) {
		memmove(wanted + 16, wanted + 12, packet->length_bytes - 12);
		put16(wanted + 12, 0x8100);
		put16(wanted + 14, packet->tag);
	}
	UNIT_EQUAL(length, packet->length_bytes + (packet->tag != 0 ? 4 : 0));
	UNIT_CHECK(memcmp(bytes, wanted, length) == 0);
}

/* A card that sends, of whatever ring. */
struct sender {
	uint64_t ring;
	uint32_t entries;
	bool takes_tags, is_ours;
	struct e1000_tx_descriptor contexts[2];
	void (*emit)(uint8_t *bytes, uint32_t length);
};

static void sender_sum(uint8_t *bytes, uint32_t first, uint32_t place, uint32_t end, uint32_t length)
{
	end = end == 0 || end >= length ? length : end + 1;
	if (place + 2 <= length && first < end)
		put16(bytes + place, ~fold(sum_of(bytes + first, end - first)));
}

static void sender_emit(const struct sender *sender, uint8_t *bytes, uint32_t length, uint32_t tag)
{
	if (tag != UINT32_MAX) {
		memmove(bytes + 16, bytes + 12, length - 12);
		put16(bytes + 12, 0x8100);
		put16(bytes + 14, tag);
		length += 4;
	}
	sender->emit(bytes, length);
}

static void sender_cut(const struct sender *sender, const struct e1000_tx_descriptor *context, const uint8_t *bytes,
		       uint32_t length, uint32_t upper, uint32_t tag)
{
	static uint8_t piece[RV_FRAME_BYTES_MAXIMUM + 100];
	struct e1000_context as = { true, context->address, context->lower, context->upper };
	uint32_t header = E1000_CONTEXT_HDRLEN(&as), mss = E1000_CONTEXT_MSS(&as), ip = E1000_CONTEXT_IPCSS(&as);
	uint32_t tcp = E1000_CONTEXT_TUCSS(&as), place = E1000_CONTEXT_TUCSO(&as), count = 0;

	UNIT_EQUAL(context->lower & 0xfffff, length - header);
	for (uint32_t at = header; at < length; at += mss, count++) {
		uint32_t part = length - at < mss ? length - at : mss, all = header + part;

		memcpy(piece, bytes, header);
		memcpy(piece + header, bytes + at, part);
		put16(piece + ip + 2, all - ip);
		put16(piece + ip + 4, (uint32_t)(piece[ip + 4] << 8 | piece[ip + 5]) + count);
		if (upper & E1000_TX_IXSM)
			sender_sum(piece, ip, E1000_CONTEXT_IPCSO(&as), E1000_CONTEXT_IPCSE(&as), all);
		put16(piece + tcp + 6, (uint32_t)(piece[tcp + 6] << 8 | piece[tcp + 7]) + (at - header));
		put16(piece + place, fold((uint64_t)(piece[place] << 8 | piece[place + 1]) + all - tcp));
		sender_sum(piece, tcp, place, 0, all);
		sender_emit(sender, piece, all, tag);
	}
}

/* One frame of it, from an entry on. Returns behind which entry that is; UINT32_MAX: it is not all there. */
static uint32_t sender_send(struct sender *sender, uint32_t at, uint32_t tail)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM + 20000];
	struct e1000_tx_descriptor first = { 0 };
	bool is_first = true;

	for (uint32_t length = 0; at != tail;) {
		struct e1000_tx_descriptor *entry = (void *)disk_memory_reach(sender->ring + at * 16, 16), descriptor = *entry;
		uint32_t count = descriptor.lower & (descriptor.lower & E1000_TX_DEXT ? 0xfffff : 0xffff), tag = UINT32_MAX;
		const struct e1000_tx_descriptor *context = &sender->contexts[(first.lower & E1000_TX_TSE) != 0];
		struct e1000_context as;

		at = (at + 1) % sender->entries;
		if (sender->is_ours && (descriptor.lower & E1000_TX_RS))
			entry->upper |= E1000_TX_DD;
		if ((descriptor.lower & E1000_TX_DEXT) && !(descriptor.lower & E1000_TX_DTYP)) {
			if (card->is_82574)
				sender->contexts[0] = sender->contexts[1] = descriptor;
			sender->contexts[(descriptor.lower & E1000_TX_TSE) != 0] = descriptor;
			continue;
		}
		if (is_first)
			first = descriptor;
		is_first = false;
		for (uint32_t i = 0; i < count; i++)
			bytes[length + i] = *disk_memory_reach(descriptor.address + i, 1);
		length += count;
		if (!(descriptor.lower & E1000_TX_EOP))
			continue;
		context = &sender->contexts[(first.lower & E1000_TX_DEXT) && (first.lower & E1000_TX_TSE)];
		as = (struct e1000_context){ true, context->address, context->lower, context->upper };
		if (sender->takes_tags && (descriptor.lower & E1000_TX_VLE))
			tag = E1000_TX_TAG(descriptor.upper);
		if (!(first.lower & E1000_TX_DEXT)) {
			if (descriptor.lower & E1000_TX_IC)
				sender_sum(bytes, E1000_TX_CSS(descriptor.upper), E1000_TX_CSO(descriptor.lower), 0, length);
			sender_emit(sender, bytes, length, tag);
		} else if (first.lower & E1000_TX_TSE) {
			sender_cut(sender, context, bytes, length, first.upper, tag);
		} else {
			if (first.upper & E1000_TX_IXSM)
				sender_sum(bytes, E1000_CONTEXT_IPCSS(&as), E1000_CONTEXT_IPCSO(&as), E1000_CONTEXT_IPCSE(&as), length);
			if (first.upper & E1000_TX_TXSM)
				sender_sum(bytes, E1000_CONTEXT_TUCSS(&as), E1000_CONTEXT_TUCSO(&as), E1000_CONTEXT_TUCSE(&as), length);
			sender_emit(sender, bytes, length, tag);
		}
		return at;
	}
	return UINT32_MAX;
}

/* What stands around the mediator ------------------------------------------------------------------------- */

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 1);
	lock->holder = 0;
	if (unit_random() % 4 == 0)
		(void)device_step();
	cpu_turn();
}

void time_wait_us(uint64_t us)
{
	(void)us;
	for (unsigned i = 0; i < 64; i++)
		(void)device_step(); /* the wire goes on */
}

void interrupt_want_everywhere(bool want)
{
	nr_wishes += want ? 1 : -1;
}

bool nic_is_watched(void)
{
	return is_watched;
}

void deadline_look(struct vcpu *vcpu)
{
	(void)vcpu;
}

void access_deny(struct access *access)
{
	access->resolved = true;
}

int pci_follow(struct pci_follower *follower)
{
	follower->of = (void *)follower;
	is_followed = true;
	return 0;
}

void pci_unfollow(struct pci_follower *follower)
{
	follower->of = NULL;
	is_followed = false;
}

bool pci_follow_base(const struct pci_follower *follower, uint64_t *base, bool *is_port)
{
	*is_port = follower != &card->memory;
	*base = *is_port ? PORTS : BASE;
	return follower->of != NULL;
}

int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	(void)address;
	*bar = (struct pci_bar){ .address = number == 0 ? BASE : PORTS, .size_bytes = 0x20000, .decoded = true, .port = number != 0 };
	return number == 0 || number == 2 ? 0 : -RV_ENOENT;
}

bool hook_wants_requests(uint32_t kind)
{
	return is_watched && wants[kind];
}

void request_begin(struct request *request, uint32_t kind)
{
	static uint64_t last;

	*request = (struct request){ .kind = kind, .asked = kind, .handle = ++last };
}

static struct request *held[HELD];
static unsigned nr_held;
#define CANCELLED 256
static uint64_t cancelled[CANCELLED]; /* by a reset, before they could wait */

bool request_cancel(struct request *request)
{
	for (unsigned i = 0; i < nr_held; i++) {
		if (held[i] == request) {
			held[i] = held[--nr_held];
			return true;
		}
	}
	cancelled[request->handle % CANCELLED] = request->handle;
	return false;
}

static void resume_one(void)
{
	unsigned which = nr_held != 0 ? (unsigned)(unit_random() % nr_held) : 0;
	struct request *request = held[which];

	if (nr_held == 0)
		return;
	held[which] = held[--nr_held];
	request->resume(request, NULL);
}

/* The hook: reads all of it, as it is on the wire but for what the card does, and does what its rule says. */
static void decide(struct request *request)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM];
	unsigned direction = request->kind == RV_EVENT_NET_TX ? TX : RX, rule;
	uint32_t length = (uint32_t)request->data_bytes, after, number, tag;
	struct packet *packet;

	UNIT_EQUAL(request->frame.nic, 3);
	UNIT_EQUAL(request->frame.length_bytes, length);
	UNIT_EQUAL(request->data(request, 0, bytes, length, false), 0);
	number = number_of(bytes) % PACKETS;
	packet = &packets[direction][number];
	UNIT_CHECK(!packet->is_own);
	tag = packet->tag != 0 ? 4 : 0;
	UNIT_EQUAL(length, packet->length_bytes + tag);
	UNIT_EQUAL(request->frame.vlan, packet->tag != 0 ? packet->tag & 0xfff : RV_NET_NONE);
	UNIT_EQUAL(request->frame.gso_bytes, direction == TX && packet->how == CUT ? MSS : 0);
	UNIT_EQUAL(request->frame.has_partial_checksum, direction == TX && packet->how != LEGACY && packet->how != PLAIN);
	if (direction == TX && (packet->how == CUT || packet->how == SUM_BOTH)) {
		UNIT_EQUAL(bytes[tag + 16] << 8 | bytes[tag + 17], packet->length_bytes - 14);
		UNIT_EQUAL(fold(sum_of(bytes + tag + 14, 20)), 0xffff);
		UNIT_EQUAL(fold((uint64_t)(bytes[tag + 50] << 8 | bytes[tag + 51])), pseudo(bytes + tag, packet->length_bytes - 34));
	}
	rule = rule_of(direction, number);
	request->verdict = rule == RULE_DROP ? RV_VERDICT_DROP : rule == RULE_DENY ? RV_VERDICT_DENY : RV_VERDICT_PASS;
	if (rule != RULE_CHANGE && rule != RULE_GROW)
		return;
	after = frame_change(bytes, length, rule);
	if (after != length)
		UNIT_EQUAL(request->resize(request, after), 0);
	UNIT_EQUAL(request->data(request, 0, bytes, after, true), 0);
	request->data_changed = true;
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	(void)vcpu;
	UNIT_EQUAL(card->lock.holder, 0);
	request->verdict = RV_VERDICT_PASS;
	if (request->kind == RV_EVENT_NIC_ATTACH) {
		UNIT_EQUAL(request->nic.mac, 0x525400123456);
		return true;
	}
	if (cancelled[request->handle % CANCELLED] == request->handle)
		return true; /* the guest has forgotten it */
	if (!is_nonsense)
		decide(request);
	if (unit_random() % hold_one_in == 0 && nr_held < HELD) {
		held[nr_held++] = request;
		nr_waited++;
		cpu_turn();
		return false;
	}
	for (unsigned i = cpu_depth < 2 ? (unsigned)unit_random() % 4 : 0; i != 0; i--) {
		cpu_depth++;
		happen();
		cpu_depth--;
	}
	cpu_turn();
	return true;
}

/* The card ------------------------------------------------------------------------------------------------ */

static uint32_t registers[0x20000 / 4], causes, io_address;
static struct sender device;
#define REGISTER(offset) registers[(offset) / 4]

static void device_reset(void)
{
	memset(registers, 0, sizeof(registers));
	REGISTER(E1000_RAL) = 0x12005452;
	REGISTER(E1000_RAH) = 0x80005634;
	REGISTER(E1000_VET) = 0x8100;
	REGISTER(E1000_STATUS) = E1000_STATUS_LU;
	causes = 0;
	device = (struct sender){ .is_ours = true, .emit = wire_check };
}

static uint64_t device_base(uint32_t ring)
{
	return REGISTER(ring + E1000_BASE_LOW) | (uint64_t)REGISTER(ring + E1000_BASE_HIGH) << 32;
}

void tunnel_link(void)
{
	UNIT_CHECK(has_tunnel && card->lock.holder != 0 && (REGISTER(E1000_TCTL) & REGISTER(E1000_RCTL) & E1000_TCTL_EN) != 0);
	nr_links++;
}

static bool device_send(void)
{
	uint32_t next;

	device.ring = device_base(E1000_TX);
	device.entries = REGISTER(E1000_TX + E1000_LENGTH) / 16;
	device.takes_tags = (REGISTER(E1000_CTRL) & E1000_CTRL_VME) != 0;
	if (!(REGISTER(E1000_TCTL) & E1000_TCTL_EN) || device.entries == 0 ||
	    REGISTER(E1000_TX + E1000_HEAD) == REGISTER(E1000_TX + E1000_TAIL))
		return false;
	next = sender_send(&device, REGISTER(E1000_TX + E1000_HEAD), REGISTER(E1000_TX + E1000_TAIL));
	if (next == UINT32_MAX)
		return false;
	REGISTER(E1000_TX + E1000_HEAD) = next;
	causes |= E1000_CAUSE_TXDW | E1000_CAUSE_TXQ0;
	return true;
}

/* Into as many buffers as the frame needs, or nothing. Those of the guest's it only has while nobody hooks, and the test
 * has it receive nothing then. */
static bool device_receive(void)
{
	static uint8_t bytes[FRAME_MOST + 100];
	uint32_t entries = REGISTER(E1000_RX + E1000_LENGTH) / 16, head = REGISTER(E1000_RX + E1000_HEAD), number, length, used;
	bool is_extended = card->is_82574 && (REGISTER(E1000_RFCTL) & E1000_RFCTL_EXSTEN), has_crc;
	uint32_t room;

	if (!(REGISTER(E1000_RCTL) & E1000_RCTL_EN) || entries == 0 || nr_packets[RX] == PACKETS || !card->is_attached)
		return false;
	UNIT_EQUAL(REGISTER(E1000_RCTL) & (E1000_RCTL_DTYP | E1000_RCTL_PAGES | E1000_RCTL_FLXBUF), E1000_RCTL_PAGES);
	UNIT_CHECK((REGISTER(E1000_RCTL) & E1000_RCTL_MPE) != 0 || !has_tunnel); /* a tunnel's neighbours ask in groups */
	has_crc = !(REGISTER(E1000_RCTL) & E1000_RCTL_SECRC);
	room = (REGISTER(E1000_RX + E1000_TAIL) + entries - head) % entries;
	if (room < 4)
		return false;
	number = frame_new(RX);
	length = packets[RX][number].length_bytes;
	frame_make(bytes, number, length);
	if (packets[RX][number].tag != 0) {
		memmove(bytes + 16, bytes + 12, length - 12);
		put16(bytes + 12, 0x8100);
		put16(bytes + 14, packets[RX][number].tag);
		length += 4;
	}
	memset(bytes + length, 0xcc, 4);
	length += has_crc ? 4 : 0;
	packets[RX][number].is_given = true;
	for (uint32_t done = 0; done < length; done += used) {
		struct e1000_rx_descriptor *entry = (void *)disk_memory_reach(device_base(E1000_RX) + head * 16, 16);
		uint8_t status = E1000_RX_DD;

		used = length - done < PAGE_BYTES ? length - done : (uint32_t)PAGE_BYTES;
		memcpy(disk_memory_reach(entry->first, used), bytes + done, used);
		status |= done + used == length ? E1000_RX_EOP : 0;
		if (is_extended) {
			entry->first = 0x1234567800000002;
			entry->extended.length = (uint16_t)used;
			entry->extended.status = status;
		} else {
			entry->legacy.length = (uint16_t)used;
			entry->legacy.status = status;
		}
		head = (head + 1) % entries;
	}
	REGISTER(E1000_RX + E1000_HEAD) = head;
	causes |= E1000_CAUSE_RXT0 | E1000_CAUSE_RXQ0;
	return true;
}

/* A script sends a frame, or has the guest receive one. */
static void transfer(unsigned direction)
{
	static uint8_t bytes[3 * PAGE_BYTES];
	uint8_t *pages[3] = { bytes, bytes + PAGE_BYTES, bytes + 2 * PAGE_BYTES };
	struct bounce frame = { .pages = pages, .nr_pages = 3 };
	uint32_t number;
	int error;

	if (card->lock.holder != 0 || is_wire_silent || nr_packets[direction] == PACKETS)
		return;
	number = frame_new(direction);
	packets[direction][number].is_own = packets[direction][number].is_given = true;
	packets[direction][number].how = PLAIN;
	packets[direction][number].tag = 0;
	frame.length_bytes = packets[direction][number].length_bytes;
	frame_make(bytes, number, (uint32_t)frame.length_bytes);
	if (direction == TX)
		wire_expect(bytes, (uint32_t)frame.length_bytes);
	spinlock_acquire(nic.lock);
	error = nic.class->transfer(&nic, &frame, direction == RX);
	spinlock_release(nic.lock);
	UNIT_CHECK(error == 0 || error == -RV_EBUSY || error == -RV_EAGAIN || error == -RV_ENOMEM);
	nr_own += error == 0;
	nr_full += error == -RV_EBUSY;
	if (error == 0)
		return;
	packets[direction][number].is_given = false;
	packets[direction][number].nr_expected = 0;
}

static bool device_step(void)
{
	if (card == NULL)
		return false;
	if (!is_wire_silent && unit_random() % 2 == 0 && device_receive())
		return true;
	return device_send();
}

static uint32_t device_read(uint32_t offset)
{
	uint32_t value = causes;

	if (offset != E1000_ICR)
		return REGISTER(offset);
	causes = 0;
	return value;
}

static void device_write(uint32_t offset, uint32_t value)
{
	if (offset == E1000_CTRL && (value & E1000_CTRL_RST))
		device_reset();
	else if (offset == E1000_ICS)
		causes |= value;
	else if (offset == E1000_IMS)
		REGISTER(offset) |= value;
	else if (offset == IMC)
		REGISTER(E1000_IMS) &= ~value;
	else
		REGISTER(offset) = value;
	UNIT_CHECK(offset < E1000_PACKET_BUFFER);
	/* No PAUSE frames of the guest's making. */
	UNIT_CHECK(!has_tunnel || !((offset == E1000_CTRL && (value & E1000_CTRL_TFCE)) ||
				    (offset == E1000_TCTL && (value & E1000_TCTL_SWXOFF))));
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	UNIT_CHECK(width_bytes == 4 && gpa >= BASE && gpa < BASE + 0x20000);
	return device_read((uint32_t)(gpa - BASE));
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	UNIT_CHECK(width_bytes == 4 && gpa >= BASE && gpa < BASE + 0x20000);
	device_write((uint32_t)(gpa - BASE), (uint32_t)value);
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	(void)width_bytes;
	return port == PORTS ? io_address : device_read(io_address);
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	(void)width_bytes;
	if (port == PORTS)
		io_address = value;
	else
		device_write(io_address, value);
}

/* The guest ------------------------------------------------------------------------------------------------- */

static bool takes_tags, is_split, is_extended;
static uint32_t guest_head[2], guest_tail[2], guest_rctl, entry_bytes, room_bytes;
static bool is_up;
static struct sender oracle;

/* By memory, or by the side door, or where nobody hooks at the card itself. */
static uint32_t perform(uint32_t offset, uint32_t value, bool write)
{
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = 4, .value = value };

	if (!is_followed) {
		if (write)
			device_write(offset, value);
		return write ? 0 : device_read(offset);
	}
	if (unit_random() % 8 == 0) {
		struct access select = { .kind = ACCESS_PORT, .write = true, .width_bytes = 4, .value = offset };

		bool was_alone = cpu_is_alone;

		cpu_is_alone = true; /* there is one pair of ports, which drivers lock */
		UNIT_EQUAL(e1000_port_access(&select, E1000_IO_ADDRESS, card), ACCESS_DONE);
		cpu_is_alone = was_alone;
		UNIT_EQUAL(e1000_port_access(&access, E1000_IO_DATA, card), ACCESS_DONE);
	} else {
		UNIT_EQUAL(e1000_memory_access(&access, offset, card), ACCESS_DONE);
	}
	return (uint32_t)access.value;
}

static void put(uint32_t offset, uint32_t value)
{
	(void)perform(offset, value, true);
}

static uint8_t *entry_of(unsigned queue, uint32_t index)
{
	return memory_direct(RING(queue) + (queue == RX ? entry_bytes : 16) * (uint64_t)index);
}

static uint32_t guest_free(unsigned queue)
{
	return ENTRIES - 1 - (guest_tail[queue] + ENTRIES - guest_head[queue]) % ENTRIES;
}

/* A buffer for what comes. */
static void stock(void)
{
	uint64_t addresses[4] = { 0 };

	if (guest_free(RX) == 0)
		return;
	for (unsigned i = 0; i < (is_split ? 4u : 1u); i++)
		addresses[i] = BUFFER(RX, guest_tail[RX]) + i * KIB(2);
	memcpy(entry_of(RX, guest_tail[RX]), addresses, entry_bytes);
	guest_tail[RX] = (guest_tail[RX] + 1) % ENTRIES;
}

static void place(uint64_t address, uint32_t lower, uint32_t upper)
{
	struct e1000_tx_descriptor descriptor = { address, lower, upper };

	memcpy(entry_of(TX, guest_tail[TX]), &descriptor, 16);
	guest_tail[TX] = (guest_tail[TX] + 1) % ENTRIES;
}

static void place_context(const struct packet *packet)
{
	bool is_cut = packet->how == CUT;
	uint64_t places = 14 | 24 << 8 | 33 << 16 | UINT64_C(34) << 32 | UINT64_C(50) << 40;

	place(places, E1000_TX_DEXT | E1000_TX_TCP | E1000_TX_IPV4 |
			      (is_cut ? E1000_TX_TSE | (packet->length_bytes - HEADERS) : 0) |
			      (unit_random() % 2 == 0 ? E1000_TX_RS : 0),
	      is_cut ? MSS << 16 | HEADERS << 8 : 0);
}

/* A frame to send, as a driver would prepare it, in pieces. */
static void give(void)
{
	uint32_t number, length, first = guest_tail[TX], lower, upper = 0, pieces = 1 + (uint32_t)unit_random() % 4;
	struct packet *packet;
	uint8_t *bytes;

	if (!is_up || is_wire_silent || guest_free(TX) < 8 || nr_packets[TX] == PACKETS)
		return;
	number = frame_new(TX);
	packet = &packets[TX][number];
	packet->tag = takes_tags ? packet->tag : 0;
	if (packet->length_bytes > BUFFER_BYTES)
		packet->length_bytes = BUFFER_BYTES;
	if (packet->how == CUT && packet->length_bytes <= HEADERS + MSS)
		packet->length_bytes += MSS;
	length = packet->length_bytes;
	bytes = memory_direct(BUFFER(TX, first));
	frame_make(bytes, number, length);
	if (packet->how == SUM || packet->how == LEGACY_SUM || packet->how == SUM_BOTH)
		put16(bytes + 50, pseudo(bytes, length - 34));
	if (packet->how == CUT) {
		put16(bytes + 50, pseudo(bytes, 0));
		put16(bytes + 16, 0);
	}
	lower = E1000_TX_IFCS | (packet->tag != 0 ? E1000_TX_VLE : 0);
	if (packet->how >= SUM)
		place_context(packet);
	if (packet->how >= PLAIN)
		lower |= E1000_TX_DEXT | E1000_TX_DTYP_DATA | (packet->how == CUT ? E1000_TX_TSE : 0);
	if (packet->how == LEGACY_SUM)
		lower |= E1000_TX_IC | 50 << 16;
	upper = packet->tag << 16 | (packet->how == LEGACY_SUM ? 34u << 8 : 0) | (packet->how >= SUM ? E1000_TX_TXSM : 0) |
		(packet->how >= SUM_BOTH ? E1000_TX_IXSM : 0);
	for (uint32_t at = 0, part; at < length; at += part, pieces--) {
		part = pieces <= 1 ? length - at : 1 + (uint32_t)unit_random() % (length - at);
		place(BUFFER(TX, first) + at, lower | part | (at + part == length ? E1000_TX_EOP | E1000_TX_RS : 0), upper);
	}
	packet->is_given = true;
	nr_cut += packet->how == CUT;
	nr_tagged += packet->tag != 0;
	oracle.ring = RING(TX);
	oracle.entries = ENTRIES;
	oracle.takes_tags = takes_tags;
	UNIT_EQUAL(sender_send(&oracle, first, guest_tail[TX]), guest_tail[TX]);
}

/* What came, from as many descriptors as it is in. */
static bool take_frame(void)
{
	static uint8_t bytes[FRAME_MOST + GROWN + 100], wanted[FRAME_MOST + GROWN + 100];
	uint32_t total = 0, at = guest_head[RX], number, length, tag, crc = guest_rctl & E1000_RCTL_SECRC ? 0 : 4;
	bool is_end = false, is_stripped;
	union { struct e1000_rx_descriptor d; uint16_t words[16]; } entry;
	struct packet *packet;

	while (!is_end) {
		uint32_t status, parts[4] = { 0 };

		memcpy(&entry, entry_of(RX, at), entry_bytes);
		status = is_extended ? entry.d.extended.status : entry.d.legacy.status;
		if (at == guest_tail[RX] || !(status & E1000_RX_DD)) {
			if (total != 0)
				unit_fail("a part of a frame is missing");
			return false;
		}
		parts[0] = is_extended ? entry.d.extended.length : entry.d.legacy.length;
		for (unsigned i = 1; is_split && i < 4; i++)
			parts[i] = entry.words[8 + i];
		for (unsigned i = 0; i < 4; i++) {
			UNIT_CHECK(parts[i] <= room_bytes && total + parts[i] <= sizeof(bytes));
			memcpy(bytes + total, memory_direct(BUFFER(RX, at) + i * KIB(2)), parts[i]);
			total += parts[i];
		}
		is_end = (status & E1000_RX_EOP) != 0;
		is_stripped = (status & E1000_RX_VP) != 0;
		memset(entry_of(RX, at), 0, entry_bytes);
		at = (at + 1) % ENTRIES;
	}
	guest_head[RX] = at;
	nr_received++;
	if (is_nonsense)
		return true;
	number = number_of(bytes);
	packet = &packets[RX][number % PACKETS];
	if (number >= nr_packets[RX] || packet->is_seen || rule_of(RX, number) <= RULE_DENY) {
		unit_fail("frame %u comes again, or was dropped", number);
		return true;
	}
	if (has_tunnel && !packet->is_own)
		unit_fail("the guest has frame %u past the tunnel", number);
	packet->is_seen = true;
	tag = packet->tag != 0 ? 4 : 0;
	frame_make(wanted, number, packet->length_bytes);
	memmove(wanted + 12 + tag, wanted + 12, packet->length_bytes - 12);
	if (tag != 0) {
		put16(wanted + 12, 0x8100);
		put16(wanted + 14, packet->tag);
	}
	length = frame_change(wanted, packet->length_bytes + tag, rule_of(RX, number));
	UNIT_EQUAL(is_stripped, tag != 0 && takes_tags);
	if (is_stripped) {
		UNIT_EQUAL(is_extended ? entry.d.extended.tag : entry.d.legacy.tag, packet->tag);
		memmove(wanted + 12, wanted + 16, length - 16);
		length -= 4;
	}
	UNIT_EQUAL(total, length + crc);
	for (uint32_t i = 0; i < length && unit_why[0] == '\0'; i++) {
		if (bytes[i] != wanted[i])
			unit_fail("frame %u that came: byte %u is %#x, not %#x", number, i, bytes[i], wanted[i]);
	}
	if (crc != 0 && rule_of(RX, number) == RULES && !packet->is_own)
		UNIT_EQUAL(bytes[length], 0xcc);
	return true;
}

static void take_sent(void)
{
	while (guest_head[TX] != guest_tail[TX]) {
		uint32_t at = guest_head[TX];
		struct e1000_tx_descriptor *entry = (void *)entry_of(TX, at);

		/* A frame's last has RS; in a context's place of EOP it says TCP. */
		while (at != guest_tail[TX] &&
		       (!(entry->lower & E1000_TX_EOP) || ((entry->lower & E1000_TX_DEXT) && !(entry->lower & E1000_TX_DTYP)))) {
			at = (at + 1) % ENTRIES;
			entry = (void *)entry_of(TX, at);
		}
		if (at == guest_tail[TX] || !(entry->upper & E1000_TX_DD))
			return;
		for (; guest_head[TX] != (at + 1) % ENTRIES; guest_head[TX] = (guest_head[TX] + 1) % ENTRIES)
			memset(memory_direct(BUFFER(TX, guest_head[TX])), 0xee, 4096); /* it is its own again at once */
	}
}

/* As Linux does: no interrupts meanwhile, and what comes then is a new one. */
static void handle(uint32_t told)
{
	put(IMC, UINT32_MAX);
	while ((told & (E1000_CAUSE_RXT0 | E1000_CAUSE_RXQ0)) && take_frame() && unit_why[0] == '\0')
		stock();
	if (told & (E1000_CAUSE_TXDW | E1000_CAUSE_TXQ0))
		take_sent();
	if (unit_random() % 4 == 0 && cpu_depth < 2) {
		cpu_depth++;
		happen();
		cpu_depth--;
	}
	if (!is_up)
		return;
	put(E1000_RX + E1000_TAIL, guest_tail[RX]);
	put(E1000_IMS, UINT32_MAX);
}

static void interrupt(void)
{
	uint32_t told = causes;

	if (!(causes & REGISTER(E1000_IMS)) || card->lock.holder != 0)
		return;
	if (has_messages) {
		causes = 0;
		watch_tell(&interrupt_taken_watchers, NULL);
	} else {
		told = perform(E1000_ICR, 0, false);
	}
	if (is_up && !is_nonsense)
		handle(told);
}

static void guest_reset(void)
{
	is_up = false;
	put(E1000_CTRL, E1000_CTRL_RST);
	for (unsigned i = 0; i < 2; i++)
		nr_packets[i] = 0; /* what was on its way is gone */
	UNIT_EQUAL(nr_held, 0);
	UNIT_EQUAL(perform(E1000_TX + E1000_TAIL, 0, false), 0);
	UNIT_EQUAL(nr_wishes, 0); /* no interrupt is of interest */
}

static void set_up(void)
{
	static const uint32_t sizes[] = { 0, 0x10000, 0x30000, E1000_RCTL_PAGES }, rooms[] = { 2048, 1024, 256, 4096 };
	unsigned size = (unsigned)unit_random() % 4;

	takes_tags = unit_random() % 2 == 0;
	is_split = card->is_82574 && unit_random() % 4 == 0;
	is_extended = is_split || (card->is_82574 && unit_random() % 2 == 0);
	entry_bytes = is_split ? 32 : 16;
	room_bytes = is_split ? 2048 : rooms[size];
	guest_rctl = E1000_RCTL_EN | (is_split ? E1000_RCTL_DTYP_SPLIT : sizes[size]) | (unit_random() % 2 == 0 ? E1000_RCTL_SECRC : 0);
	memset(memory_direct(RING(RX)), 0, KIB(8));
	oracle = (struct sender){ .emit = wire_expect };
	for (unsigned i = 0; i < 2; i++) {
		uint32_t at = i == RX ? E1000_RX : E1000_TX;

		guest_head[i] = guest_tail[i] = 0;
		put(at + E1000_BASE_LOW, (uint32_t)RING(i));
		put(at + E1000_BASE_HIGH, 0);
		put(at + E1000_LENGTH, ENTRIES * (i == RX ? entry_bytes : 16));
		put(at + E1000_HEAD, 0);
		put(at + E1000_TAIL, 0);
	}
	put(E1000_CTRL, takes_tags ? E1000_CTRL_VME : 0);
	if (card->is_82574) {
		put(E1000_RFCTL, is_extended ? E1000_RFCTL_EXSTEN : 0);
		put(E1000_PSRCTL, 2 << 24 | 2 << 16 | 2 << 8 | 16);
	}
	is_up = true;
	put(E1000_RCTL, guest_rctl);
	put(E1000_TCTL, E1000_TCTL_EN);
	put(E1000_IMS, UINT32_MAX);
	if (!is_followed)
		return;
	UNIT_EQUAL(perform(E1000_RCTL, 0, false), guest_rctl);
	UNIT_EQUAL(perform(E1000_CTRL, 0, false), takes_tags ? E1000_CTRL_VME : 0);
	UNIT_EQUAL(perform(E1000_TX + E1000_BASE_LOW, 0, false), RING(TX));
	UNIT_CHECK(REGISTER(E1000_TX) != RING(TX) && REGISTER(E1000_RX) != RING(RX));
}

/* One thing that a CPU does. */
static void happen(void)
{
	switch (unit_random() % 9) {
	case 8:
		if (is_up && is_followed && !is_nonsense)
			transfer((unsigned)unit_random() % 2);
		break;
	case 0:
	case 1:
		give();
		break;
	case 2:
		if (is_up && !is_nonsense)
			put(E1000_TX + E1000_TAIL, guest_tail[TX]);
		break;
	case 3:
		if (is_up && !is_nonsense) {
			stock();
			put(E1000_RX + E1000_TAIL, guest_tail[RX]);
		}
		break;
	case 4:
		(void)device_step();
		break;
	case 5:
		if (card->lock.holder == 0 && (hold_one_in != 1 || is_wire_silent))
			resume_one();
		break;
	default:
		interrupt();
		if (cpu_depth != 0 && card->lock.holder == 0 && !is_nonsense && unit_random() % 32 == 0) {
			cpu_is_alone = true;
			guest_reset(); /* while hooks are asked */
			set_up();
			cpu_is_alone = false;
		}
		break;
	}
}

static void claim(void)
{
	spinlock_acquire(nic.lock);
	UNIT_EQUAL(nic.class->claim(&nic), 0);
	spinlock_release(nic.lock);
	UNIT_CHECK(card->is_attached && nr_wishes == is_up);
}

static void release(void)
{
	is_watched = false;
	spinlock_acquire(nic.lock);
	nic.class->release(&nic);
	spinlock_release(nic.lock);
}

static void begin(bool is_claimed)
{
	static struct e1000 *cards[2];

	id = unit_random() % 2 == 0 ? E1000_ID_82540EM : E1000_ID_82574L;
	has_messages = id == E1000_ID_82574L && unit_random() % 2 == 0;
	disk_memory_reset(1024);
	device_reset();
	nr_packets[RX] = nr_packets[TX] = nr_held = 0;
	nic.class = &nic_e1000_class;
	if (cards[id == E1000_ID_82574L] == NULL) {
		card = NULL;
		UNIT_CHECK(nic.class->find(&nic, (uint32_t)id << 16 | E1000_VENDOR));
		cards[id == E1000_ID_82574L] = nic.device;
	}
	nic.device = card = cards[id == E1000_ID_82574L];
	nic.lock = &card->lock;
	wants[RV_EVENT_NET_TX] = unit_random() % 4 != 0;
	wants[RV_EVENT_NET_RX] = unit_random() % 4 != 0 && !has_tunnel; /* which comes before hooks */
	wants[RV_EVENT_NIC_ATTACH] = true;
	is_watched = true;
	is_wire_silent = is_up = false;
	hold_one_in = unit_random() % 8 == 0 ? 1 : 8;
	if (is_claimed)
		claim();
}

#define CARDS_PAGES (2 * (unsigned)((sizeof(struct e1000) + PAGE_BYTES - 1) / PAGE_BYTES))
static unsigned pages_kept;

/* The guest resets the card, and the last hook goes. */
static void end(void)
{
	cpu_second_finish();
	guest_reset();
	release();
	UNIT_CHECK(!card->is_claimed && !is_followed && nr_wishes == 0);
	if (pages_kept < disk_memory_taken && disk_memory_taken <= CARDS_PAGES)
		pages_kept = disk_memory_taken; /* the cards themselves */
	UNIT_EQUAL(disk_memory_taken, pages_kept);
}

static void settle_step(void)
{
	switch (unit_random() % 4) {
	case 0:
		resume_one();
		break;
	case 1:
		(void)device_step();
		break;
	case 2:
		watch_tell(&interrupt_taken_watchers, NULL); /* another's */
		break;
	default:
		interrupt();
	}
}

/* All that goes on by itself does: interrupts, the card, what waits. Of what is there then the guest was told. */
static void settle(void)
{
	bool any = true;
	uint32_t sent;

	cpu_second_does(settle_step);
	for (unsigned round = 0; any && round < 100000 && unit_why[0] == '\0'; round++) {
		cpu_turn();
		any = nr_held != 0 || (causes & REGISTER(E1000_IMS)) != 0;
		resume_one();
		interrupt();
		any |= device_step();
		any |= cpu_second_is_busy();
	}
	cpu_second_does(NULL);
	UNIT_CHECK(!any);
	sent = guest_head[TX];
	take_sent();
	UNIT_EQUAL(guest_head[TX], sent);
	if (is_up && take_frame())
		unit_fail("a frame is there that the guest was not told of");
}

/* The wire falls silent; the guest gives all that it has, and waits to be interrupted. */
static void drain(void)
{
	is_wire_silent = true;
	for (unsigned k = 0; k < 200 && unit_why[0] == '\0'; k++) {
		put(E1000_TX + E1000_TAIL, guest_tail[TX]);
		while (guest_free(RX) != 0)
			stock();
		put(E1000_RX + E1000_TAIL, guest_tail[RX]);
		settle();
	}
	is_wire_silent = false;
}

/* Every frame that hooks let pass is there. */
static void check_all_came(void)
{
	for (uint32_t i = 0; i < nr_packets[TX] && unit_why[0] == '\0'; i++)
		UNIT_EQUAL(packets[TX][i].nr_seen, packets[TX][i].nr_expected);
	for (uint32_t i = 0; i < nr_packets[RX] && unit_why[0] == '\0'; i++) {
		if (packets[RX][i].is_given && !packets[RX][i].is_seen && rule_of(RX, i) > RULE_DENY)
			unit_fail("frame %u is lost", i);
	}
	UNIT_EQUAL(guest_head[TX], guest_tail[TX]);
}

static void go_on(unsigned steps)
{
	for (unsigned i = 1; i <= steps && unit_why[0] == '\0'; i++) {
		cpu_second_does(happen);
		happen();
		cpu_turn();
		if (i % 10 != 0 || hold_one_in == 1)
			continue;
		is_wire_silent = true;
		settle();
		is_wire_silent = false;
	}
	cpu_second_does(NULL);
	cpu_second_finish();
}

static void test_sequences(void)
{
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		begin(true);
		set_up();
		go_on(hold_one_in == 1 ? 600 : 60);
		if (unit_random() % 4 == 0) {
			guest_reset();
			set_up();
			hold_one_in = 8;
			go_on(20);
		}
		drain();
		check_all_came();
		end();
		if (unit_why[0] != '\0')
			printf("in sequence %u\n", i);
	}
	UNIT_CHECK(has_tunnel == (nr_tunnelled[TX] > SEQUENCES) && has_tunnel == (nr_tunnelled[RX] > SEQUENCES) &&
		   has_tunnel == (nr_links > SEQUENCES / 2));
	UNIT_CHECK(nr_sent > SEQUENCES && nr_received > SEQUENCES && nr_waited > 100 && nr_cut > 100 && nr_tagged > 100 &&
		   nr_own > SEQUENCES && nr_full > 0 && cpu_nr_overtaken > SEQUENCES);
}

/* Rings that the guest uses become ours, and its own again, with frames in them. */
static void test_lives(void)
{
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		begin(false);
		UNIT_EQUAL(nr_wishes, 0);
		set_up();
		for (unsigned k = 0; k < 8; k++)
			stock();
		put(E1000_RX + E1000_TAIL, guest_tail[RX]);
		UNIT_EQUAL(REGISTER(E1000_TX), RING(TX)); /* unclaimed: the guest's own */
		device.is_ours = true;
		/* What it has sent alone is there already. */
		claim();
		UNIT_CHECK(REGISTER(E1000_TX) != RING(TX) && (REGISTER(E1000_TCTL) & E1000_TCTL_EN));
		for (unsigned k = 0; k < 40 && unit_why[0] == '\0'; k++)
			happen();
		drain();
		check_all_came();
		release();
		UNIT_CHECK(!card->is_claimed && nr_wishes == 0);
		UNIT_EQUAL(REGISTER(E1000_TX), RING(TX));
		UNIT_EQUAL(REGISTER(E1000_RX), RING(RX));
		UNIT_EQUAL(REGISTER(E1000_TX + E1000_TAIL), guest_tail[TX]);
		UNIT_EQUAL(REGISTER(E1000_RX + E1000_TAIL), guest_tail[RX]);
		UNIT_EQUAL(REGISTER(E1000_RX + E1000_HEAD), guest_head[RX]);
		UNIT_EQUAL(REGISTER(E1000_RCTL), guest_rctl);
		UNIT_EQUAL(REGISTER(E1000_CTRL), takes_tags ? E1000_CTRL_VME : 0);
		UNIT_EQUAL(disk_memory_taken, pages_kept);
		nr_lives++;
	}
	UNIT_EQUAL(nr_lives, SEQUENCES);
}

/* Rings full of anything: nothing of ours is touched, and a reset gives all back. */
static void scribble(void)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t addresses[] = { BUFFER(TX, i), memory_reserved_start + unit_random() % MIB(1), unit_random(), RING(TX) };
		struct e1000_tx_descriptor descriptor = { addresses[unit_random() % 8 < 5 ? 0 : unit_random() % 4],
							  (uint32_t)unit_random(), (uint32_t)unit_random() };

		if (unit_random() % 2 == 0)
			descriptor.lower &= ~0xff000u;
		memcpy(entry_of(TX, i), &descriptor, 16);
		memcpy(entry_of(RX, i), &descriptor, 16);
	}
}

static void test_nonsense(void)
{
	is_nonsense = true;
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		static const uint32_t places[] = { E1000_RX, E1000_TX, 0x110, 0x420, E1000_RCTL, E1000_TCTL, E1000_CTRL, E1000_RFCTL,
						   E1000_PSRCTL, E1000_TX_FIFO, E1000_PACKET_BUFFER, E1000_RX + 0x100, E1000_TX + 0x100 };

		begin(true);
		set_up();
		for (unsigned k = 0; k < 20 && unit_why[0] == '\0'; k++) {
			uint32_t offset = places[unit_random() % ARRAY_LENGTH(places)];

			scribble();
			put(E1000_TX + E1000_TAIL, (uint32_t)unit_random() % ENTRIES);
			put(E1000_RX + E1000_TAIL, (uint32_t)unit_random() % ENTRIES);
			for (unsigned steps = 0; steps < 10; steps++)
				happen();
			if (offset == E1000_RX || offset == E1000_TX || offset >= 0x110)
				offset += 4 * (uint32_t)(unit_random() % 7);
			put(offset, unit_random() % 2 == 0 ? (uint32_t)unit_random() : (uint32_t)RING(unit_random() % 2));
		}
		end();
	}
	is_nonsense = false;
}

int main(void)
{
	unit_run("400 sequences of frames, interrupts and resets", test_sequences);
	unit_run("400 rings become ours and the guest's again", test_lives);
	unit_run("400 of nonsense in a card's rings and registers", test_nonsense);
	has_tunnel = true;
	nr_sent = nr_received = nr_waited = nr_cut = nr_tagged = nr_own = nr_full = 0;
	unit_run("the first, where there is a tunnel", test_sequences);
	unit_run("the third, where there is a tunnel", test_nonsense);
	UNIT_CHECK(disk_memory_is_untouched() || disk_memory_taken != 0);
	return unit_failed;
}
