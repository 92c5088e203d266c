/*
 * boot/tpm_link.c: see the header. Times are the longest of the profile's table 18, with something to spare.
 */
#include "boot/tpm_link.h"

#include "boot/tpm_regs.h"
#include "core/string.h"

#define STEP_US 50
#define SHORT_US 2000000  /* for a register to change */
#define ANSWER_US 60000000 /* to make a key of its own, at most */
#define ABSENT 0xffffffffu
#define LOCALITY_BYTES 0x1000u
#define HEADER_BYTES 10
#define HEADER_SIZE 2 /* where the length is: TPM 2.0 Library, part 3, 4.3 */

static bool link_fail(struct tpm_device *device, const char *why)
{
	device->why = why;
	return false;
}

static uint32_t link_read(const struct tpm_device *device, unsigned offset)
{
	return device->bus->read(offset, sizeof(uint32_t));
}

static void link_write(const struct tpm_device *device, unsigned offset, uint32_t value)
{
	device->bus->write(offset, sizeof(uint32_t), value);
}

/* Until the bits of the mask have that value. All ones are nobody's answer. */
static bool link_wait(const struct tpm_device *device, unsigned offset, unsigned nr_bytes, uint32_t mask, uint32_t value,
		      uint64_t patience_us)
{
	uint32_t absent = ABSENT >> 8 * (sizeof(uint32_t) - nr_bytes), found;

	for (uint64_t waited_us = 0;; waited_us += STEP_US) {
		found = device->bus->read(offset, nr_bytes);
		if (found == absent)
			return false;
		if ((found & mask) == value)
			return true;
		if (waited_us >= patience_us)
			return false;
		device->bus->wait_us(STEP_US);
	}
}

