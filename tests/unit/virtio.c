/*
 * tests/unit/virtio.c: the virtio mediator between a guest and a disk, by both interfaces: sequences of commands in all
 * layouts, interrupts and resets, also from another CPU while hooks are asked, and of requests that wait; and of
 * nonsense.
 */
#include "virtio_device.h"

#include "core/memory.h"
#include "core/watch.h"
#include "disk_own.h"
#include "disk_requests.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/interrupt_watch.h"

#define QUEUES 2
#define COMMANDS 8     /* a queue's, at a time */
#define PIECES 8       /* a command's */
#define NR_DATA 5      /* of these, data */
#define RING_MEMORY(queue) (MIB(1) + (queue) * KIB(64))
#define BUFFER(queue, command) (MIB(3) + ((queue) * COMMANDS + (command)) * KIB(32))
#define HEADER 0
#define STATUS 64
#define TABLE 128
#define DATA 1024
#define AVAILABLE 2048 /* of a ring, by the modern interface */

static struct virtio_disk disk;
static struct virtio_window windows[5]; /* in the order of their types, legacy first */
static bool is_legacy, uses_tables, is_setting_up;
static uint32_t size;
static unsigned nr_completed, nr_dead, nr_released;
static bool is_owning;

/* What the guest knows. */
static struct guest_queue {
	bool is_there, polls;
	uint64_t descriptors, available, used;
	uint16_t index, rung, seen;
	unsigned nr_commands;
	struct guest_command {
		bool is_out, is_write;
		uint64_t lba, status;
		uint32_t blocks;
		uint8_t tag;
	} commands[COMMANDS];
} queues[QUEUES];
static int tags[DEVICE_BLOCKS]; /* what each block holds; -1: not known */

/* What stands around the mediator ------------------------------------------------------------------ */

struct virtio_device *virtio_device_at(unsigned position)
{
	return position == 0 ? &disk.device : NULL;
}

void virtio_release(struct virtio_device *at)
{
	UNIT_CHECK(at == &disk.device && !at->is_attached);
	nr_released++;
}

void deadline_look(struct vcpu *vcpu)
{
	(void)vcpu;
}

void access_fetch(struct access *access)
{
	if (access->kind == ACCESS_PORT)
		access->value = pio_hardware_read((uint16_t)access->address, access->width_bytes);
	else
		access->value = mmio_hardware_read(access->address, access->width_bytes);
	access->resolved = true;
}

/* The guest ---------------------------------------------------------------------------------------- */

static uint64_t perform(uint8_t type, uint32_t offset, uint8_t width_bytes, uint64_t value, bool write)
{
	static enum access_result (*const handlers[])(struct access *, int64_t, void *) = {
		virtio_registers_access, virtio_registers_access, virtio_notify_access, virtio_isr_access, virtio_config_access,
	};
	struct virtio_window *window = &windows[type];
	struct access access = { .kind = type == VIRTIO_LEGACY ? ACCESS_PORT : ACCESS_MMIO, .write = write,
				 .width_bytes = width_bytes, .value = value };
	uint64_t at = window->follower.first + offset;

	access.address = (type == VIRTIO_LEGACY ? DEVICE_PORTS : DEVICE_BASE) + at;
	if (handlers[type](&access, (int64_t)at, window) != ACCESS_PASS || access.resolved)
		return access.value;
	if (!write)
		access_fetch(&access);
	else if (type == VIRTIO_LEGACY)
		pio_hardware_write((uint16_t)access.address, width_bytes, (uint32_t)value);
	else
		mmio_hardware_write(access.address, width_bytes, value);
	return access.value;
}

static uint64_t get(uint8_t type, uint32_t offset, uint8_t width_bytes)
{
	return perform(type, offset, width_bytes, 0, false);
}

static void put(uint8_t type, uint32_t offset, uint8_t width_bytes, uint64_t value)
{
	(void)perform(type, offset, width_bytes, value, true);
}

