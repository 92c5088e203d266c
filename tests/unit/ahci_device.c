/*
 * tests/unit/ahci_device.c: the controller.
 */
#include "ahci_device.h"

#include "core/memory.h"
#include "unit.h"
#include "vmm/access.h"

uint8_t device_disk[DEVICE_SECTORS * ATA_SECTOR_BYTES];
bool device_interrupt, device_is_awaited, device_follows;

static uint32_t ghc, is, pending_reset;
static uint32_t port[AHCI_PORT_BYTES / 4];
static uint32_t taken;	  /* queued commands that the disk has */
static bool is_halted;	  /* by an error */
static unsigned stopping; /* how often CR is still read */

static uint32_t *of(uint32_t offset)
{
	return &port[offset / 4];
}

/* A message is sent when a bit of IS is set; it is set as long as its port wants that. */
static void check_interrupt(void)
{
	if (device_follows)
		is = 0;
	if (!(*of(AHCI_PxIS) & *of(AHCI_PxIE)) || (is & 1))
		return;
	is |= 1;
	device_interrupt |= (ghc & AHCI_GHC_IE) != 0;
}

bool device_has_cause(void)
{
	return (is & 1) != 0;
}

static void receive(uint32_t offset, const uint8_t *fis, unsigned length_bytes)
{
	if (*of(AHCI_PxCMD) & AHCI_PxCMD_FRE)
		memcpy(disk_memory_reach(*of(AHCI_PxFB) + offset, length_bytes), fis, length_bytes);
}

static void end(uint8_t error, uint32_t cause)
{
	uint8_t status = ATA_STATUS_DRDY | (error != 0 ? ATA_STATUS_ERR : 0);
	uint8_t fis[AHCI_RECEIVED_FIS_BYTES] = { AHCI_FIS_D2H, AHCI_FIS_FLAGS_INTERRUPT, status, error };

	*of(AHCI_PxTFD) = (uint32_t)error << 8 | status;
	*of(AHCI_PxIS) |= cause | (error != 0 ? AHCI_PxIS_TFES : 0);
	is_halted |= error != 0;
	receive(AHCI_RECEIVED_D2H, fis, sizeof(fis));
	check_interrupt();
}

static uint8_t *header_of(unsigned slot)
{
	return disk_memory_reach(*of(AHCI_PxCLB) + slot * AHCI_HEADER_BYTES, AHCI_HEADER_BYTES);
}

static uint64_t table_of(unsigned slot)
{
	uint64_t table;

	memcpy(&table, header_of(slot) + 8, sizeof(table));
	return table;
}

/* How many bytes were moved. */
static uint32_t transfer(unsigned slot, uint8_t *bytes, uint32_t length_bytes, bool to_memory)
{
	uint32_t nr_entries, done = 0;

	memcpy(&nr_entries, header_of(slot), 4);
	for (uint32_t i = 0; i < nr_entries >> 16 && done < length_bytes; i++) {
		uint32_t entry[4], length;

		memcpy(entry, disk_memory_reach(table_of(slot) + AHCI_TABLE_ENTRIES + i * AHCI_ENTRY_BYTES, sizeof(entry)), sizeof(entry));
		length = (entry[3] & AHCI_ENTRY_LENGTH) + 1;
		UNIT_EQUAL(length % 2, 0);
		for (uint32_t at = 0; at < length && done < length_bytes; at++, done++) {
			uint8_t *memory = disk_memory_reach((entry[0] | (uint64_t)entry[1] << 32) + at, 1);

			if (to_memory)
				*memory = bytes[done];
			else
				bytes[done] = *memory;
		}
	}
	memcpy(header_of(slot) + 4, &done, 4);
	return done;
}

