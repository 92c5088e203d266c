/*
 * tests/unit/xhci_device.c: the controller and its devices.
 */
#include "xhci_device.h"

#include "disk_memory.h"
#include "unit.h"

#define EVENTS 4096

struct stick sticks[DEVICE_SLOTS + 1];
void (*device_bulk)(unsigned endpoint);
void (*device_is_reset)(void);
bool device_runs, device_refuses;
uint32_t device_stops;
bool device_is_configured[DEVICE_SLOTS + 1], device_is_rung[DEVICE_SLOTS + 1][32];

struct device_ring {
	uint64_t at;
	bool cycle, is_halted, is_rung;
};
static struct device_ring commands, rings[DEVICE_SLOTS + 1];
static bool is_enabled[DEVICE_SLOTS + 1], is_addressed[DEVICE_SLOTS + 1];
static struct device_event events[EVENTS];
static unsigned nr_events, nr_taken;
static uint32_t operational[16], interrupter[8];
static uint32_t event_at;
static bool event_cycle;

void device_power_on(void)
{
	commands = (struct device_ring){ 0 };
	memset(rings, 0, sizeof(rings));
	memset(is_enabled, 0, sizeof(is_enabled));
	memset(is_addressed, 0, sizeof(is_addressed));
	memset(device_is_configured, 0, sizeof(device_is_configured));
	memset(operational, 0, sizeof(operational));
	memset(interrupter, 0, sizeof(interrupter));
	memset(device_is_rung, 0, sizeof(device_is_rung));
	nr_events = nr_taken = 0;
}

/* Devices ------------------------------------------------------------------------------------------------- */

static const uint8_t stick_device[18] = { 18, 1, 0, 2, 0, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 0, 1, 2, 3, 1 };
static const uint8_t stick_configuration[32] = { 9, 2, 32, 0, 1, 1, 0, 0xc0, 0, 9, 4, 0, 0, 2, 8, 6, 80, 0,
						 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 2, 2, 0, 2, 0 };

static uint32_t stick_descriptor(const struct stick *stick, uint64_t setup, uint8_t *bytes)
{
	uint8_t number = (uint8_t)USB_SETUP_VALUE(setup);

	switch (USB_SETUP_VALUE(setup) >> 8) {
	case 1:
		memcpy(bytes, stick_device, 18);
		bytes[10] = (uint8_t)stick->kind;
		if (stick->kind == STICK_LIAR && stick->nr_asked > 1)
			bytes[8] ^= 1;
		if (stick->kind == STICK_MANY)
			bytes[17] = 255;
		return stick->kind == STICK_SMALL && stick->nr_asked < 3 ? 8 : 18;
	case 2:
		memcpy(bytes, stick_configuration, 32);
		if (stick->kind == STICK_LOOPING)
			bytes[9] = 0;
		if (stick->kind == STICK_LONG)
			bytes[2] = bytes[3] = 255;
		if (stick->kind == STICK_CHANGING && stick->nr_asked > 1)
			bytes[14] = 3; /* HID */
		return stick->kind == STICK_CUT ? 31 : 32;
	case 3:
		if (stick->kind == STICK_MUTE || number > 3)
			return 0;
		bytes[0] = 4;
		bytes[1] = 3;
		bytes[2] = number == 0 ? 9 : (uint8_t)('A' + number);
		if (number == 3 && stick->kind == STICK_RENAMED && stick->nr_asked > 1)
			bytes[2] = 'Z';
		bytes[3] = number == 0 ? 4 : 0;
		return 4;
	default:
		return 0;
	}
}

uint32_t stick_answer(const struct stick *stick, uint64_t setup, uint8_t *bytes)
{
	if (USB_SETUP_REQUEST(setup) == USB_GET_DESCRIPTOR && USB_SETUP_TYPE(setup) == 0x80)
		return stick_descriptor(stick, setup, bytes);
	memset(bytes, 0x77, 4);
	return USB_SETUP_REQUEST(setup) == USB_RESERVED ? 0 : 4;
}

uint32_t device_event_ring[8];
bool device_is_read;

/* Memory ---------------------------------------------------------------------------------------------------- */

static void reach(uint64_t address, void *bytes, uint32_t count, bool write)
{
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *at = disk_memory_reach(address + i, 1);

		if (write)
			*at = ((uint8_t *)bytes)[i];
		else
			((uint8_t *)bytes)[i] = *at;
	}
}

