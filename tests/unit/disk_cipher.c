/*
 * tests/unit/disk_cipher.c: what becomes of requests of disks of which a range is encrypted. The cipher is one that shows
 * the IV of each byte.
 */
#include "mediator/disk/cipher.h"

#include "core/log.h"
#include "crypt/volume_key.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"

#define FIRST 100
#define SECTORS 50
#define IV 7
#define SECOND 160 /* another range of the same disk's */
#define SECOND_SECTORS 4
#define SECOND_IV 5000
#define MOST_SECTORS 40
#define SATA 128 /* a number of a disk of SATA's */

static struct rv_disk_info disk;
static bool is_known, is_wiped, is_short_of_memory;
static unsigned unit_bytes;
static uint8_t data[MOST_SECTORS * 4096];
static uint64_t data_bytes;

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

bool disk_describe_number(uint32_t number, struct rv_disk_info *info)
{
	*info = disk;
	info->number = (uint16_t)number;
	return is_known;
}

static uint8_t mark(uint64_t iv)
{
	return (uint8_t)(iv * 3 + 1);
}

int crypt_sectors(int key, bool encrypt, void *bytes, size_t length_bytes, uint32_t sector_bytes, uint64_t iv)
{
	uint8_t *at = bytes;

	UNIT_EQUAL(key, 3);
	UNIT_EQUAL(sector_bytes, unit_bytes);
	UNIT_EQUAL(length_bytes % sector_bytes, 0);
	if (is_wiped)
		return -RV_ENOENT;
	for (size_t i = 0; i < length_bytes; i++) {
		uint8_t change = mark(iv + i / sector_bytes * (sector_bytes / 512));

		at[i] = (uint8_t)(encrypt ? at[i] + change : at[i] - change);
	}
	return 0;
}

/* Pieces that begin and end where pages do, at odd places too. */
static uint8_t *data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	(void)request;
	if (offset >= data_bytes || is_short_of_memory)
		return NULL;
	*length_bytes = 4096 - offset % 4096;
	if (*length_bytes > data_bytes - offset)
		*length_bytes = data_bytes - offset;
	return data + offset;
}

static struct request ask(uint32_t kind, enum rv_disk_command purpose, uint64_t lba, uint32_t sectors)
{
	struct request request = {
		.kind = kind,
		.asked = kind,
		.verdict = RV_VERDICT_PASS,
		.disk = { .lba = lba, .sectors = sectors, .number = SATA, .purpose = purpose },
		.data_at = data_at,
	};

	data_bytes = (uint64_t)sectors * disk.sector_bytes;
	request.data_bytes = kind == RV_EVENT_DISK_WRITE ? data_bytes : 0;
	memset(data, 0, sizeof(data));
	cipher_begin(&request);
	if (request.cipher != NULL)
		request.cipher(&request);
	return request;
}

static void end(struct request *request)
{
	request->kind = RV_EVENT_DISK_DONE;
	request->data_bytes = data_bytes;
	request->verdict = RV_VERDICT_PASS;
	if (request->cipher != NULL)
		request->cipher(request);
}

static void set_disk(uint32_t sector_bytes)
{
	disk = (struct rv_disk_info){ .sector_bytes = sector_bytes, .sectors = 1000, .serial = "S1" };
	is_known = true;
	is_wiped = is_short_of_memory = false;
}

/* Is each sector of the range changed by its own IV, by `sign`, and no other? */
static void check_data(uint64_t lba, int sign)
{
	for (uint64_t i = 0; i < data_bytes; i += 256) {
		uint64_t sector = lba + i / disk.sector_bytes;
		bool in_first = sector >= FIRST && sector < FIRST + SECTORS;
		bool inside = in_first || (sector >= SECOND && sector < SECOND + SECOND_SECTORS);
		uint64_t within = (sector - (in_first ? FIRST : SECOND)) * disk.sector_bytes;
		uint64_t iv = (in_first ? IV : SECOND_IV) + (within + i % disk.sector_bytes / unit_bytes * unit_bytes) / 512;

		UNIT_EQUAL(data[i], inside ? (uint8_t)(sign * mark(iv)) : 0);
	}
}

static void case_ranges(void)
{
	for (unsigned round = 0; round < 2; round++) {
		set_disk(round == 0 ? unit_bytes : 4096);
		for (uint64_t lba = FIRST - 30; lba < SECOND + SECOND_SECTORS + 5; lba += 3) {
			for (uint32_t sectors = 1; sectors <= MOST_SECTORS; sectors += 7) {
				struct request request = ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, lba, sectors);

				UNIT_EQUAL(request.verdict, RV_VERDICT_PASS);
				UNIT_CHECK(request.cipher == NULL); /* its end is nobody's business */
				check_data(lba, 1);
				request = ask(RV_EVENT_DISK_READ, RV_DISK_COMMAND_READ, lba, sectors);
				UNIT_EQUAL(request.verdict, RV_VERDICT_PASS);
				UNIT_EQUAL(data[0], 0);
				end(&request);
				UNIT_EQUAL(request.verdict, RV_VERDICT_PASS);
				check_data(lba, -1);
			}
		}
	}
}

