/*
 * tests/unit/ide.c: the IDE mediator between a guest and a disk: sequences of commands by DMA and by programmed I/O, of
 * interrupts, errors and resets, also from another CPU while hooks are asked, of requests that wait, and of commands of the
 * hypervisor's own; and of nonsense.
 */
#include "ide_device.h"

#include "core/memory.h"
#include "disk_own.h"
#include "disk_requests.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/pio.h"

#define TABLE (MIB(1) + KIB(60)) /* and over the end of 64 KiB */
#define BUFFER MIB(3)
#define MULTIPLE 4

static struct ide_channel channel;
static bool is_owning, is_locked; /* by a CPU of the guest's: its driver has one for all that it does */
static bool is_claimed[2], is_followed;
static unsigned nr_completed, nr_failed, nr_blocks;

/* What the guest knows. */
static struct {
	bool is_out, is_write, is_dma, is_multiple, is_asking; /* the last: it looks for the disk to take the first block */
	uint64_t lba;
	uint32_t sectors, done;
	uint8_t tag;
} command;
static int tags[DEVICE_SECTORS]; /* what each sector holds; -1: not known */

/* What stands around the mediator ------------------------------------------------------------------ */

void deadline_look(struct vcpu *vcpu)
{
	(void)vcpu;
}

int pio_register(struct access_region *region)
{
	is_claimed[region - channel.regions] = true;
	return 0;
}

void pio_unregister(struct access_region *region)
{
	is_claimed[region - channel.regions] = false;
}

int pci_follow(struct pci_follower *follower)
{
	UNIT_CHECK(follower == &channel.master);
	is_followed = true;
	return 0;
}

void pci_unfollow(struct pci_follower *follower)
{
	(void)follower;
	is_followed = false;
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	return width_bytes == 1 ? port_read8(port) : width_bytes == 2 ? port_read16(port) : port_read32(port);
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	if (width_bytes == 1)
		port_write8(port, (uint8_t)value);
	else
		for (unsigned i = 0; i < width_bytes; i += 2)
			port_write16(port, (uint16_t)(value >> 8 * i));
}

/* The guest ---------------------------------------------------------------------------------------- */

static uint32_t perform(uint16_t port, uint8_t width_bytes, uint32_t value, bool write)
{
	struct access access = { .kind = ACCESS_PORT, .write = write, .width_bytes = width_bytes, .address = port, .value = value,
				 .direct = disk_is_nonsense && unit_random() % 128 == 0 };

	if (is_followed && port >= DEVICE_MASTER && port < DEVICE_MASTER + IDE_BM_PORTS)
		(void)channel.master.handler(&access, port - DEVICE_MASTER, channel.master.context);
	for (unsigned i = 0; i < 2; i++) {
		if (is_claimed[i] && !access.resolved && port >= channel.regions[i].first && port <= channel.regions[i].last)
			(void)channel.regions[i].handler(&access, channel.regions[i].context);
	}
	if (!access.resolved && write && (width_bytes == 1 || port == DEVICE_COMMAND))
		pio_hardware_write(port, width_bytes, value);
	else if (!access.resolved && !write)
		access.value = pio_hardware_read(port, width_bytes);
	return (uint32_t)access.value;
}

static uint8_t get(uint16_t port)
{
	return (uint8_t)perform(port, 1, 0, false);
}

static void put(uint16_t port, uint8_t value)
{
	(void)perform(port, 1, value, true);
}

static int own_io(struct disk_io *io)
{
	bool is_odd = disk_is_nonsense && unit_random() % 8 == 0;

	if (is_odd)
		io->lba = unit_random() & ATA_LBA48_LAST;
	return ide_own_io(&channel, is_odd && unit_random() % 4 == 0, io);
}

