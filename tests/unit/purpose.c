/*
 * tests/unit/purpose.c: what commands are for, what refusals are to a guest, and what a discard covers.
 */
#include "mediator/disk/purpose.h"

#include "mediator/disk/discard.h"
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
	unit_run("what ATA's commands are for", test_ata);
	unit_run("what NVMe's commands are for", test_nvme);
	unit_run("refusals", test_refused);
	unit_run("what a discard covers", test_discard);
	return unit_failed;
}
