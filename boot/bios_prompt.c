/*
 * boot/bios_prompt.c: see the header. Each call of the BIOS is a way to real mode and back.
 */
#include "boot/bios_prompt.h"

#include "boot/bios_call_layout.h"
#include "boot/passphrase_keys.h"
#include "core/console.h"
#include "core/string.h"
#include "core/uart.h"
#include "core/x86.h"

/* Ralf Brown's interrupt list */
#define BIOS_VIDEO 0x10
#define BIOS_VIDEO_TELETYPE 0x0e00
#define BIOS_VIDEO_COLOUR 0x0007
#define BIOS_KEYBOARD 0x16
#define BIOS_KEYBOARD_GET 0x1000
#define BIOS_KEYBOARD_LOOK 0x1100 /* zero flag: there is none */
#define BIOS_KEYBOARD_BUFFER 0x41e /* "BIOS data area": 16 words of keys */
#define BIOS_KEYBOARD_BUFFER_BYTES 32
#define SCAN_F2 0x3c
#define EXTENDED 0xe0 /* in the character's place: a key that has none */

#define SERIAL_PORT 0x3f8
#define SERIAL_ABSENT 0xff

extern const uint8_t bios_call_start[], bios_call_end[]; /* bios_call_code.S */

static uint8_t prompt_was_there[BIOS_CALL_BYTES]; /* where the code is copied to */

static volatile uint16_t *prompt_field(unsigned offset)
{
	return (volatile uint16_t *)(uint64_t)(BIOS_CALL_ADDRESS + offset);
}

static uint16_t prompt_call(uint8_t number, uint16_t ax, uint16_t bx)
{
	*prompt_field(BIOS_CALL_AX) = ax;
	*prompt_field(BIOS_CALL_BX) = bx;
	*prompt_field(BIOS_CALL_NUMBER) = number;
	((void (*)(void))(uint64_t)(BIOS_CALL_ADDRESS + BIOS_CALL_CODE))();
	return *prompt_field(BIOS_CALL_AX);
}

/* On the screen other characters than ASCII's are question marks. */
static void prompt_write(const char *text)
{
	console_write(text, strlen(text));
	for (; *text != '\0'; text++) {
		uint8_t c = (uint8_t)*text;

		if (c == '\n')
			(void)prompt_call(BIOS_VIDEO, BIOS_VIDEO_TELETYPE | '\r', BIOS_VIDEO_COLOUR);
		if ((c & 0xc0) != 0x80)
			(void)prompt_call(BIOS_VIDEO, (uint16_t)(BIOS_VIDEO_TELETYPE | (c < 0x80 ? c : '?')),
					  BIOS_VIDEO_COLOUR);
	}
}

static void prompt_draw(struct passphrase_line *line)
{
	char text[PASSPHRASE_DRAWN_BYTES];

	passphrase_draw(line, text);
	prompt_write(text);
	memory_wipe(text, sizeof(text));
}

/* 0: none. */
static uint16_t prompt_key(void)
{
	uint16_t key;

	(void)prompt_call(BIOS_KEYBOARD, BIOS_KEYBOARD_LOOK, 0);
	if (*prompt_field(BIOS_CALL_FLAGS) & RFLAGS_ZF)
		return 0;
	key = prompt_call(BIOS_KEYBOARD, BIOS_KEYBOARD_GET, 0);
	if (key >> 8 == SCAN_F2)
		return PASSPHRASE_SHOW;
	return (key & 0xff) == EXTENDED ? 0 : key & 0xff;
}

static uint16_t prompt_serial_key(struct terminal_input *input)
{
	uint8_t status = port_read8(SERIAL_PORT + UART_STATUS);

	if (status == SERIAL_ABSENT || !(status & UART_STATUS_DATA))
		return 0;
	return terminal_key(input, port_read8(SERIAL_PORT + UART_DATA));
}

static void prompt_run(const char *options, struct passphrase *passphrase)
{
	static struct passphrase_line line;
	struct terminal_input input = { 0 };
	bool is_over = false;

	if (!passphrase_begin(&line, options))
		prompt_write("ritevisor: keymap= is none of us, uk, de, fr, jp: us is taken\n");
	while (prompt_key() != 0)
		; /* what was typed before is not meant for us */
	prompt_write("ritevisor: a disk is encrypted\n");
	prompt_draw(&line);
	while (!is_over) {
		uint16_t key = prompt_serial_key(&input);

		if (key == 0)
			key = prompt_key();
		if (key == 0)
			continue;
		is_over = passphrase_take(&line, key);
		prompt_draw(&line);
	}
	line.shows = false;
	prompt_draw(&line);
	prompt_write("\n");
	passphrase_end(&line, passphrase);
}

void bios_prompt_ask(const char *options, struct passphrase *passphrase)
{
	uint8_t *low = (uint8_t *)(uint64_t)BIOS_CALL_ADDRESS;

	if (!passphrase_is_wanted(options))
		return;
	console_set_port("com1", 4);
	memcpy(prompt_was_there, low, sizeof(prompt_was_there));
	memcpy(low, bios_call_start, (size_t)(bios_call_end - bios_call_start));
	prompt_run(options, passphrase);
	memcpy(low, prompt_was_there, sizeof(prompt_was_there));
	memory_wipe(prompt_was_there, sizeof(prompt_was_there));
	memory_wipe((void *)(uint64_t)BIOS_KEYBOARD_BUFFER, BIOS_KEYBOARD_BUFFER_BYTES);
}
