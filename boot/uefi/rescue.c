/*
 * boot/uefi/rescue.c: the rescue key and the boot counter.
 *
 * The counter's file is written when a boot starts. No file can be written when the OS takes over
 * (UEFI 7.4.6), but a variable can: it says that the boot went well, and resets the counter at the
 * next start. A variable that was not kept resets it too.
 */
#include "boot/uefi/rescue.h"

#include "boot/uefi/rescue_note.h"
#include "boot/uefi/text.h"
#include "core/log.h"
#include "core/string.h"

#define RESCUE_POLL_MS 10
#define VARIABLE_NON_VOLATILE 1u
#define VARIABLE_BOOT_SERVICE 2u
#define VARIABLE_RUNTIME 4u /* firmware may count ExitBootServices as run time already */

extern const uint8_t rescue_note_start[], rescue_note_end[];

static const struct efi_guid rescue_guid = EFI_GUID_RITEVISOR;
static const struct efi_guid rescue_exit_guid = EFI_GUID_EXIT_BOOT_SERVICES;

/* What a boot leaves in the variable: that it began, or that it reached the OS. Of two values for the
 * first, each begin takes the other, so that it is written, and seen, whether writing works. */
enum { NOTE_BEGUN, NOTE_REACHED, NOTE_BEGUN_TOO, NOTE_MISSING };

/* All that rescue_note needs; in one piece, so that it can be moved with the code. */
static struct rescue_note {
	void *set_variable;
	uint64_t attributes, data_bytes;
	struct efi_guid vendor;
	efi_char name[20];
	uint8_t data;
} rescue_note = {
	.attributes = VARIABLE_NON_VOLATILE | VARIABLE_BOOT_SERVICE | VARIABLE_RUNTIME,
	.data_bytes = 1,
	.vendor = EFI_GUID_RITEVISOR,
	.name = { 'R', 'i', 't', 'e', 'v', 'i', 's', 'o', 'r', 'R', 'e', 'a', 'c', 'h', 'e', 'd' },
	.data = NOTE_REACHED,
};
_Static_assert(offsetof(struct rescue_note, data_bytes) == RESCUE_NOTE_DATA_BYTES, "data_bytes");
_Static_assert(offsetof(struct rescue_note, vendor) == RESCUE_NOTE_VENDOR, "vendor");
_Static_assert(offsetof(struct rescue_note, name) == RESCUE_NOTE_NAME, "name");
_Static_assert(offsetof(struct rescue_note, data) == RESCUE_NOTE_DATA, "data");

bool rescue_is_asked_for(struct efi_system_table *system, uint64_t wait_ms)
{
	struct efi_input_key key;

	if (wait_ms == 0 || system->con_in == NULL)
		return false;
	for (uint64_t waited = 0; waited < wait_ms; waited += RESCUE_POLL_MS) {
		while (!efi_failed(system->con_in->read_key_stroke(system->con_in, &key))) {
			if (key.unicode_char == 'r' || key.unicode_char == 'R')
				return true;
		}
		system->boot->stall(RESCUE_POLL_MS * 1000);
	}
	return false;
}

static uint8_t rescue_read_note(struct efi_system_table *system)
{
	uint64_t bytes = sizeof(uint8_t);
	uint8_t note;

	if (efi_failed(system->runtime->get_variable(rescue_note.name, &rescue_guid, NULL, &bytes,
						     &note)) || note > NOTE_BEGUN_TOO)
		return NOTE_MISSING;
	return note;
}

static bool rescue_write_note(struct efi_system_table *system, uint8_t note)
{
	return !efi_failed(system->runtime->set_variable(rescue_note.name, &rescue_guid,
							 (uint32_t)rescue_note.attributes,
							 sizeof(note), &note)) &&
	       rescue_read_note(system) == note;
}

static uint64_t rescue_read_counter(const struct file_folder *folder)
{
	struct file_data file;
	uint64_t count;
	size_t digits = 0;

	if (efi_failed(file_read(folder, RESCUE_COUNTER_NAME, &file)))
		return 0;
	while (digits < file.length_bytes && ((const char *)file.data)[digits] >= '0' &&
	       ((const char *)file.data)[digits] <= '9')
		digits++;
	if (!string_to_number(file.data, digits, &count))
		count = 0;
	file_free(folder, &file);
	return count;
}

/* After ExitBootServices. The code is copied, because this program may be gone by then. */
static bool rescue_watch_exit(struct efi_system_table *system)
{
	size_t code_bytes = (size_t)(rescue_note_end - rescue_note_start);
	struct rescue_note *note;
	uint64_t page = 0;
	efi_event event;

	if (efi_failed(system->boot->allocate_pages(EFI_ALLOCATE_ANY_PAGES, EFI_BOOT_SERVICES_CODE,
						    1, &page)))
		return false;
	note = (struct rescue_note *)page;
	*note = rescue_note;
	note->set_variable = (void *)system->runtime->set_variable;
	memcpy(note + 1, rescue_note_start, code_bytes);
	if (!efi_failed(system->boot->create_event_ex(EFI_EVENT_NOTIFY_SIGNAL, EFI_TPL_CALLBACK,
						      (efi_event_notify)(uint64_t)(note + 1), note,
						      &rescue_exit_guid, &event)))
		return true;
	system->boot->free_pages(page, 1);
	return false;
}

bool rescue_count_boot(struct efi_system_table *system, const struct file_folder *folder,
		       uint64_t attempts)
{
	uint64_t count = rescue_read_counter(folder);
	uint8_t note = rescue_read_note(system);
	char text[24];
	int length;

	if (attempts == 0)
		return false;
	/* Firmware whose variables are lost, or cannot be written, would make good boots count as bad. */
	if ((note == NOTE_MISSING && count != 0) ||
	    !rescue_write_note(system, note == NOTE_BEGUN ? NOTE_BEGUN_TOO : NOTE_BEGUN) ||
	    !rescue_watch_exit(system)) {
		text_line("the firmware did not keep a variable, so boots are not counted");
		count = 0;
	} else if (note == NOTE_REACHED) {
		count = 0;
	}
	if (count >= attempts)
		return true;
	length = print_format(text, sizeof(text), "%llu\n", (unsigned long long)count + 1);
	file_write(folder, RESCUE_COUNTER_NAME, text, (uint64_t)length);
	return false;
}
