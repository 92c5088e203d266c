/*
 * boot/passphrase_keys.c: see the header.
 */
#include "boot/passphrase_keys.h"

#include "boot/passphrase.h"

#define TERMINAL_CLEAR 0x15 /* Ctrl-U; Escape begins what other keys send */
#define TERMINAL_DELETE 0x7f

/* IBM PS/2 Hardware Interface TR, "Keyboard": set 1 */
#define SCAN_RELEASED 0x80
#define SCAN_EXTENDED 0xe0
#define SCAN_ENTER 0x1c
#define SCAN_LEFT_SHIFT 0x2a
#define SCAN_SLASH 0x35
#define SCAN_RIGHT_SHIFT 0x36
#define SCAN_CAPS_LOCK 0x3a
#define SCAN_F2 0x3c

static const char scan_plain[] = "\0\x1b" "1234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 "
				 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0-\0\0\0+\0\0\0\0\0\0\0\\";
static const char scan_shifted[] = "\0\x1b" "!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 "
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0-\0\0\0+\0\0\0\0\0\0\0|";
_Static_assert(sizeof(scan_plain) == 0x58 && sizeof(scan_shifted) == 0x58, "57h is the first key that is not there");

uint16_t terminal_key(struct terminal_input *input, uint8_t byte)
{
	uint8_t lead = input->lead;

	input->lead = 0;
	if (input->is_sequence) {
		input->is_sequence = byte == '[' || byte == 'O' || (byte >= '0' && byte <= '9') || byte == ';';
		return 0;
	}
	if (byte == PASSPHRASE_ESCAPE) {
		input->is_sequence = true;
		return 0;
	}
	if (byte == TERMINAL_CLEAR)
		return PASSPHRASE_ESCAPE;
	if (byte == TERMINAL_DELETE)
		return PASSPHRASE_BACKSPACE;
	if (byte < ' ')
		return byte == '\n' ? PASSPHRASE_ENTER : byte;
	if (byte < 0x80)
		return PASSPHRASE_CHARACTER(byte);
	if (byte == 0xc2 || byte == 0xc3) /* U+0080 to U+00FF */
		input->lead = byte;
	else if (lead != 0 && (byte & 0xc0) == 0x80)
		return PASSPHRASE_CHARACTER((lead & 3) << 6 | (byte & 0x3f));
	return 0;
}

static uint16_t scan_character(const struct scan_input *input, uint8_t key)
{
	bool shifts = input->left_shift || input->right_shift;
	char c = scan_plain[key];

	if (input->caps_lock && c >= 'a' && c <= 'z')
		shifts = !shifts;
	return (uint8_t)(shifts ? scan_shifted[key] : c);
}

uint16_t scan_key(struct scan_input *input, uint8_t code)
{
	bool was_extended = input->is_extended, is_pressed = (code & SCAN_RELEASED) == 0;
	uint8_t key = code & (uint8_t)~SCAN_RELEASED;

	input->is_extended = code == SCAN_EXTENDED;
	if (input->is_extended)
		return 0;
	/* Behind E0h: the number pad's, or a shift that the keyboard makes up. */
	if (was_extended)
		return is_pressed && (key == SCAN_ENTER || key == SCAN_SLASH) ? (uint8_t)scan_plain[key] : 0;
	if (key == SCAN_LEFT_SHIFT)
		input->left_shift = is_pressed;
	if (key == SCAN_RIGHT_SHIFT)
		input->right_shift = is_pressed;
	if (!is_pressed || key >= sizeof(scan_plain))
		return 0;
	if (key == SCAN_CAPS_LOCK)
		input->caps_lock = !input->caps_lock;
	return key == SCAN_F2 ? PASSPHRASE_SHOW : scan_character(input, key);
}