static uint8_t execute_sectors(unsigned slot, const uint8_t *fis, bool is_queued, bool is_write)
{
	bool is_short = fis[2] == 0xc8 || fis[2] == 0xca;
	uint64_t lba = 0;
	uint32_t count = (uint32_t)(is_queued ? fis[3] | fis[11] << 8 : fis[12] | fis[13] << 8);

	for (unsigned i = 0; i < 3; i++)
		lba |= (uint64_t)fis[4 + i] << 8 * i | (is_short ? 0 : (uint64_t)fis[8 + i] << (24 + 8 * i));
	if (is_short) {
		lba |= (uint64_t)(fis[7] & 15) << 24;
		count &= 0xff;
	}
	count = count == 0 ? is_short ? 256 : 65536 : count;
	if (lba >= DEVICE_SECTORS || count > DEVICE_SECTORS - lba)
		return 0x10;
	if (DEVICE_IS_BAD(lba))
		return ATA_ERROR_UNC;
	(void)transfer(slot, device_disk + lba * ATA_SECTOR_BYTES, count * ATA_SECTOR_BYTES, !is_write);
	return 0;
}

static uint8_t execute(unsigned slot, const uint8_t *fis)
{
	uint16_t words[ATA_IDENTIFY_WORDS] = { [60] = DEVICE_SECTORS, [76] = 0x100, [83] = 0x400, [100] = DEVICE_SECTORS };

	switch (fis[2]) {
	case 0x25:
	case 0x35:
	case 0xc8:
	case 0xca:
		return execute_sectors(slot, fis, false, fis[2] == 0x35 || fis[2] == 0xca);
	case 0x60:
	case 0x61:
		return execute_sectors(slot, fis, true, fis[2] == 0x61);
	case ATA_IDENTIFY:
		(void)transfer(slot, (uint8_t *)words, sizeof(words), true);
		return 0;
	case ATA_CHECK_POWER_MODE:
	case 0xe7:
	case 0xea:
		return 0;
	default:
		return ATA_ERROR_ABRT;
	}
}

static bool is_queued(unsigned slot)
{
	uint8_t code = *disk_memory_reach(table_of(slot) + 2, 1);

	return code >= 0x60 && code <= 0x65 && code != 0x62;
}

/* The next command is sent to the disk. What is queued is there then, and ends at another time. */
static bool take(void)
{
	uint32_t issued = *of(AHCI_PxCI);
	unsigned slot = issued != 0 ? (unsigned)__builtin_ctz(issued) : 0;
	uint8_t fis[20], error;

	if (issued == 0)
		return false;
	*of(AHCI_PxCMD) = (*of(AHCI_PxCMD) & ~0x1f00u) | slot << 8;
	memcpy(fis, disk_memory_reach(table_of(slot), sizeof(fis)), sizeof(fis));
	if (!(fis[1] & AHCI_FIS_FLAGS_COMMAND)) {
		*of(AHCI_PxCI) &= ~(1u << slot);
		return true;
	}
	if (is_queued(slot)) {
		UNIT_CHECK(*of(AHCI_PxSACT) & 1u << slot);
		UNIT_EQUAL(fis[12] >> 3, slot);
		*of(AHCI_PxCI) &= ~(1u << slot);
		taken |= 1u << slot;
		return true;
	}
	UNIT_EQUAL(taken, 0); /* none beside queued ones */
	error = execute(slot, fis);
	if (error == 0)
		*of(AHCI_PxCI) &= ~(1u << slot);
	end(error, 1);
	return true;
}

static bool finish_queued(void)
{
	unsigned slot = (unsigned)unit_random() % AHCI_SLOTS;
	uint8_t fis[20], error;

	if (taken == 0)
		return false;
	while (!(taken & 1u << slot))
		slot = (slot + 1) % AHCI_SLOTS;
	memcpy(fis, disk_memory_reach(table_of(slot), sizeof(fis)), sizeof(fis));
	error = execute(slot, fis);
	if (error == 0) {
		taken &= ~(1u << slot);
		*of(AHCI_PxSACT) &= ~(1u << slot);
	}
	end(error, 8);
	return true;
}

bool device_step(void)
{
	if (!(*of(AHCI_PxCMD) & AHCI_PxCMD_ST) || is_halted)
		return false;
	if (unit_random() % 2 == 0 && finish_queued())
		return true;
	return take() || finish_queued();
}

/* Registers ---------------------------------------------------------------------------------------- */

static void stop(void)
{
	*of(AHCI_PxCI) = *of(AHCI_PxSACT) = taken = 0;
	is_halted = false;
}

static void reset_device(void)
{
	taken = 0;
	*of(AHCI_PxTFD) = 0x150;
	*of(AHCI_PxSIG) = 0x101;
}

