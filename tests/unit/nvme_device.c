/*
 * tests/unit/nvme_device.c: the controller.
 */
#include "nvme_device.h"

#include "core/memory.h"
#include "unit.h"

#define PENDING 256

uint8_t device_disk[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
bool device_interrupts[DEVICE_QUEUES];
bool device_is_odd;
void (*device_rung)(void);

static uint32_t registers[NVME_DOORBELLS / 4];

static struct {
	bool is_there, interrupts, phase;
	uint64_t base;
	uint32_t size, head, tail, cq;
} sqs[DEVICE_QUEUES], cqs[DEVICE_QUEUES];

static struct {
	struct nvme_command command;
	uint32_t sq;
} pending[PENDING];
static unsigned nr_pending;

/* Commands ----------------------------------------------------------------------------------------- */

static void move(uint64_t address, uint8_t *bytes, uint64_t length_bytes, bool to_memory)
{
	uint8_t *memory = disk_memory_reach(address, length_bytes);

	if (to_memory)
		memcpy(memory, bytes, length_bytes);
	else
		memcpy(bytes, memory, length_bytes);
}

static void transfer(const struct nvme_command *command, uint8_t *bytes, uint64_t length_bytes, bool to_memory)
{
	uint64_t address = nvme_pair(&command->words[NVME_WORD_PRP1]), list = nvme_pair(&command->words[NVME_WORD_PRP2]);
	uint64_t part = PAGE_BYTES - address % PAGE_BYTES;

	if (part > length_bytes)
		part = length_bytes;
	move(address, bytes, part, to_memory);
	bytes += part;
	length_bytes -= part;
	if (length_bytes <= PAGE_BYTES && length_bytes != 0)
		move(list, bytes, length_bytes, to_memory);
	if (length_bytes <= PAGE_BYTES)
		return;
	for (; length_bytes != 0; length_bytes -= part, bytes += part, list += 8) { /* ours never leads on */
		memcpy(&address, disk_memory_reach(list, 8), 8);
		part = length_bytes < PAGE_BYTES ? length_bytes : PAGE_BYTES;
		move(address, bytes, part, to_memory);
	}
}

static uint16_t execute_blocks(const struct nvme_command *command, bool read)
{
	uint64_t lba = nvme_pair(&command->words[10]), count = (command->words[12] & 0xffff) + 1;

	if (lba >= DEVICE_BLOCKS || count > DEVICE_BLOCKS - lba)
		return 0x80;
	transfer(command, device_disk + lba * DEVICE_BLOCK_BYTES, count * DEVICE_BLOCK_BYTES, read);
	return 0;
}

static uint16_t execute_identify(const struct nvme_command *command)
{
	uint8_t data[PAGE_BYTES] = { 0 };
	uint64_t blocks = DEVICE_BLOCKS;

	if ((command->words[10] & 0xff) == NVME_IDENTIFY_CONTROLLER) {
		memcpy(data + 24, "A MODEL ", 8);
		data[257] = 1; /* doorbells in memory */
		data[536] = 1; /* SGLs */
	} else {
		memcpy(data, &blocks, sizeof(blocks));
		data[128 + 2] = 9;
	}
	for (unsigned i = (unsigned)(device_is_odd ? unit_random() % 8 : 0); i != 0; i--)
		data[unit_random() % 2 ? unit_random() % 192 : unit_random() % 600] = (uint8_t)unit_random();
	transfer(command, data, sizeof(data), true);
	return 0;
}

static uint16_t execute_queue(const struct nvme_command *command, bool completions)
{
	uint32_t number = command->words[10] & 0xffff, cq = command->words[11] >> 16;
	bool *is_there = number < DEVICE_QUEUES ? completions ? &cqs[number].is_there : &sqs[number].is_there : NULL;

	if (is_there == NULL || *is_there || number == 0)
		return 0x101;
	if (!completions && (cq >= DEVICE_QUEUES || !cqs[cq].is_there))
		return 0x100;
	if (completions) {
		cqs[number].interrupts = (command->words[11] & NVME_QUEUE_INTERRUPTS) != 0;
		cqs[number].phase = true;
	}
	__typeof__(sqs[0]) *queue = completions ? &cqs[number] : &sqs[number];
	queue->base = nvme_pair(&command->words[NVME_WORD_PRP1]);
	queue->size = (command->words[10] >> 16) + 1;
	queue->head = queue->tail = 0;
	queue->cq = cq;
	*is_there = true;
	return 0;
}

static uint16_t execute_delete(const struct nvme_command *command, bool completions)
{
	uint32_t number = command->words[10] & 0xffff;

	if (number == 0 || number >= DEVICE_QUEUES || !(completions ? cqs : sqs)[number].is_there)
		return 0x101;
	for (unsigned i = 0; completions && i < DEVICE_QUEUES; i++) {
		if (sqs[i].is_there && sqs[i].cq == number)
			return 0x10c;
	}
	(completions ? cqs : sqs)[number].is_there = false;
	for (unsigned i = nr_pending; !completions && i-- > 0;) {
		if (pending[i].sq == number)
			pending[i] = pending[--nr_pending];
	}
	return 0;
}

static uint16_t execute_admin(const struct nvme_command *command)
{
	uint8_t page[PAGE_BYTES] = { 0 };

	switch (command->words[0] & 0xff) {
	case NVME_DELETE_SQ:
	case NVME_DELETE_CQ:
		return execute_delete(command, (command->words[0] & 0xff) == NVME_DELETE_CQ);
	case NVME_CREATE_SQ:
	case NVME_CREATE_CQ:
		return execute_queue(command, (command->words[0] & 0xff) == NVME_CREATE_CQ);
	case NVME_IDENTIFY:
		return execute_identify(command);
	case 0x02: /* a log page: into memory that is named by the guest alone */
		UNIT_CHECK(!memory_is_reserved(nvme_pair(&command->words[NVME_WORD_PRP1]), 1));
		if (memory_is_ram(nvme_pair(&command->words[NVME_WORD_PRP1]) & ~PAGE_MASK, PAGE_BYTES))
			move(nvme_pair(&command->words[NVME_WORD_PRP1]) & ~PAGE_MASK, page, PAGE_BYTES, true);
		return 0;
	case NVME_DOORBELL_BUFFER:
		unit_fail("the device was given doorbells in memory");
		return 0;
	default:
		return (command->words[0] & 0xff) >= 0xc0 ? 1 : 0;
	}
}

static uint16_t execute(const struct nvme_command *command, uint32_t sq)
{
	if (sq == 0)
		return execute_admin(command);
	UNIT_EQUAL(command->words[0] & NVME_CODE_FLAGS, 0);
	switch (command->words[0] & 0xff) {
	case NVME_FLUSH:
		return 0;
	case NVME_READ:
	case NVME_WRITE:
		return execute_blocks(command, (command->words[0] & 0xff) == NVME_READ);
	default:
		return 1;
	}
}

static void complete(const struct nvme_command *command, uint32_t sq, uint16_t status)
{
	uint32_t cq = sqs[sq].cq;
	uint32_t words[4] = { 0x00060006, 0, sq << 16 | sqs[sq].head,
			      command->words[0] >> 16 | (uint32_t)cqs[cq].phase << 16 | (uint32_t)status << 17 };

	UNIT_CHECK((cqs[cq].tail + 1) % cqs[cq].size != cqs[cq].head);
	memcpy(disk_memory_reach(cqs[cq].base + 16 * cqs[cq].tail, 16), words, 16);
	if (++cqs[cq].tail == cqs[cq].size) {
		cqs[cq].tail = 0;
		cqs[cq].phase = !cqs[cq].phase;
	}
	device_interrupts[cq] |= cqs[cq].interrupts;
}

/* Commands are fetched in order, and executed in any. */
static bool fetch(void)
{
	unsigned first = (unsigned)unit_random() % DEVICE_QUEUES;

	for (unsigned i = 0; i < DEVICE_QUEUES; i++) {
		uint32_t sq = (first + i) % DEVICE_QUEUES;

		if (!sqs[sq].is_there || sqs[sq].head == sqs[sq].tail || nr_pending == PENDING)
			continue;
		memcpy(&pending[nr_pending].command, disk_memory_reach(sqs[sq].base + 64 * sqs[sq].head, 64), 64);
		sqs[sq].head = (sqs[sq].head + 1) % sqs[sq].size;
		if (sq == 0 && (pending[nr_pending].command.words[0] & 0xff) == NVME_EVENT_REQUEST)
			return true; /* nothing ever happens */
		pending[nr_pending++].sq = sq;
		return true;
	}
	return false;
}

bool device_step(void)
{
	struct nvme_command command;
	unsigned which;
	uint32_t sq;
	uint16_t status;

	if (!(registers[NVME_CC / 4] & NVME_CC_EN))
		return false;
	if (unit_random() % 2 == 0 && fetch())
		return true;
	if (nr_pending == 0)
		return fetch();
	which = (unsigned)(unit_random() % nr_pending);
	command = pending[which].command;
	sq = pending[which].sq;
	pending[which] = pending[--nr_pending];
	status = execute(&command, sq);
	complete(&command, sq, status);
	return true;
}

/* Registers ---------------------------------------------------------------------------------------- */

static void enable(void)
{
	uint32_t aqa = registers[NVME_AQA / 4];

	memset(sqs, 0, sizeof(sqs));
	memset(cqs, 0, sizeof(cqs));
	nr_pending = 0;
	memset(device_interrupts, 0, sizeof(device_interrupts));
	sqs[0].is_there = cqs[0].is_there = cqs[0].interrupts = cqs[0].phase = true;
	sqs[0].base = nvme_pair(&registers[NVME_ASQ / 4]);
	cqs[0].base = nvme_pair(&registers[NVME_ACQ / 4]);
	sqs[0].size = (aqa & 0xfff) + 1;
	cqs[0].size = (aqa >> 16) + 1;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	UNIT_CHECK(width_bytes == 4 && gpa - DEVICE_BASE < NVME_DOORBELLS);
	return registers[(gpa - DEVICE_BASE) / 4 % ARRAY_LENGTH(registers)];
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	uint64_t offset = gpa - DEVICE_BASE, index = (offset - NVME_DOORBELLS) / 4;

	UNIT_EQUAL(width_bytes, 4);
	if (offset >= NVME_DOORBELLS) {
		if (index / 2 >= DEVICE_QUEUES || !(registers[NVME_CC / 4] & NVME_CC_EN))
			return;
		if (index % 2 == 0)
			sqs[index / 2].tail = (uint32_t)value;
		else
			cqs[index / 2].head = (uint32_t)value;
		if (device_rung != NULL)
			device_rung();
		return;
	}
	if (offset < 0x0c || offset == NVME_CSTS)
		return;
	if (offset == NVME_CC && (value & NVME_CC_EN) && !(registers[NVME_CC / 4] & NVME_CC_EN))
		enable();
	registers[offset / 4] = (uint32_t)value;
	registers[NVME_CSTS / 4] = registers[NVME_CC / 4] & NVME_CC_EN;
}

void device_power_on(void)
{
	disk_memory_reset(256);
	memset(registers, 0, sizeof(registers));
	memset(device_disk, 0, sizeof(device_disk));
	memset(device_interrupts, 0, sizeof(device_interrupts));
	registers[NVME_CAP / 4] = 2047;
	registers[NVME_CAP_HIGH / 4] = NVME_CAP_HIGH_CMBS | NVME_CAP_HIGH_MPSMAX;
	registers[NVME_CMBSZ / 4] = 1;
}
