/*
 * tests/unit/ahci.c: the AHCI mediator between a guest and a disk: sequences of commands, queued or not, of interrupts,
 * errors and resets, also from another CPU while hooks are asked, and of requests that wait; and of nonsense.
 */
#include "ahci_device.h"

#include "core/memory.h"
#include "core/time.h"
#include "disk_own.h"
#include "disk_requests.h"
#include "mediator/disk/disk_early.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"

#define COMMANDS 8
#define LIST MIB(1)
#define RECEIVED (MIB(1) + KIB(4))
#define LIST_OTHER (MIB(1) + KIB(2))
#define TABLE(slot) (MIB(1) + KIB(8) + (slot) * KIB(1))
#define BUFFER(slot) (MIB(3) + (slot) * KIB(32))

static struct ahci_controller controller;
static uint32_t list = LIST;
static bool is_queuing;
static bool is_locked; /* by a CPU of the guest's: its driver has one for all that it does */
static unsigned nr_completed, nr_failed, nr_logged;

/* What the guest knows. */
static struct {
	bool is_out, is_write, is_queued;
	uint64_t lba;
	uint32_t sectors;
	uint8_t tag;
} commands[COMMANDS];
static int tags[DEVICE_SECTORS]; /* what each sector holds; -1: not known */
static bool is_owning;

uint64_t paging_direct_bytes = FAKE_MEMORY_BYTES;

/* What stands around the mediator ------------------------------------------------------------------ */

void deadline_look(struct vcpu *vcpu)
{
	(void)vcpu;
}

void ahci_release_unwatched(struct ahci_controller *at)
{
	(void)at;
}

/* The guest ---------------------------------------------------------------------------------------- */

static void access_register(uint32_t offset, uint64_t *value, bool write, uint8_t width_bytes)
{
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = width_bytes,
				 .address = DEVICE_BASE + offset, .value = *value };

	(void)ahci_access(&access, offset, &controller);
	*value = access.value;
}

static void write_register(uint32_t offset, uint32_t written)
{
	uint64_t value = written;

	access_register(offset, &value, true, 4);
}

static uint32_t read_register(uint32_t offset)
{
	uint64_t value = 0;

	access_register(offset, &value, false, 4);
	return (uint32_t)value;
}

static void write_port(uint32_t offset, uint32_t value)
{
	write_register(DEVICE_PORT(offset), value);
}

static uint32_t read_port(uint32_t offset)
{
	return read_register(DEVICE_PORT(offset));
}

static bool is_hooked(unsigned slot)
{
	return disk_wants[commands[slot].is_write ? RV_EVENT_DISK_WRITE : RV_EVENT_DISK_READ];
}

/* The error that a command ends with, 0: none. */
static uint8_t expected_error(unsigned slot)
{
	uint64_t rule = disk_rule(commands[slot].lba);
	bool sees_end = disk_wants[RV_EVENT_DISK_DONE] || (disk_wants[RV_EVENT_DISK_READ] && !commands[slot].is_write);

	if ((is_hooked(slot) && rule == 0) || rule == 7 || (sees_end && rule == 6))
		return ATA_ERROR_UNC;
	return 0;
}

static uint8_t expected_byte(unsigned slot, uint64_t lba)
{
	bool dropped = disk_wants[RV_EVENT_DISK_READ] && disk_rule(commands[slot].lba) == 1;
	int raw = dropped ? disk_answer(commands[slot].lba) : tags[lba];

	/* On the disk there is what hooks made of it; the end of a read goes through them as well. */
	return (uint8_t)(raw ^ (disk_wants[RV_EVENT_DISK_READ] || (disk_wants[RV_EVENT_DISK_DONE] && !disk_counts) ? KEY : 0));
}

static void check_data(unsigned slot)
{
	const uint8_t *bytes = memory_direct(BUFFER(slot) + 512);

	for (uint32_t i = 0; i < commands[slot].sectors; i++) {
		uint64_t lba = commands[slot].lba + i;

		if (tags[lba] >= 0)
			UNIT_CHECK(bytes[i * ATA_SECTOR_BYTES] == expected_byte(slot, lba) &&
				   bytes[(i + 1) * ATA_SECTOR_BYTES - 1] == expected_byte(slot, lba));
	}
}

