/*
 * tests/unit/purpose.c: what commands are for, what refusals are to a guest, and what a discard covers.
 */
#include "mediator/disk/purpose.h"

#include "mediator/disk/discard.h"
#include "mediator/disk/scsi.h"
#include "rv/kinds.h"
#include "unit.h"

/* Commands that must never be taken for harmless ones. */
static bool is_harmless(enum rv_disk_command purpose)
{
	return purpose == RV_DISK_COMMAND_READ || purpose == RV_DISK_COMMAND_FLUSH ||
	       purpose == RV_DISK_COMMAND_VERIFY || purpose == RV_DISK_COMMAND_COMPARE ||
	       purpose == RV_DISK_COMMAND_IDENTIFY || purpose == RV_DISK_COMMAND_LOG_PAGE ||
	       purpose == RV_DISK_COMMAND_GET_FEATURES || purpose == RV_DISK_COMMAND_SMART_READ ||
	       purpose == RV_DISK_COMMAND_POWER || purpose == RV_DISK_COMMAND_SEEK;
}

static void test_scsi(void)
{
	static const uint8_t harmless[] = { 0x01, 0x08, 0x0b, 0x12, 0x1a, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2b, 0x2f, 0x34, 0x35, 0x37, 0x4d, 0x5a,
					    0x88, 0x8f, 0x90, 0x91, 0x9e, 0xa8, 0xaf };
	struct scsi_command command;
	uint8_t code[SCSI_COMMAND_BYTES] = { 0 }, sense[SCSI_SENSE_BYTES];
	uint64_t sectors;
	uint32_t bytes;
	char model[26];

	for (unsigned i = 0; i < 256; i++) {
		code[0] = (uint8_t)i;
		code[1] = 0x10; /* of 9eh READ CAPACITY */
		scsi_read_command(&command, code);
		if (command.kind == 0) {
			UNIT_CHECK(i == 0x00 || i == 0x03 || i == 0xa0);
			continue;
		}
		UNIT_EQUAL(is_harmless(command.purpose), memchr(harmless, (int)i, sizeof(harmless)) != NULL);
		UNIT_EQUAL(command.kind == RV_EVENT_DISK_WRITE, i == 0x0a || i == 0x2a || i == 0x2e || i == 0x8a || i == 0x8e || i == 0xaa || i == 0xae);
	}
	memcpy(code, (uint8_t[]){ 0x8a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0 }, sizeof(code));
	scsi_read_command(&command, code);
	UNIT_CHECK(command.lba == 0x0102030405060708 && command.sectors == 0x090a0b0c && command.is_forced);
	UNIT_CHECK(scsi_write_lba(code, 0x1122334455667788) && code[2] == 0x11 && code[9] == 0x88 && code[10] == 9);
	memcpy(code, (uint8_t[]){ 0x0a, 0xff, 2, 3, 0 }, 5);
	scsi_read_command(&command, code);
	UNIT_CHECK(command.lba == 0x1f0203 && command.sectors == 256 && !command.is_forced && !scsi_write_lba(code, 0x200000));
	UNIT_EQUAL(scsi_refused(0, RV_EVENT_DISK_READ), 0x311);
	UNIT_EQUAL(scsi_refused(RV_DISK_REASON_WRITE_PROTECTED, RV_EVENT_DISK_WRITE), 0x727);
	UNIT_EQUAL(scsi_refused(RV_REFUSAL_STATUS | 0x444, RV_EVENT_DISK_WRITE), 0x444);
	UNIT_EQUAL(scsi_refused(RV_REFUSAL_STATUS, RV_EVENT_DISK_COMMAND), 0x520); /* never a success */
	scsi_write_sense(sense, 0x727);
	UNIT_CHECK(sense[0] == 0x70 && sense[2] == 7 && sense[7] == 10 && sense[12] == 0x27);
	code[0] = 0x25;
	UNIT_CHECK(scsi_read_capacity(code, (uint8_t[]){ 0, 0, 1, 0, 0, 0, 2, 0 }, 8, &sectors, &bytes) && sectors == 257 && bytes == 512);
	UNIT_CHECK(!scsi_read_capacity(code, (uint8_t[]){ 255, 255, 255, 255, 0, 0, 2, 0 }, 8, &sectors, &bytes));
	UNIT_CHECK(!scsi_read_capacity(code, (uint8_t[]){ 0, 0, 1, 0, 0, 0, 2, 1 }, 8, &sectors, &bytes));
	UNIT_CHECK(!scsi_read_capacity(code, (uint8_t[]){ 0, 0, 1, 0, 0, 0, 2 }, 7, &sectors, &bytes));
	code[0] = SCSI_INQUIRY;
	code[1] = 0;
	UNIT_CHECK(scsi_read_model(code, (const uint8_t *)"01234567ACME    A disk\001         ", 32, model) && strcmp(model, "ACME A disk?") == 0);
	UNIT_CHECK(!scsi_read_model(code, sense, sizeof(sense), model));
	UNIT_CHECK(scsi_read_unmap((const uint8_t *)"\0\36\0\40\0\0\0\0" "\0\0\0\0\0\0\0\20\0\0\0\4\0\0\0\0" "\0\0\0\0\0\0\0\10\0\0\0\2\0\0\0\0", 40, &sectors, &bytes) &&
		   sectors == 8 && bytes == 12);
	UNIT_CHECK(!scsi_read_unmap((const uint8_t *)"\0\36\0\40\0\0\0\0", 8, &sectors, &bytes));
}

