/*
 * boot/uefi/text.c: the loader's output. Firmware may repeat its console on the serial port, where
 * the hypervisor writes by itself: so lines go to that port directly, and to the firmware's screens,
 * not to its console as a whole unless there is no screen.
 */
#include "boot/uefi/text.h"

#include <stdarg.h>

#include "core/console.h"
#include "core/log.h"
#include "core/string.h"

#define TEXT_LINE_BYTES 512
#define TEXT_SCREENS_MAXIMUM 8

static struct efi_simple_text_output *text_screens[TEXT_SCREENS_MAXIMUM];
static size_t text_nr_screens;

static void *text_protocol(struct efi_boot_services *boot, efi_handle handle,
			   const struct efi_guid *protocol)
{
	void *interface;

	return efi_failed(boot->handle_protocol(handle, protocol, &interface)) ? NULL : interface;
}

/* Screens are devices with text and graphics; the handle that stands for all consoles is no device. */
static void text_find_screens(struct efi_system_table *system)
{
	static const struct efi_guid text = EFI_GUID_SIMPLE_TEXT_OUTPUT;
	static const struct efi_guid graphics = EFI_GUID_GRAPHICS_OUTPUT;
	static const struct efi_guid path = EFI_GUID_DEVICE_PATH;
	struct efi_boot_services *boot = system->boot;
	efi_handle *handles;
	uint64_t nr_handles;

	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &text, NULL,
						  &nr_handles, &handles)))
		return;
	for (uint64_t i = 0; i < nr_handles && text_nr_screens < TEXT_SCREENS_MAXIMUM; i++) {
		if (text_protocol(boot, handles[i], &graphics) != NULL &&
		    text_protocol(boot, handles[i], &path) != NULL)
			text_screens[text_nr_screens++] = text_protocol(boot, handles[i], &text);
	}
	boot->free_pool(handles);
}

void text_init(struct efi_system_table *system)
{
	console_set_port("com1", 4);
	text_nr_screens = 0;
	text_find_screens(system);
	if (text_nr_screens == 0 && system->con_out != NULL)
		text_screens[text_nr_screens++] = system->con_out;
}

static void text_flush(const efi_char *text)
{
	for (size_t i = 0; i < text_nr_screens; i++)
		text_screens[i]->output_string(text_screens[i], text);
}

/* Leaves *text at its last byte. */
static efi_char text_character(const char **text)
{
	uint8_t c = (uint8_t)**text;

	if (c < 0x80)
		return c;
	if ((c & 0xe0) != 0xc0 || ((uint8_t)(*text)[1] & 0xc0) != 0x80)
		return '?';
	(*text)++;
	return (efi_char)((c & 0x1f) << 6 | ((uint8_t)**text & 0x3f));
}

void text_screen(const char *text)
{
	efi_char buffer[128];
	size_t used = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buffer[used++] = '\r';
		buffer[used++] = text_character(&text);
		if (used >= ARRAY_LENGTH(buffer) - 2) {
			buffer[used] = 0;
			text_flush(buffer);
			used = 0;
		}
	}
	buffer[used] = 0;
	text_flush(buffer);
	memory_wipe(buffer, sizeof(buffer)); /* of a passphrase that is shown */
}

void text_raw(const char *text)
{
	console_write(text, strlen(text));
	text_screen(text);
}

void text_line(const char *format, ...)
{
	char line[TEXT_LINE_BYTES];
	va_list arguments;
	size_t used;

	used = (size_t)print_format(line, sizeof(line), "ritevisor: ");
	va_start(arguments, format);
	used += (size_t)print_format_list(line + used, sizeof(line) - used, format, arguments);
	va_end(arguments);
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	line[used] = '\0';
	console_write(line, used);
	text_screen(line);
}