static size_t link_length(const uint8_t *header)
{
	const uint8_t *size = header + HEADER_SIZE;

	return (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
}

/* FIFO: 6.5.2 ------------------------------------------------------------------------------------- */

static bool fifo_open(struct tpm_device *device)
{
	if (!link_wait(device, FIFO_ACCESS, 1, FIFO_ACCESS_VALID, FIFO_ACCESS_VALID, SHORT_US))
		return link_fail(device, "its registers never become valid");
	device->bus->write(FIFO_ACCESS, 1, FIFO_ACCESS_REQUEST);
	if (link_wait(device, FIFO_ACCESS, 1, FIFO_ACCESS_VALID | FIFO_ACCESS_ACTIVE, FIFO_ACCESS_VALID | FIFO_ACCESS_ACTIVE,
		      SHORT_US))
		return true;
	device->bus->write(FIFO_ACCESS, 1, FIFO_ACCESS_ACTIVE); /* the request is taken back */
	return link_fail(device, "somebody else has its locality, and does not give it");
}

static bool fifo_wait(struct tpm_device *device, uint32_t mask, uint32_t value, uint64_t patience_us)
{
	return link_wait(device, FIFO_STATUS, sizeof(uint32_t), mask | FIFO_STATUS_VALID, value | FIFO_STATUS_VALID,
			 patience_us);
}

/* How many bytes it takes, or gives, without another look. 0: it never says. */
static size_t fifo_burst(struct tpm_device *device)
{
	for (uint64_t waited_us = 0; waited_us < SHORT_US; waited_us += STEP_US) {
		uint32_t status = link_read(device, FIFO_STATUS), burst = status >> FIFO_BURST_SHIFT & FIFO_BURST_MASK;

		if (status == ABSENT)
			return 0;
		if (burst != 0)
			return burst;
		device->bus->wait_us(STEP_US);
	}
	return 0;
}

/* It wants more until it has the last byte. */
static bool fifo_send(struct tpm_device *device, const uint8_t *command, size_t command_bytes)
{
	size_t burst = 0;

	for (size_t i = 0; i < command_bytes; i++, burst--) {
		if (burst == 0)
			burst = fifo_burst(device);
		if (burst == 0)
			return false;
		if (i + 1 == command_bytes && !fifo_wait(device, FIFO_STATUS_EXPECT, FIFO_STATUS_EXPECT, SHORT_US))
			return false;
		device->bus->write(FIFO_DATA, 1, command[i]);
	}
	return fifo_wait(device, FIFO_STATUS_EXPECT, 0, SHORT_US);
}

static bool fifo_receive(struct tpm_device *device, uint8_t *to, size_t nr_bytes)
{
	size_t burst = 0;

	for (size_t i = 0; i < nr_bytes; i++, burst--) {
		if (burst == 0 && !fifo_wait(device, FIFO_STATUS_DATA, FIFO_STATUS_DATA, SHORT_US))
			return false;
		if (burst == 0)
			burst = fifo_burst(device);
		if (burst == 0)
			return false;
		to[i] = (uint8_t)device->bus->read(FIFO_DATA, 1);
	}
	return true;
}

static bool fifo_take_answer(struct tpm_device *device, uint8_t *answer, size_t room, size_t *answer_bytes)
{
	if (!fifo_wait(device, FIFO_STATUS_DATA, FIFO_STATUS_DATA, ANSWER_US))
		return link_fail(device, "it never answers");
	if (room < HEADER_BYTES || !fifo_receive(device, answer, HEADER_BYTES))
		return link_fail(device, "its answer is cut");
	*answer_bytes = link_length(answer);
	if (*answer_bytes < HEADER_BYTES || *answer_bytes > room)
		return link_fail(device, "its answer has a length that cannot be");
	if (!fifo_receive(device, answer + HEADER_BYTES, *answer_bytes - HEADER_BYTES))
		return link_fail(device, "its answer is cut");
	if (!fifo_wait(device, FIFO_STATUS_DATA, 0, SHORT_US))
		return link_fail(device, "its answer is longer than it says");
	return true;
}

static bool fifo_submit(struct tpm_device *device, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t room,
			size_t *answer_bytes)
{
	bool good;

	link_write(device, FIFO_STATUS, FIFO_STATUS_READY);
	if (!link_wait(device, FIFO_STATUS, sizeof(uint32_t), FIFO_STATUS_READY, FIFO_STATUS_READY, SHORT_US))
		return link_fail(device, "it never becomes ready");
	good = fifo_send(device, command, command_bytes);
	if (!good)
		link_fail(device, "it does not take a command");
	if (good) {
		link_write(device, FIFO_STATUS, FIFO_STATUS_GO);
		good = fifo_take_answer(device, answer, room, answer_bytes);
	}
	/* Whatever it is at is given up. */
	link_write(device, FIFO_STATUS, FIFO_STATUS_READY);
	return good;
}

/* CRB: 6.5.3 -------------------------------------------------------------------------------------- */

/* Within the locality's page, and where that is: others' buffers are in memory, which we do not write to for anybody. */
static bool crb_is_buffer(const struct tpm_device *device, unsigned low, unsigned high, unsigned length)
{
	uint32_t offset = link_read(device, low) - TPM_LINK_ADDRESS, nr_bytes = link_read(device, length);

	return link_read(device, high) == 0 && offset >= CRB_BUFFER && offset < LOCALITY_BYTES && nr_bytes >= HEADER_BYTES &&
	       nr_bytes <= LOCALITY_BYTES - offset;
}

static bool crb_open(struct tpm_device *device)
{
	const uint32_t mask = CRB_STATE_VALID | CRB_STATE_ASSIGNED | CRB_STATE_LOCALITY;

	link_write(device, CRB_CONTROL, CRB_CONTROL_REQUEST);
	if (!link_wait(device, CRB_STATE, sizeof(uint32_t), mask, CRB_STATE_VALID | CRB_STATE_ASSIGNED, SHORT_US)) {
		link_write(device, CRB_CONTROL, CRB_CONTROL_RELINQUISH);
		return link_fail(device, "somebody else has its locality, and does not give it");
	}
	if (crb_is_buffer(device, CRB_COMMAND_LOW, CRB_COMMAND_HIGH, CRB_COMMAND_BYTES) &&
	    crb_is_buffer(device, CRB_ANSWER_LOW, CRB_ANSWER_HIGH, CRB_ANSWER_BYTES))
		return true;
	link_write(device, CRB_CONTROL, CRB_CONTROL_RELINQUISH);
	return link_fail(device, "its buffers are not among its registers");
}

static void crb_take_bytes(struct tpm_device *device, uint8_t *to, size_t from, size_t end)
{
	unsigned at = link_read(device, CRB_ANSWER_LOW) - TPM_LINK_ADDRESS;

	for (size_t i = from; i < end; i++)
		to[i] = (uint8_t)device->bus->read(at + (unsigned)i, 1);
}

static bool crb_take_answer(struct tpm_device *device, uint8_t *answer, size_t room, size_t *answer_bytes)
{
	uint32_t buffer_bytes = link_read(device, CRB_ANSWER_BYTES);

	/* What they say may be another than when it was opened. */
	if (room < HEADER_BYTES || !crb_is_buffer(device, CRB_ANSWER_LOW, CRB_ANSWER_HIGH, CRB_ANSWER_BYTES))
		return link_fail(device, "its answer is cut");
	crb_take_bytes(device, answer, 0, HEADER_BYTES);
	*answer_bytes = link_length(answer);
	if (*answer_bytes < HEADER_BYTES || *answer_bytes > room || *answer_bytes > buffer_bytes)
		return link_fail(device, "its answer has a length that cannot be");
	crb_take_bytes(device, answer, HEADER_BYTES, *answer_bytes);
	return true;
}

static bool crb_run(struct tpm_device *device)
{
	link_write(device, CRB_CANCEL, 0);
	link_write(device, CRB_START, 1);
	if (!link_wait(device, CRB_START, sizeof(uint32_t), ABSENT, 0, ANSWER_US)) {
		link_write(device, CRB_CANCEL, 1);
		return link_fail(device, "it never answers");
	}
	if (link_read(device, CRB_STATUS) & CRB_STATUS_ERROR)
		return link_fail(device, "it says that it has failed");
	return true;
}

static bool crb_submit(struct tpm_device *device, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t room,
		       size_t *answer_bytes)
{
	unsigned at;
	bool good;

	link_write(device, CRB_REQUEST, CRB_REQUEST_READY);
	if (!link_wait(device, CRB_REQUEST, sizeof(uint32_t), CRB_REQUEST_READY, 0, SHORT_US) ||
	    !link_wait(device, CRB_STATUS, sizeof(uint32_t), CRB_STATUS_IDLE | CRB_STATUS_ERROR, 0, SHORT_US))
		return link_fail(device, "it never becomes ready");
	if (!crb_is_buffer(device, CRB_COMMAND_LOW, CRB_COMMAND_HIGH, CRB_COMMAND_BYTES) ||
	    command_bytes > link_read(device, CRB_COMMAND_BYTES))
		return link_fail(device, "it does not take a command");
	at = link_read(device, CRB_COMMAND_LOW) - TPM_LINK_ADDRESS;
	for (size_t i = 0; i < command_bytes && at + i < LOCALITY_BYTES; i++)
		device->bus->write(at + (unsigned)i, 1, command[i]);
	good = crb_run(device) && crb_take_answer(device, answer, room, answer_bytes);
	link_write(device, CRB_REQUEST, CRB_REQUEST_IDLE);
	(void)link_wait(device, CRB_REQUEST, sizeof(uint32_t), CRB_REQUEST_IDLE, 0, SHORT_US);
	return good;
}

/* Both -------------------------------------------------------------------------------------------- */

bool tpm_link_open(struct tpm_device *device, const struct tpm_bus *bus)
{
	uint32_t interface = bus->read(TPM_INTERFACE_ID, sizeof(interface));

	*device = (struct tpm_device){ .bus = bus };
	if (bus->read(FIFO_ACCESS, 1) == UINT8_MAX)
		return false;
	/* An older FIFO has nothing at all there. */
	device->kind = interface != ABSENT && (interface & TPM_INTERFACE_TYPE) == TPM_INTERFACE_CRB ? TPM_LINK_CRB
												      : TPM_LINK_FIFO;
	if (device->kind == TPM_LINK_CRB ? crb_open(device) : fifo_open(device))
		return true;
	device->kind = TPM_LINK_NONE;
	return false;
}

bool tpm_link_submit(struct tpm_device *device, const uint8_t *command, size_t command_bytes, uint8_t *answer,
		     size_t *answer_bytes)
{
	size_t room = *answer_bytes;

	*answer_bytes = 0;
	if (device->kind == TPM_LINK_NONE || device->why != NULL || command_bytes < HEADER_BYTES)
		return false;
	if (device->kind == TPM_LINK_CRB ? crb_submit(device, command, command_bytes, answer, room, answer_bytes)
					 : fifo_submit(device, command, command_bytes, answer, room, answer_bytes))
		return true;
	memset(answer, 0, room);
	*answer_bytes = 0;
	return false;
}

void tpm_link_close(struct tpm_device *device)
{
	if (device->kind == TPM_LINK_FIFO)
		device->bus->write(FIFO_ACCESS, 1, FIFO_ACCESS_ACTIVE);
	else if (device->kind == TPM_LINK_CRB)
		link_write(device, CRB_CONTROL, CRB_CONTROL_RELINQUISH);
	device->kind = TPM_LINK_NONE;
}
