/*
 * tests/unit/virtio_net.c: the mediator of virtio network cards between a guest and a card: sequences of packets both
 * ways in all layouts, that hooks drop, change, make longer and have wait; interrupts and resets, also from another CPU
 * while hooks are asked; and of nonsense. The guest looks at its rings when it is interrupted, as drivers do: a packet
 * that is told of too early is one that it never finds.
 */
#include "mediator/net/virtio_net.h"

#include "core/ipi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/watch.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "mediator/net/nic.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/interrupt_watch.h"
#include "vmm/pci_function.h"

#define SEQUENCES 2000
#define BASE UINT64_C(0xe0000000)
#define NOTIFY 0x1000
#define CONFIG 0x3000
#define TABLE 0x4000 /* of MSI-X */
#define MSIX 0x40
#define QUEUES 3     /* receive, send, control */
#define RX 0
#define TX 1
#define CONTROL 2
#define BUFFERS 16   /* a queue's, of the guest's */
#define BUFFER_BYTES KIB(16)
#define BUFFER(queue, index) (MIB(2) + ((queue) * BUFFERS + (uint64_t)(index)) * BUFFER_BYTES)
#define RING(queue) (MIB(1) + (queue) * KIB(64))
#define PIECES 6     /* of a buffer */
#define PACKETS 4096 /* a sequence's at most */
#define FRAME_MOST 9000
#define KEY 0x5a
#define HELD 256

/* By the number of a frame. */
enum { RULE_DROP, RULE_DENY, RULE_CHANGE, RULE_GROW, RULE_SHRINK, RULES = 10 };
#define GROWN 700

static struct virtio_net net;
static struct nic nic = { .number = 3 };
static struct virtio_window windows[3];
static bool has_tunnel; /* what the guest sends goes there, and what comes by the wire: neither sees the other */
static bool is_watched = true, is_nonsense, is_raw /* nobody is between guest and card */, wants[RV_EVENT_KIND_COUNT], merges, has_tables, has_events, interrupts[QUEUES];
static int depth;
static unsigned nr_sent, nr_received, nr_nudges, nr_waited, nr_released, nr_attached, nr_own, nr_tunnelled[2];
struct watchers interrupt_taken_watchers;
uint64_t time_tsc_hz = 1000000;

static void happen(void);
static bool device_step(void);

/* Frames: number, length, and bytes that follow of these ------------------------------------------------- */

struct packet {
	uint32_t length_bytes;
	bool is_given, is_seen, is_own; /* a script's, or before there were hooks: none sees it */
};
static struct packet packets[2][PACKETS]; /* by direction */
static uint32_t nr_packets[2];

static uint8_t frame_byte(uint32_t number, uint32_t at)
{
	static const uint8_t head[14] = { 0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 2, 0x88, 0xb5 };

	return at < 14 ? head[at] : at < 18 ? (uint8_t)(number >> 8 * (at - 14)) : (uint8_t)(number * 7 + at);
}

static uint32_t frame_new(unsigned direction)
{
	uint32_t number = nr_packets[direction]++ % PACKETS;

	packets[direction][number] = (struct packet){
		.length_bytes = unit_random() % 8 == 0 ? 2000 + (uint32_t)unit_random() % 7000 : 60 + (uint32_t)unit_random() % 1400,
		.is_own = is_raw && direction == RX,
	};
	return number;
}

/* Is it what hooks have made of a frame of that number? */
static void frame_check(unsigned direction, const uint8_t *bytes, uint32_t length_bytes)
{
	uint32_t number = 0, kind = direction == TX ? RV_EVENT_NET_TX : RV_EVENT_NET_RX, wanted;
	struct packet *packet;
	unsigned rule;

	for (unsigned i = 0; i < 4; i++)
		number |= (uint32_t)bytes[14 + i] << 8 * i;
	packet = &packets[direction][number % PACKETS];
	packet->is_own |= is_raw;
	rule = wants[kind] && !packet->is_own ? number % RULES : RULES;
	wanted = packet->length_bytes + (rule == RULE_GROW ? GROWN : 0);
	if (rule == RULE_SHRINK)
		wanted = 40;
	if (number >= nr_packets[direction] || packet->is_seen || rule == RULE_DROP || rule == RULE_DENY) {
		unit_fail("frame %u of direction %u comes again, or was dropped", number, direction);
		return;
	}
	UNIT_EQUAL(length_bytes, wanted);
	packet->is_seen = true;
	for (uint32_t i = 0; i < wanted && i < length_bytes; i++) {
		uint8_t byte = i < packet->length_bytes ? frame_byte(number, i) : 0;

		if (bytes[i] != (rule == RULE_CHANGE && i >= 18 ? byte ^ KEY : byte)) {
			unit_fail("frame %u of direction %u, rule %u, byte %u", number, direction, rule, i);
			return;
		}
	}
}

/* Only a frame of our own may be there, where there is a tunnel. */
static void frame_check_own(unsigned direction, const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes + 14, sizeof(number));
	if (has_tunnel && !packets[direction][number % PACKETS].is_own)
		unit_fail("frame %u of direction %u is past the tunnel", number, direction);
}

bool tunnel_is_wanted(void)
{
	return has_tunnel;
}

void tunnel_link(void)
{
	UNIT_CHECK(has_tunnel);
}

void tunnel_take(enum tunnel_tag way, const struct bounce *bounce, uint64_t before_bytes)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM];
	uint64_t nr_bytes = bounce->length_bytes - before_bytes;

	UNIT_CHECK(has_tunnel && net.device.lock.holder != 0);
	bounce_copy((struct bounce *)(uintptr_t)bounce, before_bytes, bytes, nr_bytes, false);
	if (!is_nonsense)
		frame_check(way == TUNNEL_GUEST ? TX : RX, bytes, (uint32_t)nr_bytes);
	nr_tunnelled[way == TUNNEL_GUEST ? TX : RX]++;
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
}