static uint32_t device_status(void)
{
	return (uint32_t)(is_legacy ? get(VIRTIO_LEGACY, 18, 1) : get(VIRTIO_CAP_COMMON, 20, 1));
}

static void set_status(uint32_t value)
{
	if (is_legacy)
		put(VIRTIO_LEGACY, 18, 1, value);
	else
		put(VIRTIO_CAP_COMMON, 20, 1, value);
}

static uint16_t *available(uint32_t number, uint32_t entry)
{
	return (uint16_t *)memory_direct(queues[number].available) + entry;
}

static void ring(uint32_t number)
{
	queues[number].rung = queues[number].index;
	__atomic_store_n(available(number, 1), queues[number].index, __ATOMIC_RELEASE);
	if (is_legacy)
		put(VIRTIO_LEGACY, 16, 2, number);
	else
		put(VIRTIO_CAP_NOTIFY, number * DEVICE_MULTIPLIER, 2, number);
}

static void expect_status(const struct guest_command *command, uint32_t status)
{
	bool hooked = disk_wants[command->is_write ? RV_EVENT_DISK_WRITE : RV_EVENT_DISK_READ];

	UNIT_EQUAL(status, hooked && disk_rule(command->lba) == RULE_DENY ? VIRTIO_IOERR : VIRTIO_OK);
}

static uint8_t expected_byte(const struct guest_command *command, uint64_t lba)
{
	bool dropped = disk_wants[RV_EVENT_DISK_READ] && disk_rule(command->lba) == RULE_DROP;
	int raw = dropped ? disk_answer(command->lba) : tags[lba];

	/* On the disk there is what hooks made of it; the end of a read goes through them as well. */
	return (uint8_t)(raw ^ (disk_wants[RV_EVENT_DISK_READ] || (disk_wants[RV_EVENT_DISK_DONE] && !disk_counts) ? KEY : 0));
}

static void check_data(const struct guest_command *command, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < command->blocks; i++) {
		uint64_t lba = command->lba + i;

		if (tags[lba] >= 0)
			UNIT_CHECK(bytes[i * DEVICE_BLOCK_BYTES] == expected_byte(command, lba) &&
				   bytes[(i + 1) * DEVICE_BLOCK_BYTES - 1] == expected_byte(command, lba));
	}
}

static void completed(uint32_t number, uint32_t index)
{
	struct guest_command *command = &queues[number].commands[index];
	bool hooked = disk_wants[RV_EVENT_DISK_WRITE];
	uint8_t status;

	if (index >= queues[number].nr_commands || !command->is_out) {
		unit_fail("a command that was not given came back: %u", index);
		return;
	}
	status = *(uint8_t *)memory_direct(command->status);
	command->is_out = false;
	nr_completed++;
	expect_status(command, status);
	if (!command->is_write && status == 0)
		check_data(command, memory_direct(BUFFER(number, index) + DATA));
	if (command->is_write && status == 0 && !(hooked && disk_rule(command->lba) == RULE_DROP))
		for (uint32_t i = 0; i < command->blocks; i++)
			tags[command->lba + i] = command->tag ^ (hooked ? KEY : 0);
}

static bool take_completions(uint32_t number)
{
	struct guest_queue *queue = &queues[number];
	bool any = false;

	while (!disk_is_nonsense && queue->is_there) {
		const struct virtio_used *used = memory_direct(queue->used);
		uint32_t head;

		if (__atomic_load_n(&used->index, __ATOMIC_ACQUIRE) == queue->seen)
			break;
		head = used->ring[queue->seen++ % size].head;
		completed(number, uses_tables ? head : head / PIECES);
		any = true;
	}
	return any;
}