/* The TRB there, if it is the controller's; links are followed. */
static bool ring_fetch(struct device_ring *ring, struct xhci_trb *trb, uint64_t *where)
{
	for (unsigned i = 0; i < 8; i++) {
		reach(ring->at, trb, sizeof(*trb), false);
		if ((trb->control & XHCI_TRB_CYCLE) != ring->cycle)
			return false;
		*where = ring->at;
		if (XHCI_TRB_TYPE(trb->control) != XHCI_LINK) {
			ring->at += sizeof(*trb);
			return true;
		}
		ring->at = trb->parameter & ~UINT64_C(15);
		ring->cycle ^= (trb->control & XHCI_TRB_TOGGLE) != 0;
	}
	return false;
}

void device_put_event(unsigned target, uint64_t parameter, uint32_t code, uint32_t length, uint32_t control)
{
	struct xhci_trb event = { parameter, code << 24 | length, control };
	struct xhci_erst table;

	if (target == 0) {
		events[nr_events++ % EVENTS] = (struct device_event){ event.parameter, event.status, event.control };
		return;
	}
	UNIT_EQUAL(target, DEVICE_INTERRUPTERS - 1);
	UNIT_EQUAL(interrupter[2], 1);
	reach((uint64_t)interrupter[5] << 32 | interrupter[4], &table, sizeof(table), false);
	event.control |= event_cycle;
	reach(table.address + event_at * sizeof(event), &event, sizeof(event), true);
	event_at = (event_at + 1) % table.nr_trbs;
	event_cycle ^= event_at == 0;
}

bool device_event(struct device_event *event)
{
	if (nr_taken == nr_events)
		return false;
	*event = events[nr_taken++ % EVENTS];
	return true;
}

/* Control transfers ----------------------------------------------------------------------------------------- */

/* What reaches the device. */
static void stick_hear(struct stick *stick, uint64_t setup)
{
	bool is_standard = (USB_SETUP_TYPE(setup) & 0x7f) == 0;

	if (USB_SETUP_REQUEST(setup) == USB_GET_DESCRIPTOR && USB_SETUP_VALUE(setup) >> 8 == 1 && USB_SETUP_LENGTH(setup) == 18)
		stick->nr_asked++;
	if (is_standard && USB_SETUP_REQUEST(setup) == USB_SET_CONFIGURATION && USB_SETUP_VALUE(setup) != 0)
		stick->is_configured = true;
	stick->was_touched |= !is_standard || stick->is_configured;
	stick->nr_features += is_standard && USB_SETUP_REQUEST(setup) == USB_SET_FEATURE;
}

static bool control_step(unsigned slot)
{
	struct device_ring *ring = &rings[slot], start = *ring;
	struct xhci_trb setup, data = { 0 }, status;
	struct stick *stick = &sticks[slot];
	uint64_t setup_at, data_at = 0, status_at;
	uint32_t bytes, room = 0;
	uint8_t answer[256];

	if (!is_addressed[slot] || ring->is_halted || stick->kind == STICK_SILENT)
		return false;
	if (!ring_fetch(ring, &setup, &setup_at))
		return false; /* past links it has gone */
	if (XHCI_TRB_TYPE(setup.control) != XHCI_SETUP) {
		UNIT_EQUAL(XHCI_TRB_TYPE(setup.control), XHCI_NO_OP);
		return true;
	}
	if (!ring_fetch(ring, &status, &status_at))
		goto not_yet;
	while (XHCI_TRB_TYPE(status.control) == XHCI_SETUP) { /* then that is where one begins */
		setup = status;
		if (!ring_fetch(ring, &status, &status_at))
			goto not_yet;
	}
	if (XHCI_TRB_TYPE(status.control) == XHCI_DATA) {
		data = status;
		data_at = status_at;
		room = XHCI_TRB_BYTES(data.status);
		if (!ring_fetch(ring, &status, &status_at))
			goto not_yet;
	}
	UNIT_EQUAL(XHCI_TRB_TYPE(status.control), XHCI_STATUS);
	stick_hear(stick, setup.parameter);
	bytes = stick_answer(stick, setup.parameter, answer);
	if (bytes == 0) {
		ring->is_halted = true;
		device_put_event(status.status >> 22, data_at != 0 ? data_at : status_at, XHCI_STALL, room,
			  XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | slot << 24);
		return true;
	}
	if (bytes > USB_SETUP_LENGTH(setup.parameter))
		bytes = USB_SETUP_LENGTH(setup.parameter);
	if (bytes > room)
		bytes = room;
	if (data_at != 0) {
		reach(data.parameter, answer, bytes, true);
		if ((data.control & XHCI_TRB_IOC) || bytes < room)
			device_put_event(data.status >> 22, data_at, bytes < room ? XHCI_SHORT_PACKET : XHCI_SUCCESS, room - bytes,
				  XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | slot << 24);
	}
	if (status.control & XHCI_TRB_IOC)
		device_put_event(status.status >> 22, status_at, XHCI_SUCCESS, 0, XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | slot << 24);
	return true;

not_yet:
	*ring = start;
	return false;
}

