/*
 * tests/unit/ide_device.c: the channel.
 */
#include "ide_device.h"

#include "core/memory.h"
#include "unit.h"

#define BLOCK_SECTORS_MAXIMUM 16
#define TABLE_ENTRIES 8192

uint8_t device_disk[DEVICE_SECTORS * ATA_SECTOR_BYTES];
bool device_interrupt;

static uint8_t status, error, device, features, control, multiple, count[2], address[2][3];
static bool pending; /* INTRQ, whatever nIEN says */
static uint8_t master_command, master_status;
static uint32_t table, started; /* where its table is; and was when it was started */

/* What the disk is at. */
static enum { IDLE, TO_GUEST, FROM_GUEST, BY_MASTER, PLAIN } work;
static uint8_t code;
static uint64_t lba;
static uint32_t left;			   /* sectors */
static uint8_t block[BLOCK_SECTORS_MAXIMUM * ATA_SECTOR_BYTES];
static uint32_t block_bytes, position;	   /* PIO, while DRQ is set */

static void update_pin(bool was)
{
	bool is = pending && !(control & IDE_CONTROL_NIEN);

	if (!is || was)
		return;
	device_interrupt = true;
	master_status |= IDE_BM_INTERRUPT;
}

static void raise(void)
{
	bool was = pending && !(control & IDE_CONTROL_NIEN);

	pending = true;
	update_pin(was);
}

static void end(uint8_t why)
{
	work = IDLE;
	error = why;
	status = ATA_STATUS_DRDY | ATA_STATUS_DSC | (why != 0 ? ATA_STATUS_ERR : 0);
	raise();
}

static const struct ata_opcode *opcode(void)
{
	return ata_opcode_of(code);
}

static uint8_t check_range(void)
{
	if (lba >= DEVICE_SECTORS || left > DEVICE_SECTORS - lba)
		return ATA_ERROR_IDNF;
	return DEVICE_IS_BAD(lba) ? ATA_ERROR_UNC : 0;
}

static uint32_t block_sectors(void)
{
	uint32_t most = opcode() != NULL && opcode()->multiple ? multiple : 1;

	return most < left ? most : left;
}

/* A part of what the bus master moves, within a page. Of what the guest's own table names only the guest's memory is
 * reached: the IOMMU sees to that. */
static void move(uint64_t at, uint8_t *bytes, uint32_t length_bytes)
{
	uint8_t *memory;

	if (!disk_memory_is_given(started) && !memory_is_ram(at, length_bytes))
		return;
	memory = disk_memory_reach(at, length_bytes);
	if (master_command & IDE_BM_TO_MEMORY)
		memcpy(memory, bytes, length_bytes);
	else
		memcpy(bytes, memory, length_bytes);
}

/* False: the table ends before the data. */
static bool run_master(uint8_t *bytes, uint32_t length_bytes)
{
	for (uint32_t i = 0; i < TABLE_ENTRIES && length_bytes != 0; i++) {
		uint32_t entry[2], length;

		if (!disk_memory_is_given(started) && !memory_is_ram(started + 8 * i, 8))
			return false;
		for (unsigned k = 0; k < 2; k++)
			memcpy(&entry[k], disk_memory_reach(started + 8 * i + 4 * k, 4), 4);
		length = entry[1] & 0xfffe ? entry[1] & 0xfffe : KIB(64);
		entry[0] &= ~1u;
		for (uint32_t part; length != 0 && length_bytes != 0; length -= part, length_bytes -= part, bytes += part, entry[0] += part) {
			part = PAGE_BYTES - entry[0] % PAGE_BYTES;
			part = part < length ? part : length;
			part = part < length_bytes ? part : length_bytes;
			move(entry[0], bytes, part);
		}
		if (entry[1] & 0x80000000) {
			if (length == 0)
				master_status &= (uint8_t)~IDE_BM_ACTIVE;
			return length_bytes == 0;
		}
	}
	return length_bytes == 0;
}

static void step_master(void)
{
	static uint8_t list[ATA_SECTOR_BYTES];
	uint8_t why;

	if (code == 0x06) { /* no sector is discarded: its list is read */
		end(left == 1 && features == 1 && run_master(list, sizeof(list)) ? 0 : ATA_ERROR_ABRT);
		return;
	}
	why = check_range();
	if (why == 0 && !run_master(device_disk + lba * ATA_SECTOR_BYTES, left * ATA_SECTOR_BYTES))
		why = ATA_ERROR_ABRT;
	end(why);
}

static void offer_block(void)
{
	block_bytes = block_sectors() * ATA_SECTOR_BYTES;
	position = 0;
	status = ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_DRQ;
}