/* As Linux does: no interrupts meanwhile, and a look behind it. */
static void handle(uint32_t number)
{
	if (!queues[number].is_there)
		return;
	do {
		*available(number, 0) = VIRTIO_NO_INTERRUPT;
		(void)take_completions(number);
		if (unit_random() % 4 == 0 && cpu_depth < 2) {
			cpu_depth++;
			disk_happen();
			cpu_depth--;
		}
		if (!queues[number].is_there)
			return;
		*available(number, 0) = queues[number].polls ? VIRTIO_NO_INTERRUPT : 0;
	} while (take_completions(number));
}

static bool is_handling; /* the pin's interrupt is taken, and its handler about to begin */

static void handle_pin(void)
{
	is_handling = false;
	if ((is_legacy ? get(VIRTIO_LEGACY, 19, 1) : get(VIRTIO_CAP_ISR, 0, 1)) == 0)
		return;
	for (uint32_t i = 0; i < QUEUES; i++)
		handle(i);
}

static void interrupt(uint32_t number)
{
	if (is_handling) {
		if (unit_random() % 4 == 0) /* the device does more meanwhile */
			handle_pin();
		return;
	}
	if (device_has_vectors ? !device_interrupts[number] : !device_isr)
		return;
	device_interrupts[number] = false;
	watch_tell(&interrupt_taken_watchers, NULL);
	if (device_has_vectors)
		handle(number);
	else
		is_handling = true;
}

/* Commands ------------------------------------------------------------------------------------------- */

static struct virtio_descriptor pieces[PIECES];
static uint32_t nr_pieces;

static void piece(uint64_t address, uint64_t length_bytes, bool write)
{
	pieces[nr_pieces] = (struct virtio_descriptor){ address, (uint32_t)length_bytes, write ? VIRTIO_DESCRIPTOR_WRITE : 0, 0 };
	nr_pieces++;
}

/* A range in as many pieces as there may be, or fewer. */
static void piece_some(uint64_t address, uint64_t length_bytes, uint32_t most, bool write)
{
	while (length_bytes != 0) {
		uint64_t part = most == 1 || unit_random() % 3 == 0 ? length_bytes : 1 + unit_random() % length_bytes;

		piece(address, part, write);
		address += part;
		length_bytes -= part;
		most--;
	}
}

static void build(const struct guest_command *command, uint64_t buffer)
{
	uint64_t bytes = (uint64_t)command->blocks * DEVICE_BLOCK_BYTES;

	nr_pieces = 0;
	if (unit_random() % 4 == 0 && command->is_write) { /* header and data in one */
		memmove(memory_direct(buffer + DATA - 16), memory_direct(buffer + HEADER), 16);
		piece_some(buffer + DATA - 16, 16 + bytes, NR_DATA, false);
	} else {
		piece_some(buffer + HEADER, 16, 2, false);
		piece_some(buffer + DATA, bytes, NR_DATA, !command->is_write);
	}
	if (!command->is_write && command->status != buffer + STATUS) { /* data and status in one */
		pieces[nr_pieces - 1].length_bytes++;
		return;
	}
	piece(command->status, 1, true);
}

/* Puts the pieces where descriptors are; the head. */
static uint16_t place(uint32_t number, uint32_t index)
{
	struct virtio_descriptor *ring_entries = memory_direct(queues[number].descriptors);
	struct virtio_descriptor *entries = ring_entries + index * PIECES;
	uint32_t first = index * PIECES;

	if (uses_tables) {
		ring_entries[index] = (struct virtio_descriptor){ BUFFER(number, index) + TABLE, nr_pieces * 16,
								  VIRTIO_DESCRIPTOR_INDIRECT, 0 };
		entries = memory_direct(BUFFER(number, index) + TABLE);
		first = 0;
	}
	for (uint32_t i = 0; i < nr_pieces; i++) {
		entries[i] = pieces[i];
		entries[i].next = (uint16_t)(first + i + 1);
		entries[i].flags |= i + 1 < nr_pieces ? VIRTIO_DESCRIPTOR_NEXT : 0;
	}
	return (uint16_t)(uses_tables ? index : first);
}