/* Commands --------------------------------------------------------------------------------------------------- */

static uint32_t command_do(const struct xhci_trb *trb, unsigned *slot)
{
	uint64_t dequeue;
	uint32_t words[8];

	*slot = XHCI_TRB_SLOT(trb->control);
	if (XHCI_TRB_TYPE(trb->control) == XHCI_ENABLE_SLOT) {
		for (*slot = 1; *slot <= DEVICE_SLOTS && is_enabled[*slot]; (*slot)++)
			;
		if (*slot > DEVICE_SLOTS)
			return 9;
		is_enabled[*slot] = true;
		return XHCI_SUCCESS;
	}
	if (XHCI_TRB_TYPE(trb->control) == XHCI_NO_OP_COMMAND)
		return XHCI_SUCCESS;
	if (XHCI_TRB_TYPE(trb->control) > XHCI_RESET_DEVICE)
		return 5;
	if (*slot == 0 || *slot > DEVICE_SLOTS || !is_enabled[*slot])
		return 11;
	if (device_refuses && (XHCI_TRB_TYPE(trb->control) == XHCI_ADDRESS_DEVICE || XHCI_TRB_TYPE(trb->control) == XHCI_SET_TR_DEQUEUE))
		return 19;
	switch (XHCI_TRB_TYPE(trb->control)) {
	case XHCI_DISABLE_SLOT:
		is_enabled[*slot] = is_addressed[*slot] = device_is_configured[*slot] = false;
		return XHCI_SUCCESS;
	case XHCI_ADDRESS_DEVICE:
		reach(trb->parameter + 2 * DEVICE_CONTEXT_BYTES, words, sizeof(words), false);
		dequeue = (uint64_t)words[3] << 32 | words[2];
		rings[*slot] = (struct device_ring){ .at = dequeue & ~UINT64_C(15), .cycle = dequeue & 1 };
		is_addressed[*slot] = true;
		return XHCI_SUCCESS;
	case XHCI_CONFIGURE_ENDPOINT:
		device_is_configured[*slot] = true;
		return XHCI_SUCCESS;
	case XHCI_RESET_ENDPOINT:
		if (XHCI_TRB_ENDPOINT(trb->control) != 1)
			return XHCI_SUCCESS; /* the test's */
		return rings[*slot].is_halted ? XHCI_SUCCESS : 19;
	case XHCI_SET_TR_DEQUEUE:
		if (XHCI_TRB_ENDPOINT(trb->control) != 1)
			return XHCI_SUCCESS;
		rings[*slot] = (struct device_ring){ .at = trb->parameter & ~UINT64_C(15), .cycle = trb->parameter & 1 };
		return XHCI_SUCCESS;
	case XHCI_RESET_DEVICE:
		device_is_configured[*slot] = false;
		sticks[*slot].is_configured = false;
		return XHCI_SUCCESS;
	default:
		return XHCI_SUCCESS;
	}
}

static bool command_step(void)
{
	struct xhci_trb trb;
	uint64_t where;
	unsigned slot;
	uint32_t code;

	if (!(operational[0] & XHCI_USBCMD_RUN) || !ring_fetch(&commands, &trb, &where))
		return false;
	code = command_do(&trb, &slot);
	device_put_event(0, where, code, 0, XHCI_TRB_OF(33) | slot << 24);
	return true;
}

bool device_step(void)
{
	unsigned first = (unsigned)(unit_random() % (DEVICE_SLOTS + 1));

	for (unsigned i = 0; i <= DEVICE_SLOTS; i++) {
		unsigned which = (first + i) % (DEVICE_SLOTS + 1);
		struct device_ring *ring = which == 0 ? &commands : &rings[which];

		if (!ring->is_rung)
			continue;
		if (which == 0 ? command_step() : control_step(which))
			return true;
		ring->is_rung = false;
	}
	return false;
}

/* Registers --------------------------------------------------------------------------------------------------- */