static int nr_wishes;

void interrupt_want_everywhere(bool want)
{
	nr_wishes += want ? 1 : -1;
}

struct virtio_device *virtio_device_at(unsigned position)
{
	return position == 0 ? &net.device : NULL;
}

void virtio_release(struct virtio_device *device)
{
	UNIT_CHECK(device == &net.device && !device->is_attached);
	nr_released++;
}

bool nic_is_watched(void)
{
	return is_watched;
}

void deadline_look(struct vcpu *vcpu)
{
	(void)vcpu;
}

void access_fetch(struct access *access)
{
	access->value = mmio_hardware_read(access->address, access->width_bytes);
	access->resolved = true;
}

bool hook_wants_requests(uint32_t kind)
{
	return wants[kind];
}

void request_begin(struct request *request, uint32_t kind)
{
	static uint64_t last;

	*request = (struct request){ .kind = kind, .asked = kind, .handle = ++last };
}

static struct request *held[HELD];
static unsigned nr_held;

bool request_cancel(struct request *request)
{
	for (unsigned i = 0; i < nr_held; i++) {
		if (held[i] == request) {
			held[i] = held[--nr_held];
			return true;
		}
	}
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

/* The hook: reads all of it, as it is at its source, and does what its rule says. */
static void decide(struct request *request)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM];
	uint32_t number = 0, length = (uint32_t)request->data_bytes;

	UNIT_EQUAL(request->frame.nic, 3);
	UNIT_EQUAL(request->frame.ethertype, 0x88b5);
	UNIT_EQUAL(request->frame.length_bytes, length);
	UNIT_EQUAL(request->data(request, 0, bytes, length, false), 0);
	for (unsigned i = 0; i < 4; i++)
		number |= (uint32_t)bytes[14 + i] << 8 * i;
	for (uint32_t i = 0; i < length; i++)
		UNIT_CHECK(bytes[i] == frame_byte(number, i));
	switch (number % RULES) {
	case RULE_DROP:
		request->verdict = RV_VERDICT_DROP;
		return;
	case RULE_DENY:
		request->verdict = RV_VERDICT_DENY;
		return;
	case RULE_CHANGE:
		for (uint32_t i = 18; i < length; i++)
			bytes[i] ^= KEY;
		UNIT_EQUAL(request->data(request, 18, bytes + 18, length - 18, true), 0);
		break;
	case RULE_GROW:
		UNIT_EQUAL(request->resize(request, length + GROWN), 0);
		break;
	case RULE_SHRINK:
		UNIT_EQUAL(request->resize(request, RV_FRAME_BYTES_MAXIMUM + 1), -RV_ERANGE);
		UNIT_EQUAL(request->resize(request, 40), 0);
		break;
	default:
		return;
	}
	request->data_changed = true;
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	(void)vcpu;
	UNIT_EQUAL(net.device.lock.holder, 0);
	request->verdict = RV_VERDICT_PASS;
	if (request->kind == RV_EVENT_NIC_ATTACH) {
		nr_attached++;
		UNIT_EQUAL(request->nic.mac, 0x525400123456);
		return true;
	}
	if (!is_nonsense)
		decide(request);
	if (unit_random() % 8 == 0 && nr_held < HELD) {
		held[nr_held++] = request;
		nr_waited++;
		return false;
	}
	if (depth >= 2)
		return true;
	depth++;
	for (unsigned i = (unsigned)unit_random() % 4; i != 0; i--)
		happen();
	depth--;
	return true;
}

/* The device ------------------------------------------------------------------------------------------------ */

static uint32_t device_select, driver_select, queue_select, status, features[2], ring_size;
static struct device_queue {
	bool is_there, is_notified;
	uint32_t size, addresses[6];
	uint16_t taken, given, vector;
} queues[QUEUES];

static uint64_t base(unsigned number, unsigned which)
{
	return queues[number].addresses[2 * which] | (uint64_t)queues[number].addresses[2 * which + 1] << 32;
}

static uint16_t *word(uint64_t address)
{
	return (uint16_t *)(void *)disk_memory_reach(address, 2);
}

static struct virtio_descriptor chain[1024];

/* Into `chain`; 0: it is none. */
static unsigned read_chain(unsigned number, uint32_t index, bool write)
{
	uint64_t table = base(number, 0);
	uint32_t table_size = queues[number].size, count = 0;
	struct virtio_descriptor descriptor;

	do {
		if (index >= table_size || count == queues[number].size)
			return 0;
		memcpy(&descriptor, disk_memory_reach(table + index * 16, 16), 16);
		index = descriptor.next;
		if (descriptor.flags & VIRTIO_DESCRIPTOR_INDIRECT) {
			if (!has_tables || count != 0)
				return 0;
			table = descriptor.address;
			table_size = descriptor.length_bytes / 16;
			descriptor.flags = VIRTIO_DESCRIPTOR_NEXT;
			index = 0;
			continue;
		}
		if (number == CONTROL && descriptor.length_bytes != 0) {
			chain[count++] = descriptor;
			continue;
		}
		if (descriptor.length_bytes == 0 || ((descriptor.flags & VIRTIO_DESCRIPTOR_WRITE) != 0) != write)
			return 0;
		chain[count++] = descriptor;
	} while (descriptor.flags & VIRTIO_DESCRIPTOR_NEXT);
	return count;
}