static void give(uint32_t number)
{
	static uint8_t last_tag;
	struct guest_queue *queue = &queues[number];
	uint32_t index = 0;
	struct guest_command *command;
	struct virtio_header *header;
	uint64_t buffer;

	while (index < queue->nr_commands && queue->commands[index].is_out)
		index++;
	if (!queue->is_there || index == queue->nr_commands)
		return;
	buffer = BUFFER(number, index);
	command = &queue->commands[index];
	*command = (struct guest_command){ .is_out = true, .is_write = unit_random() % 2 == 0,
		.lba = ((number * COMMANDS + index) * 8 + unit_random() % 7) * BLOCKS_EACH,
		.blocks = unit_random() % 4 == 0 ? 2 * BLOCKS_EACH : 1 + (uint32_t)(unit_random() % BLOCKS_EACH), .tag = ++last_tag,
		.status = buffer + STATUS };
	if (!command->is_write && unit_random() % 4 == 0)
		command->status = buffer + DATA + command->blocks * DEVICE_BLOCK_BYTES;
	header = memory_direct(buffer + HEADER);
	*header = (struct virtio_header){ .type = command->is_write ? VIRTIO_OUT : VIRTIO_IN, .sector = command->lba };
	memset(memory_direct(buffer + DATA), command->tag, command->blocks * DEVICE_BLOCK_BYTES);
	*(uint8_t *)memory_direct(command->status) = 0xee;
	build(command, buffer);
	*available(number, 2 + queue->index % size) = place(number, index);
	queue->index++;
	if (unit_random() % 2 == 0)
		ring(number);
}

/* The driver ------------------------------------------------------------------------------------------ */

static void make_queue(uint32_t number)
{
	struct guest_queue *queue = &queues[number];
	uint64_t at = RING_MEMORY(number);

	memset(memory_direct(at), 0, KIB(64));
	*queue = (struct guest_queue){ .polls = unit_random() % 4 == 0, .descriptors = at };
	queue->available = is_legacy ? at + 16 * size : at + AVAILABLE;
	queue->used = is_legacy ? align_up(queue->available + 6 + 2 * size, PAGE_BYTES) : at + PAGE_BYTES;
	queue->nr_commands = uses_tables ? size < COMMANDS ? size : COMMANDS : size / PIECES < COMMANDS ? size / PIECES : COMMANDS;
	*available(number, 0) = queue->polls ? VIRTIO_NO_INTERRUPT : 0;
	if (is_legacy) {
		put(VIRTIO_LEGACY, 14, 2, number);
		UNIT_EQUAL(get(VIRTIO_LEGACY, 12, 2), size);
		put(VIRTIO_LEGACY, 8, 4, at >> PAGE_SHIFT);
		queue->is_there = get(VIRTIO_LEGACY, 8, 4) == at >> PAGE_SHIFT;
		return;
	}
	put(VIRTIO_CAP_COMMON, 22, 2, number);
	put(VIRTIO_CAP_COMMON, 24, 2, size);
	put(VIRTIO_CAP_COMMON, 32, 8, queue->descriptors);
	put(VIRTIO_CAP_COMMON, 40, 8, queue->available);
	put(VIRTIO_CAP_COMMON, 48, 4, queue->used);
	put(VIRTIO_CAP_COMMON, 28, 2, 1);
	queue->is_there = get(VIRTIO_CAP_COMMON, 28, 2) == 1;
}

static void agree_on_features(void)
{
	uint64_t low, high = 0;

	if (is_legacy) {
		low = get(VIRTIO_LEGACY, 0, 4);
		put(VIRTIO_LEGACY, 4, 4, low);
	} else {
		put(VIRTIO_CAP_COMMON, 0, 4, 1);
		high = get(VIRTIO_CAP_COMMON, 4, 4);
		put(VIRTIO_CAP_COMMON, 0, 4, 0);
		low = get(VIRTIO_CAP_COMMON, 4, 4);
		for (uint32_t i = 0; i < 2; i++) {
			put(VIRTIO_CAP_COMMON, 8, 4, i);
			put(VIRTIO_CAP_COMMON, 12, 4, i == 0 ? low : high);
		}
		set_status(11);
		UNIT_CHECK(disk_is_nonsense || device_status() == 11); /* a second CPU may be at it */
	}
	UNIT_EQUAL(low & 1u << 29, 0);
	UNIT_EQUAL(high & ~UINT64_C(0x13), 0);
	uses_tables = (low & VIRTIO_FEATURE_INDIRECT) && unit_random() % 2 == 0;
}

