/*
 * core/console.h: where the log goes: a 16550 UART, the debug port of emulators, and the VGA text
 * screen until the guest owns it.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "rv/types.h"

/* Boot option `console=`: "com1" (default) to "com4", "0x3f8"..., "debug" (port 0xe9), "none".
 * Programs the UART to 115200 baud 8N1. False if the word is unknown. */
bool console_set_port(const char *name, size_t length_bytes);

/* The port of a UART: "com1" to "com4", or a number. False: it is none. */
bool console_find_uart(const char *name, size_t length_bytes, uint16_t *port);
/* It was reset: programs it again, as it was. Context: exit. */
void console_restart(void);
/* Is the log written there? */
bool console_has_uart(uint16_t port);
/* Where it is written; 0: to no UART. */
uint16_t console_get_uart(void);

/* Boot option `vga` or `novga`: write on the text screen at 0xb8000 too. Off when the guest starts. Returns what it was. */
bool console_set_screen(bool on);

/* A buffer that gets the text too, until it is full; it always ends with NUL. NULL, 0: none. */
void console_set_copy(char *buffer, size_t buffer_bytes);

/* Text as it is; a newline becomes carriage return and newline. Under the log's lock, or in a panic. */
void console_write(const char *text, size_t length_bytes);

#endif
