/*
 * tests/unit/nvme.c: the NVMe mediator between a guest and a controller: sequences of commands, interrupts and
 * resets, also from another CPU while hooks are asked, and of requests that wait; and of nonsense.
 */
#include "nvme_device.h"

#include "core/memory.h"
#include "core/watch.h"
#include "disk_own.h"
#include "disk_requests.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/interrupt_watch.h"

#define QUEUES 3     /* of the guest's, with the admin queue */
#define COMMANDS 8   /* a queue's, at a time */
#define QUEUE_MEMORY(number) (MIB(1) + (number) * KIB(64))
#define COMPLETION_MEMORY(number) (MIB(2) + (number) * KIB(64))
#define DOORBELLS MIB(7) /* in memory, and EventIdx behind them */
#define BUFFER(queue, command) (MIB(3) + ((queue) * COMMANDS + (command)) * KIB(32))

static struct nvme_controller controller;
static struct vcpu *no_vcpu;
static bool is_making_queues, is_owning;
static enum { NONE, ASKED_FOR, IN_USE } doorbells; /* in memory */
static unsigned nr_completed;

/* What the guest knows. */
static struct guest_queue {
	bool is_there, interrupts, phase;
	uint32_t size, tail, rung, cq_size, cq_head;
	struct guest_command {
		bool is_out, is_write;
		uint64_t lba;
		uint32_t blocks;
		uint16_t identifier;
		uint8_t tag;
	} commands[COMMANDS];
} queues[QUEUES];
static int tags[DEVICE_BLOCKS]; /* what each block holds; -1: not known */

/* What stands around the mediator ------------------------------------------------------------------ */

struct nvme_controller *nvme_controller_at(unsigned position)
{
	return position == 0 ? &controller : NULL;
}

void nvme_release(struct nvme_controller *at)
{
	(void)at;
}

/* The guest ---------------------------------------------------------------------------------------- */

static void access_register(uint32_t offset, uint32_t *value, bool write)
{
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = 4,
				 .address = DEVICE_BASE + offset, .value = *value, .vcpu = no_vcpu };

	if (offset >= NVME_DOORBELLS)
		(void)nvme_doorbell_access(&access, offset, &controller);
	else
		(void)nvme_registers_access(&access, offset, &controller);
	*value = (uint32_t)access.value;
}

static void write_register(uint32_t offset, uint32_t value)
{
	access_register(offset, &value, true);
}

/* Of whatever width, wherever, read or written, by a script even; but not CC, which is enable()'s. */
static void access_oddly(void)
{
	struct access access = { .kind = ACCESS_MMIO, .write = unit_random() % 2, .width_bytes = (uint8_t)(1 << unit_random() % 4),
				 .value = unit_random(), .vcpu = no_vcpu, .direct = unit_random() % 16 == 0 };
	uint32_t offset = (uint32_t)(unit_random() % 4 ? unit_random() % 0x60 : NVME_DOORBELLS + unit_random() % 300);

	if (offset < NVME_CC + 4 && offset + access.width_bytes > NVME_CC)
		return;
	access.address = DEVICE_BASE + offset;
	if (offset >= NVME_DOORBELLS)
		(void)nvme_doorbell_access(&access, offset, &controller);
	else
		(void)nvme_registers_access(&access, unit_random() % 64 == 0 ? -1 : (int64_t)offset, &controller);
}

static uint32_t read_register(uint32_t offset)
{
	uint32_t value = 0;

	access_register(offset, &value, false);
	return value;
}

/* Puts a command into a queue; the doorbell is another matter. */
static void put(uint32_t number, const uint32_t words[16])
{
	struct guest_queue *queue = &queues[number];

	memcpy(memory_direct(QUEUE_MEMORY(number) + 64 * queue->tail), words, 64);
	queue->tail = (queue->tail + 1) % queue->size;
}

