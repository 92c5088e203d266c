/*
 * tests/unit/disk_cipher.c: what becomes of requests of disks of which a range is encrypted. The cipher is one that shows
 * the IV of each byte.
 */
#include "mediator/disk/cipher.h"

#include "core/log.h"
#include "crypt/volume_key.h"
#include "mediator/disk/ata.h"
#include "mediator/bounce.h"
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
#define FRONT 32768 /* sectors before those of another disk */
#define NUMBER(bus) ((bus) * RV_DISKS_A_BUS)
#define SATA NUMBER(RV_DISK_SATA) /* a number of a disk of SATA's */

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
	info->sectors = cipher_guest_sectors(info); /* as disk.c */
	return is_known;
}

/* Of what a list covers nothing is wanted here (tests/unit/purpose.c). */
void bounce_copy(struct bounce *bounce, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	(void)bounce;
	(void)offset;
	(void)buffer;
	(void)length_bytes;
	(void)write;
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

/* A disk with its header in front -------------------------------------------------------------------- */

static void set_front_disk(uint64_t sectors)
{
	set_disk(512);
	disk.serial[1] = '3';
	disk.sectors = sectors;
}

static void case_sizes(void)
{
	static const struct {
		uint64_t disk, guest;
	} sizes[] = { { 0, 0 }, { FRONT - 1, 0 }, { FRONT, 0 }, { FRONT + 1, 1 }, { UINT64_MAX, UINT64_MAX - FRONT } };

	for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
		set_front_disk(sizes[i].disk);
		UNIT_EQUAL(cipher_front(&disk), FRONT);
		UNIT_CHECK(cipher_has(&disk));
		UNIT_EQUAL(cipher_guest_sectors(&disk), sizes[i].guest);
	}
	set_disk(512);
	UNIT_EQUAL(cipher_front(&disk), 0);
	UNIT_EQUAL(cipher_guest_sectors(&disk), 1000);
	UNIT_CHECK(cipher_has(&disk));
	disk.serial[1] = '2';
	UNIT_CHECK(!cipher_has(&disk));
}

/* A read and a write of that many. */
static void check_place(uint64_t lba, uint32_t sectors, uint64_t reach, bool good)
{
	static const uint32_t kinds[] = { RV_EVENT_DISK_READ, RV_EVENT_DISK_WRITE };

	for (unsigned i = 0; i < 2; i++) {
		struct request request = {
			.kind = kinds[i],
			.asked = kinds[i],
			.verdict = RV_VERDICT_PASS,
			.disk = { .lba = lba, .sectors = sectors, .front = 5, .reach = reach, .number = SATA,
				  .purpose = i == 0 ? RV_DISK_COMMAND_READ : RV_DISK_COMMAND_WRITE },
			.data_at = data_at,
		};

		data_bytes = (uint64_t)sectors * disk.sector_bytes;
		request.data_bytes = i == 1 ? data_bytes : 0;
		memset(data, 0, sizeof(data));
		cipher_begin(&request);
		UNIT_EQUAL(request.disk.front, 0);
		request.cipher(&request);
		UNIT_EQUAL(request.verdict, good ? RV_VERDICT_PASS : RV_VERDICT_DENY);
		UNIT_EQUAL(request.disk.front, good ? FRONT : 0);
		UNIT_EQUAL(request.disk.lba, lba); /* hooks see the guest's, also at the end */
		if (!good)
			UNIT_EQUAL(request.refusal, RV_DISK_REASON_OUT_OF_RANGE);
		if (good && i == 1 && sectors != 0)
			UNIT_EQUAL(data[0], mark(lba));
	}
}