static void set_up(void)
{
	static const uint32_t sizes[] = { 4, 16, 64 };

	is_setting_up = true;
	set_status(3);
	agree_on_features();
	size = (uint32_t)get(is_legacy ? VIRTIO_LEGACY : VIRTIO_CAP_COMMON, is_legacy ? 12 : 24, 2);
	if (!is_legacy && sizes[unit_random() % 3] < size)
		size /= 4;
	UNIT_EQUAL(get(is_legacy ? VIRTIO_LEGACY : VIRTIO_CAP_DEVICE, (is_legacy ? device_has_vectors ? 24 : 20 : 0) + 12, 4),
		   VIRTIO_SEGMENTS);
	for (uint32_t i = 0; i < QUEUES; i++)
		make_queue(i);
	set_status(is_legacy ? 7 : 15);
	is_setting_up = false;
}

/* What is on its way in a queue may have been done, or not. */
static void give_up(uint32_t number)
{
	for (unsigned i = 0; i < COMMANDS; i++) {
		struct guest_command *command = &queues[number].commands[i];

		for (uint32_t at = 0; command->is_out && command->is_write && at < command->blocks; at++)
			tags[command->lba + at] = -1;
		command->is_out = false;
	}
	queues[number].is_there = false;
}

static void reset(void)
{
	is_setting_up = true;
	for (uint32_t number = 0; number < QUEUES; number++)
		give_up(number);
	if (is_legacy && !disk_is_nonsense && unit_random() % 4 == 0)
		put(VIRTIO_LEGACY, 8, 4, 0); /* as good as one */
	else
		set_status(0);
	UNIT_CHECK(!disk.device.is_attached);
	is_legacy = unit_random() % 2 == 0;
	set_up();
}

static int own_io(struct disk_io *io)
{
	return virtio_own_io(&disk.device, io);
}

/* A command of ours, whatever the guest is at. It may come too early, or a reset end it. */
static void own(void)
{
	int error = disk_own_do(own_io, DEVICE_BLOCKS - DISK_OWN_BLOCKS, DEVICE_BLOCK_BYTES, 40, !disk_is_nonsense);

	UNIT_CHECK(error == 0 || error == -RV_EAGAIN || error == -RV_EIO || error == -RV_ETIMEDOUT || error == -RV_EBUSY ||
		   error == -RV_ENOMEM);
}

/* What happens ---------------------------------------------------------------------------------------- */

static void babble_in_ring(uint32_t number)
{
	struct virtio_descriptor *descriptors = memory_direct(RING_MEMORY(number));
	struct virtio_descriptor *descriptor = &descriptors[unit_random() % 16];

	if (unit_random() % 4 == 0)
		descriptor = (struct virtio_descriptor *)memory_direct(BUFFER(number, 0) + TABLE) + unit_random() % 4;
	*descriptor = (struct virtio_descriptor){ unit_random() % 2 ? unit_random() & 0xffffff : BUFFER(number, unit_random() % 4),
		(uint32_t)(unit_random() % 3 == 0 ? 16 : unit_random() % 4 == 0 ? unit_random() : unit_random() % 600),
		(uint16_t)(unit_random() % 4 ? unit_random() % 4 : unit_random() % 8), (uint16_t)(unit_random() % 18) };
	if (unit_random() % 8 == 0)
		*descriptor = (struct virtio_descriptor){ BUFFER(number, 0) + TABLE, 64, VIRTIO_DESCRIPTOR_INDIRECT, 0 };
}

