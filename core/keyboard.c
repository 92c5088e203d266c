/*
 * core/keyboard.c: see the header. Used by one CPU while no other runs a guest.
 */
#include "core/keyboard.h"

#include "core/instructions.h"
#include "core/time.h"

#define KEYBOARD_DATA 0x60    /* rw */
#define KEYBOARD_STATUS 0x64  /* r- */
#define KEYBOARD_COMMAND 0x64 /* -w */

#define STATUS_ABSENT 0xff
#define STATUS_OUTPUT 0x01u   /* a byte is there to be read */
#define STATUS_INPUT 0x02u    /* the controller has not taken the last one yet */
#define STATUS_POINTING 0x20u /* the byte is the pointing device's */

#define COMMAND_READ 0x20
#define COMMAND_WRITE 0x60
#define COMMAND_POINTING_OFF 0xa7
#define COMMAND_OFF 0xad
#define COMMAND_ON 0xae

#define BYTE_INTERRUPTS 0x03u
#define BYTE_OFF 0x10u
#define BYTE_POINTING_OFF 0x20u
#define BYTE_TRANSLATES 0x40u /* to scan code set 1 */

#define TO_KEYBOARD_LIGHTS 0xed
#define TO_KEYBOARD_SCAN 0xf4
#define FROM_KEYBOARD_TAKEN 0xfa
#define LIGHTS 0x07

#define POLL_US 50
#define CONTROLLER_US 20000
#define KEYBOARD_US 100000
#define BYTES_MAXIMUM 64 /* that it may have kept */

static uint8_t keyboard_byte; /* the controller's, before it was taken */

bool keyboard_is_there(void)
{
	return port_read8(KEYBOARD_STATUS) != STATUS_ABSENT;
}

static bool keyboard_await(uint8_t bit, bool set, unsigned patience_us)
{
	for (unsigned us = 0; us < patience_us; us += POLL_US) {
		if (((port_read8(KEYBOARD_STATUS) & bit) != 0) == set)
			return true;
		time_wait_us(POLL_US);
	}
	return false;
}

static bool keyboard_write(uint16_t port, uint8_t byte)
{
	if (!keyboard_await(STATUS_INPUT, false, CONTROLLER_US))
		return false;
	port_write8(port, byte);
	return true;
}

static void keyboard_drop(void)
{
	for (unsigned i = 0; i < BYTES_MAXIMUM && (port_read8(KEYBOARD_STATUS) & STATUS_OUTPUT) != 0; i++) {
		(void)port_read8(KEYBOARD_DATA);
		time_wait_us(POLL_US);
	}
}

/* To the keyboard, which says that it has taken it; what it says else meanwhile is lost. */
static bool keyboard_tell(uint8_t byte)
{
	if (!keyboard_write(KEYBOARD_DATA, byte))
		return false;
	for (unsigned i = 0; i < BYTES_MAXIMUM && keyboard_await(STATUS_OUTPUT, true, KEYBOARD_US); i++) {
		if (port_read8(KEYBOARD_DATA) == FROM_KEYBOARD_TAKEN)
			return true;
	}
	return false;
}

static void keyboard_set_lights(uint8_t lights)
{
	if (keyboard_tell(TO_KEYBOARD_LIGHTS))
		(void)keyboard_tell(lights);
}

static bool keyboard_set_byte(uint8_t byte)
{
	return keyboard_write(KEYBOARD_COMMAND, COMMAND_WRITE) && keyboard_write(KEYBOARD_DATA, byte);
}

bool keyboard_take(void)
{
	if (!keyboard_is_there() || !keyboard_write(KEYBOARD_COMMAND, COMMAND_OFF) ||
	    !keyboard_write(KEYBOARD_COMMAND, COMMAND_POINTING_OFF))
		return false;
	keyboard_drop();
	if (!keyboard_write(KEYBOARD_COMMAND, COMMAND_READ) || !keyboard_await(STATUS_OUTPUT, true, CONTROLLER_US))
		return false;
	keyboard_byte = port_read8(KEYBOARD_DATA);
	if (!keyboard_set_byte((uint8_t)((keyboard_byte & ~(BYTE_INTERRUPTS | BYTE_OFF)) | BYTE_POINTING_OFF | BYTE_TRANSLATES)) ||
	    !keyboard_write(KEYBOARD_COMMAND, COMMAND_ON))
		return false;
	/* One that does not answer may be plugged in yet. */
	(void)keyboard_tell(TO_KEYBOARD_SCAN);
	keyboard_set_lights(LIGHTS);
	return true;
}

bool keyboard_read(uint8_t *byte)
{
	uint8_t status = port_read8(KEYBOARD_STATUS);

	if (status == STATUS_ABSENT || (status & STATUS_OUTPUT) == 0)
		return false;
	*byte = port_read8(KEYBOARD_DATA);
	return (status & STATUS_POINTING) == 0;
}

void keyboard_give_back(void)
{
	keyboard_set_lights(0);
	keyboard_drop();
	(void)keyboard_set_byte(keyboard_byte);
}