/* A command of ours, whatever the guest is at. */
static void own(void)
{
	int error;

	if (is_owning)
		return;
	is_owning = true;
	error = disk_own_do(own_io, DEVICE_SECTORS - DISK_OWN_BLOCKS, ATA_SECTOR_BYTES, 40, !disk_is_nonsense);
	is_owning = false;
	if (error != 0 && error != -RV_EBUSY && error != -RV_ENOMEM && error != -RV_ETIMEDOUT && !disk_is_nonsense)
		unit_fail("a command of ours: %d", error);
}

static bool is_hooked(void)
{
	return disk_wants[command.is_write ? RV_EVENT_DISK_WRITE : RV_EVENT_DISK_READ];
}

static bool is_dropped(void)
{
	return is_hooked() && disk_rule(command.lba) == RULE_DROP;
}

/* The error that it ends with, 0: none. */
static uint8_t expected_error(void)
{
	unsigned rule = disk_rule(command.lba);
	bool sees_end = disk_wants[RV_EVENT_DISK_DONE] || (disk_wants[RV_EVENT_DISK_READ] && !command.is_write);

	return (is_hooked() && rule == RULE_DENY) || DEVICE_IS_BAD(command.lba) || (sees_end && rule == RULE_DENY_END)
		       ? ATA_ERROR_UNC : 0;
}

/* On the disk there is what hooks made of it; the end of a read goes through them as well, but by DMA of one that was
 * dropped: nothing was read then. */
static uint8_t expected_byte(uint64_t lba)
{
	bool dropped = is_dropped();
	int raw = dropped ? disk_answer(command.lba) : tags[lba];
	bool at_end = disk_wants[RV_EVENT_DISK_READ] || (disk_wants[RV_EVENT_DISK_DONE] && !disk_counts);

	return (uint8_t)(raw ^ (at_end && !(dropped && command.is_dma) ? KEY : 0));
}

static void completed(void)
{
	bool hooked = disk_wants[RV_EVENT_DISK_WRITE];
	const uint8_t *bytes = memory_direct(BUFFER + 512);

	command.is_out = false;
	nr_completed++;
	UNIT_EQUAL(expected_error(), 0);
	for (uint32_t i = 0; i < command.sectors; i++) {
		uint64_t lba = command.lba + i;

		if (command.is_write && !is_dropped())
			tags[lba] = command.tag ^ (hooked ? KEY : 0);
		if (!command.is_write && (tags[lba] >= 0 || is_dropped())) {
			UNIT_EQUAL(bytes[i * ATA_SECTOR_BYTES], expected_byte(lba));
			UNIT_EQUAL(bytes[(i + 1) * ATA_SECTOR_BYTES - 1], expected_byte(lba));
		}
	}
}

/* It may have been done, or not, or in part. */
static void give_up(void)
{
	for (uint32_t i = 0; command.is_out && command.is_write && i < command.sectors; i++)
		tags[command.lba + i] = -1;
	command.is_out = false;
}

/* Between two of the guest's registers scripts may have their commands. */
static void put_slowly(uint16_t port, uint8_t value)
{
	if (unit_random() % 64 == 0)
		own();
	put(port, value);
}

static void put_table(void)
{
	uint32_t bytes = command.sectors * ATA_SECTOR_BYTES, at = BUFFER + 512, entry[2], table = TABLE;

	for (uint32_t part; bytes != 0; bytes -= part, at += part, table += 8) {
		part = unit_random() % 4 == 0 && bytes > 700 ? 700 : bytes;
		entry[0] = at;
		entry[1] = part | (part == bytes ? 0x80000000 : 0);
		memcpy(memory_direct(table), entry, sizeof(entry));
	}
	(void)perform(DEVICE_MASTER + IDE_BM_TABLE, 4, TABLE, true);
}

