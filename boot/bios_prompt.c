/*
 * boot/bios_prompt.c: see the header. Each call of the BIOS is a way to real mode and back.
 */
#include "boot/bios_prompt.h"

#include "boot/bios_call_layout.h"
#include "boot/passphrase_keys.h"
#include "core/console.h"
#include "core/memory.h"
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
#define BIOS_CURSOR 0x450 /* likewise, of the first page: column, row */
#define BIOS_CURSOR_LAST_ROW 0x1800
#define BIOS_TICKS 0x46c /* likewise: 18 a second */
#define WAIT_TICKS 36
#define WAIT_CALLS_MAXIMUM 10000000 /* should it not tick */
#define SCAN_F2 0x3c
#define EXTENDED 0xe0 /* in the character's place: a key that has none */

#define SERIAL_PORT 0x3f8
#define SERIAL_ABSENT 0xff
#define SERIAL_SPINS 100000

extern const uint8_t bios_call_start[], bios_call_end[]; /* bios_call_code.S */

extern uint8_t boot_level4[]; /* multiboot2_entry.S, where it was loaded: page tables of before boot_main() */
void bios_call_again(hpa_t root);

static uint8_t prompt_was_there[BIOS_CALL_BYTES]; /* where the code is copied to */
static bool prompt_is_again; /* our own page tables are in force, which do not show what is low at itself */

static void *prompt_low(hpa_t address)
{
	return prompt_is_again ? memory_direct(address) : (void *)address;
}

static volatile uint16_t *prompt_field(unsigned offset)
{
	return prompt_low(BIOS_CALL_ADDRESS + offset);
}

static uint16_t prompt_call(uint8_t number, uint16_t ax, uint16_t bx)
{
	*prompt_field(BIOS_CALL_AX) = ax;
	*prompt_field(BIOS_CALL_BX) = bx;
	*prompt_field(BIOS_CALL_NUMBER) = number;
	if (prompt_is_again)
		bios_call_again((hpa_t)boot_level4);
	else
		((void (*)(void))(uint64_t)(BIOS_CALL_ADDRESS + BIOS_CALL_CODE))();
	return *prompt_field(BIOS_CALL_AX);
}

/* As core/console.c does it; bios_prompt_is_wanted() had it programmed. */
static void prompt_write_serial(const char *text)
{
	for (; *text != '\0'; text++) {
		uint8_t status = 0;

		for (unsigned spin = 0; spin < SERIAL_SPINS && !(status & UART_STATUS_EMPTY); spin++)
			status = port_read8(SERIAL_PORT + UART_STATUS);
		if (status == SERIAL_ABSENT)
			return;
		if (*text == '\n')
			port_write8(SERIAL_PORT + UART_DATA, '\r');
		port_write8(SERIAL_PORT + UART_DATA, (uint8_t)*text);
	}
}

/* On the screen other characters than ASCII's are question marks. The log may be elsewhere than where somebody types. */
static void prompt_write(const char *text)
{
	if (prompt_is_again && !console_has_uart(SERIAL_PORT))
		prompt_write_serial(text);
	else
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

/* `what`: NULL: a passphrase. */
static void prompt_run(const char *options, const char *what, struct passphrase *passphrase)
{
	static struct passphrase_line line;
	struct terminal_input input = { 0 };
	bool is_over = false;

	if (!passphrase_begin(&line, options))
		prompt_write("ritevisor: keymap= is none of us, uk, de, fr, jp: us is taken\n");
	if (what != NULL)
		line.what = what;
	while (prompt_key() != 0)
		; /* what was typed before is not meant for us */
	if (what == NULL)
		prompt_write("ritevisor: a disk is encrypted; its recovery key unlocks it, too\n");
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

static void prompt_begin(void)
{
	uint8_t *low = prompt_low(BIOS_CALL_ADDRESS);

	memcpy(prompt_was_there, low, sizeof(prompt_was_there));
	memcpy(low, bios_call_start, (size_t)(bios_call_end - bios_call_start));
}

static void prompt_end(void)
{
	memcpy(prompt_low(BIOS_CALL_ADDRESS), prompt_was_there, sizeof(prompt_was_there));
	memory_wipe(prompt_was_there, sizeof(prompt_was_there));
}

void bios_prompt_ask(const char *options, struct passphrase *passphrase)
{
	if (!passphrase_is_wanted(options))
		return;
	console_set_port("com1", 4);
	prompt_begin();
	prompt_run(options, NULL, passphrase);
	prompt_end();
	memory_wipe(prompt_low(BIOS_KEYBOARD_BUFFER), BIOS_KEYBOARD_BUFFER_BYTES);
}

bool bios_prompt_is_wanted(void)
{
	const volatile uint32_t *ticks = prompt_low(BIOS_TICKS);
	struct terminal_input input = { 0 };
	bool is_wanted = false;
	uint32_t start;

	console_set_port("com1", 4);
	prompt_begin();
	prompt_write("ritevisor: the TPM is asked for a disk's key; any key, and the passphrase is asked for\n");
	start = *ticks;
	for (unsigned i = 0; i < WAIT_CALLS_MAXIMUM && !is_wanted && *ticks - start < WAIT_TICKS; i++)
		is_wanted = prompt_key() != 0 || prompt_serial_key(&input) != 0;
	prompt_end();
	return is_wanted;
}

/* Log lines are written to the last row, past the BIOS. */
void bios_prompt_ask_again(const char *options, const char *what, struct passphrase *passphrase)
{
	bool screen = console_set_screen(false);

	prompt_is_again = true;
	prompt_begin();
	*(volatile uint16_t *)prompt_low(BIOS_CURSOR) = BIOS_CURSOR_LAST_ROW;
	if (screen)
		prompt_write("\n");
	prompt_run(options, what, passphrase);
	prompt_end();
	memory_wipe(prompt_low(BIOS_KEYBOARD_BUFFER), BIOS_KEYBOARD_BUFFER_BYTES);
	console_set_screen(screen);
}

void bios_prompt_interrupt(uint8_t vector)
{
	prompt_is_again = true;
	prompt_begin();
	(void)prompt_call(vector, 0, 0);
	prompt_end();
}
