/*
 * boot/encrypt.c: has disks unlocked, as encrypt= says.
 */
#include "boot/encrypt.h"

#include "boot/boot_info.h"
#include "boot/encrypt_wish.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "crypt/volume_key.h"
#include "mediator/disk/cipher.h"
#include "process/keeper.h"
#include "rv/errno.h"

#define ENCRYPT_PLAIN_UNIT_BYTES 512
#define ENCRYPT_PROGRESS_MS 2000
_Static_assert(BOOT_UNSEALED_MAXIMUM == CIPHER_VOLUMES_MAXIMUM, "one for each disk");

static char encrypt_why[256];

static const struct boot_module *encrypt_file(const char *name)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		if (boot_info.modules[i].kind == BOOT_MODULE_FILE && strcmp(boot_info.modules[i].name, name) == 0)
			return &boot_info.modules[i];
	}
	return NULL;
}

static const char *encrypt_say(const struct encrypt_wish *wish, const char *what, const char *name)
{
	print_format(encrypt_why, sizeof(encrypt_why), "encrypt=%s: %s%s%s", wish->volume.serial, what,
		     name != NULL ? " " : "", name != NULL ? name : "");
	return encrypt_why;
}

static const char *encrypt_take_plain(struct encrypt_wish *wish)
{
	const struct boot_module *file = encrypt_file(wish->plain);

	if (file == NULL)
		return encrypt_say(wish, "the loader has not brought the file", wish->plain);
	wish->volume.unit_bytes = ENCRYPT_PLAIN_UNIT_BYTES;
	wish->volume.iv = 0;
	wish->volume.key = crypt_key_add(memory_direct(file->data), file->length_bytes);
	return wish->volume.key < 0 ? encrypt_say(wish, "a key is 32 or 64 bytes, the halves not the same: not", wish->plain)
				    : NULL;
}