static void babble(void)
{
	uint32_t number = (uint32_t)(unit_random() % QUEUES);
	uint8_t width = (uint8_t)(1 << unit_random() % 4);
	struct virtio_header *header = memory_direct(BUFFER(number, unit_random() % COMMANDS) + HEADER);

	switch (unit_random() % 8) {
	case 0:
		put((uint8_t)(unit_random() % 5), (uint32_t)(unit_random() % 64), width,
		    unit_random() % 2 ? unit_random() : unit_random() % 16);
		break;
	case 1:
		(void)get((uint8_t)(unit_random() % 5), (uint32_t)(unit_random() % 64), width);
		break;
	case 2:
		*available(number, (uint32_t)(unit_random() % (unit_random() % 4 ? 20 : 2))) = (uint16_t)(unit_random() % 70);
		break;
	case 3:
		*header = (struct virtio_header){ .type = (uint32_t)(unit_random() % 16), .sector = unit_random() % (DEVICE_BLOCKS + 8) };
		break;
	case 4:
		put(is_legacy ? VIRTIO_LEGACY : VIRTIO_CAP_NOTIFY, is_legacy ? 16 : 0, 2, unit_random() % 3);
		break;
	default:
		babble_in_ring(number);
	}
	if (disk.device.is_broken && unit_random() % 4 == 0) {
		nr_dead++;
		reset();
	}
}

/* While no CPU is in an exit: of what is there for the guest it has not had the interrupt yet, or there is a nudge, whatever
 * else the device may interrupt for. */
static void check_told(void)
{
	for (uint32_t number = 0; number < QUEUES && !disk_is_nonsense && cpu_depth == 0 && !cpu_second_is_busy(); number++) {
		const struct guest_queue *queue = &queues[number];
		const struct virtio_queue *ours = disk.device.queues[number];

		if (!queue->is_there || queue->polls || ours == NULL || is_setting_up)
			continue;
		UNIT_CHECK(((const struct virtio_used *)memory_direct(queue->used))->index == queue->seen ||
			   (device_has_vectors ? device_interrupts[number] : device_isr || is_handling) ||
			   ours->slots[VIRTIO_SLOT_NUDGE]->state != VIRTIO_FREE);
	}
}

static void happen(void)
{
	uint32_t number = (uint32_t)(unit_random() % QUEUES);

	check_told();
	if (disk_is_nonsense && !is_setting_up && unit_random() % 2 == 0) {
		babble();
		return;
	}
	switch (unit_random() % 11) {
	case 0:
	case 1:
		give(number);
		break;
	case 10:
		if (!is_owning && !is_setting_up) {
			is_owning = true;
			own();
			is_owning = false;
		}
		break;
	case 2:
		if (queues[number].is_there)
			ring(number);
		break;
	case 3:
	case 4:
		(void)device_step();
		break;
	case 5:
	case 6:
		interrupt(number);
		break;
	case 7:
		disk_resume_one();
		break;
	case 8:
		watch_tell(&interrupt_taken_watchers, NULL); /* another's */
		break;
	default:
		if (queues[number].is_there && queues[number].polls)
			(void)take_completions(number);
		else if (!is_setting_up && unit_random() % (cpu_depth == 0 ? 32 : 256) == 0)
			reset();
	}
}

static unsigned out(void)
{
	unsigned sum = 0;

	for (uint32_t number = 0; number < QUEUES; number++)
		for (unsigned i = 0; i < COMMANDS; i++)
			sum += queues[number].commands[i].is_out;
	return sum;
}

static void settle_step(void)
{
	uint32_t number = (uint32_t)(unit_random() % QUEUES);

	check_told();
	switch (unit_random() % 4) {
	case 0:
		(void)device_step();
		break;
	case 1:
		disk_resume_one();
		break;
	case 2:
		interrupt(number);
		break;
	default:
		if (queues[number].rung != queues[number].index) { /* given while hooks were asked */
			ring(number);
		} else if (queues[number].polls) {
			watch_tell(&interrupt_taken_watchers, NULL); /* the clock's */
			(void)take_completions(number);
		}
	}
}

