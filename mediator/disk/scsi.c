/*
 * mediator/disk/scsi.c: SCSI's commands (SBC-3 5, SPC-4 6) and sense data (SPC-4 4.5).
 */
#include "mediator/disk/scsi.h"

#include "core/string.h"
#include "rv/abi.h"

#define SCSI_READ_CAPACITY_10 0x25
#define SCSI_SERVICE_IN_16 0x9e
#define SCSI_SERVICE_READ_CAPACITY 0x10
#define SCSI_MODEL_AT 8 /* in the answer to INQUIRY: vendor, 8 bytes, and product, 16 */
#define SCSI_MODEL_BYTES 24
#define SCSI_UNMAP_HEAD 8
#define SCSI_UNMAP_RANGE 16
#define SCSI_FORCED 0x08u /* FUA, of byte 1 */

/* What is not here is unknown. */
static const struct scsi_range {
	uint8_t first, last;
	uint8_t purpose; /* enum rv_disk_command */
	uint16_t kind;	 /* 0: RV_EVENT_DISK_COMMAND */
} scsi_ranges[] = {
	{ 0x01, 0x01, RV_DISK_COMMAND_SEEK, 0 },
	{ 0x04, 0x04, RV_DISK_COMMAND_FORMAT, 0 },
	{ 0x08, 0x08, RV_DISK_COMMAND_READ, RV_EVENT_DISK_READ },
	{ 0x0a, 0x0a, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0x0b, 0x0b, RV_DISK_COMMAND_SEEK, 0 },
	{ SCSI_INQUIRY, SCSI_INQUIRY, RV_DISK_COMMAND_IDENTIFY, 0 },
	{ 0x15, 0x15, RV_DISK_COMMAND_SET_FEATURES, 0 }, /* MODE SELECT */
	{ 0x16, 0x17, RV_DISK_COMMAND_RESERVATION, 0 },
	{ 0x1a, 0x1a, RV_DISK_COMMAND_GET_FEATURES, 0 }, /* MODE SENSE */
	{ 0x1b, 0x1b, RV_DISK_COMMAND_POWER, 0 },	 /* START STOP UNIT */
	{ 0x1d, 0x1d, RV_DISK_COMMAND_SELF_TEST, 0 },
	{ 0x1e, 0x1e, RV_DISK_COMMAND_POWER, 0 },	 /* PREVENT ALLOW MEDIUM REMOVAL */
	{ 0x23, 0x23, RV_DISK_COMMAND_IDENTIFY, 0 },	 /* READ FORMAT CAPACITIES */
	{ SCSI_READ_CAPACITY_10, SCSI_READ_CAPACITY_10, RV_DISK_COMMAND_IDENTIFY, 0 },
	{ 0x28, 0x28, RV_DISK_COMMAND_READ, RV_EVENT_DISK_READ },
	{ 0x2a, 0x2a, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0x2b, 0x2b, RV_DISK_COMMAND_SEEK, 0 },
	{ 0x2e, 0x2e, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE }, /* AND VERIFY */
	{ 0x2f, 0x2f, RV_DISK_COMMAND_VERIFY, 0 },
	{ 0x34, 0x34, RV_DISK_COMMAND_SEEK, 0 },		     /* PRE-FETCH */
	{ 0x35, 0x35, RV_DISK_COMMAND_FLUSH, RV_EVENT_DISK_FLUSH },
	{ 0x37, 0x37, RV_DISK_COMMAND_IDENTIFY, 0 },		     /* READ DEFECT DATA */
	{ 0x39, 0x3a, RV_DISK_COMMAND_COPY, 0 },
	{ 0x3b, 0x3b, RV_DISK_COMMAND_FIRMWARE, 0 },		     /* WRITE BUFFER */
	{ 0x3f, 0x3f, RV_DISK_COMMAND_WRITE_UNCORRECTABLE, 0 },	     /* WRITE LONG */
	{ 0x41, 0x41, RV_DISK_COMMAND_WRITE_ZEROES, 0 },	     /* WRITE SAME */
	{ SCSI_UNMAP, SCSI_UNMAP, RV_DISK_COMMAND_DISCARD, RV_EVENT_DISK_DISCARD },
	{ 0x48, 0x48, RV_DISK_COMMAND_SANITIZE, 0 },
	{ 0x4c, 0x4c, RV_DISK_COMMAND_LOG_WRITE, 0 },
	{ 0x4d, 0x4d, RV_DISK_COMMAND_LOG_PAGE, 0 },
	{ 0x55, 0x55, RV_DISK_COMMAND_SET_FEATURES, 0 },
	{ 0x56, 0x57, RV_DISK_COMMAND_RESERVATION, 0 },
	{ 0x5a, 0x5a, RV_DISK_COMMAND_GET_FEATURES, 0 },
	{ 0x5e, 0x5f, RV_DISK_COMMAND_RESERVATION, 0 },
	{ 0x83, 0x84, RV_DISK_COMMAND_COPY, 0 },
	{ 0x85, 0x85, RV_DISK_COMMAND_PACKET, 0 },		     /* ATA PASS-THROUGH */
	{ 0x88, 0x88, RV_DISK_COMMAND_READ, RV_EVENT_DISK_READ },
	{ 0x89, 0x89, RV_DISK_COMMAND_WRITE, 0 },		     /* COMPARE AND WRITE */
	{ 0x8a, 0x8a, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0x8e, 0x8e, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0x8f, 0x8f, RV_DISK_COMMAND_VERIFY, 0 },
	{ 0x90, 0x90, RV_DISK_COMMAND_SEEK, 0 },
	{ 0x91, 0x91, RV_DISK_COMMAND_FLUSH, RV_EVENT_DISK_FLUSH },
	{ 0x93, 0x93, RV_DISK_COMMAND_WRITE_ZEROES, 0 },
	{ 0xa1, 0xa1, RV_DISK_COMMAND_PACKET, 0 },
	{ 0xa2, 0xa2, RV_DISK_COMMAND_SECURITY, 0 },
	{ 0xa8, 0xa8, RV_DISK_COMMAND_READ, RV_EVENT_DISK_READ },
	{ 0xaa, 0xaa, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0xae, 0xae, RV_DISK_COMMAND_WRITE, RV_EVENT_DISK_WRITE },
	{ 0xaf, 0xaf, RV_DISK_COMMAND_VERIFY, 0 },
	{ 0xb5, 0xb5, RV_DISK_COMMAND_SECURITY, 0 },
	{ 0xc0, 0xff, RV_DISK_COMMAND_VENDOR, 0 },
};

