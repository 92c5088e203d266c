/*
 * boot/wake_prompt.c: see the header.
 */
#include "boot/wake_prompt.h"

#include "boot/passphrase_keys.h"
#include "core/console.h"
#include "core/instructions.h"
#include "core/keyboard.h"
#include "core/string.h"
#include "core/uart.h"

#define UART_STANDARD 0x3f8
#define UART_ABSENT 0xff

/* All that has to do with what is typed. */
static struct {
	struct passphrase_line line;
	struct terminal_input terminal;
	struct scan_input scan;
	char text[PASSPHRASE_DRAWN_BYTES];
} wake_prompt;

/* The log's, or the first. */
static uint16_t wake_prompt_uart(void)
{
	uint16_t port = console_get_uart();

	return port != 0 ? port : UART_STANDARD;
}

static bool wake_prompt_has_uart(void)
{
	return port_read8(wake_prompt_uart() + UART_STATUS) != UART_ABSENT;
}

bool wake_prompt_is_possible(void)
{
	return keyboard_is_there() || wake_prompt_has_uart();
}

static void wake_prompt_write(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			uart_put(wake_prompt_uart(), '\r');
		uart_put(wake_prompt_uart(), (uint8_t)*text);
	}
}

static void wake_prompt_draw(void)
{
	passphrase_draw(&wake_prompt.line, wake_prompt.text);
	wake_prompt_write(wake_prompt.text);
	memory_wipe(wake_prompt.text, sizeof(wake_prompt.text));
}

/* 0: none. */
static uint16_t wake_prompt_key(bool has_keyboard)
{
	uint16_t uart = wake_prompt_uart(), key = 0;
	uint8_t byte;

	if (wake_prompt_has_uart() && (port_read8(uart + UART_STATUS) & UART_STATUS_DATA) != 0)
		key = terminal_key(&wake_prompt.terminal, port_read8(uart + UART_DATA));
	if (key == 0 && has_keyboard && keyboard_read(&byte))
		key = scan_key(&wake_prompt.scan, byte);
	return key;
}

bool wake_prompt_ask(const char *options, struct passphrase *passphrase)
{
	bool has_keyboard = keyboard_take(), is_over = false;

	if (!has_keyboard && !wake_prompt_has_uart())
		return false;
	uart_start(wake_prompt_uart());
	(void)passphrase_begin(&wake_prompt.line, options);
	wake_prompt_write("ritevisor: disks are encrypted\n");
	wake_prompt_draw();
	while (!is_over) {
		uint16_t key = wake_prompt_key(has_keyboard);

		if (key == 0) {
			cpu_pause();
			continue;
		}
		is_over = passphrase_take(&wake_prompt.line, key);
		wake_prompt_draw();
	}
	wake_prompt.line.shows = false;
	wake_prompt_draw();
	wake_prompt_write("\n");
	passphrase_end(&wake_prompt.line, passphrase);
	memory_wipe(&wake_prompt, sizeof(wake_prompt));
	if (has_keyboard)
		keyboard_give_back();
	return true;
}