/* As Linux does it: not for the admin queue; and the register only if that is asked for (NVM Express 2.0c, B.5). */
static void write_doorbell(uint32_t number, bool completions, uint16_t value)
{
	uint32_t at = 8 * number + 4 * completions, *words = memory_direct(DOORBELLS + at);
	uint16_t old = (uint16_t)words[0], event = (uint16_t)words[PAGE_BYTES / 4];

	if (number != 0 && doorbells != NONE)
		words[0] = value;
	if (number != 0 && doorbells == IN_USE && (uint16_t)(value - event - 1) >= (uint16_t)(value - old))
		return;
	write_register(NVME_DOORBELLS + at, value);
}

static void ring(uint32_t number)
{
	queues[number].rung = queues[number].tail;
	write_doorbell(number, false, (uint16_t)queues[number].tail);
}

static void expect_status(struct guest_command *command, uint32_t status)
{
	unsigned rule = disk_rule(command->lba);
	bool hooked = disk_wants[command->is_write ? RV_EVENT_DISK_WRITE : RV_EVENT_DISK_READ];

	if (hooked && rule == RULE_DENY)
		UNIT_EQUAL(status, command->is_write ? NVME_STATUS_WRITE_FAULT : NVME_STATUS_READ_ERROR);
	else
		UNIT_EQUAL(status, 0);
}

static uint8_t expected_byte(const struct guest_command *command, uint64_t lba)
{
	bool dropped = disk_wants[RV_EVENT_DISK_READ] && disk_rule(command->lba) == RULE_DROP;
	int raw = dropped ? disk_answer(command->lba) : tags[lba];

	/* On the disk there is what hooks made of it; the end of a read goes through them as well. */
	return (uint8_t)(raw ^ (disk_wants[RV_EVENT_DISK_READ] || (disk_wants[RV_EVENT_DISK_DONE] && !disk_counts) ? KEY : 0));
}

static void check_data(const struct guest_command *command, uint64_t buffer)
{
	const uint8_t *bytes = memory_direct(buffer);

	for (uint32_t i = 0; i < command->blocks; i++) {
		uint64_t lba = command->lba + i;

		if (tags[lba] >= 0)
			UNIT_CHECK(bytes[i * DEVICE_BLOCK_BYTES] == expected_byte(command, lba) &&
				   bytes[(i + 1) * DEVICE_BLOCK_BYTES - 1] == expected_byte(command, lba));
	}
}

static void completed(uint32_t number, unsigned index, uint32_t status)
{
	struct guest_command *command = &queues[number].commands[index];
	bool hooked = disk_wants[RV_EVENT_DISK_WRITE];

	UNIT_CHECK(command->is_out);
	command->is_out = false;
	nr_completed++;
	if (number == 0)
		return;
	expect_status(command, status);
	if (!command->is_write && status == 0)
		check_data(command, BUFFER(number, index) + 512);
	if (command->is_write && status == 0 && !(hooked && disk_rule(command->lba) == RULE_DROP))
		for (uint32_t i = 0; i < command->blocks; i++)
			tags[command->lba + i] = command->tag ^ (hooked ? KEY : 0);
}

/* The handler of its interrupt, or a look at a queue without. */
static void take_completions(uint32_t number)
{
	struct guest_queue *queue = &queues[number];
	bool any = false;

	if (disk_is_nonsense) {
		write_register(NVME_DOORBELLS + 8 * number + 4, (uint32_t)unit_random() % 16);
		return;
	}
	while (queue->is_there) {
		const uint32_t *words = memory_direct(COMPLETION_MEMORY(number) + 16 * queue->cq_head);
		uint32_t last = words[3];

		if ((last >> 16 & 1) != queue->phase)
			break;
		UNIT_EQUAL(words[2] >> 16, number);
		for (unsigned i = 0; i < COMMANDS; i++) {
			if (queue->commands[i].is_out && queue->commands[i].identifier == (last & 0xffff)) {
				completed(number, i, last >> 17);
				last = ~0u;
				break;
			}
		}
		UNIT_EQUAL(last, ~0u);
		any = true;
		if (++queue->cq_head == queue->cq_size) {
			queue->cq_head = 0;
			queue->phase = !queue->phase;
		}
	}
	if (any)
		write_doorbell(number, true, (uint16_t)queue->cq_head);
}