static uint64_t scsi_get(const uint8_t *bytes, unsigned count)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void scsi_put(uint8_t *bytes, unsigned count, uint64_t value)
{
	for (unsigned i = count; i-- > 0; value >>= 8)
		bytes[i] = (uint8_t)value;
}

static bool scsi_carries(uint8_t code)
{
	return code == 0x00 || code == SCSI_REQUEST_SENSE || code == SCSI_REPORT_LUNS; /* TEST UNIT READY */
}

/* The upper three bits say how long it is, and so where LBA and length are (SPC-4 4.2.5). */
static void scsi_read_place(struct scsi_command *command, const uint8_t *code)
{
	switch (code[0] >> 5) {
	case 0:
		command->lba = scsi_get(code + 1, 3) & 0x1fffff;
		command->sectors = code[4] == 0 ? 256 : code[4];
		break;
	case 4:
		command->lba = scsi_get(code + 2, 8);
		command->sectors = (uint32_t)scsi_get(code + 10, 4);
		break;
	case 5:
		command->lba = scsi_get(code + 2, 4);
		command->sectors = (uint32_t)scsi_get(code + 6, 4);
		break;
	default:
		command->lba = scsi_get(code + 2, 4);
		command->sectors = (uint32_t)scsi_get(code + 7, 2);
		break;
	}
}

static enum rv_disk_command scsi_service_purpose(uint8_t service)
{
	return service == SCSI_SERVICE_READ_CAPACITY || service == 0x12 /* GET LBA STATUS */ ? RV_DISK_COMMAND_IDENTIFY
											     : RV_DISK_COMMAND_UNKNOWN;
}

void scsi_read_command(struct scsi_command *command, const uint8_t *code)
{
	*command = (struct scsi_command){ .argument = code[1] | (uint32_t)code[2] << 8 };
	if (scsi_carries(code[0]))
		return;
	command->kind = RV_EVENT_DISK_COMMAND;
	if (code[0] == SCSI_SERVICE_IN_16)
		command->purpose = scsi_service_purpose(code[1] & 0x1f);
	for (size_t i = 0; i < ARRAY_LENGTH(scsi_ranges); i++) {
		if (code[0] < scsi_ranges[i].first || code[0] > scsi_ranges[i].last)
			continue;
		command->purpose = (enum rv_disk_command)scsi_ranges[i].purpose;
		if (scsi_ranges[i].kind != 0)
			command->kind = scsi_ranges[i].kind;
	}
	if (command->kind != RV_EVENT_DISK_READ && command->kind != RV_EVENT_DISK_WRITE)
		return;
	scsi_read_place(command, code);
	command->is_forced = code[0] >> 5 != 0 && (code[1] & SCSI_FORCED) != 0;
}

bool scsi_write_lba(uint8_t *code, uint64_t lba)
{
	switch (code[0] >> 5) {
	case 0:
		if (lba > 0x1fffff)
			return false;
		code[1] = (uint8_t)((code[1] & 0xe0) | lba >> 16);
		scsi_put(code + 2, 2, lba);
		return true;
	case 4:
		scsi_put(code + 2, 8, lba);
		return true;
	default:
		scsi_put(code + 2, 4, lba);
		return lba <= UINT32_MAX;
	}
}