static void step_to_guest(void)
{
	uint16_t words[ATA_IDENTIFY_WORDS] = { [49] = 0x300, [59] = 0x100 | multiple, [60] = DEVICE_SECTORS, [83] = 0x400,
					       [100] = DEVICE_SECTORS };
	uint8_t why = code == ATA_IDENTIFY ? 0 : check_range();

	if (why != 0) {
		end(why);
		return;
	}
	offer_block();
	if (code == ATA_IDENTIFY)
		memcpy(block, words, sizeof(words));
	else
		memcpy(block, device_disk + lba * ATA_SECTOR_BYTES, block_bytes);
	raise();
}

/* Of a write: the first block is asked for without an interrupt. */
static void step_from_guest(void)
{
	uint8_t why = check_range();

	if (why != 0) {
		end(why);
	} else if (block_bytes == 0) {
		offer_block();
	} else {
		memcpy(device_disk + lba * ATA_SECTOR_BYTES, block, block_bytes);
		lba += block_bytes / ATA_SECTOR_BYTES;
		left -= block_bytes / ATA_SECTOR_BYTES;
		if (left == 0) {
			end(0);
			return;
		}
		offer_block();
		raise();
	}
}

static void step_plain(void)
{
	uint8_t why = 0;

	switch (code) {
	case 0xc6:
		why = count[0] > BLOCK_SECTORS_MAXIMUM || (count[0] & (count[0] - 1)) != 0 ? ATA_ERROR_ABRT : 0;
		if (why == 0)
			multiple = count[0];
		break;
	case ATA_CHECK_POWER_MODE:
		count[0] = 0xff;
		break;
	case 0xe7:
	case 0xea:
	case 0xef:
	case 0x91:
		break;
	default:
		why = ATA_ERROR_ABRT;
	}
	end(why);
}

bool device_step(void)
{
	if (work == IDLE || !(status & ATA_STATUS_BSY))
		return false;
	if (work == BY_MASTER && !(master_command & IDE_BM_START))
		return false;
	if (work == BY_MASTER)
		step_master();
	else if (work == TO_GUEST)
		step_to_guest();
	else if (work == FROM_GUEST)
		step_from_guest();
	else
		step_plain();
	return true;
}

static uint64_t written_address(bool extended)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < 3; i++)
		at |= (uint64_t)address[0][i] << 8 * i | (extended ? (uint64_t)address[1][i] << (24 + 8 * i) : 0);
	return extended ? at : at | (uint64_t)(device & 15) << 24;
}

static void take_command(uint8_t value)
{
	struct ata_taskfile taskfile = { .device = device, .count = { count[0], count[1] } };

	if ((device & IDE_DEVICE_SLAVE) || (status & (ATA_STATUS_BSY | ATA_STATUS_DRQ)))
		return;
	code = value;
	pending = false;
	status = ATA_STATUS_BSY | ATA_STATUS_DRDY;
	error = 0;
	block_bytes = position = 0;
	work = PLAIN;
	left = 1;
	if (code == ATA_IDENTIFY)
		work = TO_GUEST;
	if (opcode() == NULL || opcode()->kind == RV_EVENT_DISK_FLUSH)
		return;
	lba = written_address(opcode()->extended);
	left = ata_taskfile_sectors(&taskfile, opcode());
	work = opcode()->dma ? BY_MASTER : opcode()->kind == RV_EVENT_DISK_READ ? TO_GUEST : FROM_GUEST;
	if (opcode()->multiple && multiple == 0)
		work = PLAIN; /* which aborts it */
}

static void write_control(uint8_t value)
{
	bool was = pending && !(control & IDE_CONTROL_NIEN);

	control = value;
	update_pin(was);
	if (!(value & IDE_CONTROL_SRST))
		return;
	work = IDLE;
	pending = false;
	status = ATA_STATUS_DRDY | ATA_STATUS_DSC;
	error = 1;
	device = 0;
	memset(address, 0, sizeof(address));
	address[0][0] = count[0] = 1;
}

/* Data ------------------------------------------------------------------------------------------------------------- */

static uint32_t access_data(uint32_t value, unsigned width_bytes, bool write)
{
	if (!(status & ATA_STATUS_DRQ) || (write && work != FROM_GUEST) || (!write && work != TO_GUEST))
		return ~0u;
	for (unsigned i = 0; i < width_bytes && position < block_bytes; i++, position++) {
		if (write)
			block[position] = (uint8_t)(value >> 8 * i);
		else
			value = (value & ~(0xffu << 8 * i)) | (uint32_t)block[position] << 8 * i;
	}
	if (position < block_bytes)
		return value;
	status = ATA_STATUS_BSY | ATA_STATUS_DRDY;
	if (write)
		return value;
	lba += block_bytes / ATA_SECTOR_BYTES;
	left -= block_bytes / ATA_SECTOR_BYTES;
	if (left == 0) {
		status = ATA_STATUS_DRDY | ATA_STATUS_DSC;
		work = IDLE;
	}
	return value;
}