/* By 28 or 48 bits, as drivers do: of the latter what counts more first. */
static void put_registers(bool extended)
{
	for (unsigned depth = extended ? 2 : 1; depth-- > 0;) {
		put_slowly(DEVICE_COMMAND + IDE_COUNT, depth == 0 ? (uint8_t)command.sectors : 0);
		for (unsigned i = 0; i < 3; i++)
			put_slowly((uint16_t)(DEVICE_COMMAND + IDE_LBA0 + i), depth == 0 ? (uint8_t)(command.lba >> 8 * i) : 0);
	}
	put_slowly(DEVICE_COMMAND + IDE_DEVICE, 0xe0);
}

static uint8_t code_of(bool extended)
{
	static const uint8_t codes[2][2][3] = { { { 0x20, 0xc4, 0xc8 }, { 0x30, 0xc5, 0xca } },
						{ { 0x24, 0x29, 0x25 }, { 0x34, 0x39, 0x35 } } };

	return codes[extended][command.is_write][command.is_dma ? 2 : command.is_multiple];
}

static void give(void)
{
	static uint8_t last_tag;
	bool extended = unit_random() % 2, early = unit_random() % 4 == 0;

	if (command.is_out || (get(DEVICE_CONTROL) & (ATA_STATUS_BSY | ATA_STATUS_DRQ))) /* busy after a reset, say */
		return;
	command = (__typeof__(command)){ .is_out = true, .is_write = unit_random() % 2, .is_dma = unit_random() % 2,
		.is_multiple = unit_random() % 2, .lba = unit_random() % 64 * BLOCKS_EACH,
		.sectors = 1 + (uint32_t)(unit_random() % BLOCKS_EACH), .tag = ++last_tag };
	command.is_asking = command.is_write && !command.is_dma;
	is_locked = true;
	memset(memory_direct(BUFFER + 512), command.is_write ? command.tag : 0xee, command.sectors * ATA_SECTOR_BYTES);
	put_registers(extended);
	if (command.is_dma) {
		put_table();
		put(DEVICE_MASTER + IDE_BM_COMMAND, command.is_write ? 0 : IDE_BM_TO_MEMORY);
		put(DEVICE_MASTER + IDE_BM_STATUS, IDE_BM_INTERRUPT);
		if (early)
			put(DEVICE_MASTER + IDE_BM_COMMAND, (command.is_write ? 0 : IDE_BM_TO_MEMORY) | IDE_BM_START);
	}
	put(DEVICE_COMMAND + IDE_COMMAND, code_of(extended));
	if (command.is_dma && !early)
		put(DEVICE_MASTER + IDE_BM_COMMAND, (command.is_write ? 0 : IDE_BM_TO_MEMORY) | IDE_BM_START);
	is_locked = false;
}

/* A block of data, or part of one in words and double words. */
static void move_block(void)
{
	uint32_t sectors = command.is_multiple ? MULTIPLE : 1, nr_bytes;
	uint8_t *bytes = (uint8_t *)memory_direct(BUFFER + 512) + command.done * ATA_SECTOR_BYTES;

	if (sectors > command.sectors - command.done)
		sectors = command.sectors - command.done;
	nr_bytes = sectors * ATA_SECTOR_BYTES;
	command.done += sectors;
	nr_blocks++;
	for (uint8_t width; nr_bytes != 0; nr_bytes -= width, bytes += width) {
		uint32_t value = 0;

		width = nr_bytes >= 4 && unit_random() % 2 ? 4 : 2;
		if (command.is_write)
			memcpy(&value, bytes, width);
		value = perform(DEVICE_COMMAND, width, value, command.is_write);
		if (!command.is_write)
			memcpy(bytes, &value, width);
	}
}

static void ask_for_first(void)
{
	uint8_t status = get(DEVICE_CONTROL);

	if (!command.is_out || !command.is_asking || (status & ATA_STATUS_BSY) || !(status & ATA_STATUS_DRQ))
		return;
	command.is_asking = false;
	move_block();
}