/* Between bytes and the chain; returns how many. */
static uint32_t move(unsigned count, uint8_t *bytes, uint32_t most, bool to_memory)
{
	uint32_t moved = 0;

	for (unsigned i = 0; i < count; i++) {
		for (uint64_t done = 0, part; done < chain[i].length_bytes && moved < most; done += part, moved += part) {
			uint64_t at = chain[i].address + done;
			uint8_t *memory;

			part = PAGE_BYTES - at % PAGE_BYTES;
			part = part < chain[i].length_bytes - done ? part : chain[i].length_bytes - done;
			part = part < most - moved ? part : most - moved;
			memory = disk_memory_reach(at, part);
			if (to_memory)
				memcpy(memory, bytes + moved, part);
			else
				memcpy(bytes + moved, memory, part);
		}
	}
	return moved;
}

static uint16_t device_count(unsigned number)
{
	return queues[number].is_there ? (uint16_t)(*word(base(number, 1) + 2) - queues[number].taken) : 0;
}

static uint16_t device_head(unsigned number, unsigned ahead)
{
	return *word(base(number, 1) + 4 + 2 * ((uint16_t)(queues[number].taken + ahead) % queues[number].size));
}

static void device_complete(unsigned number, uint16_t head, uint32_t length_bytes)
{
	struct device_queue *queue = &queues[number];
	uint32_t entry[2] = { head, length_bytes };

	memcpy(disk_memory_reach(base(number, 2) + 4 + 8 * (queue->given % queue->size), 8), entry, 8);
	queue->given++;
	queue->taken++;
}

static void device_publish(unsigned number)
{
	*word(base(number, 2) + 2) = queues[number].given;
	if (is_raw || !(*word(base(number, 1)) & VIRTIO_NO_INTERRUPT))
		interrupts[number] = true;
}

static bool device_send(void)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM + 100];
	unsigned count;
	uint32_t length;

	if (!queues[TX].is_notified || device_count(TX) == 0) {
		queues[TX].is_notified = false;
		return false;
	}
	count = read_chain(TX, device_head(TX, 0), false);
	length = count < 2 && !is_raw ? 0 : move(count, bytes, sizeof(bytes), false);
	if (length < VIRTIO_NET_HEADER_BYTES + 14 || (!is_raw && chain[0].length_bytes != VIRTIO_NET_HEADER_BYTES))
		unit_fail("the card was given a chain that is none");
	else if (is_nonsense)
		UNIT_CHECK(!has_tunnel);
	else {
		frame_check(TX, bytes + VIRTIO_NET_HEADER_BYTES, length - VIRTIO_NET_HEADER_BYTES);
		frame_check_own(TX, bytes + VIRTIO_NET_HEADER_BYTES);
	}
	nr_sent++;
	device_complete(TX, device_head(TX, 0), 0);
	device_publish(TX);
	return true;
}

/* A frame comes: into as many buffers as it needs, or nothing. */
static bool device_receive(void)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM + 100];
	struct virtio_net_header header = { .nr_buffers = 1 };
	uint32_t number, length, done = 0, used = 0, heads[32], parts[32];

	if (!queues[RX].is_notified || device_count(RX) == 0 || nr_packets[RX] == PACKETS)
		return false;
	number = frame_new(RX);
	length = packets[RX][number].length_bytes;
	for (uint32_t i = 0; i < length; i++)
		bytes[VIRTIO_NET_HEADER_BYTES + i] = frame_byte(number, i);
	length += VIRTIO_NET_HEADER_BYTES;
	while (done < length && used < device_count(RX) && used < (merges ? 32u : 1u)) {
		unsigned count = read_chain(RX, device_head(RX, used), true);

		if (count == 0)
			unit_fail("the card was given a buffer that is none");
		heads[used] = device_head(RX, used);
		parts[used] = move(count, bytes + done, length - done, true);
		done += parts[used++];
	}
	if (done < length) { /* it is lost: there is no room */
		nr_packets[RX]--;
		return false;
	}
	header.nr_buffers = (uint16_t)used;
	(void)move(read_chain(RX, heads[0], true), (uint8_t *)&header, sizeof(header), true);
	packets[RX][number].is_given = true;
	for (uint32_t i = 0; i < used; i++) {
		device_complete(RX, (uint16_t)heads[i], parts[i]);
		if (unit_random() % 4 == 0) /* parts may be told one by one */
			device_publish(RX);
	}
	device_publish(RX);
	return true;
}

static unsigned nr_commands, commands[8]; /* class and number, as the last bytes of one */

/* Commands are executed when it is notified. */
static void device_obey(void)
{
	while (device_count(CONTROL) != 0) {
		unsigned count = read_chain(CONTROL, device_head(CONTROL, 0), false);
		uint8_t bytes[64];
		uint32_t length = count < 2 ? 0 : move(count - 1, bytes, sizeof(bytes), false);

		if (length < 2 || !(chain[count - 1].flags & VIRTIO_DESCRIPTOR_WRITE)) {
			unit_fail("the card was given a command that is none");
			return;
		}
		commands[nr_commands++ % ARRAY_LENGTH(commands)] = (unsigned)(bytes[0] << 16 | bytes[1] << 8 | bytes[length - 1]);
		*(uint8_t *)disk_memory_reach(chain[count - 1].address, 1) = 0;
		device_complete(CONTROL, device_head(CONTROL, 0), 1);
		device_publish(CONTROL);
	}
}

static bool is_wire_silent;

static bool device_step(void)
{
	if (!(status & VIRTIO_STATUS_DRIVER_OK))
		return false;
	if (!is_wire_silent && unit_random() % 2 == 0 && device_receive())
		return true;
	return device_send();
}

static void device_reset(void)
{
	status = queue_select = device_select = driver_select = 0;
	memset(queues, 0, sizeof(queues));
	memset(features, 0, sizeof(features));
	memset(interrupts, 0, sizeof(interrupts));
	for (unsigned i = 0; i < QUEUES; i++)
		queues[i].size = ring_size;
}