static void case_bounds(void)
{
	set_front_disk(FRONT + 1000);
	check_place(0, 1, 0, true);
	check_place(0, 40, 0, true);
	check_place(999, 1, 0, true);
	check_place(960, 40, 0, true);
	check_place(1000, 0, 0, true);
	check_place(1000, 1, 0, false);
	check_place(999, 2, 0, false);
	check_place(961, 40, 0, false);
	check_place(UINT64_MAX, 1, 0, false);
	check_place(UINT64_MAX, 2, 0, false);
	check_place(UINT64_MAX - FRONT, 1, 0, false);	 /* the device's last */
	check_place(UINT64_MAX - FRONT + 1, 1, 0, false); /* its first: the header */
	check_place(UINT64_MAX - FRONT + 1, 20, 0, false);
	set_front_disk(FRONT);
	check_place(0, 1, 0, false);
	set_front_disk(UINT64_MAX);
	check_place(UINT64_MAX - FRONT - 1, 1, 0, true);
	check_place(UINT64_MAX - FRONT, 1, 0, false);
}

/* What a command has no room for would wrap, to the header. */
static void case_reach(void)
{
	static const uint64_t reaches[] = { ATA_LBA28_LAST, ATA_LBA48_LAST };

	for (unsigned i = 0; i < 2; i++) {
		set_front_disk(UINT64_C(1) << 60);
		check_place(0, 1, reaches[i], true);
		check_place(reaches[i] - FRONT, 1, reaches[i], true);
		check_place(reaches[i] - FRONT - 1, 2, reaches[i], true);
		check_place(reaches[i] - FRONT, 2, reaches[i], false);
		check_place(reaches[i] - FRONT + 1, 1, reaches[i], false);
		check_place(reaches[i], 1, reaches[i], false);
	}
}

/* What tells or sets the size, or names sectors that are others on the disk. */
static void case_front_bypasses(void)
{
	static const uint8_t sizes[] = { 0x27, 0x37, 0xb1, 0xf8, 0xf9 };
	struct request request = { .kind = RV_EVENT_DISK_COMMAND, .asked = RV_EVENT_DISK_COMMAND,
				   .disk = { .number = NUMBER(RV_DISK_NVME) } };

	set_front_disk(FRONT + 1000);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_VERIFY, 0, 0).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_SEEK, 0, 0).verdict, RV_VERDICT_DENY);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_IDENTIFY, 0, 0).verdict, RV_VERDICT_PASS);
	UNIT_EQUAL(ask(RV_EVENT_DISK_COMMAND, RV_DISK_COMMAND_NAMESPACES, 0, 0).verdict, RV_VERDICT_DENY);
	for (unsigned feature = 1; feature < 32; feature++) {
		request.verdict = RV_VERDICT_PASS;
		request.disk.argument = feature;
		request.disk.purpose = RV_DISK_COMMAND_SET_FEATURES;
		cipher_begin(&request);
		request.cipher(&request);
		UNIT_EQUAL(request.verdict, feature == 3 || feature == 13 ? RV_VERDICT_DENY : RV_VERDICT_PASS); /* 13: a buffer in memory */
	}
	for (unsigned i = 0; i < 2 * ARRAY_LENGTH(sizes); i++) {
		if (i == ARRAY_LENGTH(sizes))
			set_disk(512); /* of one without a header in front too */
		request.verdict = RV_VERDICT_PASS;
		request.disk.number = i % 2 == 0 ? NUMBER(RV_DISK_SATA) : NUMBER(RV_DISK_IDE);
		request.disk.command = sizes[i % ARRAY_LENGTH(sizes)];
		request.disk.purpose = RV_DISK_COMMAND_IDENTIFY;
		cipher_begin(&request);
		request.cipher(&request);
		UNIT_EQUAL(request.verdict, RV_VERDICT_DENY);
	}
}

static uint64_t list[64]; /* of a discard */

static int list_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	UNIT_CHECK(offset + length_bytes <= request->data_bytes);
	if (write)
		memcpy((uint8_t *)list + offset, buffer, length_bytes);
	else
		memcpy(buffer, (uint8_t *)list + offset, length_bytes);
	return is_short_of_memory ? -RV_ENOMEM : 0;
}

static enum rv_verdict discard(uint32_t bus, uint64_t bytes)
{
	struct request request = { .kind = RV_EVENT_DISK_DISCARD, .asked = RV_EVENT_DISK_DISCARD,
				   .verdict = RV_VERDICT_PASS, .data = list_data, .data_bytes = bytes,
				   .disk = { .number = (uint16_t)NUMBER(bus), .purpose = RV_DISK_COMMAND_DISCARD } };