static void test_ata(void)
{
	static const uint8_t harmless[] = { 0x20, 0x21, 0x24, 0x25, 0x26, 0x27, 0x29, 0x2a, 0x2b, 0x2f, 0x40, 0x41, 0x42,
					    0x47, 0x60, 0x70, 0xa1, 0xc4, 0xc7, 0xc8, 0xc9, 0xe0, 0xe1, 0xe2, 0xe3, 0xe5,
					    0xe6, 0xe7, 0xea, 0xec, 0xf8 };
	unsigned found = 0;

	for (unsigned code = 0; code < 256; code++) {
		bool listed = memchr(harmless, (int)code, sizeof(harmless)) != NULL;

		UNIT_EQUAL(is_harmless(ata_purpose((uint8_t)code, 0)), listed);
		found += listed;
	}
	UNIT_EQUAL(found, sizeof(harmless));
	UNIT_EQUAL(ata_purpose(0x06, 1), RV_DISK_COMMAND_DISCARD);
	UNIT_EQUAL(ata_purpose(0xca, 0), RV_DISK_COMMAND_WRITE);
	UNIT_EQUAL(ata_purpose(0xf4, 0), RV_DISK_COMMAND_SECURITY);
	UNIT_EQUAL(ata_purpose(0x92, 0), RV_DISK_COMMAND_FIRMWARE);
	UNIT_EQUAL(ata_purpose(0xb4, 0x14), RV_DISK_COMMAND_SANITIZE);
	UNIT_EQUAL(ata_purpose(0xfe, 0), RV_DISK_COMMAND_VENDOR);
	UNIT_EQUAL(ata_purpose(0x02, 0), RV_DISK_COMMAND_UNKNOWN);
	/* SMART is many things: reading is one, and a way to write the other. */
	UNIT_EQUAL(ata_purpose(0xb0, 0xd0), RV_DISK_COMMAND_SMART_READ);
	UNIT_EQUAL(ata_purpose(0xb0, 0xd6), RV_DISK_COMMAND_LOG_WRITE);
	UNIT_EQUAL(ata_purpose(0xb0, 0xe0), RV_DISK_COMMAND_UNKNOWN);
	/* How data get to the disk is no command; what it does with them is. */
	UNIT_CHECK(ata_carries(0xef, 0x03) && !ata_carries(0xef, 0x02) && ata_carries(0xc6, 0));
	UNIT_CHECK(!ata_carries(0xca, 3) && !ata_carries(0xec, 3) && !ata_carries(0xf4, 3));
}

static void test_nvme(void)
{
	unsigned harmless = 0;

	for (unsigned opcode = 0; opcode < 256; opcode++) {
		harmless += is_harmless(nvme_purpose((uint8_t)opcode, true));
		harmless += is_harmless(nvme_purpose((uint8_t)opcode, false));
	}
	UNIT_EQUAL(harmless, 3 + 4); /* log page, identify, get features; flush, read, compare, verify */
	UNIT_EQUAL(nvme_purpose(0x06, true), RV_DISK_COMMAND_IDENTIFY);
	UNIT_EQUAL(nvme_purpose(0x80, true), RV_DISK_COMMAND_FORMAT);
	UNIT_EQUAL(nvme_purpose(0x85, true), RV_DISK_COMMAND_UNKNOWN);
	UNIT_EQUAL(nvme_purpose(0xc0, true), RV_DISK_COMMAND_VENDOR);
	UNIT_EQUAL(nvme_purpose(0x80, false), RV_DISK_COMMAND_VENDOR);
	UNIT_EQUAL(nvme_purpose(0x09, false), RV_DISK_COMMAND_DISCARD);
	UNIT_EQUAL(nvme_purpose(0x79, false), RV_DISK_COMMAND_UNKNOWN);
}