static uint32_t device_offers(void)
{
	uint32_t low = UINT32_MAX & ~(has_tables ? 0 : VIRTIO_FEATURE_INDIRECT);

	return device_select == 0 ? low : device_select == 1 ? UINT32_MAX : 0;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 1, 0, 1, 0 };
	uint64_t offset = gpa - BASE, value = 0;

	if (offset >= TABLE)
		return offset % 16 == 0 ? 0xfee00000 : offset % 16 == 8 ? 0x40 + (offset - TABLE) / 16 : 0;
	if (offset >= CONFIG) {
		for (unsigned i = 0; i < width_bytes && offset - CONFIG + i < sizeof(mac); i++)
			value |= (uint64_t)mac[offset - CONFIG + i] << 8 * i;
		return value;
	}
	switch (offset) {
	case 0:
		return device_select;
	case 4:
		return device_offers();
	case 8:
		return driver_select;
	case 18:
		return QUEUES;
	case 12:
		return driver_select < 2 ? features[driver_select] : 0;
	case 28:
		return queue_select < QUEUES && queues[queue_select].is_there;
	case 32 ... 55:
		return queue_select < QUEUES ? queues[queue_select].addresses[(offset - 32) / 4] : 0;
	case 20:
		return status;
	case 22:
		return queue_select;
	case 24:
		return queue_select < QUEUES ? queues[queue_select].size : 0;
	case 26:
		return queue_select < QUEUES ? queues[queue_select].vector : 0xffff;
	case 30:
		return queue_select;
	default:
		return 0;
	}
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	uint64_t offset = gpa - BASE;
	struct device_queue *queue = &queues[queue_select % QUEUES];

	(void)width_bytes;
	if (offset >= NOTIFY) {
		UNIT_CHECK((status & VIRTIO_STATUS_DRIVER_OK) || is_nonsense);
		queues[(offset - NOTIFY) / 4 % QUEUES].is_notified = true;
		if ((offset - NOTIFY) / 4 == CONTROL && (status & VIRTIO_STATUS_DRIVER_OK))
			device_obey();
		while (is_raw && device_send()) /* that nothing is on its way makes the test fast */
			;
	} else if (offset == 0) {
		device_select = (uint32_t)value;
	} else if (offset == 8) {
		driver_select = (uint32_t)value;
	} else if (offset == 12 && driver_select < 2) {
		UNIT_EQUAL(is_raw ? 0 : driver_select == 0 ? value & 1u << 29 : value & 4, 0); /* event indices, packed rings */
		features[driver_select] = (uint32_t)value;
	} else if (offset == 20 && value == 0) {
		device_reset();
	} else if (offset == 20) {
		status = (uint32_t)value;
	} else if (offset == 22) {
		queue_select = (uint32_t)value;
	} else if (queue_select < QUEUES && offset == 24) {
		queue->size = (uint32_t)value;
	} else if (queue_select < QUEUES && offset == 26) {
		queue->vector = (uint16_t)value;
	} else if (queue_select < QUEUES && offset == 28) {
		queue->is_there = value == 1;
	} else if (queue_select < QUEUES && offset >= 32 && offset < 56) {
		queue->addresses[(offset - 32) / 4] = (uint32_t)value;
	}
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	(void)port;
	(void)width_bytes;
	return 0;
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	(void)port;
	(void)width_bytes;
	(void)value;
}

int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	(void)address;
	*bar = (struct pci_bar){ .address = BASE, .size_bytes = 0x8000, .decoded = true };
	return number == 4 ? 0 : -RV_ENOENT;
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	(void)width_bytes;
	return (address & 0xfff) == MSIX + PCI_MSIX_CONTROL ? PCI_MSIX_ENABLE : TABLE | 4;
}

void ipi_send(uint32_t apic_id, uint32_t mode)
{
	UNIT_EQUAL(apic_id, 0);
	UNIT_CHECK(mode >= 0x40 && mode < 0x40 + QUEUES);
	interrupts[(mode - 0x40) % QUEUES] = true;
	nr_nudges++;
}

/* The guest ------------------------------------------------------------------------------------------------- */

static struct guest_queue {
	bool is_there, was_notified;
	uint16_t index, seen, told; /* up to where the device may know of buffers */
	struct guest_buffer {
		bool is_out;
		uint32_t number, room;
	} buffers[BUFFERS];
} guests[QUEUES];

static uint64_t perform(unsigned window, uint32_t offset, uint8_t width_bytes, uint64_t value, bool write)
{
	static enum access_result (*const handlers[])(struct access *, int64_t, void *) = {
		virtio_registers_access, virtio_notify_access, virtio_config_access,
	};
	uint64_t at = windows[window].follower.first + offset;
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = width_bytes, .value = value,
				 .address = BASE + at };

	if (is_raw) {
		if (write)
			mmio_hardware_write(access.address, width_bytes, value);
		return write ? 0 : mmio_hardware_read(access.address, width_bytes);
	}
	if (handlers[window](&access, (int64_t)at, &windows[window]) != ACCESS_PASS || access.resolved)
		return access.value;
	if (!write)
		access_fetch(&access);
	else
		mmio_hardware_write(access.address, width_bytes, value);
	return access.value;
}

static void put(uint32_t offset, uint8_t width_bytes, uint64_t value)
{
	(void)perform(0, offset, width_bytes, value, true);
}

static uint16_t *available(unsigned number, uint32_t entry)
{
	return (uint16_t *)memory_direct(RING(number) + KIB(16)) + entry;
}

static struct virtio_used *used_of(unsigned number)
{
	return memory_direct(RING(number) + KIB(32));
}

/* Behind the rings, VIRTIO_FEATURE_EVENT_IDX: of what the device is to be told, and of what it tells. */
static uint16_t notice_event(unsigned number)
{
	return *(volatile uint16_t *)(void *)&used_of(number)->ring[BUFFERS * 8];
}

