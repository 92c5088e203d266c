/*
 * tests/unit/tpm_link.c: the drivers of a TPM's registers against one that is made here: it answers as the profile says, or is
 * absent, never ready, taken, stuck, cut, over-long. Every wait has to end. Then the event log, and the two commands of which
 * CPL 0 reads the answers.
 */
#include "boot/tpm_link.h"
#include "boot/tpm_log.h"
#include "boot/tpm_pcr.h"
#include "boot/tpm_regs.h"
#include "unit.h"

#define PATIENCE_US UINT64_C(200000000)
#define ROOM 64

/* What is wrong with it. */
enum fault {
	NONE, ABSENT, INVALID, TAKEN, NEVER_READY, NEVER_EXPECTS, ALWAYS_EXPECTS, NO_BURST, NEVER_ANSWERS, GONE_AMID, CUT, LONGER,
	SHORT_SIZE, HUGE_SIZE, ERROR, BUFFER_ELSEWHERE, BUFFER_HUGE, BUFFER_MOVES, STUCK_ONES, FAULTS,
};
static const char *const fault_names[FAULTS] = {
	"none", "absent", "invalid", "taken", "never ready", "never expects", "always expects", "no burst", "never answers", "gone amid",
	"cut", "longer", "short size", "huge size", "error", "buffer elsewhere", "buffer huge", "buffer moves", "stuck at ones",
};

static struct {
	enum tpm_link_kind kind;
	enum fault fault;
	bool has, ready, runs, started;
	uint8_t command[256], answer[256];
	size_t command_bytes, answer_bytes, at;
	unsigned nr_reads;
	uint64_t time_us;
} tpm;

static const uint8_t answer_good[] = { 0x80, 1, 0, 0, 0, 14, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe };
static const uint8_t command_good[] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 4 };

static void wait_us(uint64_t us)
{
	tpm.time_us += us;
	if (tpm.time_us > PATIENCE_US) {
		printf("not ok tpm_link: waits for ever: %s\n", fault_names[tpm.fault]);
		exit(1);
	}
}

static void begin_answer(void)
{
	memcpy(tpm.answer, answer_good, sizeof(answer_good));
	tpm.answer_bytes = sizeof(answer_good);
	tpm.at = 0;
	if (tpm.fault == CUT)
		tpm.answer_bytes -= 3;
	if (tpm.fault == LONGER)
		tpm.answer_bytes += 3;
	if (tpm.fault == SHORT_SIZE)
		tpm.answer[5] = 9;
	if (tpm.fault == HUGE_SIZE)
		tpm.answer[2] = 0x7f;
}

static uint32_t fifo_status(void)
{
	uint32_t status = FIFO_STATUS_VALID;
	bool expects = tpm.command_bytes < sizeof(command_good);
	size_t left = tpm.runs ? tpm.answer_bytes - tpm.at : 5;

	if (tpm.fault != NO_BURST)
		status |= (uint32_t)(left < 5 ? left : 5) << FIFO_BURST_SHIFT;
	if (tpm.ready && tpm.fault != NEVER_READY)
		status |= FIFO_STATUS_READY;
	if (tpm.started && ((expects && tpm.fault != NEVER_EXPECTS) || tpm.fault == ALWAYS_EXPECTS))
		status |= FIFO_STATUS_EXPECT;
	if (tpm.runs && tpm.at < tpm.answer_bytes && tpm.fault != NEVER_ANSWERS)
		status |= FIFO_STATUS_DATA;
	return status;
}

static uint32_t fifo_read(unsigned offset)
{
	switch (offset) {
	case FIFO_ACCESS:
		return tpm.fault == ABSENT ? 0xff
					   : (tpm.fault == INVALID ? 0 : FIFO_ACCESS_VALID) |
						     (tpm.has && tpm.fault != TAKEN ? FIFO_ACCESS_ACTIVE : 0);
	case TPM_INTERFACE_ID:
		return UINT32_MAX; /* as older ones */
	case FIFO_STATUS:
		return fifo_status();
	case FIFO_DATA:
		return tpm.at < tpm.answer_bytes ? tpm.answer[tpm.at++] : 0xff;
	default:
		unit_fail("read of %x", offset);
		return 0;
	}
}

