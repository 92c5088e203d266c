/*
 * core/console.c: byte output for the log. The caller (core/log.c) holds the log's lock.
 */
#include "core/console.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/uart.h"

#define DEBUG_PORT 0xe9

#define SCREEN_ADDRESS 0xb8000
#define SCREEN_COLUMNS 80
#define SCREEN_ROWS 25
#define SCREEN_ATTRIBUTE 0x0700

static uint16_t console_uart;
static bool console_debug_port;
static bool console_screen;
static unsigned console_column;
static char *console_copy;
static size_t console_copy_left; /* without the final NUL */

bool console_find_uart(const char *name, size_t length_bytes, uint16_t *port)
{
	static const struct {
		const char *name;
		uint16_t port;
	} ports[] = { { "com1", 0x3f8 }, { "com2", 0x2f8 }, { "com3", 0x3e8 }, { "com4", 0x2e8 } };
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LENGTH(ports); i++) {
		if (length_bytes == 4 && memcmp(name, ports[i].name, 4) == 0) {
			*port = ports[i].port;
			return true;
		}
	}
	if (!string_to_number(name, length_bytes, &number) || number < 0x100 || number > 0xfff8)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool console_has_uart(uint16_t port)
{
	return console_uart == port;
}

uint16_t console_get_uart(void)
{
	return console_uart;
}

bool console_set_port(const char *name, size_t length_bytes)
{
	uint16_t port;

	console_uart = 0;
	console_debug_port = false;
	if (length_bytes == 4 && memcmp(name, "none", 4) == 0)
		return true;
	if (length_bytes == 5 && memcmp(name, "debug", 5) == 0) {
		console_debug_port = true;
		return true;
	}
	if (!console_find_uart(name, length_bytes, &port))
		return false;
	console_uart = port;
	uart_start(port);
	return true;
}

void console_restart(void)
{
	if (console_uart != 0)
		uart_start(console_uart);
}

bool console_set_screen(bool on)
{
	bool was_on = console_screen;

	console_screen = on;
	return was_on;
}

void console_set_copy(char *buffer, size_t buffer_bytes)
{
	console_copy = buffer;
	console_copy_left = buffer_bytes == 0 ? 0 : buffer_bytes - 1;
	if (buffer_bytes != 0)
		buffer[0] = '\0';
}

static void console_copy_write(char c)
{
	if (console_copy_left == 0)
		return;
	console_copy_left--;
	*console_copy++ = c;
	*console_copy = '\0';
}

static void console_screen_newline(void)
{
	volatile uint16_t *cells = memory_direct(SCREEN_ADDRESS);

	console_column = 0;
	for (unsigned i = 0; i < SCREEN_COLUMNS * (SCREEN_ROWS - 1); i++)
		cells[i] = cells[i + SCREEN_COLUMNS];
	for (unsigned i = 0; i < SCREEN_COLUMNS; i++)
		cells[SCREEN_COLUMNS * (SCREEN_ROWS - 1) + i] = SCREEN_ATTRIBUTE | ' ';
}

static void console_screen_write(char c)
{
	volatile uint16_t *cells = memory_direct(SCREEN_ADDRESS);

	if (c == '\n' || console_column == SCREEN_COLUMNS)
		console_screen_newline();
	if (c == '\n' || c == '\r')
		return;
	cells[SCREEN_COLUMNS * (SCREEN_ROWS - 1) + console_column++] =
		(uint16_t)(SCREEN_ATTRIBUTE | (uint8_t)c);
}

void console_write(const char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++) {
		if (console_uart != 0) {
			if (text[i] == '\n')
				uart_put(console_uart, '\r');
			uart_put(console_uart, (uint8_t)text[i]);
		}
		if (console_debug_port)
			port_write8(DEBUG_PORT, (uint8_t)text[i]);
		if (console_screen)
			console_screen_write(text[i]);
		console_copy_write(text[i]);
	}
}