static void completed(unsigned slot)
{
	bool hooked = disk_wants[RV_EVENT_DISK_WRITE];
	uint32_t transferred;

	commands[slot].is_out = false;
	nr_completed++;
	UNIT_EQUAL(expected_error(slot), 0);
	memcpy(&transferred, memory_direct(list + slot * AHCI_HEADER_BYTES + 4), sizeof(transferred));
	if (!commands[slot].is_write)
		check_data(slot);
	if (commands[slot].is_write && !(hooked && disk_rule(commands[slot].lba) == 1)) {
		UNIT_EQUAL(transferred, commands[slot].sectors * ATA_SECTOR_BYTES);
		for (uint32_t i = 0; i < commands[slot].sectors; i++)
			tags[commands[slot].lba + i] = commands[slot].tag ^ (hooked ? KEY : 0);
	}
}

/* It may have been done, or not. */
static void give_up(unsigned slot)
{
	for (uint32_t i = 0; commands[slot].is_out && commands[slot].is_write && i < commands[slot].sectors; i++)
		tags[commands[slot].lba + i] = -1;
	commands[slot].is_out = false;
}

static void give_up_all(void)
{
	for (unsigned slot = 0; slot < COMMANDS; slot++)
		give_up(slot);
}

static void start_port(void)
{
	write_port(AHCI_PxCLB, list);
	write_port(AHCI_PxCLBU, 0);
	write_port(AHCI_PxFB, RECEIVED);
	write_port(AHCI_PxFBU, 0);
	write_port(AHCI_PxIS, ~0u);
	write_port(AHCI_PxIE, 0x7dc000ffu);
	write_port(AHCI_PxCMD, AHCI_PxCMD_FRE);
	write_port(AHCI_PxCMD, AHCI_PxCMD_FRE | AHCI_PxCMD_ST);
	if (disk_is_nonsense)
		return;
	UNIT_EQUAL(read_port(AHCI_PxCLB), list);
	UNIT_CHECK(read_port(AHCI_PxCMD) & AHCI_PxCMD_ST);
	UNIT_EQUAL(read_port(AHCI_PxCI) | read_port(AHCI_PxSACT), 0);
}

static void stop_port(void)
{
	give_up_all();
	write_port(AHCI_PxCMD, AHCI_PxCMD_FRE);
}

static void prepare(unsigned slot, uint8_t code, uint64_t lba, uint32_t sectors, uint32_t bytes)
{
	uint8_t *table = memory_direct(TABLE(slot));
	uint32_t *header = memory_direct(list + slot * AHCI_HEADER_BYTES), nr = 0;
	bool is_queued = code == 0x60 || code == 0x61, is_write = code == 0x35 || code == 0x61;

	memset(table, 0, KIB(1));
	table[0] = AHCI_FIS_H2D;
	table[1] = AHCI_FIS_FLAGS_COMMAND;
	table[2] = code;
	table[7] = ATA_DEVICE_LBA;
	for (unsigned i = 0; i < 3; i++)
		table[4 + i] = (uint8_t)(lba >> 8 * i);
	table[is_queued ? 3 : 12] = (uint8_t)sectors;
	table[is_queued ? 11 : 13] = (uint8_t)(sectors >> 8);
	if (is_queued)
		table[12] = (uint8_t)(slot << 3);
	for (uint32_t done = 0, part; done < bytes; done += part, nr++) {
		uint32_t entry[4] = { (uint32_t)BUFFER(slot) + 512 + done, 0, 0, 0 };

		part = nr == 0 && bytes > 100 ? 100 : unit_random() % 2 && bytes - done > 700 ? 700 : bytes - done;
		entry[3] = part - 1;
		memcpy(table + AHCI_TABLE_ENTRIES + nr * AHCI_ENTRY_BYTES, entry, sizeof(entry));
	}
	header[0] = 5 | (is_write ? AHCI_HEADER_WRITE : 0) | nr << 16;
	header[1] = 0xeeeeeeee;
	header[2] = (uint32_t)TABLE(slot);
	header[3] = 0;
}

static unsigned out(void)
{
	unsigned sum = 0;

	for (unsigned slot = 0; slot < COMMANDS; slot++)
		sum += commands[slot].is_out;
	return sum;
}