static void failed(void)
{
	nr_failed++;
	UNIT_EQUAL(get(DEVICE_COMMAND + IDE_ERROR), expected_error());
	UNIT_CHECK(get(DEVICE_COMMAND + IDE_STATUS) & ATA_STATUS_ERR);
	give_up();
}

/* The handler of its interrupt, in the order of a driver's. */
static void take_interrupt(void)
{
	uint8_t status;

	if (command.is_out && command.is_dma) {
		if (!(get(DEVICE_MASTER + IDE_BM_STATUS) & IDE_BM_INTERRUPT))
			return; /* another's */
		put(DEVICE_MASTER + IDE_BM_COMMAND, command.is_write ? 0 : IDE_BM_TO_MEMORY);
	}
	if (get(DEVICE_CONTROL) & ATA_STATUS_BSY)
		return;
	status = get(DEVICE_COMMAND + IDE_STATUS);
	put(DEVICE_MASTER + IDE_BM_STATUS, IDE_BM_INTERRUPT);
	if (!command.is_out || (status & ATA_STATUS_BSY))
		return;
	if (status & ATA_STATUS_ERR) {
		failed();
	} else if (command.is_dma) {
		UNIT_CHECK(!(status & ATA_STATUS_DRQ));
		completed();
	} else if (command.is_write && command.done == command.sectors) {
		UNIT_CHECK(!(status & ATA_STATUS_DRQ));
		completed();
	} else if (status & ATA_STATUS_DRQ) {
		command.is_asking = false;
		move_block();
		if (!command.is_write && command.done == command.sectors)
			completed();
	}
}

static void interrupt(void)
{
	if (!device_interrupt)
		return;
	device_interrupt = false;
	is_locked = true;
	if (disk_is_nonsense)
		(void)get(DEVICE_COMMAND + IDE_STATUS);
	else
		take_interrupt();
	is_locked = false;
}

/* As after its own reset the driver sets the disk up. */
static void set_multiple(void)
{
	is_locked = true;
	put(DEVICE_COMMAND + IDE_DEVICE, 0xa0);
	put(DEVICE_COMMAND + IDE_COUNT, MULTIPLE);
	put(DEVICE_COMMAND + IDE_COMMAND, 0xc6);
	for (unsigned i = 0; i < 1000 && !disk_is_nonsense && (get(DEVICE_CONTROL) & ATA_STATUS_BSY); i++)
		(void)device_step();
	UNIT_CHECK(disk_is_nonsense || !(get(DEVICE_COMMAND + IDE_STATUS) & (ATA_STATUS_BSY | ATA_STATUS_ERR)));
	device_interrupt = false;
	is_locked = false;
}

static void reset(void)
{
	is_locked = true;
	give_up();
	put(DEVICE_CONTROL, IDE_CONTROL_SRST);
	put(DEVICE_CONTROL, 0);
	device_interrupt = false;
	put(DEVICE_MASTER + IDE_BM_COMMAND, 0);
	put(DEVICE_MASTER + IDE_BM_STATUS, IDE_BM_INTERRUPT);
	is_locked = false;
	if (cpu_depth == 0)
		set_multiple();
}

/* Nonsense ------------------------------------------------------------------------------------------------------------ */

static void babble_in_table(void)
{
	uint32_t entry[2] = { (uint32_t)unit_random() & 0xffffff, (uint32_t)unit_random() & (unit_random() % 2 ? 0x80000fff : 0x8000ffff) };

	if (unit_random() % 4 == 0)
		entry[0] = (uint32_t)(memory_reserved_start - KIB(2) + unit_random() % KIB(8));
	memcpy(memory_direct(TABLE + 8 * (unit_random() % 4)), entry, sizeof(entry));
}