static void set_interrupt_event(unsigned number, uint16_t event)
{
	*(volatile uint16_t *)available(number, 2 + BUFFERS * 8) = event;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void want_interrupt(unsigned number, bool wish)
{
	if (has_events)
		set_interrupt_event(number, (uint16_t)(guests[number].seen + (wish ? 0 : 0x8000)));
	else
		*available(number, 0) = wish ? 0 : VIRTIO_NO_INTERRUPT;
}

static void ring(unsigned number)
{
	struct guest_queue *queue = &guests[number];
	uint16_t before = queue->told;
	bool notifies;

	queue->was_notified = true;
	queue->told = queue->index;
	__atomic_store_n(available(number, 1), queue->index, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	notifies = has_events ? (uint16_t)(queue->index - notice_event(number) - 1) < (uint16_t)(queue->index - before)
			      : !(used_of(number)->flags & VIRTIO_NO_NOTIFY);
	if (notifies)
		(void)perform(1, number * 4, 2, number, true);
}

/* A buffer's chain, in pieces of any size: of the guest's ring, or in a table. */
static void place(unsigned number, unsigned index, uint32_t bytes, bool write)
{
	struct virtio_descriptor *entries = memory_direct(RING(number));
	uint32_t first = index * PIECES, count = 0, done = 0;
	bool in_table = has_tables && unit_random() % 2 == 0;

	if (in_table) {
		entries[first] = (struct virtio_descriptor){ BUFFER(number, index) + BUFFER_BYTES - 256, 0,
							     VIRTIO_DESCRIPTOR_INDIRECT, 0 };
		entries = memory_direct(entries[first].address);
		first = 0;
	}
	while (done < bytes) {
		uint32_t part = count + 1 == PIECES || unit_random() % 3 == 0 ? bytes - done
						   : 1 + (uint32_t)unit_random() % (bytes - done);

		entries[first + count] = (struct virtio_descriptor){
			BUFFER(number, index) + done, part,
			(write ? VIRTIO_DESCRIPTOR_WRITE : 0) | (done + part < bytes ? VIRTIO_DESCRIPTOR_NEXT : 0),
			(uint16_t)(first + count + 1),
		};
		done += part;
		count++;
	}
	if (in_table)
		((struct virtio_descriptor *)memory_direct(RING(number)))[index * PIECES].length_bytes = count * 16;
	*available(number, 2 + guests[number].index++ % (BUFFERS * 8)) = (uint16_t)(index * PIECES);
}

static void give(unsigned number)
{
	struct guest_queue *queue = &guests[number];
	struct guest_buffer *buffer;
	unsigned index = 0;
	uint8_t *bytes;
	uint32_t length;

	while (index < BUFFERS && queue->buffers[index].is_out)
		index++;
	if (!queue->is_there || index == BUFFERS || (number == TX && (is_wire_silent || nr_packets[TX] == PACKETS)))
		return;
	buffer = &queue->buffers[index];
	buffer->is_out = true;
	if (number == RX) {
		buffer->room = merges ? 700 + (uint32_t)unit_random() % 1600 : FRAME_MOST + GROWN + 12;
		place(RX, index, buffer->room, true);
		return;
	}
	buffer->number = frame_new(TX);
	length = packets[TX][buffer->number].length_bytes;
	packets[TX][buffer->number].is_given = true;
	bytes = memory_direct(BUFFER(TX, index));
	memset(bytes, 0, VIRTIO_NET_HEADER_BYTES);
	for (uint32_t i = 0; i < length; i++)
		bytes[VIRTIO_NET_HEADER_BYTES + i] = frame_byte(buffer->number, i);
	place(TX, index, length + VIRTIO_NET_HEADER_BYTES, false);
}

static struct guest_buffer *take_back(unsigned number, uint32_t *length_bytes)
{
	struct guest_queue *queue = &guests[number];
	struct virtio_used_entry entry = used_of(number)->ring[queue->seen++ % (BUFFERS * 8)];
	struct guest_buffer *buffer = &queue->buffers[entry.head / PIECES % BUFFERS];

	*length_bytes = entry.length_bytes;
	if (entry.head % PIECES != 0 || entry.head / PIECES >= BUFFERS || !buffer->is_out)
		unit_fail("a buffer that was not given came back");
	buffer->is_out = false;
	return buffer;
}

static bool has_used(unsigned number)
{
	return guests[number].is_there &&
	       __atomic_load_n(&used_of(number)->index, __ATOMIC_ACQUIRE) != guests[number].seen;
}

/* A frame, from as many buffers as its header says. */
static void take_frame(void)
{
	static uint8_t bytes[RV_FRAME_BYTES_MAXIMUM + 100];
	struct virtio_net_header header;
	uint32_t total = 0;

	for (unsigned i = 0; i == 0 || i < header.nr_buffers; i++) {
		uint32_t part;
		struct guest_buffer *buffer;

		if (!has_used(RX)) {
			unit_fail("a part of a frame is missing");
			return;
		}
		buffer = take_back(RX, &part);
		if (part > buffer->room || total + part > sizeof(bytes)) {
			unit_fail("a part of %u bytes", part);
			return;
		}
		memcpy(bytes + total, memory_direct(BUFFER(RX, buffer - guests[RX].buffers)), part);
		if (i == 0)
			memcpy(&header, bytes, sizeof(header));
		total += part;
	}
	nr_received++;
	frame_check(RX, bytes + sizeof(header), total - (uint32_t)sizeof(header));
	frame_check_own(RX, bytes + sizeof(header));
}

static bool take_used(unsigned number)
{
	bool any = false;

	while (has_used(number) && unit_why[0] == '\0') {
		uint32_t length;

		if (number == RX) {
			take_frame();
		} else {
			/* Its memory is its own again at once. */
			memset(memory_direct(BUFFER(TX, take_back(TX, &length) - guests[TX].buffers)), 0xee, 4096);
		}
		any = true;
	}
	return any;
}

/* As Linux does: no interrupts meanwhile, and a look behind it. */
static void handle(unsigned number)
{
	if (!guests[number].is_there)
		return;
	do {
		want_interrupt(number, false);
		(void)take_used(number);
		if (unit_random() % 4 == 0 && depth < 2) {
			depth++;
			happen();
			depth--;
		}
		if (!guests[number].is_there)
			return;
		want_interrupt(number, true);
	} while (take_used(number));
}

static void interrupt(unsigned number)
{
	if (!interrupts[number])
		return;
	interrupts[number] = false;
	watch_tell(&interrupt_taken_watchers, NULL);
	if (!is_nonsense)
		handle(number);
}

static void guest_reset(void)
{
	put(20, 1, 0);
	memset(guests, 0, sizeof(guests));
	UNIT_CHECK(!net.device.is_attached && nr_wishes == 0);
	for (unsigned i = 0; i < 2; i++)
		nr_packets[i] = 0; /* what was on its way is gone */
	nr_held = 0;
}

static void set_up_queue(unsigned number)
{
	memset(memory_direct(RING(number)), 0, KIB(64));
	put(22, 2, number);
	put(24, 2, BUFFERS * 8);
	put(26, 2, number);
	for (unsigned i = 0; i < 3; i++) {
		put(32 + 8 * i, 4, RING(number) + i * KIB(16));
		put(36 + 8 * i, 4, 0);
	}
	put(28, 2, 1);
	guests[number].is_there = true;
}

/* A command of the guest's; returns what it is answered. */
static uint8_t obey(uint8_t class, uint8_t number, uint8_t with)
{
	uint8_t *bytes = memory_direct(BUFFER(CONTROL, 0));
	struct virtio_descriptor *entries = memory_direct(RING(CONTROL));

	bytes[0] = class;
	bytes[1] = number;
	bytes[2] = with;
	bytes[3] = 0xee;
	entries[0] = (struct virtio_descriptor){ BUFFER(CONTROL, 0), 2, VIRTIO_DESCRIPTOR_NEXT, 1 };
	entries[1] = (struct virtio_descriptor){ BUFFER(CONTROL, 0) + 2, 1, VIRTIO_DESCRIPTOR_NEXT, 2 };
	entries[2] = (struct virtio_descriptor){ BUFFER(CONTROL, 0) + 3, 1, VIRTIO_DESCRIPTOR_WRITE, 0 };
	*available(CONTROL, 2 + guests[CONTROL].index++ % (BUFFERS * 8)) = 0;
	ring(CONTROL);
	UNIT_EQUAL(used_of(CONTROL)->index, guests[CONTROL].index);
	return bytes[3];
}

static void set_up(void)
{
	put(20, 1, 3);
	put(8, 4, 0);
	put(12, 4, (has_tunnel ? 0 : VIRTIO_NET_CTRL_VQ) | (is_raw ? VIRTIO_NET_CTRL_RX | VIRTIO_NET_CTRL_MAC_ADDR : 0) | (merges ? VIRTIO_NET_MRG_RXBUF : 0) | (has_tables ? VIRTIO_FEATURE_INDIRECT : 0) |
		       (has_events ? VIRTIO_FEATURE_EVENT_IDX : 0));
	put(8, 4, 1);
	put(12, 4, VIRTIO_FEATURE_HIGH_VERSION_1);
	put(20, 1, 11);
	UNIT_CHECK(perform(0, 20, 1, 0, false) & VIRTIO_STATUS_FEATURES_OK);
	for (unsigned i = 0; i < (has_tunnel ? 2 : QUEUES); i++)
		set_up_queue(i);
	if (is_raw) {
		put(20, 1, 15);
		return;
	}
	UNIT_CHECK(base(0, 0) != RING(0) && base(1, 0) != RING(1) && base(2, 0) != RING(2) && has_tunnel == (base(2, 0) == 0));
	put(20, 1, 15);
	if (has_tunnel)
		return; /* there is no such queue */
	nr_commands = 0;
	UNIT_EQUAL(obey(0, 1, 4), 0); /* it is passed on as it is */
	UNIT_EQUAL(commands[nr_commands - 1], 0x104);
}

/* A script sends a frame, or has the guest receive one. */
static void transfer(unsigned direction)
{
	static uint8_t bytes[3 * PAGE_BYTES];
	uint8_t *pages[3] = { bytes, bytes + PAGE_BYTES, bytes + 2 * PAGE_BYTES };
	struct bounce frame = { .pages = pages, .nr_pages = 3 };
	struct virtio_queue *queue = net.device.queues[direction];
	uint32_t number;
	int error;

	if (is_raw || queue == NULL || queue->is_dead || net.device.lock.holder != 0 || is_wire_silent || nr_packets[direction] == PACKETS)
		return;
	number = frame_new(direction);
	packets[direction][number].is_own = true;
	frame.length_bytes = packets[direction][number].length_bytes;
	for (uint32_t i = 0; i < frame.length_bytes; i++)
		bytes[i] = frame_byte(number, i);
	spinlock_acquire(&net.device.lock);
	error = direction == TX ? virtio_net_tx_transmit(queue, &frame) : virtio_net_rx_deliver(queue, &frame);
	spinlock_release(&net.device.lock);
	UNIT_CHECK(error == 0 || error == -RV_EBUSY || error == -RV_ENOMEM);
	packets[direction][number].is_given = error == 0;
	nr_own += error == 0;
}

/* One thing that a CPU does. */
static void happen(void)
{
	unsigned number = (unsigned)(unit_random() % 2);

	switch (unit_random() % 9) {
	case 8:
		if (!is_nonsense)
			transfer(number);
		break;
	case 0:
	case 1:
		give(number);
		break;
	case 2:
		if (guests[number].is_there && !is_nonsense)
			ring(number);
		break;
	case 3:
	case 4:
		(void)device_step();
		break;
	case 5:
		if (net.device.lock.holder == 0)
			resume_one();
		break;
	default:
		interrupt(number);
		break;
	}
}

static void begin(void)
{
	static const uint16_t places[][2] = { { 0, 63 }, { NOTIFY, CONFIG - 1 }, { CONFIG, CONFIG + 255 } };
	static const uint8_t types[] = { VIRTIO_CAP_COMMON, VIRTIO_CAP_NOTIFY, VIRTIO_CAP_DEVICE };

	disk_memory_reset(1024);
	has_tables = unit_random() % 2 == 0;
	merges = unit_random() % 2 == 0;
	has_events = unit_random() % 2 == 0;
	ring_size = unit_random() % 2 == 0 ? BUFFERS * 8 : 256;
	wants[RV_EVENT_NET_TX] = unit_random() % 4 != 0;
	wants[RV_EVENT_NET_RX] = unit_random() % 4 != 0 && !has_tunnel; /* which comes before hooks */
	wants[RV_EVENT_NIC_ATTACH] = true;
	nr_held = 0;
	device_reset();
	memset(&net, 0, sizeof(net));
	memset(guests, 0, sizeof(guests));
	net.nic = &nic;
	net.device.class = &virtio_net_class;
	net.device.index = nic.number;
	net.device.msix = MSIX;
	virtio_net_hide(&net.device);
	net.device.nr_windows = ARRAY_LENGTH(windows);
	for (unsigned i = 0; i < ARRAY_LENGTH(windows); i++) {
		windows[i] = (struct virtio_window){ .device = &net.device, .type = types[i], .multiplier = 4,
			.follower = { .number = 4, .first = places[i][0], .last = places[i][1] } };
		net.device.windows[i] = windows[i];
	}
	virtio_watch_interrupts();
	nr_packets[RX] = nr_packets[TX] = 0;
	put(20, 1, 0);
	UNIT_CHECK(net.device.is_seen);
}

static void end(void)
{
	guest_reset();
	UNIT_EQUAL(disk_memory_taken, 0);
	UNIT_CHECK(disk_memory_is_untouched());
}

/* All that goes on by itself does: interrupts, the device, what waits. */
static void settle(void)
{
	bool any = true;

	for (unsigned round = 0; any && round < 100000 && unit_why[0] == '\0'; round++) {
		any = nr_held != 0 || interrupts[RX] || interrupts[TX];
		resume_one();
		interrupt(RX);
		interrupt(TX);
		any |= device_step();
	}
	UNIT_CHECK(!any);
}

/* Every frame that hooks let pass is there. */
static void check_all_came(unsigned direction)
{
	uint32_t kind = direction == TX ? RV_EVENT_NET_TX : RV_EVENT_NET_RX;

	for (uint32_t i = 0; i < nr_packets[direction] && unit_why[0] == '\0'; i++) {
		bool dropped = wants[kind] && !packets[direction][i].is_own && (i % RULES == RULE_DROP || i % RULES == RULE_DENY);

		if (packets[direction][i].is_given && !packets[direction][i].is_seen && !dropped)
			unit_fail("frame %u of direction %u is lost", i, direction);
	}
}

/* The wire falls silent; the guest gives all that it has, and waits to be interrupted. */
static void come_to_rest(void)
{
	is_wire_silent = true;
	ring(TX);
	ring(RX);
	settle();
	for (unsigned k = 0; k < 1000 && (uint16_t)(guests[RX].index - guests[RX].seen) < BUFFERS && unit_why[0] == '\0'; k++) {
		for (unsigned number = 0; number < 2; number++) {
			if (number == RX)
				give(number);
			ring(number);
		}
		settle();
	}
	check_all_came(TX);
	check_all_came(RX);
	for (unsigned k = 0; k < BUFFERS; k++)
		UNIT_CHECK(!guests[TX].buffers[k].is_out);
	end();
}

static void happen_often(unsigned count)
{
	while (count-- > 0 && unit_why[0] == '\0')
		happen();
}

static void test_sequences(void)
{
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		begin();
		is_wire_silent = false;
		set_up();
		happen_often(60);
		if (unit_random() % 4 == 0) {
			end();
			set_up();
			happen_often(20);
		}
		come_to_rest();
		if (unit_why[0] != '\0')
			printf("in sequence %u\n", i);
	}
	UNIT_CHECK(has_tunnel == (nr_tunnelled[TX] > SEQUENCES) && has_tunnel == (nr_tunnelled[RX] > SEQUENCES));
	UNIT_CHECK(nr_sent > SEQUENCES && nr_received > SEQUENCES && nr_nudges > 100 && nr_waited > 100 &&
		   nr_attached >= SEQUENCES && nr_own > SEQUENCES);
}

/* Amid its work the card becomes ours: no frame is lost, and it is told again what it has forgotten. */
static void test_live(void)
{
	const char *why;

	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		begin();
		is_raw = true;
		is_wire_silent = false;
		nr_commands = 0;
		set_up();
		UNIT_EQUAL(obey(0, 1, 1), 0);
		happen_often((unsigned)unit_random() % 300);
		is_raw = false;
		net.device.is_seen = false;
		net.mac = 0x525400123456;
		spinlock_acquire(&net.device.lock);
		UNIT_CHECK(virtio_locate(&net.device));
		why = virtio_live_attach(&net.device);
		if (why != NULL)
			unit_fail("it stays the guest's: %s", why);
		UNIT_CHECK(net.device.is_attached);
		spinlock_release(&net.device.lock);
		UNIT_CHECK(base(0, 0) != RING(0) && base(1, 0) != RING(1) && base(2, 0) != RING(2));
		UNIT_EQUAL(perform(0, 20, 1, 0, false), 15);
		put(22, 2, 1);
		UNIT_EQUAL(perform(0, 32, 4, 0, false), RING(1)); /* what it reads is what it has written */
		UNIT_EQUAL(obey(0, 0, 0), 0);	     /* that it is to filter */
		UNIT_EQUAL(obey(5, 0, 7), 0);
		UNIT_EQUAL(nr_commands, 4);
		UNIT_EQUAL(commands[1], 1);	     /* it is to pass all */
		UNIT_EQUAL(commands[2], 0x10156);    /* its address */
		UNIT_EQUAL(commands[3], 0x50007);
		happen_often(60);
		come_to_rest();
		if (unit_why[0] != '\0')
			printf("in sequence %u\n", i);
	}
}