uint16_t scsi_refused(uint32_t refusal, uint32_t kind)
{
	bool writes = kind == RV_EVENT_DISK_WRITE || kind == RV_EVENT_DISK_DISCARD;
	uint16_t usual = kind == RV_EVENT_DISK_READ ? 0x0311 : writes ? 0x0727 : 0x0520;

	if (refusal & RV_REFUSAL_STATUS)
		return (refusal & 0xf00) != 0 ? (uint16_t)(refusal & 0xfff) : usual;
	switch (refusal & RV_REFUSAL_LOW) {
	case RV_DISK_REASON_MEDIA_ERROR:
		return kind == RV_EVENT_DISK_READ ? 0x0311 : 0x030c; /* unrecovered read error, write error */
	case RV_DISK_REASON_WRITE_PROTECTED:
		return 0x0727;
	case RV_DISK_REASON_ABORTED:
		return 0x0b00;
	case RV_DISK_REASON_UNSUPPORTED:
		return 0x0520; /* invalid command operation code */
	case RV_DISK_REASON_OUT_OF_RANGE:
		return 0x0521;
	case RV_DISK_REASON_NO_ACCESS:
		return 0x0726; /* data protect, as far as a code says it without a qualifier */
	case RV_DISK_REASON_INTERNAL:
		return 0x0444;
	default:
		return usual;
	}
}

void scsi_write_sense(uint8_t *bytes, uint16_t why)
{
	memset(bytes, 0, SCSI_SENSE_BYTES);
	bytes[0] = 0x70;
	bytes[2] = why >> 8;
	bytes[7] = SCSI_SENSE_BYTES - 8;
	bytes[12] = (uint8_t)why;
}

bool scsi_read_capacity(const uint8_t *code, const uint8_t *answer, size_t length_bytes, uint64_t *sectors, uint32_t *sector_bytes)
{
	bool is_long = code[0] == SCSI_SERVICE_IN_16 && (code[1] & 0x1f) == SCSI_SERVICE_READ_CAPACITY;
	unsigned count = is_long ? 8 : 4;
	uint64_t last;

	if ((!is_long && code[0] != SCSI_READ_CAPACITY_10) || length_bytes < count + 4)
		return false;
	last = scsi_get(answer, count);
	*sector_bytes = (uint32_t)scsi_get(answer + count, 4);
	*sectors = last + 1;
	return last != UINT64_MAX && (is_long || last != UINT32_MAX) && *sector_bytes >= 512 && *sector_bytes <= KIB(64) &&
	       (*sector_bytes & (*sector_bytes - 1)) == 0;
}

/* Appends what is there without blanks at its end. */
static char *scsi_append(char *text, const uint8_t *bytes, size_t count)
{
	while (count > 0 && (bytes[count - 1] == ' ' || bytes[count - 1] == '\0'))
		count--;
	for (size_t i = 0; i < count; i++)
		*text++ = (char)(bytes[i] < ' ' || bytes[i] > '~' ? '?' : bytes[i]);
	*text = '\0';
	return text;
}

bool scsi_read_model(const uint8_t *code, const uint8_t *answer, size_t length_bytes, char *model)
{
	char *end;

	if (code[0] != SCSI_INQUIRY || (code[1] & 1) || length_bytes < SCSI_MODEL_AT + SCSI_MODEL_BYTES)
		return false;
	end = scsi_append(model, answer + SCSI_MODEL_AT, 8);
	if (end != model)
		*end++ = ' ';
	(void)scsi_append(end, answer + SCSI_MODEL_AT + 8, 16);
	return true;
}

bool scsi_read_unmap(const uint8_t *list, size_t length_bytes, uint64_t *lba, uint32_t *sectors)
{
	uint64_t first = UINT64_MAX, end = 0;
	size_t bytes;

	if (length_bytes < SCSI_UNMAP_HEAD)
		return false;
	bytes = (size_t)scsi_get(list + 2, 2);
	if (bytes % SCSI_UNMAP_RANGE != 0 || bytes > length_bytes - SCSI_UNMAP_HEAD)
		return false;
	for (size_t at = SCSI_UNMAP_HEAD; at < SCSI_UNMAP_HEAD + bytes; at += SCSI_UNMAP_RANGE) {
		uint64_t from = scsi_get(list + at, 8), count = scsi_get(list + at + 8, 4);

		if (count == 0)
			continue;
		if (from > UINT64_MAX - count)
			return false;
		first = from < first ? from : first;
		end = from + count > end ? from + count : end;
	}
	*lba = end == 0 ? 0 : first;
	*sectors = end - *lba > UINT32_MAX ? UINT32_MAX : (uint32_t)(end - *lba);
	return end - *lba <= UINT32_MAX;
}