/* All that was given ends, with no more than the interrupts that the device sends. */
static void settle(void)
{
	disk_settle(out, settle_step);
}

static void begin(void)
{
	static const struct {
		uint8_t number;
		uint16_t first, last;
	} places[] = { { 0, 0, 63 }, { 4, 0, 63 }, { 4, DEVICE_NOTIFY, DEVICE_ISR - 1 }, { 4, DEVICE_ISR, DEVICE_ISR },
		       { 4, DEVICE_CONFIG, DEVICE_CONFIG + 255 } };
	static const uint32_t sizes[] = { 16, 64, 256 };
	bool has_tables = unit_random() % 4 != 0;

	disk_happen = happen;
	disk_device_step = device_step;
	disk_lock = &disk.device.lock;
	disk_set_world(disk_is_nonsense);
	disk_memory_reset(300 + (unsigned)(unit_random() % 3) * 300);
	device_power_on(has_tables && unit_random() % 4 == 0 ? 4 : sizes[unit_random() % 3], has_tables);
	device_has_vectors = unit_random() % 2 == 0;
	is_handling = false;
	memset(&disk, 0, sizeof(disk));
	disk.device.class = &virtio_disk_class;
	disk.block_sectors = 1;
	memset(queues, 0, sizeof(queues));
	memset(tags, 0, sizeof(tags));
	disk_own_begin();
	disk.device.msix = 0x40;
	disk.device.nr_windows = ARRAY_LENGTH(windows);
	for (unsigned i = 0; i < ARRAY_LENGTH(windows); i++) {
		windows[i] = (struct virtio_window){ .device = &disk.device, .type = (uint8_t)i, .multiplier = DEVICE_MULTIPLIER,
			.follower = { .number = places[i].number, .first = places[i].first, .last = places[i].last } };
		disk.device.windows[i] = windows[i];
	}
	virtio_watch_interrupts();
	is_legacy = unit_random() % 2 == 0;
	set_status(0);
	UNIT_CHECK(disk.device.is_seen);
	set_up();
}

static void end(void)
{
	cpu_second_finish();
	set_status(0);
	UNIT_CHECK(!disk.device.is_attached);
	disk_let_go();
	UNIT_EQUAL(disk_memory_taken, 0);
	UNIT_CHECK(disk_memory_is_untouched());
	UNIT_EQUAL(disk_nr_wanted, 0);
	UNIT_EQUAL(cpu_depth, 0);
}

static void choose_hooks(void)
{
	for (unsigned kind = 0; kind < RV_EVENT_KIND_COUNT; kind++)
		disk_wants[kind] = unit_random() % 2;
}

void disk_sequence(void)
{
	choose_hooks();
	begin();
	UNIT_CHECK(disk_is_nonsense || (queues[0].is_there && queues[1].is_there));
	for (unsigned i = 0; i < 10; i++) {
		disk_go_on(10);
		if (!disk_is_nonsense)
			settle();
	}
	for (unsigned step = 0; disk_is_nonsense && step < 100; step++)
		(void)device_step();
	UNIT_CHECK(disk_is_nonsense || !disk.device.is_broken);
	end();
}

static void test_sequences(void)
{
	disk_run_sequences(false);
	UNIT_CHECK(nr_completed > DISK_SEQUENCES * 5 && disk_nr_held > DISK_SEQUENCES && cpu_nr_overtaken > DISK_SEQUENCES);
	UNIT_CHECK(disk_own_nr_done > DISK_SEQUENCES && disk_own_nr_failed < disk_own_nr_done);
}

static void test_nonsense(void)
{
	disk_run_sequences(true);
	UNIT_CHECK(nr_dead > DISK_SEQUENCES / 10);
}