	cipher_begin(&request);
	request.cipher(&request);
	return request.verdict;
}

static void set_entry(uint32_t bus, unsigned number, uint64_t lba, uint64_t sectors)
{
	if (bus == RV_DISK_NVME) {
		list[2 * number] = sectors << 32 | 4; /* attributes */
		list[2 * number + 1] = lba;
	} else if (bus == RV_DISK_VIRTIO) {
		list[2 * number] = lba;
		list[2 * number + 1] = sectors | UINT64_C(1) << 32; /* flags */
	} else {
		list[number] = sectors << 48 | lba;
	}
}

/* Are the entry's sectors those of the device's, and the rest as it was? */
static void check_entry(uint32_t bus, unsigned number, uint64_t lba, uint64_t sectors)
{
	uint64_t is[2] = { list[number], 0 };

	if (bus == RV_DISK_NVME || bus == RV_DISK_VIRTIO)
		memcpy(is, list + 2 * number, sizeof(is));
	set_entry(bus, number, lba, sectors);
	UNIT_EQUAL(is[0], bus == RV_DISK_NVME || bus == RV_DISK_VIRTIO ? list[2 * number] : list[number]);
	if (bus == RV_DISK_NVME || bus == RV_DISK_VIRTIO)
		UNIT_EQUAL(is[1], list[2 * number + 1]);
}

static void case_discards(void)
{
	static const uint32_t buses[] = { RV_DISK_IDE, RV_DISK_SATA, RV_DISK_NVME, RV_DISK_VIRTIO };
	static const uint64_t beyond[][2] = { { 1000, 1 }, { 999, 2 }, { 1, 1000 }, { (UINT64_C(1) << 48) - FRONT, 1 },
					      { (UINT64_C(1) << 48) - 1, 0xffff } };

	for (unsigned i = 0; i < ARRAY_LENGTH(buses); i++) {
		uint32_t bus = buses[i], entry = bus == RV_DISK_IDE || bus == RV_DISK_SATA ? 8 : 16;

		set_front_disk(FRONT + 1000);
		set_entry(bus, 0, 0, 1);
		set_entry(bus, 1, 7, 3); /* aligned to nothing */
		set_entry(bus, 2, 999, 1);
		set_entry(bus, 3, 12345678, 0); /* none, wherever it is */
		UNIT_EQUAL(discard(bus, 4 * entry), RV_VERDICT_PASS);
		check_entry(bus, 0, FRONT, 1);
		check_entry(bus, 1, FRONT + 7, 3);
		check_entry(bus, 2, FRONT + 999, 1);
		check_entry(bus, 3, FRONT, 0);
		for (unsigned at = 0; at < 2 * ARRAY_LENGTH(beyond); at++) {
			set_entry(bus, 0, 5, 1);
			set_entry(bus, 1, 5, 1);
			set_entry(bus, at % 2, beyond[at / 2][0], beyond[at / 2][1]);
			UNIT_EQUAL(discard(bus, 2 * entry), RV_VERDICT_DENY);
		}
		if (entry == 16) {
			set_entry(bus, 0, UINT64_MAX - FRONT + 1, 1);
			UNIT_EQUAL(discard(bus, 16), RV_VERDICT_DENY);
			set_entry(bus, 0, UINT64_MAX, 0xffffffff);
			UNIT_EQUAL(discard(bus, 16), RV_VERDICT_DENY);
		}
		set_entry(bus, 0, 5, 1);
		UNIT_EQUAL(discard(bus, 0), RV_VERDICT_DENY);
		UNIT_EQUAL(discard(bus, entry - 1), RV_VERDICT_DENY);
		UNIT_EQUAL(discard(bus, entry + 4), RV_VERDICT_DENY);
		is_short_of_memory = true;
		UNIT_EQUAL(discard(bus, entry), RV_VERDICT_DENY);
	}
	set_front_disk(FRONT + 1000);
	set_entry(RV_DISK_VIRTIO, 0, 8, 1); /* of a disk of larger sectors: virtio counts in 512 bytes all the same */
	disk.sector_bytes = 4096;
	UNIT_EQUAL(discard(RV_DISK_VIRTIO, 16), RV_VERDICT_PASS);
	check_entry(RV_DISK_VIRTIO, 0, 8 * FRONT + 8, 1);
	set_entry(RV_DISK_VIRTIO, 0, 7999, 1);
	UNIT_EQUAL(discard(RV_DISK_VIRTIO, 16), RV_VERDICT_PASS);
	set_entry(RV_DISK_VIRTIO, 0, 7999, 2);
	UNIT_EQUAL(discard(RV_DISK_VIRTIO, 16), RV_VERDICT_DENY);
}