static int own_io(struct disk_io *io)
{
	return nvme_io(0, io);
}

/* A command of ours, whatever the guest is at. It may come too early, or a reset end it. */
static void own(void)
{
	int error = disk_own_do(own_io, DEVICE_BLOCKS - DISK_OWN_BLOCKS, DEVICE_BLOCK_BYTES, 16, !disk_is_nonsense);

	UNIT_CHECK(error == 0 || error == -RV_EAGAIN || error == -RV_EIO || error == -RV_ETIMEDOUT || error == -RV_EBUSY ||
		   (disk_is_nonsense && (error == -RV_ENOTSUP || error == -RV_ENOMEM)));
}

static struct guest_command *free_command(struct guest_queue *queue)
{
	unsigned out = 0;

	for (unsigned i = 0; i < COMMANDS; i++)
		out += queue->commands[i].is_out;
	if (!queue->is_there || out + 1 >= queue->size)
		return NULL;
	for (unsigned i = 0; i < COMMANDS; i++) {
		if (!queue->commands[i].is_out)
			return &queue->commands[i];
	}
	return NULL;
}

/* Fills words 6 to 9 with a list of a buffer that begins 512 bytes into a page, by any of the ways. */
static void fill_list(uint32_t *words, uint64_t buffer, uint64_t bytes)
{
	uint64_t prps[2] = { buffer + 512, buffer + PAGE_BYTES };
	uint64_t list = buffer + KIB(16) + 8 * (512 - 1 - unit_random() % 3), *entry;

	if (bytes > 512u * 7 + PAGE_BYTES) {
		prps[1] = list;
		for (uint64_t at = PAGE_BYTES; at < bytes + 512; at += PAGE_BYTES) {
			if (list % PAGE_BYTES == PAGE_BYTES - 8 && at + PAGE_BYTES < bytes + 512) {
				entry = memory_direct(list);
				list = *entry = buffer + KIB(24);
			}
			entry = memory_direct(list);
			*entry = buffer + at;
			list += 8;
		}
	}
	memcpy(&words[6], prps, sizeof(prps));
}

static void give(uint32_t number)
{
	static uint8_t last_tag;
	struct guest_queue *queue = &queues[number];
	struct guest_command *command = free_command(queue);
	unsigned index = command != NULL ? (unsigned)(command - queue->commands) : 0;
	uint32_t words[16] = { 0 };

	if (command == NULL)
		return;
	*command = (struct guest_command){ .is_out = true, .is_write = unit_random() % 2 == 0,
		.identifier = (uint16_t)(0xff00 + unit_random() % 16 * 16 + index),
		.lba = (((number - 1) * COMMANDS + index) * 8 + unit_random() % 8) * BLOCKS_EACH,
		.blocks = 1 + (uint32_t)(unit_random() % BLOCKS_EACH), .tag = ++last_tag };
	if (unit_random() % 4 == 0)
		command->blocks = BLOCKS_EACH;
	words[0] = (command->is_write ? NVME_WRITE : NVME_READ) | (uint32_t)command->identifier << 16;
	words[1] = 1;
	fill_list(words, BUFFER(number, index), command->blocks * DEVICE_BLOCK_BYTES);
	words[10] = (uint32_t)command->lba;
	words[12] = command->blocks - 1;
	memset(memory_direct(BUFFER(number, index) + 512), command->tag, command->blocks * DEVICE_BLOCK_BYTES);
	put(number, words);
	if (unit_random() % 2 == 0)
		ring(number);
}