/* With the pin's interrupt alone, which is counted as it is taken and as its cause is read: commands enough for both CPUs to
 * be at, and looks of the other's while the handler begins. */
static void pin_step(void)
{
	check_told();
	switch (unit_random() % 8) {
	case 0:
		disk_resume_one();
		break;
	case 1:
		watch_tell(&interrupt_taken_watchers, NULL); /* another's */
		break;
	case 2:
	case 3:
		interrupt(0);
		break;
	default:
		(void)device_step();
	}
}

static void pin_sequence(void)
{
	for (unsigned kind = 0; kind < RV_EVENT_KIND_COUNT; kind++)
		disk_wants[kind] = kind == RV_EVENT_DISK_DONE;
	begin();
	disk_happen = pin_step;
	for (unsigned round = 0; round < 20 && !device_has_vectors && !queues[0].polls && !queues[1].polls; round++) {
		for (uint32_t i = 0; i < 2 * QUEUES; i++) {
			give(i % QUEUES);
			ring(i % QUEUES);
		}
		disk_settle(out, pin_step);
	}
	end();
}

static void test_pin(void)
{
	for (unsigned i = 0; i < DISK_SEQUENCES && unit_why[0] == '\0'; i++)
		pin_sequence();
}

/* A device that is in use passes as it is, until it is reset. */
static void test_unseen(void)
{
	device_power_on(64, true);
	memset(&disk, 0, sizeof(disk));
	disk.device.class = &virtio_disk_class;
	disk.block_sectors = 1;
	begin();
	set_status(0);
	disk.device.is_seen = false;
	mmio_hardware_write(DEVICE_BASE + 20, 1, 1);
	is_legacy = false;
	put(VIRTIO_CAP_COMMON, 0, 4, 1);
	UNIT_EQUAL(get(VIRTIO_CAP_COMMON, 4, 4), UINT32_MAX);
	put(VIRTIO_CAP_COMMON, 22, 2, 0);
	put(VIRTIO_CAP_COMMON, 28, 2, 1);
	UNIT_CHECK(!disk.device.is_attached && disk.device.queues[0] == NULL);
	device_notified = 0;
	put(VIRTIO_CAP_NOTIFY, 0, 2, 0);
	UNIT_EQUAL(device_notified, 1);
	mmio_hardware_write(DEVICE_BASE + 20, 1, 0); /* by another way */
	put(VIRTIO_CAP_COMMON, 0, 4, 1);
	UNIT_CHECK(disk.device.is_seen);
	UNIT_EQUAL(get(VIRTIO_CAP_COMMON, 4, 4), 0x13);
	end();
}

/* By its function's reset, say. The guest finds it so, and so do we. */
static void test_reset_unseen(void)
{
	begin();
	give(0);
	ring(0);
	mmio_hardware_write(DEVICE_BASE + 20, 1, 0);
	watch_tell(&interrupt_taken_watchers, NULL);
	UNIT_CHECK(disk.device.is_attached);
	UNIT_EQUAL(device_status(), 0);
	UNIT_CHECK(!disk.device.is_attached && disk.device.is_seen);
	give_up(0);
	set_up();
	give(0);
	settle();
	end();
}

/* When the last hook goes, what is ours stays so until the guest resets the device. */
static void test_unwatched(void)
{
	nr_released = 0;
	begin();
	disk_watched = false;
	give(0);
	ring(0);
	settle();
	UNIT_CHECK(disk.device.is_attached && nr_released == 0);
	end();
	UNIT_EQUAL(nr_released, 1);
	disk_watched = true;
}

int main(void)
{
	unit_run("a device in use", test_unseen);
	unit_run("a reset by another way", test_reset_unseen);
	unit_run("the last hook goes", test_unwatched);
	unit_run("2,000 sequences of virtio requests, interrupts and resets", test_sequences);
	unit_run("2,000 of ends on the pin", test_pin);
	unit_run("2,000 of virtio nonsense", test_nonsense);
	return unit_failed;
}
