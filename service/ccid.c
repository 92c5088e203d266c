/*
 * service/ccid.c: see the header. Sections are those of the CCID specification, revision 1.1.
 */
#include "service/ccid.h"

#include "core/string.h"

#define HEAD_BYTES 10
#define COMMAND_HEAD_BYTES 5 /* of a card's command: its last says how many data follow, or how many are wanted */
#define ANSWERS_MAXIMUM 64 /* to one message, each of which but the last asks for more time */

/* 6.1, 6.2 */
#define TO_POWER_ON 0x62
#define TO_POWER_OFF 0x63
#define TO_PARAMETERS 0x6c /* they are asked for */
#define TO_TRANSFER 0x6f
#define FROM_DATA 0x80
#define FROM_STATUS 0x81
#define FROM_PARAMETERS 0x82
#define STATUS_CARD 0x03 /* 0: active, 1: without power, 2: there is none */
#define STATUS_COMMAND 0xc0
#define STATUS_MORE_TIME 0x80

/* 5.1 */
#define DESCRIPTOR_INTERFACE 4
#define DESCRIPTOR_CCID 0x21
#define DESCRIPTOR_CCID_BYTES 54
#define AT_VOLTAGES 5
#define AT_FEATURES 40
#define AT_MESSAGE_BYTES 44
#define FEATURE_VOLTAGE 0x08u
#define FEATURE_TPDU 0x10000u
#define FEATURE_SHORT 0x20000u
#define FEATURE_EXTENDED 0x40000u
#define VOLTAGE_ITS_OWN 0x80
#define VOLTAGES 3