/* An admin command, to its end. */
static void admin(uint32_t code, uint64_t address, uint32_t word10, uint32_t word11)
{
	struct guest_command *command = free_command(&queues[0]);
	uint32_t words[16] = { code | 7u << 16, 1, [8] = DOORBELLS + PAGE_BYTES, [10] = word10, [11] = word11 };

	if (command == NULL)
		return;
	memcpy(&words[6], &address, sizeof(address));
	*command = (struct guest_command){ .is_out = true, .identifier = 7 };
	put(0, words);
	ring(0);
	for (unsigned i = 0; i < 1000 && command->is_out && queues[0].is_there; i++) {
		(void)device_step();
		write_register(NVME_DOORBELLS + 4, queues[0].cq_head);
		take_completions(0);
	}
}

static void create_sq(uint32_t number)
{
	admin(NVME_CREATE_SQ, QUEUE_MEMORY(number), (queues[number].size - 1) << 16 | number, number << 16 | 1);
	queues[number].is_there = true;
}

static void set_doorbells(void)
{
	memset(memory_direct(DOORBELLS), 0, 2 * PAGE_BYTES);
	doorbells = ASKED_FOR;
	admin(NVME_DOORBELL_BUFFER, DOORBELLS, 0, 0);
	doorbells = IN_USE;
}

static void enable(void)
{
	unsigned doorbells_before = (unsigned)unit_random() % (2 * QUEUES); /* which queue's making they are set */

	is_making_queues = true;
	doorbells = NONE;
	memset(queues, 0, sizeof(queues));
	memset(memory_direct(COMPLETION_MEMORY(0)), 0, KIB(256));
	queues[0] = (struct guest_queue){ .is_there = true, .interrupts = true, .phase = true, .size = 8, .cq_size = 8 };
	write_register(NVME_AQA, 7 << 16 | 7);
	write_register(NVME_ASQ, QUEUE_MEMORY(0));
	write_register(NVME_ASQ + 4, 0);
	write_register(NVME_ACQ, COMPLETION_MEMORY(0));
	write_register(NVME_ACQ + 4, 0);
	write_register(NVME_CC, NVME_CC_EN);
	UNIT_CHECK(disk_is_nonsense || read_register(NVME_ASQ) == QUEUE_MEMORY(0)); /* a second CPU may be at it */
	UNIT_EQUAL(read_register(NVME_CAP_HIGH), 0);
	UNIT_EQUAL(read_register(NVME_CMBSZ), 0);
	admin(NVME_IDENTIFY, MIB(6), NVME_IDENTIFY_CONTROLLER, 0);
	admin(NVME_IDENTIFY, MIB(6) + PAGE_BYTES, NVME_IDENTIFY_NAMESPACE, 0);
	admin(NVME_SET_FEATURES, 0, NVME_FEATURE_QUEUES, 1 << 16 | 1);
	UNIT_CHECK(disk_is_nonsense || controller.own_number == DEVICE_QUEUES - 1);
	for (uint32_t i = 1; i < QUEUES; i++) {
		struct guest_queue queue = { .phase = true, .interrupts = unit_random() % 4 != 0,
			.size = 2 + (uint32_t)(unit_random() % 16), .cq_size = 2 + (uint32_t)(unit_random() % 16) };

		if (doorbells_before == i)
			set_doorbells();
		admin(NVME_CREATE_CQ, COMPLETION_MEMORY(i), (queue.cq_size - 1) << 16 | i,
		      i << 16 | (queue.interrupts ? 2 : 0) | 1);
		queues[i] = queue;
		create_sq(i);
	}
	if (doorbells_before == 0)
		set_doorbells();
	is_making_queues = false;
}

/* What is on its way in a queue may have been done, or not. */
static void give_up(uint32_t number)
{
	for (unsigned i = 0; i < COMMANDS; i++) {
		struct guest_command *command = &queues[number].commands[i];

		for (uint32_t at = 0; number != 0 && command->is_out && command->is_write && at < command->blocks; at++)
			tags[command->lba + at] = -1;
		command->is_out = false;
	}
	queues[number].is_there = false;
}