/* Where it cannot be known what the card has, it stays the guest's, and goes on. */
static void test_not_live(void)
{
	for (unsigned what = 0; what < 3 && unit_why[0] == '\0'; what++) {
		begin();
		is_raw = true;
		is_wire_silent = true;
		set_up();
		happen_often(300);
		if (what == 0) /* something has come back in another order */
			used_of(RX)->ring[BUFFERS * 8 - 1].head = 77;
		else if (what == 1)
			features[1] |= 4;
		else
			queues[TX].size = 96;
		net.device.is_seen = false;
		UNIT_CHECK(virtio_locate(&net.device));
		UNIT_CHECK(virtio_live_attach(&net.device) != NULL && !net.device.is_attached);
		UNIT_EQUAL(status, 15);
		UNIT_EQUAL(base(0, 0), RING(0));
		UNIT_EQUAL(disk_memory_taken, 0);
		is_raw = false;
	}
}

/* What the card would do beside sending and receiving is not offered, and not taken from a driver that asks. */
static void test_tunnel(void)
{
	static const uint32_t features[] = { VIRTIO_NET_CSUM, VIRTIO_NET_GUEST_CSUM, VIRTIO_NET_HOST_TSO4, VIRTIO_NET_GUEST_TSO4,
					     VIRTIO_NET_HOST_UFO, VIRTIO_NET_CTRL_VQ, VIRTIO_NET_MQ, VIRTIO_NET_GUEST_ANNOUNCE };

	has_tunnel = true;
	for (unsigned i = 0; i < ARRAY_LENGTH(features); i++) {
		begin();
		put(20, 1, 3);
		put(0, 4, 0);
		UNIT_EQUAL(perform(0, 4, 4, 0, false) & features[i], 0);
		put(8, 4, 0);
		put(12, 4, features[i]);
		put(8, 4, 1);
		put(12, 4, VIRTIO_FEATURE_HIGH_VERSION_1);
		put(20, 1, 11);
		UNIT_CHECK(!(perform(0, 20, 1, 0, false) & VIRTIO_STATUS_FEATURES_OK));
		end();
	}
	test_sequences();
	has_tunnel = false;
}