static void fifo_write(unsigned offset, uint32_t value)
{
	if (offset == FIFO_ACCESS) {
		tpm.has = value == FIFO_ACCESS_REQUEST;
	} else if (offset == FIFO_STATUS && value == FIFO_STATUS_READY) {
		tpm.ready = true;
		if (!tpm.runs)
			tpm.command_bytes = 0;
		tpm.started = tpm.runs = false;
	} else if (offset == FIFO_STATUS && value == FIFO_STATUS_GO) {
		tpm.runs = true;
		begin_answer();
	} else if (offset == FIFO_DATA) {
		tpm.ready = false;
		tpm.started = true;
		tpm.command[tpm.command_bytes++ % sizeof(tpm.command)] = (uint8_t)value;
	} else {
		unit_fail("write to %x", offset);
	}
}

static uint32_t crb_read(unsigned offset)
{
	switch (offset) {
	case CRB_STATE:
		return tpm.fault == ABSENT ? 0xff
					   : (tpm.fault == INVALID ? 0 : CRB_STATE_VALID) |
						     (tpm.fault == TAKEN ? CRB_STATE_ASSIGNED | 1u << 2 : tpm.has ? CRB_STATE_ASSIGNED : 0);
	case TPM_INTERFACE_ID:
		return TPM_INTERFACE_CRB;
	case CRB_REQUEST:
		return tpm.fault == NEVER_READY ? CRB_REQUEST_READY : 0;
	case CRB_STATUS:
		return tpm.fault == ERROR && tpm.runs ? CRB_STATUS_ERROR : 0;
	case CRB_START:
		return tpm.runs && tpm.fault == NEVER_ANSWERS ? 1 : 0;
	case CRB_COMMAND_BYTES:
	case CRB_ANSWER_BYTES:
		return tpm.fault == BUFFER_HUGE ? 0x10000 : 0x80;
	case CRB_COMMAND_LOW:
	case CRB_ANSWER_LOW:
		if (tpm.fault == BUFFER_MOVES && tpm.runs)
			return TPM_LINK_ADDRESS + 0xfff;
		return tpm.fault == BUFFER_ELSEWHERE ? 0x100000 : TPM_LINK_ADDRESS + CRB_BUFFER;
	case CRB_COMMAND_HIGH:
	case CRB_ANSWER_HIGH:
		return 0;
	default:
		if (offset < CRB_BUFFER || offset >= CRB_BUFFER + 0x80)
			unit_fail("read of %x", offset);
		return tpm.answer[offset - CRB_BUFFER];
	}
}

static void crb_write(unsigned offset, uint32_t value)
{
	if (offset == CRB_CONTROL) {
		tpm.has = value == CRB_CONTROL_REQUEST;
	} else if (offset == CRB_START && value == 1) {
		tpm.runs = true;
		begin_answer();
	} else if (offset == CRB_REQUEST && value == CRB_REQUEST_READY) {
		tpm.runs = false;
		tpm.command_bytes = 0;
	} else if (offset >= CRB_BUFFER && offset < CRB_BUFFER + 0x80) {
		tpm.command[tpm.command_bytes++ % sizeof(tpm.command)] = (uint8_t)value;
	} else if (offset != CRB_CANCEL && offset != CRB_REQUEST) {
		unit_fail("write to %x", offset);
	}
}

static uint32_t read_register(unsigned offset, unsigned nr_bytes)
{
	tpm.nr_reads++;
	if (tpm.fault == STUCK_ONES || (tpm.fault == GONE_AMID && tpm.runs))
		return UINT32_MAX >> (32 - 8 * nr_bytes);
	return tpm.kind == TPM_LINK_CRB ? crb_read(offset) : fifo_read(offset);
}

static void write_register(unsigned offset, unsigned nr_bytes, uint32_t value)
{
	(void)nr_bytes;
	if (tpm.kind == TPM_LINK_CRB)
		crb_write(offset, value);
	else
		fifo_write(offset, value);
}

static const struct tpm_bus bus = { read_register, write_register, wait_us };

static bool can_have(enum tpm_link_kind kind, enum fault fault)
{
	static const bool crb_only[FAULTS] = { [ERROR] = true, [BUFFER_ELSEWHERE] = true, [BUFFER_HUGE] = true, [BUFFER_MOVES] = true };
	/* A CRB's answer has no end but the one that it says: what it lacks is what was there. */
	static const bool fifo_only[FAULTS] = { [NEVER_EXPECTS] = true, [ALWAYS_EXPECTS] = true, [NO_BURST] = true, [CUT] = true, [LONGER] = true };

	return kind == TPM_LINK_CRB ? !fifo_only[fault] : !crb_only[fault];
}