static uint32_t ccid_number(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static const char *ccid_take_descriptor(struct ccid *ccid, const uint8_t *descriptor)
{
	uint32_t features = ccid_number(descriptor + AT_FEATURES);

	if ((features & (FEATURE_TPDU | FEATURE_SHORT | FEATURE_EXTENDED)) == 0)
		return "the reader takes no commands, but single characters of them";
	ccid->takes_tpdu = (features & FEATURE_TPDU) != 0;
	if (ccid_number(descriptor + AT_MESSAGE_BYTES) < HEAD_BYTES + CARD_COMMAND_BYTES)
		return "the reader takes no commands as long as a card's";
	ccid->voltages = (features & FEATURE_VOLTAGE) != 0 ? VOLTAGE_ITS_OWN : descriptor[AT_VOLTAGES] & ((1u << VOLTAGES) - 1);
	return NULL;
}

const char *ccid_begin(struct ccid *ccid, const struct ccid_link *link, uint8_t interface, const uint8_t *configuration,
		       size_t nr_bytes)
{
	bool is_ours = false;

	*ccid = (struct ccid){ .link = link };
	for (size_t at = 0, bytes; nr_bytes - at >= 2; at += bytes) {
		const uint8_t *descriptor = configuration + at;

		bytes = descriptor[0];
		if (bytes < 2 || bytes > nr_bytes - at)
			break;
		if (descriptor[1] == DESCRIPTOR_INTERFACE && bytes > 2)
			is_ours = descriptor[2] == interface;
		else if (is_ours && descriptor[1] == DESCRIPTOR_CCID && bytes >= DESCRIPTOR_CCID_BYTES)
			return ccid_take_descriptor(ccid, descriptor);
	}
	return "the reader does not describe itself";
}

/* What is said after one message: of its length, as the head says. False: it does not come, or cannot be. */
static bool ccid_receive(struct ccid *ccid, uint8_t message[CCID_MESSAGE_BYTES], size_t *nr_bytes)
{
	static uint8_t packet[CCID_PACKET_BYTES];
	size_t bytes, wanted_bytes = HEAD_BYTES, has_bytes = 0;
	bool had_end = false;

	while (has_bytes < wanted_bytes) {
		bytes = sizeof(packet);
		if (!ccid->link->receive(ccid->link->context, packet, &bytes) || bytes > sizeof(packet) ||
		    bytes > CCID_MESSAGE_BYTES - has_bytes || (bytes == 0 && (has_bytes != 0 || had_end)))
			break;
		/* The message before ended with a whole packet: USB 2.0, 5.8.3. */
		had_end |= bytes == 0;
		memcpy(message + has_bytes, packet, bytes);
		has_bytes += bytes;
		if (has_bytes >= HEAD_BYTES && ccid_number(message + 1) <= CCID_MESSAGE_BYTES - HEAD_BYTES)
			wanted_bytes = HEAD_BYTES + ccid_number(message + 1);
		else if (has_bytes >= HEAD_BYTES)
			break;
	}
	memory_wipe(packet, sizeof(packet));
	/* Some say more than the head does (QEMU's, of parameters). */
	*nr_bytes = wanted_bytes;
	return has_bytes >= wanted_bytes;
}

/* Says a message whose head begins with its kind; its answer takes its place. False: it failed. */
static bool ccid_say(struct ccid *ccid, uint8_t message[CCID_MESSAGE_BYTES], size_t data_bytes, uint8_t wanted, size_t *answer_bytes)
{
	uint8_t sequence = ccid->sequence++;

	message[1] = (uint8_t)data_bytes;
	message[2] = (uint8_t)(data_bytes >> 8);
	message[3] = 0;
	message[4] = 0;
	message[5] = ccid->slot;
	message[6] = sequence;
	if (!ccid->link->send(ccid->link->context, message, HEAD_BYTES + data_bytes))
		return false;
	for (unsigned i = 0; i < ANSWERS_MAXIMUM; i++) {
		if (!ccid_receive(ccid, message, answer_bytes))
			return false;
		/* What an earlier message is answered with, which was given up, says nothing of this one. */
		if (message[5] != ccid->slot || message[6] != sequence)
			continue;
		if ((message[7] & STATUS_COMMAND) != STATUS_MORE_TIME)
			return message[0] == wanted && (message[7] & STATUS_COMMAND) == 0;
	}
	return false;
}

/* Asks for power at one voltage; 0: the reader chooses. */
static bool ccid_wake(struct ccid *ccid, uint8_t voltage)
{
	uint8_t message[CCID_MESSAGE_BYTES] = { TO_POWER_ON, [7] = voltage };
	size_t nr_bytes;

	return ccid_say(ccid, message, 0, FROM_DATA, &nr_bytes) && nr_bytes > HEAD_BYTES;
}

static bool ccid_wake_any(struct ccid *ccid)
{
	if (ccid->voltages == VOLTAGE_ITS_OWN)
		return ccid_wake(ccid, 0);
	/* The lowest first: a card that wants more does not answer. */
	for (uint8_t i = VOLTAGES; i != 0; i--) {
		if ((ccid->voltages & 1u << (i - 1)) == 0)
			continue;
		if (ccid_wake(ccid, i))
			return true;
		(void)ccid_power_off(ccid);
	}
	return false;
}

const char *ccid_power_on(struct ccid *ccid)
{
	uint8_t message[CCID_MESSAGE_BYTES] = { TO_PARAMETERS };
	size_t nr_bytes;

	if (!ccid_wake_any(ccid))
		return "there is no card in the reader, or it says nothing";
	if (ccid->takes_tpdu && (!ccid_say(ccid, message, 0, FROM_PARAMETERS, &nr_bytes) || message[9] != 0))
		return "the reader takes this card's commands in blocks (T=1) only";
	return NULL;
}

bool ccid_power_off(struct ccid *ccid)
{
	uint8_t message[CCID_MESSAGE_BYTES] = { TO_POWER_OFF };
	size_t nr_bytes;

	return ccid_say(ccid, message, 0, FROM_STATUS, &nr_bytes) && (message[7] & STATUS_CARD) != 0;
}

bool ccid_exchange(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	uint8_t message[CCID_MESSAGE_BYTES] = { TO_TRANSFER };
	struct ccid *ccid = context;
	size_t nr_bytes;
	bool is_answered;

	if (command_bytes > sizeof(message) - HEAD_BYTES)
		return false;
	/* What is behind the data is how much is wanted: the card says by its status that it is there. */
	if (ccid->takes_tpdu && command_bytes > COMMAND_HEAD_BYTES + (size_t)command[COMMAND_HEAD_BYTES - 1])
		command_bytes = COMMAND_HEAD_BYTES + (size_t)command[COMMAND_HEAD_BYTES - 1];
	memcpy(message + HEAD_BYTES, command, command_bytes);
	is_answered = ccid_say(ccid, message, command_bytes, FROM_DATA, &nr_bytes) && message[9] == 0 &&
		      nr_bytes - HEAD_BYTES <= *answer_bytes;
	if (is_answered) {
		*answer_bytes = nr_bytes - HEAD_BYTES;
		memcpy(answer, message + HEAD_BYTES, *answer_bytes);
	}
	memory_wipe(message, sizeof(message));
	return is_answered;
}