static uint64_t words_number(const uint16_t *words, unsigned at, unsigned nr_words)
{
	uint64_t number = 0;

	for (unsigned i = nr_words; i-- > 0;)
		number = number << 16 | words[at + i];
	return number;
}

/* What a disk says of itself is as large as the guest's. */
static void case_identify(void)
{
	static const struct {
		uint64_t sectors, sectors_28, shown_28;
	} disks[] = {
		{ FRONT + 1000, FRONT + 1000, 1000 },
		{ UINT64_C(1) << 40, ATA_LBA28_LAST, ATA_LBA28_LAST - FRONT },
		{ ATA_LBA28_LAST + 1000, ATA_LBA28_LAST, ATA_LBA28_LAST - FRONT },
		{ FRONT, FRONT, 0 },
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(disks); i++) {
		uint16_t words[ATA_IDENTIFY_WORDS] = { [1] = 16383, [3] = 16, [6] = 63, [54] = 16383, [55] = 16, [56] = 63,
						       [82] = 0xffff, [83] = 0xffff, [85] = 0xffff, [86] = 0xffff };
		uint64_t left = disks[i].sectors - FRONT;

		for (unsigned at = 0; at < 4; at++) {
			words[100 + at] = (uint16_t)(disks[i].sectors >> 16 * at);
			if (at < 2)
				words[60 + at] = words[57 + at] = (uint16_t)(disks[i].sectors_28 >> 16 * at);
		}
		ata_hide_front(words, FRONT, left);
		ata_hide_bypasses(words);
		UNIT_EQUAL(words_number(words, 100, 4), left);
		UNIT_EQUAL(words_number(words, 60, 2), disks[i].shown_28);
		UNIT_EQUAL(words_number(words, 57, 2), disks[i].shown_28);
		UNIT_CHECK(words[1] * 16 * 63u <= left && words[54] * 16 * 63u <= left);
		UNIT_CHECK((words[82] & 0x400) == 0 && (words[83] & 0x900) == 0 && (words[85] & 0x400) == 0);
	}
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
	volume = (struct cipher_volume){ .serial = "S3", .namespace = 1, .sectors = UINT64_MAX, .front_sectors = FRONT,
					 .key = 3, .unit_bytes = 512, .passes_discards = true };
	UNIT_EQUAL(cipher_add(&volume), 0);
	volume.front_sectors = 0; /* nothing else is of that disk */
	UNIT_EQUAL(cipher_add(&volume), -RV_EEXIST);
	volume.serial[1] = '4';
	volume.front_sectors = volume.first_sector = 1;
	UNIT_EQUAL(cipher_add(&volume), -RV_EINVAL);
	unit_run("sectors of the range are changed, each by its own number", case_ranges);
	unit_run("what would be a way round is refused", case_bypasses);
	unit_run("without key, memory or name nothing is read or written", case_fails_closed);
	unit_run("other disks are left alone", case_others_are_left_alone);
	unit_run("a disk with a header in front is as large as what follows", case_sizes);
	unit_run("nothing before its first sector or behind its last is reached", case_bounds);
	unit_run("nor by numbers that a command has no room for", case_reach);
	unit_run("nor by commands that name sectors otherwise", case_front_bypasses);
	unit_run("nor by discards", case_discards);
	unit_run("a disk says that it is as large as the guest's", case_identify);
	return unit_failed;
}