static void babble_command(void)
{
	static const uint8_t codes[] = { 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xce, 0x3d, 0x06,
					 0xe7, 0xea, 0xec, 0xef, 0x91, 0xe5, 0x00, 0x08, 0xa0, 0xf5 };
	bool starts = unit_random() % 2;
	uint8_t master = (uint8_t)(unit_random() % 2 ? IDE_BM_TO_MEMORY : 0);

	put(DEVICE_COMMAND + IDE_COUNT, (uint8_t)(unit_random() % 4));
	put(DEVICE_COMMAND + IDE_FEATURES, (uint8_t)(unit_random() % 4));
	for (unsigned i = 0; i < 3; i++)
		put((uint16_t)(DEVICE_COMMAND + IDE_LBA0 + i), (uint8_t)(unit_random() % 4 ? unit_random() % 5 : unit_random()));
	put(DEVICE_COMMAND + IDE_DEVICE, (uint8_t)(unit_random() % 8 ? 0xe0 : unit_random()));
	(void)perform(DEVICE_MASTER + IDE_BM_TABLE, 4, unit_random() % 8 ? TABLE : (uint32_t)(memory_reserved_start + 16), true);
	if (unit_random() % 4)
		put(DEVICE_MASTER + IDE_BM_COMMAND, master);
	if (starts)
		put(DEVICE_MASTER + IDE_BM_COMMAND, master | IDE_BM_START);
	put(DEVICE_COMMAND + IDE_COMMAND, codes[unit_random() % sizeof(codes)]);
	if (!starts && unit_random() % 4)
		put(DEVICE_MASTER + IDE_BM_COMMAND, master | IDE_BM_START);
}

static void babble(void)
{
	static const uint8_t widths[] = { 1, 1, 2, 4 };
	uint16_t port;

	switch (unit_random() % 8) {
	case 0:
	case 1:
		babble_command();
		break;
	case 2:
		babble_in_table();
		break;
	case 3: /* data, much of it */
		for (unsigned i = (unsigned)unit_random() % 600; i != 0; i--)
			(void)perform(DEVICE_COMMAND, i % 7 == 0 ? 2 : 4, i, unit_random() % 2);
		break;
	case 4:
		put(DEVICE_CONTROL, (uint8_t)(unit_random() % 16));
		break;
	default:
		port = (uint16_t)(unit_random() % 2 ? DEVICE_COMMAND + unit_random() % 8 : DEVICE_MASTER + unit_random() % 8);
		(void)perform(port, widths[unit_random() % 4], (uint32_t)unit_random(), unit_random() % 2);
	}
}

static void happen(void)
{
	if (disk_is_nonsense && unit_random() % 2) {
		babble();
		return;
	}
	switch (unit_random() % 10) {
	case 0:
	case 1:
		if (!is_locked && !disk_is_nonsense)
			give();
		break;
	case 2:
	case 3:
		(void)device_step();
		break;
	case 4:
	case 5:
		if (!is_locked)
			interrupt();
		break;
	case 6:
		disk_resume_one();
		break;
	case 7:
		if (!is_locked && !disk_is_nonsense)
			ask_for_first();
		else
			(void)get(DEVICE_CONTROL);
		break;
	case 8:
		own();
		break;
	default:
		if (unit_random() % 64 == 0 && !is_locked)
			reset();
	}
}

/* What was given ends, with no more than the interrupts that the device sends. */
static void settle(void)
{
	for (unsigned i = 0; i < 2000 && command.is_out; i++) {
		(void)device_step();
		disk_resume_one();
		interrupt();
		ask_for_first();
	}
	UNIT_CHECK(!command.is_out);
}