static void command_written(uint32_t value)
{
	uint32_t was = *of(AHCI_PxCMD);

	if (!(value & AHCI_PxCMD_ST) && (was & AHCI_PxCMD_ST)) {
		stop();
		stopping = (unsigned)unit_random() % 4;
	}
	UNIT_CHECK(!(value & ~was & AHCI_PxCMD_ST) || stopping == 0); /* not while it stops */
	*of(AHCI_PxCMD) = value & (AHCI_PxCMD_ST | AHCI_PxCMD_FRE);
}

static uint32_t port_read(uint32_t offset)
{
	uint32_t value = *of(offset);

	if (device_is_awaited && unit_random() % 4 == 0)
		(void)device_step();
	if (offset == AHCI_PxSSTS)
		return AHCI_PxSSTS_PRESENT;
	if (offset != AHCI_PxCMD)
		return value;
	if (value & AHCI_PxCMD_ST)
		return value | AHCI_PxCMD_CR;
	if (stopping == 0)
		return value;
	stopping--;
	return value | AHCI_PxCMD_CR;
}

static void port_write(uint32_t offset, uint32_t value)
{
	bool runs = (*of(AHCI_PxCMD) & AHCI_PxCMD_ST) != 0;

	if (offset == AHCI_PxCMD) {
		command_written(value);
	} else if (offset == AHCI_PxIS) {
		*of(offset) &= ~value;
	} else if (offset == AHCI_PxCI || offset == AHCI_PxSACT) {
		*of(offset) |= runs ? value : 0;
	} else if (offset == AHCI_PxSCTL) {
		if ((*of(offset) & 15) == 1 && !(value & 15))
			reset_device();
		*of(offset) = value;
	} else if (offset == AHCI_PxCLB || offset == AHCI_PxCLBU) {
		UNIT_CHECK(!runs && stopping == 0);
		*of(offset) = offset == AHCI_PxCLB ? value & ~1023u : value;
	} else if (offset == AHCI_PxFB || offset == AHCI_PxFBU || offset == AHCI_PxIE) {
		*of(offset) = offset == AHCI_PxFB ? value & ~255u : value;
	}
	check_interrupt();
}

static void reset(void)
{
	stop();
	reset_device();
	is = ghc = 0;
	stopping = 0;
	*of(AHCI_PxCMD) = *of(AHCI_PxIS) = *of(AHCI_PxIE) = *of(AHCI_PxSCTL) = 0;
	pending_reset = (uint32_t)unit_random() % 3;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	uint64_t offset = gpa - DEVICE_BASE;

	UNIT_CHECK(width_bytes == 4 && offset < DEVICE_PORT(AHCI_PORT_BYTES) && offset % 4 == 0);
	if (offset >= AHCI_PORTS)
		return port_read((uint32_t)offset % AHCI_PORT_BYTES);
	if (offset == AHCI_GHC && pending_reset != 0) {
		pending_reset--;
		return ghc | AHCI_GHC_HR;
	}
	return offset == AHCI_CAP ? 0xc0030000u : offset == AHCI_GHC ? ghc : offset == AHCI_IS ? is : 1;
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	uint64_t offset = gpa - DEVICE_BASE;

	UNIT_CHECK(width_bytes == 4 && offset < DEVICE_PORT(AHCI_PORT_BYTES) && offset % 4 == 0);
	if (offset >= AHCI_PORTS) {
		port_write((uint32_t)offset % AHCI_PORT_BYTES, (uint32_t)value);
	} else if (offset == AHCI_GHC && (value & AHCI_GHC_HR)) {
		reset();
	} else if (offset == AHCI_GHC) {
		ghc = (uint32_t)value;
		check_interrupt();
	} else if (offset == AHCI_IS) {
		is &= ~(uint32_t)value;
		check_interrupt();
	}
}

void device_lose_power(void)
{
	memset(port, 0, sizeof(port));
	device_interrupt = false;
	reset();
	pending_reset = 0;
}

void device_power_on(void)
{
	disk_memory_reset(256);
	memset(device_disk, 0, sizeof(device_disk));
	device_lose_power();
}