/* Ports ------------------------------------------------------------------------------------------------------------ */

static uint8_t read_status(bool alternate)
{
	if (unit_random() % 16 == 0)
		(void)device_step();
	if (device & IDE_DEVICE_SLAVE)
		return 0;
	if (!alternate)
		pending = false;
	return status;
}

uint8_t port_read8(uint16_t port)
{
	switch (port) {
	case DEVICE_COMMAND + IDE_DATA:
		return (uint8_t)access_data(0, 1, false);
	case DEVICE_COMMAND + IDE_ERROR:
		return error;
	case DEVICE_COMMAND + IDE_COUNT:
		return count[0];
	case DEVICE_COMMAND + IDE_DEVICE:
		return device;
	case DEVICE_COMMAND + IDE_STATUS:
	case DEVICE_CONTROL:
		return read_status(port == DEVICE_CONTROL);
	case DEVICE_MASTER + IDE_BM_COMMAND:
		return master_command;
	case DEVICE_MASTER + IDE_BM_STATUS:
		return master_status;
	default:
		if (port >= DEVICE_COMMAND + IDE_LBA0 && port <= DEVICE_COMMAND + IDE_LBA2)
			return address[0][port - DEVICE_COMMAND - IDE_LBA0];
		if (port >= DEVICE_MASTER + IDE_BM_TABLE && port < DEVICE_MASTER + IDE_BM_PORTS)
			return (uint8_t)(table >> 8 * (port - DEVICE_MASTER - IDE_BM_TABLE));
		return 0xff;
	}
}

static void write_master(uint8_t value)
{
	if (value & ~master_command & IDE_BM_START) {
		started = table & ~3u;
		master_status |= IDE_BM_ACTIVE;
	}
	if (!(value & IDE_BM_START))
		master_status &= (uint8_t)~IDE_BM_ACTIVE;
	master_command = value & (IDE_BM_START | IDE_BM_TO_MEMORY);
}

static void shift_in(uint8_t registers[2], uint8_t value)
{
	registers[1] = registers[0];
	registers[0] = value;
}

static void write_parameter(uint16_t port, uint8_t value)
{
	unsigned i = (unsigned)(port - DEVICE_COMMAND - IDE_LBA0);

	if (status & (ATA_STATUS_BSY | ATA_STATUS_DRQ))
		return; /* it has a command */
	if (port == DEVICE_COMMAND + IDE_FEATURES)
		features = value;
	else if (port == DEVICE_COMMAND + IDE_COUNT)
		shift_in(count, value);
	else if (port == DEVICE_COMMAND + IDE_DEVICE)
		device = value;
	else if (i < 3) {
		address[1][i] = address[0][i];
		address[0][i] = value;
	}
}

void port_write8(uint16_t port, uint8_t value)
{
	unsigned shift = 8 * (unsigned)(port - DEVICE_MASTER - IDE_BM_TABLE);

	if (port == DEVICE_COMMAND + IDE_DATA)
		(void)access_data(value, 1, true);
	else if (port == DEVICE_COMMAND + IDE_COMMAND)
		take_command(value);
	else if (port == DEVICE_CONTROL)
		write_control(value);
	else if (port == DEVICE_MASTER + IDE_BM_COMMAND)
		write_master(value);
	else if (port == DEVICE_MASTER + IDE_BM_STATUS)
		master_status &= (uint8_t)~(value & IDE_BM_INTERRUPT);
	else if (shift < 32)
		table = (table & ~(0xffu << shift)) | (uint32_t)value << shift;
	else
		write_parameter(port, value);
}

uint16_t port_read16(uint16_t port)
{
	return port == DEVICE_COMMAND ? (uint16_t)access_data(0, 2, false) : (uint16_t)(port_read8(port) | port_read8(port + 1) << 8);
}

void port_write16(uint16_t port, uint16_t value)
{
	UNIT_EQUAL(port, DEVICE_COMMAND);
	(void)access_data(value, 2, true);
}

uint32_t port_read32(uint16_t port)
{
	return port == DEVICE_COMMAND ? access_data(0, 4, false) : table;
}

void port_write32(uint16_t port, uint32_t value)
{
	UNIT_EQUAL(port, DEVICE_MASTER + IDE_BM_TABLE);
	table = value;
}

void device_power_on(void)
{
	memset(device_disk, 0, sizeof(device_disk));
	master_command = master_status = control = multiple = features = 0;
	table = started = 0;
	write_control(IDE_CONTROL_SRST);
	control = 0;
	device_interrupt = false;
}