static void begin(void)
{
	disk_happen = happen;
	disk_device_step = device_step;
	disk_lock = &channel.lock;
	disk_denies_ends = true;
	disk_set_world(disk_is_nonsense);
	disk_memory_reset(disk_is_nonsense && unit_random() % 4 == 0 ? 17 + (unsigned)unit_random() % 8 : 256);
	device_power_on();
	memset(&channel, 0, sizeof(channel));
	memset(&command, 0, sizeof(command));
	memset(tags, 0, sizeof(tags));
	disk_own_begin();
	channel.command = DEVICE_COMMAND;
	channel.control = DEVICE_CONTROL;
	ide_prepare(&channel, 0);
	for (unsigned unit = 0; unit < 2; unit++)
		ide_identify(&channel, unit, &channel.disks[unit]);
	UNIT_CHECK(channel.disks[0].is_there && !channel.disks[1].is_there);
	UNIT_EQUAL(channel.disks[0].info.sectors, DEVICE_SECTORS);
	UNIT_EQUAL(ide_claim(&channel), 0);
	reset();
}

static void end(void)
{
	disk_is_nonsense = false;
	put(DEVICE_CONTROL, IDE_CONTROL_SRST);
	put(DEVICE_CONTROL, 0);
	UNIT_EQUAL(channel.phase, IDE_OPEN);
	disk_watched = false;
	(void)get(DEVICE_CONTROL);
	disk_watched = true;
	UNIT_CHECK(!is_claimed[0] && !is_claimed[1] && !is_followed);
	memory_free_pages(channel.block, IDE_BLOCK_BYTES_MAXIMUM / PAGE_BYTES);
	memory_free_page(channel.our_table);
	UNIT_EQUAL(disk_memory_taken, 0);
	UNIT_CHECK(disk_memory_is_untouched());
	UNIT_EQUAL(cpu_depth, 0);
	UNIT_EQUAL(disk_nr_waiting, 0); /* a reset has let it go */
}

void disk_sequence(void)
{
	for (unsigned kind = 0; kind < RV_EVENT_KIND_COUNT; kind++)
		disk_wants[kind] = unit_random() % 2;
	disk_counts = unit_random() % 2;
	begin();
	for (unsigned step = 0; step < 100; step++)
		happen();
	for (unsigned step = 0; disk_is_nonsense && step < 100; step++)
		(void)device_step();
	if (!disk_is_nonsense)
		settle();
	end();
}

static void test_sequences(void)
{
	disk_run_sequences(false);
	UNIT_CHECK(nr_completed > DISK_SEQUENCES * 2 && disk_nr_held > DISK_SEQUENCES && nr_failed > DISK_SEQUENCES / 4 && nr_blocks > DISK_SEQUENCES * 2);
	UNIT_CHECK(disk_own_nr_done > 2 * DISK_SEQUENCES);
}

static void test_nonsense(void)
{
	disk_run_sequences(true);
}

/* A read that fails leaves a bus master that runs. What the guest asks for next, without starting it anew and with no hook
 * that wants it, does not go by the table that was ours. */
static void test_failed_read(void)
{
	disk_is_nonsense = false;
	memset(disk_wants, 0, sizeof(disk_wants));
	disk_wants[RV_EVENT_DISK_READ] = true;
	begin();
	command = (__typeof__(command)){ .is_dma = true, .lba = 7 * BLOCKS_EACH, .sectors = 8 };
	put_table();
	put(DEVICE_MASTER + IDE_BM_COMMAND, IDE_BM_TO_MEMORY | IDE_BM_START);
	put_registers(true);
	put(DEVICE_COMMAND + IDE_COMMAND, 0x25);
	for (unsigned i = 0; i < 100; i++) {
		(void)device_step();
		disk_resume_one();
		(void)get(DEVICE_CONTROL);
	}
	UNIT_CHECK(get(DEVICE_COMMAND + IDE_STATUS) & ATA_STATUS_ERR);
	command.lba = 0;
	put_registers(true);
	put(DEVICE_COMMAND + IDE_COMMAND, 0x35);
	(void)device_step();
	end();
}

int main(void)
{
	unit_run("an IDE disk's bus master keeps no table of ours", test_failed_read);
	unit_run("2,000 sequences of requests, interrupts, errors and resets of an IDE disk", test_sequences);
	unit_run("2,000 of nonsense to an IDE disk", test_nonsense);
	return unit_failed;
}