/* Deletes the submission queue amid whatever it does, and makes it again: of what was in it, nothing comes after
 * that. The completions that have come by then are the guest's to take. */
static void remake(uint32_t number)
{
	struct guest_queue *queue = &queues[number];

	is_making_queues = true; /* a reset amid it would leave the guest with half of two states */
	admin(NVME_DELETE_SQ, 0, number, 0);
	take_completions(number);
	give_up(number);
	queue->tail = queue->rung = 0;
	create_sq(number);
	is_making_queues = false;
}

static void reset(void)
{
	is_making_queues = true;
	for (uint32_t number = 0; number < QUEUES; number++)
		give_up(number);
	write_register(NVME_CC, 0);
	UNIT_CHECK(!controller.is_attached);
	enable();
}

static void interrupt(uint32_t number)
{
	if (!device_interrupts[number])
		return;
	device_interrupts[number] = false;
	watch_tell(&interrupt_taken_watchers, no_vcpu);
	if (number < QUEUES)
		take_completions(number);
}

/* Admin commands of all sorts, about queues and memory anywhere. */
static void babble_to_admin(void)
{
	static const uint8_t codes[] = { 0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0a, 0x0c, 0x7c, 0x80 };
	uint32_t words[16] = { codes[unit_random() % sizeof(codes)] | (uint32_t)unit_random() % 64 << 16, 1 };

	words[6] = (uint32_t)unit_random() & 0xfff000;
	((uint32_t *)memory_direct(DOORBELLS))[unit_random() % 8] = (uint32_t)unit_random() % 20;
	words[8] = (uint32_t)unit_random() & 0xfff000;
	words[10] = (uint32_t)(unit_random() % 16) << 16 | (uint32_t)(unit_random() % 5);
	words[11] = (uint32_t)(unit_random() % 5) << 16 | 3;
	put(0, words);
	ring(0);
}

static void babble(void)
{
	uint32_t number = (uint32_t)(unit_random() % QUEUES), words[16];

	for (unsigned i = 0; i < 16; i++)
		words[i] = (uint32_t)unit_random() & (unit_random() % 2 ? 0xff00ffff : 7);
	words[0] = (uint32_t)(unit_random() % 16) | (uint32_t)unit_random() << 16;
	words[7] = words[9] = 0;
	words[6] &= 0xffffff;
	words[8] &= 0xffffff;
	switch (unit_random() % 8) {
	case 0:
	case 1:
		babble_to_admin();
		break;
	case 2:
		write_register(NVME_DOORBELLS + 4 * (uint32_t)(unit_random() % (unit_random() % 8 == 0 ? 70 : 6)), (uint32_t)unit_random() % 40);
		break;
	case 3:
		write_register((uint32_t)(unit_random() % 0x40) & ~3u, (uint32_t)unit_random());
		break;
	case 4:
		access_oddly();
		break;
	default:
		memcpy(memory_direct(QUEUE_MEMORY(number) + 64 * (unit_random() % 16)), words, 64);
	}
}

/* While no CPU is in an exit: of what is there for the guest it has not had the interrupt yet, or there is a nudge, whatever
 * else the device may interrupt for. */
static void check_told(void)
{
	for (uint32_t number = 1; number < QUEUES && !disk_is_nonsense && cpu_depth == 0 && !cpu_second_is_busy(); number++) {
		const struct guest_queue *queue = &queues[number];
		const uint32_t *words = memory_direct(COMPLETION_MEMORY(number) + 16 * queue->cq_head);
		const struct nvme_sq *sq = controller.sqs[number];

		UNIT_CHECK(!queue->is_there || !queue->interrupts || sq == NULL || is_making_queues ||
			   (words[3] >> 16 & 1) != queue->phase || device_interrupts[number] ||
			   sq->slots[NVME_SLOT_NUDGE]->state != NVME_FREE);
	}
}