static void test_fault(enum tpm_link_kind kind, enum fault fault)
{
	struct tpm_device device;
	uint8_t answer[ROOM + 1];
	size_t bytes = ROOM;
	bool good;

	memset(&tpm, 0, sizeof(tpm));
	tpm.kind = kind;
	tpm.fault = fault;
	memset(answer, 0x5a, sizeof(answer));
	good = tpm_link_open(&device, &bus);
	if ((fault == ABSENT || fault == STUCK_ONES) && (good || device.why != NULL))
		unit_fail("%s: found", fault_names[fault]);
	good = good && tpm_link_submit(&device, command_good, sizeof(command_good), answer, &bytes);
	if (good != (fault == NONE))
		unit_fail("kind %d, %s: %s", (int)kind, fault_names[fault], good ? "good" : device.why != NULL ? device.why : "none");
	if (good && (bytes != sizeof(answer_good) || memcmp(answer, answer_good, bytes) != 0 ||
		     tpm.command_bytes != sizeof(command_good) || memcmp(tpm.command, command_good, sizeof(command_good)) != 0))
		unit_fail("kind %d: other bytes", (int)kind);
	if (answer[ROOM] != 0x5a)
		unit_fail("%s: written past the room", fault_names[fault]);
	if (!good && fault != ABSENT && fault != STUCK_ONES && device.why == NULL)
		unit_fail("%s: not said why", fault_names[fault]);
	/* What has failed once is not asked again. */
	bytes = ROOM;
	tpm.fault = NONE;
	tpm.nr_reads = 0;
	if (!good && (tpm_link_submit(&device, command_good, sizeof(command_good), answer, &bytes) || tpm.nr_reads != 0 || bytes != 0))
		unit_fail("%s: asked again", fault_names[fault]);
	tpm_link_close(&device);
	UNIT_CHECK(!tpm.has);
}

static void test_room(enum tpm_link_kind kind)
{
	struct tpm_device device;
	uint8_t answer[ROOM];

	for (size_t room = 0; room < sizeof(answer_good); room++) {
		size_t bytes = room;

		memset(&tpm, 0, sizeof(tpm));
		tpm.kind = kind;
		memset(answer, 0x5a, sizeof(answer));
		UNIT_CHECK(tpm_link_open(&device, &bus));
		UNIT_CHECK(!tpm_link_submit(&device, command_good, sizeof(command_good), answer, &bytes));
		UNIT_CHECK(answer[room] == 0x5a);
	}
}

/* The event log ------------------------------------------------------------------------------------ */

#define LOG_BYTES 512

static size_t put_number(uint8_t *log, size_t at, uint32_t value, size_t nr_bytes)
{
	memcpy(log + at, &value, nr_bytes);
	return at + nr_bytes;
}

/* As SeaBIOS begins one, of two banks, with an event. */
static size_t make_log(uint8_t *log)
{
	size_t at = 0;

	memset(log, 0, LOG_BYTES);
	at = put_number(log, at, 0, 4);
	at = put_number(log, at, 3, 4) + 20;
	at = put_number(log, at, 37, 4);
	memcpy(log + at, "Spec ID Event03", 16);
	at = put_number(log, at + 24, 2, 4);
	at = put_number(log, at, TPM_ALG_SHA1, 2);
	at = put_number(log, at, 20, 2);
	at = put_number(log, at, TPM_ALG_SHA256, 2);
	at = put_number(log, at, 32, 2) + 1;
	at = put_number(log, at, 4, 4);
	at = put_number(log, at, 0xd, 4);
	at = put_number(log, at, 2, 4);
	at = put_number(log, at, TPM_ALG_SHA1, 2) + 20;
	at = put_number(log, at, TPM_ALG_SHA256, 2) + 32;
	at = put_number(log, at, 3, 4) + 3;
	return at;
}

