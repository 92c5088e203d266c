/*
 * boot/uefi/prompt.c: see the header. What serial consoles send comes by the firmware's input too.
 */
#include "boot/uefi/prompt.h"

#include "boot/uefi/text.h"
#include "core/string.h"

#define PROMPT_POLL_US 10000
#define PROMPT_DELAY_US 3000000 /* from one try to the next */
#define SCAN_F2 0x0c /* UEFI 12.1.2 */
#define SCAN_ESCAPE 0x17

static uint16_t prompt_key(const struct efi_input_key *key)
{
	if (key->scan_code == SCAN_F2)
		return PASSPHRASE_SHOW;
	return key->scan_code == SCAN_ESCAPE ? PASSPHRASE_ESCAPE : key->unicode_char;
}

static void prompt_draw(struct passphrase_line *line)
{
	char text[PASSPHRASE_DRAWN_BYTES];

	passphrase_draw(line, text);
	text_raw(text);
	memory_wipe(text, sizeof(text));
}

/* `what`: NULL: a passphrase. */
static void prompt_run(struct efi_system_table *system, const char *options, const char *what, struct passphrase *passphrase)
{
	static struct passphrase_line line;
	struct efi_input_key key = { 0 };
	bool is_over = false;

	if (!passphrase_begin(&line, options))
		text_line("keymap= is none of us, uk, de, fr, jp: us is taken");
	if (what != NULL)
		line.what = what;
	/* What was typed before is not meant for us. */
	system->con_in->reset(system->con_in, false);
	prompt_draw(&line);
	while (!is_over) {
		while (!is_over && !efi_failed(system->con_in->read_key_stroke(system->con_in, &key))) {
			is_over = passphrase_take(&line, prompt_key(&key));
			prompt_draw(&line);
		}
		if (!is_over)
			system->boot->stall(PROMPT_POLL_US);
	}
	memory_wipe(&key, sizeof(key));
	line.shows = false;
	prompt_draw(&line);
	text_raw("\n");
	passphrase_end(&line, passphrase);
}

void prompt_ask(struct efi_system_table *system, const char *options, struct passphrase *passphrase)
{
	if (!passphrase_is_wanted(options) || system->con_in == NULL)
		return;
	text_line("a disk is encrypted; its recovery key unlocks it, too");
	prompt_run(system, options, NULL, passphrase);
}

void prompt_ask_pin(struct efi_system_table *system, const char *options, const char *what, struct passphrase *pin)
{
	pin->length_bytes = 0;
	if (system->con_in != NULL)
		prompt_run(system, options, what, pin);
}

_Noreturn void prompt_restart(struct efi_system_table *system)
{
	struct efi_input_key key = { 0 };

	system->boot->stall(PROMPT_DELAY_US);
	(void)system->con_in->reset(system->con_in, false);
	text_line("Enter starts the machine anew");
	while (efi_failed(system->con_in->read_key_stroke(system->con_in, &key)) || key.unicode_char != PASSPHRASE_ENTER)
		system->boot->stall(PROMPT_POLL_US);
	system->runtime->reset_system(EFI_RESET_COLD, EFI_SUCCESS, 0, NULL);
	for (;;)
		system->boot->stall(PROMPT_DELAY_US);
}