static void happen(void)
{
	uint32_t number = 1 + (uint32_t)(unit_random() % (QUEUES - 1));

	check_told();
	if (disk_is_nonsense && unit_random() % 3 == 0) {
		babble();
		return;
	}
	switch (unit_random() % 10) {
	case 0:
	case 1:
		give(number);
		break;
	case 9:
		if (!is_making_queues && !is_owning) {
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
		interrupt((uint32_t)(unit_random() % QUEUES));
		break;
	case 7:
		disk_resume_one();
		break;
	default:
		if (queues[number].is_there && !queues[number].interrupts)
			take_completions(number);
		else if (cpu_depth == 0 && !is_making_queues && unit_random() % 32 == 0)
			reset();
		else if (cpu_depth == 0 && !is_making_queues && unit_random() % 32 == 0)
			remake(number);
		else if (cpu_depth != 0 && unit_random() % 256 == 0 && !disk_is_nonsense && !is_making_queues)
			reset();
	}
}

static unsigned out(void)
{
	unsigned sum = 0;

	for (uint32_t number = 1; number < QUEUES; number++)
		for (unsigned i = 0; i < COMMANDS; i++)
			sum += queues[number].commands[i].is_out;
	return sum;
}

static void settle_step(void)
{
	uint32_t number = (uint32_t)(unit_random() % QUEUES);
	struct guest_queue *queue = &queues[number];

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
		if (queue->rung != queue->tail) { /* given while hooks were asked */
			ring(number);
		} else if (!queue->interrupts) {
			watch_tell(&interrupt_taken_watchers, no_vcpu); /* the clock's */
			take_completions(number);
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
	disk_happen = happen;
	disk_device_step = device_step;
	disk_lock = &controller.lock;
	device_power_on();
	memset(disk_wants, 0, sizeof(disk_wants));
	memset(&controller, 0, sizeof(controller));
	memset(tags, 0, sizeof(tags));
	disk_own_begin();
	disk_set_world(disk_is_nonsense);
	device_is_odd = disk_is_nonsense && unit_random() % 4 == 0;
	if (disk_is_nonsense && unit_random() % 8 == 0)
		disk_memory_reset(12 + (unsigned)unit_random() % 64);
	controller.doorbell_bytes = 4;
	nvme_watch_interrupts();
}

static void end(void)
{
	cpu_second_finish();
	write_register(NVME_CC, 0);
	UNIT_CHECK(!controller.is_attached);
	disk_let_go();
	UNIT_EQUAL(disk_memory_taken, 0);
	UNIT_CHECK(disk_memory_is_untouched());
	UNIT_EQUAL(disk_nr_wanted, 0);
	UNIT_EQUAL(cpu_depth, 0);
}

static void choose_hooks(void)
{
	if (disk_is_nonsense) {
		for (unsigned kind = 0; kind < RV_EVENT_KIND_COUNT; kind++)
			disk_wants[kind] = unit_random() % 2;
		return;
	}
	disk_wants[RV_EVENT_DISK_READ] = unit_random() % 2;
	disk_wants[RV_EVENT_DISK_WRITE] = unit_random() % 2;
	disk_wants[RV_EVENT_DISK_DONE] = unit_random() % 2;
	disk_counts = unit_random() % 2;
}

void disk_sequence(void)
{
	begin();
	choose_hooks();
	enable();
	for (unsigned i = 0; i < 4; i++) {
		disk_go_on(25);
		if (!disk_is_nonsense)
			settle();
	}
	for (unsigned step = 0; disk_is_nonsense && step < 100; step++)
		(void)device_step();
	end();
}

static void test_sequences(void)
{
	disk_run_sequences(false);
	UNIT_CHECK(nr_completed > DISK_SEQUENCES * 5 && disk_nr_held > DISK_SEQUENCES && cpu_nr_overtaken > DISK_SEQUENCES);
	UNIT_CHECK(disk_own_nr_done > DISK_SEQUENCES && disk_own_nr_failed < disk_own_nr_done);
}

/* Another CPU that gives a read more as soon as one is with the device, which does it at once; and takes the
 * completions; all without ringing. */
#define ENDLESS 100000

static unsigned nr_given;

static void give_without_ringing(void)
{
	uint32_t words[16] = { NVME_READ, 1, [6] = BUFFER(1, 0) }, *shadow = memory_direct(DOORBELLS + 8);

	while (device_step())
		;
	shadow[1] = controller.cqs[1]->tail;
	if ((queues[1].tail + 1) % queues[1].size == controller.sqs[1]->head || nr_given == ENDLESS)
		return;
	nr_given++;
	put(1, words);
	shadow[0] = queues[1].tail;
}

static void test_endless(void)
{
	begin();
	enable();
	while (!queues[1].interrupts || queues[1].size < 4 || queues[1].cq_size < 8)
		reset();
	set_doorbells();
	device_rung = give_without_ringing;
	nr_given = 0;
	give_without_ringing();
	write_register(NVME_DOORBELLS + 8, queues[1].tail);
	UNIT_CHECK(nr_given > 10 && nr_given < ENDLESS);
	/* What it did not get to is seen to at an interrupt that it has made sure of. */
	nr_given = ENDLESS;
	for (unsigned i = 0; i < 100 && device_interrupts[1]; i++) {
		device_interrupts[1] = false;
		watch_tell(&interrupt_taken_watchers, no_vcpu);
	}
	UNIT_EQUAL(controller.sqs[1]->head, queues[1].tail);
	device_rung = NULL;
	end();
}

static void test_nonsense(void)
{
	disk_run_sequences(true);
}

static void test_lists(void)
{
	static struct bounce_segment segments[33];
	uint64_t *list = NULL;
	struct bounce bounce = { 0 };

	device_power_on();
	list = memory_direct(MIB(1));
	bounce_init(&bounce, segments, 33, NULL, 0);
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2) + 4, 0, PAGE_BYTES - 4), 0);
	UNIT_CHECK(bounce.nr_segments == 1 && segments[0].address == MIB(2) + 4 && segments[0].length_bytes == PAGE_BYTES - 4);
	bounce.nr_segments = 0;
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2) + 4, MIB(3), PAGE_BYTES), 0);
	UNIT_CHECK(bounce.nr_segments == 2 && segments[1].address == MIB(3) && segments[1].length_bytes == 4);
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2) + 2, 0, 8), -RV_EINVAL);
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), MIB(3) + 4, 2 * PAGE_BYTES), -RV_EINVAL);
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), MIB(1) + 4, 3 * PAGE_BYTES), -RV_EINVAL);
	UNIT_EQUAL(nvme_prp_read(&bounce, memory_reserved_start, 0, 8), -RV_EFAULT);
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), memory_reserved_start, 3 * PAGE_BYTES), -RV_EFAULT);
	list[0] = memory_reserved_start;
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), MIB(1), 3 * PAGE_BYTES), -RV_EFAULT);
	/* A list that leads to itself, and takes more than there is room for. */
	for (unsigned i = 0; i < 512; i++)
		list[i] = MIB(1);
	bounce.nr_segments = 0;
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), MIB(1), GIB(1)), -RV_E2BIG);
	/* The last entry of a page leads on only if more is wanted. */
	list[511] = MIB(4);
	bounce.nr_segments = 0;
	UNIT_EQUAL(nvme_prp_read(&bounce, MIB(2), MIB(1) + 510 * 8, 3 * PAGE_BYTES), 0);
	UNIT_CHECK(bounce.nr_segments == 3 && segments[1].address == MIB(1) && segments[2].address == MIB(4));
}

int main(void)
{
	unit_run("lists of memory", test_lists);
	unit_run("2,000 sequences of requests, interrupts and resets", test_sequences);
	unit_run("2,000 of nonsense", test_nonsense);
	unit_run("an exit ends, however fast doorbells in memory are rung", test_endless);
	return unit_failed;
}