static void give(void)
{
	static uint8_t last_tag;
	unsigned slot = (unsigned)unit_random() % COMMANDS;
	bool is_write = unit_random() % 2 == 0;

	if (commands[slot].is_out)
		return;
	commands[slot] = (__typeof__(commands[0])){ .is_out = true, .is_write = is_write, .is_queued = is_queuing,
		.lba = (slot * 8 + unit_random() % 8) * BLOCKS_EACH, .sectors = 1 + (uint32_t)(unit_random() % BLOCKS_EACH),
		.tag = ++last_tag };
	if (unit_random() % 4 != 0 && (disk_rule(commands[slot].lba) % 6 == 0 || disk_rule(commands[slot].lba) == 7))
		commands[slot].lba = (slot * 8 + 2) * BLOCKS_EACH; /* errors are not the rule */
	prepare(slot, is_queuing ? is_write ? 0x61 : 0x60 : is_write ? 0x35 : 0x25, commands[slot].lba,
		commands[slot].sectors, commands[slot].sectors * ATA_SECTOR_BYTES);
	memset(memory_direct(BUFFER(slot) + 512), last_tag, commands[slot].sectors * ATA_SECTOR_BYTES);
	is_locked = true;
	if (is_queuing)
		write_port(AHCI_PxSACT, 1u << slot);
	write_port(AHCI_PxCI, 1u << slot);
	is_locked = false;
}

/* Of a queued command that has failed the disk says which it is, and why. */
static void check_log(void)
{
	const uint8_t *log = memory_direct(BUFFER(0) + 512);
	uint8_t sum = 0;

	prepare(0, ATA_READ_LOG, 0x10, 1, ATA_SECTOR_BYTES);
	write_port(AHCI_PxCI, 1);
	for (unsigned i = 0; i < 1000 && (read_port(AHCI_PxCI) & 1) && !(read_port(AHCI_PxIS) & AHCI_PxIS_TFES); i++) {
		(void)device_step();
		disk_resume_one();
	}
	if (read_port(AHCI_PxIS) & AHCI_PxIS_TFES)
		return; /* it was the disk's own, which knows nothing here */
	for (unsigned i = 0; i < ATA_SECTOR_BYTES; i++)
		sum = (uint8_t)(sum + log[i]);
	nr_logged++;
	UNIT_EQUAL(sum, 0);
	UNIT_CHECK(log[0] < COMMANDS && commands[log[0]].is_out);
	UNIT_EQUAL(expected_error(log[0] % COMMANDS), log[3]);
	UNIT_EQUAL(log[4] | log[5] << 8, commands[log[0] % COMMANDS].lba);
}

/* A command has failed: which, is said by the port, or by the disk; all others may have been done or not. */
static void recover(void)
{
	unsigned slot = read_port(AHCI_PxCMD) >> 8 & 31;
	uint32_t file = read_port(AHCI_PxTFD);
	const uint8_t *fis = memory_direct(RECEIVED + AHCI_RECEIVED_D2H);
	bool is_queued = is_queuing;

	nr_failed++;
	UNIT_CHECK(disk_is_nonsense || (file & ATA_STATUS_ERR));
	if (!is_queued && !disk_is_nonsense) {
		UNIT_CHECK(slot < COMMANDS && commands[slot % COMMANDS].is_out);
		UNIT_EQUAL(file >> 8 & 0xff, expected_error(slot % COMMANDS));
		UNIT_EQUAL(fis[3], expected_error(slot % COMMANDS));
		UNIT_CHECK(read_port(AHCI_PxCI) & 1u << slot);
	}
	write_port(AHCI_PxCMD, AHCI_PxCMD_FRE);
	if (is_queued && !disk_is_nonsense) {
		start_port();
		check_log();
		write_port(AHCI_PxCMD, AHCI_PxCMD_FRE);
	}
	give_up_all();
	start_port();
}

/* The handler of its interrupt, in the order of a driver's. */
static void interrupt(void)
{
	uint32_t which, causes, left;

	if (!device_interrupt)
		return;
	is_locked = true;
	device_interrupt = false;
	which = read_register(AHCI_IS);
	if (which == 0) { /* spurious, to Linux: it does not look further */
		is_locked = false;
		return;
	}
	causes = read_port(AHCI_PxIS);
	write_port(AHCI_PxIS, causes);
	if (causes & AHCI_PxIS_TFES) {
		recover();
	} else if (!disk_is_nonsense) {
		left = read_port(AHCI_PxSACT) | read_port(AHCI_PxCI);
		for (unsigned slot = 0; slot < COMMANDS; slot++) {
			if (commands[slot].is_out && !(left & 1u << slot))
				completed(slot);
		}
	}
	write_register(AHCI_IS, which);
	is_locked = false;
}