uint32_t device_read(uint32_t offset)
{
	uint32_t ours = DEVICE_RUNTIME + XHCI_INTERRUPTER(DEVICE_INTERRUPTERS - 1);

	switch (offset) {
	case XHCI_CAPLENGTH:
		return 0x01000000 | DEVICE_OPERATIONAL;
	case XHCI_HCSPARAMS1:
		return 0x08000000 | DEVICE_INTERRUPTERS << 8 | DEVICE_SLOTS;
	case XHCI_HCCPARAMS1:
		return XHCI_HCCPARAMS1_AC64 | XHCI_HCCPARAMS1_CSZ | 0x20 >> 2 << 16;
	case XHCI_DBOFF:
		return DEVICE_DOORBELLS;
	case XHCI_RTSOFF:
		return DEVICE_RUNTIME;
	case 0x20: /* USB 2.0, ports 1 to 4; then USB 3.0 */
		return 0x02000000 | 4 << 8 | XHCI_XECP_PROTOCOL;
	case 0x28:
		return 4 << 8 | 1;
	case 0x30:
		return 0x03000000 | XHCI_XECP_PROTOCOL;
	case 0x38:
		return 4 << 8 | 5;
	case DEVICE_OPERATIONAL + XHCI_USBSTS:
		return operational[0] & XHCI_USBCMD_RUN ? 0 : XHCI_USBSTS_HCH;
	default:
		if (offset - DEVICE_OPERATIONAL < sizeof(operational))
			return offset == DEVICE_OPERATIONAL + XHCI_CRCR ? device_runs ? XHCI_CRCR_CRR : 0 : operational[(offset - DEVICE_OPERATIONAL) / 4];
		if (offset - (DEVICE_RUNTIME + XHCI_INTERRUPTER(0)) < sizeof(device_event_ring))
			return device_event_ring[(offset - (DEVICE_RUNTIME + XHCI_INTERRUPTER(0))) / 4];
		return offset - ours < sizeof(interrupter) ? interrupter[(offset - ours) / 4] : 0;
	}
}

/* What a controller saves and restores (4.23.2): software does so with registers. */
static void state_move(bool save)
{
	static struct device_ring saved_rings[DEVICE_SLOTS + 1];
	static bool saved[3][DEVICE_SLOTS + 1];
	bool *const states[] = { is_enabled, is_addressed, device_is_configured };

	memcpy(save ? saved_rings : rings, save ? rings : saved_rings, sizeof(rings));
	for (unsigned i = 0; i < 3; i++)
		memcpy(save ? saved[i] : states[i], save ? states[i] : saved[i], sizeof(saved[i]));
}

static void operational_write(uint32_t at, uint32_t value)
{
	if (at == XHCI_USBCMD && (value & XHCI_USBCMD_HCRST)) {
		if (device_is_reset != NULL)
			device_is_reset();
		device_power_on();
		return;
	}
	if (at == XHCI_USBCMD && (value & (DEVICE_SAVE | DEVICE_RESTORE)))
		state_move((value & DEVICE_SAVE) != 0);
	operational[at / 4] = value;
	if (at == XHCI_CRCR + 4 && device_runs && (operational[XHCI_CRCR / 4] & XHCI_CRCR_STOPS)) {
		device_stops = operational[XHCI_CRCR / 4] & XHCI_CRCR_STOPS;
		device_runs = false;
	} else if (at == XHCI_CRCR + 4)
		commands = (struct device_ring){ .at = ((uint64_t)value << 32 | operational[XHCI_CRCR / 4]) & ~UINT64_C(0x3f),
						 .cycle = operational[XHCI_CRCR / 4] & 1 };
}

void device_write(uint32_t offset, uint32_t value, bool ours)
{
	uint32_t interrupters = DEVICE_RUNTIME + XHCI_INTERRUPTER(DEVICE_INTERRUPTERS - 1);

	if (offset >= DEVICE_DOORBELLS && offset <= DEVICE_DOORBELLS + 4 * DEVICE_SLOTS) {
		unsigned slot = (offset - DEVICE_DOORBELLS) / 4;

		(slot == 0 ? &commands : &rings[slot])->is_rung = true;
		device_is_rung[slot][value & 31] = true;
		sticks[slot].nr_rung += ours;
		if (ours && device_bulk != NULL && (value & 31) > 1)
			device_bulk(value & 31);
		while (ours && slot != 0 && control_step(slot))
			;
	} else if (offset - DEVICE_OPERATIONAL < sizeof(operational)) {
		operational_write(offset - DEVICE_OPERATIONAL, value);
	} else if (offset - (DEVICE_RUNTIME + XHCI_INTERRUPTER(0)) < sizeof(device_event_ring)) {
		device_event_ring[(offset - (DEVICE_RUNTIME + XHCI_INTERRUPTER(0))) / 4] = value;
		device_is_read |= offset == DEVICE_RUNTIME + XHCI_INTERRUPTER(0) + XHCI_ERDP && (value & XHCI_ERDP_EHB);
	} else if (offset - interrupters < sizeof(interrupter)) {
		interrupter[(offset - interrupters) / 4] = value;
		if (offset - interrupters == XHCI_ERSTBA + 4) {
			event_at = 0;
			event_cycle = true;
		}
	} else {
		unit_fail("a write to %#x", offset);
	}
}