/* A passphrase in a file may end with a line break, as editors make it: no passphrase that is typed has one. */
static size_t encrypt_passphrase_bytes(const struct boot_module *key)
{
	const char *text = memory_direct(key->data);
	size_t length = key->length_bytes;

	while (length != 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	return length;
}

/* What a TPM has unsealed. False: nothing for that header. */
static bool encrypt_take_unsealed(const struct encrypt_wish *wish, struct keeper_question *question)
{
	for (size_t i = 0; i < boot_info.nr_unsealed; i++) {
		const struct boot_unsealed *unsealed = &boot_info.unsealed[i];

		if (strcmp(unsealed->header, wish->header) != 0)
			continue;
		question->passphrase = unsealed->bytes;
		question->passphrase_bytes = unsealed->length_bytes;
		return true;
	}
	return false;
}

/* What a TPM has unsealed, a person has typed, or a file. NULL; or why there is none. */
static const char *encrypt_take_passphrase(const struct encrypt_wish *wish, struct keeper_question *question)
{
	const struct boot_module *key = encrypt_file(wish->key);

	if (wish->key[0] == '\0' && encrypt_take_unsealed(wish, question))
		return NULL;
	if (wish->key[0] == '\0') {
		question->passphrase = boot_info.passphrase.bytes;
		question->passphrase_bytes = boot_info.passphrase.length_bytes;
		return boot_info.passphrase.is_given
			       ? NULL
			       : encrypt_say(wish, "there is no key=, and nobody was asked for a passphrase here", NULL);
	}
	if (key == NULL)
		return encrypt_say(wish, "the loader has not brought its key:", wish->key);
	question->passphrase = memory_direct(key->data);
	question->passphrase_bytes = encrypt_passphrase_bytes(key);
	return NULL;
}

static void encrypt_progress(uint64_t elapsed_ms)
{
	static uint64_t said_ms;

	if (elapsed_ms < said_ms + ENCRYPT_PROGRESS_MS)
		return;
	said_ms = elapsed_ms;
	log_notice("unlocking: %lu s", elapsed_ms / 1000);
}

/* What a header says of where its range is, which the configuration narrows. */
static const char *encrypt_use_volume(struct encrypt_wish *wish, struct keeper_volume *volume)
{
	const char *why = NULL;

	wish->volume.unit_bytes = volume->sector_bytes;
	wish->volume.iv = volume->iv_tweak;
	if (volume->offset_bytes != 0)
		why = encrypt_say(wish, "the header is no detached one: its data begin behind it", NULL);
	else
		wish->volume.key = crypt_key_add(volume->key, volume->key_bytes);
	memory_wipe(volume, sizeof(*volume));
	if (why == NULL && wish->volume.key < 0)
		why = encrypt_say(wish, "there is no place for its key", NULL);
	return why;
}

/* First how much memory it takes, since page tables for all that there is would be too many. */
static int encrypt_ask_keeper(struct keeper_question *question, const struct encrypt_memory *memory, struct vcpu *vcpu,
			      struct keeper_volume *volume, char *why, size_t why_bytes)
{
	int error;

	question->memory_bytes = memory->length_bytes < KEEPER_LOOK_MEMORY_BYTES ? 0 : KEEPER_LOOK_MEMORY_BYTES;
	error = keeper_look(question, vcpu, volume, why, why_bytes);
	if (error != 0)
		return error;
	if (volume->memory_bytes > memory->length_bytes) {
		print_format(why, why_bytes, "its passphrases take %lu MiB of memory to check, and there are %lu MiB",
			     volume->memory_bytes >> 20, memory->length_bytes >> 20);
		return -RV_ENOMEM;
	}
	question->memory_bytes = align_up(volume->memory_bytes, PAGE_BYTES);
	return keeper_unlock(question, vcpu, volume, why, why_bytes);
}

static const char *encrypt_take_header(struct encrypt_wish *wish, const struct encrypt_memory *memory, struct vcpu *vcpu)
{
	const struct boot_module *header = encrypt_file(wish->header);
	struct keeper_question question = {
		.memory = memory->start,
		.tick = encrypt_progress,
	};
	struct keeper_volume volume;
	char why[KEEPER_WHY_BYTES] = "";
	const char *why_not;

	if (header == NULL)
		return encrypt_say(wish, "the loader has not brought the file", wish->header);
	question.header = memory_physical(memory_direct(header->data));
	question.header_bytes = align_up(header->length_bytes, PAGE_BYTES);
	why_not = encrypt_take_passphrase(wish, &question);
	if (why_not != NULL)
		return why_not;
	if (encrypt_ask_keeper(&question, memory, vcpu, &volume, why, sizeof(why)) != 0)
		return encrypt_say(wish, why, NULL);
	if (why[0] != '\0')
		log_warning("encrypt=%s: %s", wish->volume.serial, why);
	return encrypt_use_volume(wish, &volume);
}

static const char *encrypt_take(struct encrypt_wish *wish, const struct encrypt_memory *memory, struct vcpu *vcpu)
{
	const char *why = wish->header[0] != '\0' ? encrypt_take_header(wish, memory, vcpu) : encrypt_take_plain(wish);

	if (why != NULL)
		return why;
	if (cipher_add(&wish->volume) != 0)
		return encrypt_say(wish, "another encrypt= has the same sectors", NULL);
	log_notice("the disk with the serial number %s is encrypted", wish->volume.serial);
	return NULL;
}

/* Whatever a file holds, or was typed, is not wanted behind this. */
static void encrypt_wipe(void)
{
	memory_wipe(&boot_info.passphrase, sizeof(boot_info.passphrase));
	memory_wipe(boot_info.unsealed, sizeof(boot_info.unsealed));
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		if (boot_info.modules[i].kind == BOOT_MODULE_FILE)
			memory_wipe(memory_direct(boot_info.modules[i].data), boot_info.modules[i].length_bytes);
	}
}

const char *encrypt_unlock(const struct encrypt_memory *memory, struct vcpu *vcpu)
{
	const char *why = NULL;

	if (encrypt_wrong[0] != '\0') {
		print_format(encrypt_why, sizeof(encrypt_why), "the option is not understood, or one too many: %s",
			     encrypt_wrong);
		why = encrypt_why;
	}
	for (unsigned i = 0; why == NULL && i < encrypt_nr_wishes; i++)
		why = encrypt_take(&encrypt_wishes[i], memory, vcpu);
	encrypt_wipe();
	return why;
}