static void reset(void)
{
	is_locked = true;
	switch (unit_random() % 4) {
	case 0:
		stop_port();
		break;
	case 3:
		give_up_all();
		device_lose_power();
		list = list == LIST ? LIST_OTHER : LIST;
		break;
	case 1:
		give_up_all();
		write_register(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_HR);
		break;
	default:
		stop_port();
		write_port(AHCI_PxSCTL, 1);
		write_port(AHCI_PxSCTL, 0);
	}
	write_register(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
	start_port();
	is_locked = false;
}

/* Registers, lists and tables that mean nothing, or the hypervisor's memory. */
static void babble(void)
{
	static const uint16_t offsets[] = { AHCI_GHC, AHCI_IS, AHCI_CCC_CTL, DEVICE_PORT(AHCI_PxCLB), DEVICE_PORT(AHCI_PxFB),
		DEVICE_PORT(AHCI_PxIS), DEVICE_PORT(AHCI_PxCMD), DEVICE_PORT(AHCI_PxSCTL), DEVICE_PORT(AHCI_PxSACT),
		DEVICE_PORT(AHCI_PxCI), DEVICE_PORT(AHCI_PxCI), DEVICE_PORT(AHCI_PxFBS) };
	static const uint8_t codes[] = { 0x25, 0x35, 0x60, 0x61, 0xec, 0x06, 0x2f, 0xc8, 0x20, 0xea, 0xef, 0xa0 };
	static const uint8_t widths[] = { 1, 2, 4, 8 };
	unsigned slot = (unsigned)unit_random() % AHCI_SLOTS, which = (unsigned)unit_random() % 4;
	uint32_t *header = memory_direct(list + slot * AHCI_HEADER_BYTES);
	uint8_t *table = memory_direct(TABLE(slot));
	uint64_t value = unit_random();

	if (which == 0) {
		prepare(slot, codes[unit_random() % sizeof(codes)], unit_random() % 2048, (uint32_t)unit_random() % 64, 4096);
		header[0] ^= unit_random() % 2 ? 0 : (uint32_t)unit_random() & 0x000fffffu;
		header[2] = unit_random() % 8 ? header[2] : (uint32_t)unit_random() & 0xffffff;
		table[unit_random() % 24] ^= (uint8_t)(unit_random() % 2 ? 0 : unit_random());
		value = memory_reserved_start - KIB(2) + unit_random() % (memory_reserved_bytes + KIB(4));
		memcpy(table + AHCI_TABLE_ENTRIES + unit_random() % 3 * AHCI_ENTRY_BYTES, &value, unit_random() % 3 == 0 ? 4 : 0);
		if (unit_random() % 2 == 0)
			write_port(AHCI_PxCI, 1u << slot);
		return;
	}
	if (unit_random() % 8 == 0)
		value = memory_reserved_start;
	if (which == 1 && unit_random() % 4 != 0)
		value = AHCI_PxCMD_FRE | (unit_random() % 4 ? AHCI_PxCMD_ST : 0);
	access_register(which == 1 ? DEVICE_PORT(AHCI_PxCMD) : offsets[unit_random() % ARRAY_LENGTH(offsets)], &value,
			unit_random() % 4 != 0, unit_random() % 4 ? 4 : widths[unit_random() % 4]);
}

/* The device goes on while it is waited for, so it is always in time, however busy this machine is. */
static int own_io(struct disk_io *io)
{
	int error;

	device_is_awaited = true;
	error = ahci_own_io(&controller.ports[0], io);
	device_is_awaited = false;
	return error;
}

/* A command of ours, whatever the guest is at. */
static void own(void)
{
	int error = disk_own_do(own_io, DEVICE_SECTORS - DISK_OWN_BLOCKS, ATA_SECTOR_BYTES, 40, !disk_is_nonsense);

	UNIT_CHECK(error == 0 || error == -RV_EBUSY || error == -RV_EIO || error == -RV_ETIMEDOUT || error == -RV_ENOMEM);
}

/* Of each end that is shown to the guest there is an interrupt that it has not had yet, or one will come of what the
 * device has. */
static void check_told(void)
{
	const struct ahci_port *port = &controller.ports[0];

	for (unsigned slot = 0; !is_locked && port->is_attached && !port->is_told && slot < COMMANDS; slot++)
		UNIT_CHECK(!commands[slot].is_out || ((port->issued | port->active) & 1u << slot) ||
			   (device_interrupt && device_has_cause()) || port->out != 0);
}

static void happen(void)
{
	if (!disk_is_nonsense)
		check_told();
	if (disk_is_nonsense && unit_random() % 2 == 0) {
		babble();
		return;
	}
	switch (unit_random() % 10) {
	case 0:
	case 1:
		if (!is_locked)
			give();
		break;
	case 9:
		if (!is_owning) {
			is_owning = true;
			own();
			is_owning = false;
		}
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
	case 7: /* without a lock, to look */
		(void)read_port(unit_random() % 2 ? AHCI_PxIS : AHCI_PxTFD);
		break;
	default:
		if (unit_random() % 64 == 0 && !is_locked)
			reset();
		else if (out() == 0 && !is_locked)
			is_queuing = unit_random() % 2;
	}
}

static void settle_step(void)
{
	check_told();
	switch (unit_random() % 3) {
	case 0:
		(void)device_step();
		break;
	case 1:
		disk_resume_one();
		break;
	default:
		if (!is_locked)
			interrupt();
	}
}

/* All that was given ends, with no more than the interrupts that the device sends. */
static void settle(void)
{
	disk_settle(out, settle_step);
}

static void begin(void)
{
	device_power_on();
	memset(&controller, 0, sizeof(controller));
	memset(tags, 0, sizeof(tags));
	disk_own_begin();
	controller.is_claimed = true;
	memset(commands, 0, sizeof(commands));
	disk_happen = happen;
	disk_device_step = device_step;
	disk_lock = &controller.lock;
	disk_denies_ends = true;
	disk_set_world(disk_is_nonsense);
	if (disk_is_nonsense && unit_random() % 8 == 0)
		disk_memory_reset(2 + (unsigned)unit_random() % 64);
	controller.base = DEVICE_BASE;
	controller.ports[0].controller = &controller;
	controller.ports[0].is_there = true;
	is_queuing = unit_random() % 2;
	device_follows = unit_random() % 2;
	write_register(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
	start_port();
}

static void end(void)
{
	cpu_second_finish();
	write_register(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_HR);
	(void)read_port(AHCI_PxCMD);
	UNIT_CHECK(!controller.ports[0].is_attached);
	/* What the device was slow with, as on a busy machine, it keeps. */
	if (controller.ports[0].is_slow)
		disk_memory_take_back();
	disk_let_go();
	UNIT_EQUAL(disk_memory_taken, 0);
	UNIT_CHECK(disk_memory_is_untouched());
	UNIT_EQUAL(cpu_depth, 0);
}

void disk_sequence(void)
{
	disk_wants[RV_EVENT_DISK_READ] = unit_random() % 2;
	disk_wants[RV_EVENT_DISK_WRITE] = unit_random() % 2;
	disk_wants[RV_EVENT_DISK_DONE] = unit_random() % 2;
	disk_counts = unit_random() % 2;
	begin();
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
	UNIT_CHECK(cpu_nr_overtaken > DISK_SEQUENCES && nr_completed > DISK_SEQUENCES * 5 && disk_nr_held > DISK_SEQUENCES && nr_failed > DISK_SEQUENCES / 4 &&
		   nr_logged > DISK_SEQUENCES / 40);
	UNIT_CHECK(disk_own_nr_done > DISK_SEQUENCES && disk_own_nr_failed < disk_own_nr_done);
}

static void test_nonsense(void)
{
	disk_run_sequences(true);
}

/* Nothing is read before the guest here (system/encrypt). */
int disk_early_found(struct disk_early *early, const struct rv_disk_info *info)
{
	(void)early;
	(void)info;
	return -RV_ENOTSUP;
}

int main(void)
{
	unit_run("2,000 sequences of requests, interrupts, errors and resets", test_sequences);
	unit_run("2,000 of nonsense", test_nonsense);
	return unit_failed;
}