static void case_bypasses(void)
{
	uint64_t passed = 0;

	set_disk(512);
	for (unsigned purpose = 0; purpose < RV_DISK_COMMAND_COUNT; purpose++) {
		struct request request = ask(RV_EVENT_DISK_COMMAND, (enum rv_disk_command)purpose, 0, 0);

		UNIT_CHECK(request.verdict == RV_VERDICT_PASS || request.verdict == RV_VERDICT_DENY);
		if (request.verdict == RV_VERDICT_PASS)
			passed |= RV_DISK_COMMAND_BIT(purpose);
	}
	UNIT_EQUAL(passed, RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_IDENTIFY) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_LOG_PAGE) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_GET_FEATURES) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SET_FEATURES) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SMART_READ) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SELF_TEST) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_POWER) | RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_SEEK) |
				   RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_VERIFY));
	UNIT_EQUAL(ask(RV_EVENT_DISK_DISCARD, RV_DISK_COMMAND_DISCARD, FIRST, 1).verdict, RV_VERDICT_DROP);
	UNIT_EQUAL(ask(RV_EVENT_DISK_DISCARD, RV_DISK_COMMAND_WRITE_ZEROES, FIRST, 1).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_DISCARD, RV_DISK_COMMAND_SANITIZE, FIRST, 1).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_FLUSH, RV_DISK_COMMAND_FLUSH, 0, 0).verdict, RV_VERDICT_PASS);
}

/* What cannot be done is refused, and never done otherwise. */
static void case_fails_closed(void)
{
	struct request request;

	set_disk(512);
	is_wiped = true;
	UNIT_EQUAL(ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, FIRST, 8).verdict, RV_VERDICT_DENY);
	request = ask(RV_EVENT_DISK_READ, RV_DISK_COMMAND_READ, FIRST, 8);
	end(&request);
	UNIT_EQUAL(request.verdict, RV_VERDICT_DENY);
	set_disk(512);
	is_short_of_memory = true;
	UNIT_EQUAL(ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, FIRST, 8).verdict, RV_VERDICT_DENY);
	set_disk(512);
	is_known = false;
	UNIT_EQUAL(ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, 1, 1).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_READ, RV_DISK_COMMAND_READ, 1, 1).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_IDENTIFY, 0, 0).verdict, RV_VERDICT_PASS);
	set_disk(512);
	disk.serial[0] = '\0';
	UNIT_EQUAL(ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, 1, 1).verdict, RV_VERDICT_DENY);
	set_disk(512);
	UNIT_EQUAL(ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, UINT64_MAX - 1, 8).verdict, RV_VERDICT_DENY);
}

/* Another disk is as without us. */
static void case_others_are_left_alone(void)
{
	struct request request;

	set_disk(512);
	disk.serial[1] = '2';
	request = ask(RV_EVENT_DISK_WRITE, RV_DISK_COMMAND_WRITE, FIRST, 8);
	UNIT_EQUAL(request.verdict, RV_VERDICT_PASS);
	UNIT_EQUAL(data[0], 0);
	UNIT_CHECK(request.cipher == NULL);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_FORMAT, 0, 0).verdict, RV_VERDICT_PASS);
	UNIT_EQUAL(ask(RV_EVENT_DISK_DISCARD, RV_DISK_COMMAND_WRITE_ZEROES, FIRST, 1).verdict, RV_VERDICT_PASS);
}

int main(int argc, char **argv)
{
	struct cipher_volume volume = { .serial = "S1", .namespace = 1, .first_sector = FIRST, .sectors = SECTORS, .key = 3,
					.iv = IV };

	(void)argc;
	(void)argv;
	UNIT_CHECK(!cipher_is_wanted());
	UNIT_EQUAL(cipher_add(&volume), -RV_EINVAL);
	volume.unit_bytes = unit_bytes = 512;
	UNIT_EQUAL(cipher_add(&volume), 0);
	UNIT_CHECK(cipher_is_wanted());
	UNIT_EQUAL(cipher_add(&volume), -RV_EEXIST);
	volume.first_sector = FIRST + SECTORS - 1;
	UNIT_EQUAL(cipher_add(&volume), -RV_EEXIST);
	volume.first_sector = SECOND;
	volume.sectors = SECOND_SECTORS;
	volume.iv = SECOND_IV;
	UNIT_EQUAL(cipher_add(&volume), 0);
	unit_run("sectors of the range are changed, each by its own number", case_ranges);
	unit_run("what would be a way round is refused", case_bypasses);
	unit_run("without key, memory or name nothing is read or written", case_fails_closed);
	unit_run("other disks are left alone", case_others_are_left_alone);
	return unit_failed;
}