static void test_refused(void)
{
	UNIT_EQUAL(ata_refused(0, true), 0x40);
	UNIT_EQUAL(ata_refused(0, false), 0x04);
	UNIT_EQUAL(ata_refused(RV_DISK_REASON_OUT_OF_RANGE, true), 0x10);
	UNIT_EQUAL(ata_refused(RV_REFUSAL_STATUS | 0x84, true), 0x84);
	UNIT_EQUAL(nvme_refused(0, RV_DISK_COMMAND_READ), 0x281);
	UNIT_EQUAL(nvme_refused(0, RV_DISK_COMMAND_WRITE), 0x280);
	UNIT_EQUAL(nvme_refused(0, RV_DISK_COMMAND_IDENTIFY), 0x001);
	UNIT_EQUAL(nvme_refused(RV_DISK_REASON_WRITE_PROTECTED | RV_REFUSAL_RETRY, RV_DISK_COMMAND_WRITE), 0x020);
	UNIT_EQUAL(nvme_refused(RV_REFUSAL_STATUS | 0x182, RV_DISK_COMMAND_WRITE), 0x182);
	/* Whatever an engine says, it is a refusal. */
	for (uint32_t low = 0; low <= RV_REFUSAL_LOW; low++) {
		UNIT_CHECK(ata_refused(low, true) != 0 && ata_refused(RV_REFUSAL_STATUS | low, false) != 0);
		UNIT_CHECK(nvme_refused(low, RV_DISK_COMMAND_WRITE) - 1 < 0x7ff);
		UNIT_CHECK(nvme_refused(RV_REFUSAL_STATUS | low, RV_DISK_COMMAND_READ) - 1 < 0x7ff);
	}
}

static const uint8_t *fake_list;

/* The list alone is in the bounce here. */
void bounce_copy(struct bounce *bounce, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	UNIT_CHECK(!write && offset + length_bytes <= bounce->length_bytes);
	memcpy(buffer, fake_list + offset, length_bytes);
}

static struct request_disk described(const void *list, uint64_t bytes, enum discard_format format)
{
	struct bounce bounce = { .length_bytes = bytes };
	struct request_disk disk = { .lba = 77, .sectors = 77 };

	fake_list = list;
	discard_describe(&bounce, format, &disk);
	return disk;
}

static void test_discard(void)
{
	static uint64_t ata[1024] = { [3] = UINT64_C(8) << 48 | 4096, [700] = UINT64_C(65535) << 48 | 100, [5] = 1 };
	static const uint64_t nvme[] = { UINT64_C(16) << 32, 2000, UINT64_C(1) << 32 | 7, 1000, 5, 3 };
	static const uint64_t beyond[] = { UINT64_C(0xffffffff) << 32, UINT64_MAX - 5, UINT64_C(1) << 32, 0 };
	struct request_disk disk = described(ata, sizeof(ata), DISCARD_ATA);

	UNIT_EQUAL(disk.lba, 100);
	UNIT_EQUAL(disk.sectors, 65535);
	disk = described(ata + 4, 512, DISCARD_ATA);
	UNIT_EQUAL(disk.lba, 0);
	UNIT_EQUAL(disk.sectors, 0);
	disk = described(nvme, sizeof(nvme), DISCARD_NVME);
	UNIT_EQUAL(disk.lba, 1000);
	UNIT_EQUAL(disk.sectors, 1016);
	disk = described(beyond, sizeof(beyond), DISCARD_NVME);
	UNIT_EQUAL(disk.lba, 0);
	UNIT_EQUAL(disk.sectors, UINT32_MAX);
}

int main(void)
{
	unit_run("what SCSI commands are for, and what they say", test_scsi);
	unit_run("what ATA's commands are for", test_ata);
	unit_run("what NVMe's commands are for", test_nvme);
	unit_run("refusals", test_refused);
	unit_run("what a discard covers", test_discard);
	return unit_failed;
}