/* Rings full of anything: nothing of ours is touched, and a reset gives all back. */
static void scribble(unsigned number)
{
	struct virtio_descriptor *entries = memory_direct(RING(number));
	uint64_t ours = memory_reserved_start;

	for (unsigned i = 0; i < BUFFERS * 8; i++) {
		static const uint32_t lengths[] = { 0, 1, 12, 60, 1500, 65536, 0xffffffff, 16 };
		uint64_t addresses[] = { BUFFER(number, i % BUFFERS), ours + unit_random() % MIB(1), unit_random(), RING(number) };

		entries[i] = (struct virtio_descriptor){ addresses[unit_random() % 8 < 5 ? 0 : unit_random() % 4],
							 lengths[unit_random() % 8], (uint16_t)(unit_random() % 5),
							 (uint16_t)(unit_random() % (BUFFERS * 9)) };
		*available(number, 2 + i) = (uint16_t)(unit_random() % (BUFFERS * 8 + 2));
	}
	guests[number].index = (uint16_t)(guests[number].index + unit_random() % (unit_random() % 8 == 0 ? 1000 : 40));
	*available(number, 1) = guests[number].index;
}

static void test_nonsense(void)
{
	is_nonsense = true;
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		begin();
		is_wire_silent = false;
		set_up();
		for (unsigned k = 0; k < 20 && unit_why[0] == '\0'; k++) {
			unsigned number = (unsigned)(unit_random() % 2);

			scribble(number);
			(void)perform(1, (uint32_t)(unit_random() % 64), 2, unit_random() % 4, true);
			for (unsigned steps = 0; steps < 10; steps++)
				happen();
			if (unit_random() % 8 == 0)
				put((uint32_t)(unit_random() % 60), (uint8_t)(1u << unit_random() % 3), unit_random());
		}
		end();
	}
	is_nonsense = false;
}

static void test_tunnelled_nonsense(void)
{
	has_tunnel = true;
	test_nonsense();
	has_tunnel = false;
}

/* When the last hook goes, what is ours stays so until the guest resets the device. */
static void test_unwatched(void)
{
	nr_released = 0;
	begin();
	set_up();
	is_watched = false;
	UNIT_CHECK(net.device.is_attached && nr_released == 0);
	guest_reset();
	UNIT_EQUAL(nr_released, 1);
	is_watched = true;
	UNIT_EQUAL(disk_memory_taken, 0);
}

int main(void)
{
	unit_run("the last hook of packets goes", test_unwatched);
	unit_run("2,000 sequences of packets, interrupts and resets", test_sequences);
	unit_run("2,000 cards that become ours amid their work", test_live);
	unit_run("cards of which too little is known stay as they are", test_not_live);
	unit_run("2,000 of nonsense in a card's rings", test_nonsense);
	unit_run("2,000 sequences of packets that a tunnel takes", test_tunnel);
	unit_run("2,000 of nonsense, of which nothing is sent beside a tunnel", test_tunnelled_nonsense);
	return unit_failed;
}