static void test_log(void)
{
	static const char text[] = "ritevisor boot line";
	const size_t event_bytes = 12 + 22 + 34 + 4 + sizeof(text);
	struct tpm_digests digests = { 0 };
	uint8_t *log = malloc(LOG_BYTES), *exact;
	size_t end = make_log(log);

	UNIT_CHECK(tpm_log_banks(log, LOG_BYTES, &digests) && digests.nr == 2);
	tpm_digest("abc", 3, &digests);
	UNIT_CHECK(digests.values[0][0] == 0xa9 && digests.values[1][0] == 0xba); /* FIPS 180-4's examples */
	UNIT_CHECK(tpm_log_append(log, LOG_BYTES, 12, &digests, text));
	UNIT_CHECK(log[end] == 12 && log[end + 4] == 0xd && log[end + 8] == 2);
	UNIT_CHECK(memcmp(log + end + 14, digests.values[0], 20) == 0 && memcmp(log + end + 36, digests.values[1], 32) == 0);
	UNIT_CHECK(memcmp(log + end + event_bytes - sizeof(text), text, sizeof(text)) == 0);
	UNIT_CHECK(tpm_log_append(log, LOG_BYTES, 12, &digests, text) && log[end + event_bytes] == 12);
	/* With any less room: nothing is read or written past it. */
	for (size_t room = 0; room <= end + event_bytes; room++) {
		exact = malloc(room + 1);
		make_log(log);
		memcpy(exact, log, room);
		exact = realloc(exact, room == 0 ? 1 : room);
		if (tpm_log_append(exact, room, 12, &digests, text) != (room == end + event_bytes))
			unit_fail("room of %zu", room);
		free(exact);
	}
	/* Any byte another one. */
	for (size_t at = 0; at < end; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			exact = malloc(LOG_BYTES);
			make_log(exact);
			exact[at] ^= (uint8_t)(1u << bit);
			(void)tpm_log_append(exact, LOG_BYTES, 12, &digests, text);
			free(exact);
		}
	}
	digests.nr = 1;
	make_log(log);
	UNIT_CHECK(!tpm_log_append(log, LOG_BYTES, 12, &digests, text));
	free(log);
}

/* Commands ----------------------------------------------------------------------------------------- */

static uint8_t said[600], given[128];
static size_t said_bytes, given_bytes;

static bool submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	(void)context;
	memcpy(said, command, command_bytes);
	said_bytes = command_bytes;
	memcpy(answer, given, given_bytes < *answer_bytes ? given_bytes : *answer_bytes);
	*answer_bytes = given_bytes;
	return true;
}

static void test_commands(void)
{
	static const uint8_t read[] = { 0x80, 1, 0, 0, 0, 62, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0xb, 3, 0, 0x10, 0, 0, 0, 0, 1, 0, 32 };
	static const uint8_t extended[] = { 0x80, 2, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
	const struct tpm_pcr_link link = { .submit = submit };
	struct tpm_digests digests = { .banks = { { TPM_ALG_SHA1, 20 }, { 0x12, 32 }, { TPM_ALG_SHA256, 32 } }, .nr = 3 };
	uint8_t value[TPM_SHA256_BYTES];

	memcpy(given, read, sizeof(read));
	memset(given + sizeof(read), 0x77, 32);
	given_bytes = sizeof(read) + 32;
	UNIT_CHECK(tpm_pcr_read(&link, 12, value) && value[0] == 0x77 && value[31] == 0x77);
	UNIT_CHECK(!tpm_pcr_read(&link, 11, value) && !tpm_pcr_read(&link, 24, value));
	for (size_t i = 0; i < sizeof(read); i++) {
		given[i] ^= 1;
		if (tpm_pcr_read(&link, 12, value) != (i >= 10 && i < 14)) /* the counter */
			unit_fail("byte %zu of a read", i);
		given[i] ^= 1;
	}
	for (given_bytes = 0; given_bytes < sizeof(read) + 32; given_bytes++)
		UNIT_CHECK(!tpm_pcr_read(&link, 12, value));
	memcpy(given, extended, sizeof(extended));
	given_bytes = sizeof(extended);
	tpm_digest("abc", 3, &digests);
	UNIT_CHECK(tpm_pcr_extend(&link, 12, &digests));
	/* One hash is none that we know, and is left out. */
	UNIT_CHECK(said_bytes == 31 + 22 + 34 && said[5] == said_bytes && said[13] == 12 && said[30] == 2 && said[53 + 1] == 0xb);
	given[9] = 1;
	UNIT_CHECK(!tpm_pcr_extend(&link, 12, &digests));
	given[9] = 0;
	given_bytes--;
	UNIT_CHECK(!tpm_pcr_extend(&link, 12, &digests));
}

static void test_faults(void)
{
	for (int kind = TPM_LINK_FIFO; kind <= TPM_LINK_CRB; kind++) {
		for (int fault = NONE; fault < FAULTS; fault++) {
			if (can_have((enum tpm_link_kind)kind, (enum fault)fault))
				test_fault((enum tpm_link_kind)kind, (enum fault)fault);
		}
		test_room((enum tpm_link_kind)kind);
	}
}

int main(void)
{
	unit_run("tpm_link: a TPM that answers, and others that do not", test_faults);
	unit_run("tpm_link: the event log of a BIOS", test_log);
	unit_run("tpm_link: commands whose answers are compared", test_commands);
	return unit_failed;
}
