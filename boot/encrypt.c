/*
 * boot/encrypt.c: has disks unlocked, as encrypt= says.
 */
#include "boot/encrypt.h"

#include "boot/boot_info.h"
#include "boot/encrypt_wake.h"
#include "boot/encrypt_wish.h"
#include "boot/uefi_entry.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "crypt/volume_key.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_early.h"
#include "process/keeper.h"
#include "rv/errno.h"

#define ENCRYPT_PLAIN_UNIT_BYTES 512
#define ENCRYPT_PROGRESS_MS 2000
_Static_assert(BOOT_UNSEALED_MAXIMUM == CIPHER_VOLUMES_MAXIMUM, "one for each disk");
/* What is read of a disk that has its header in front: first enough for most, then what it says that it has, or as
 * much as there can be. */
#define ENCRYPT_FRONT_BYTES MIB(1)
#define ENCRYPT_FRONT_BYTES_MAXIMUM SERVICE_TEXT_BYTES_MAXIMUM

/* Memory that is nobody's as long as disks are unlocked: what passphrases are stretched with (process/keeper.h). */
struct encrypt_memory {
	hpa_t start;
	uint64_t length_bytes;
};

static char encrypt_why[256];

static const char *encrypt_say(const struct encrypt_wish *wish, const char *what, const char *name)
{
	print_format(encrypt_why, sizeof(encrypt_why), "encrypt=%s: %s%s%s", wish->volume.serial, what,
		     name != NULL ? " " : "", name != NULL ? name : "");
	return encrypt_why;
}

static const char *encrypt_take_plain(struct encrypt_wish *wish)
{
	const struct boot_module *file = boot_find_file(wish->plain);

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
	const char *name = wish->sealed[0] != '\0' ? wish->sealed : wish->header;

	for (size_t i = 0; i < boot_info.nr_unsealed; i++) {
		const struct boot_unsealed *unsealed = &boot_info.unsealed[i];

		if (strcmp(unsealed->header, name) != 0)
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
	const struct boot_module *key = boot_find_file(wish->key);

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

/* Of each disk anew. */
static uint64_t encrypt_said_ms;

static void encrypt_progress(uint64_t elapsed_ms)
{
	if (elapsed_ms < encrypt_said_ms + ENCRYPT_PROGRESS_MS)
		return;
	encrypt_said_ms = elapsed_ms;
	log_notice("unlocking: %lu s", elapsed_ms / 1000);
}

/* Are so many sectors that many bytes? Of a disk that has not told yet how large its sectors are, they may be either. */
static bool encrypt_is_size(const struct encrypt_wish *wish, uint64_t bytes)
{
	struct rv_disk_info info;
	uint32_t least = 512, most = PAGE_BYTES;

	for (uint32_t i = 0; disk_describe(i, &info); i++) {
		if (strcmp(info.serial, wish->volume.serial) == 0)
			least = most = info.sector_bytes;
	}
	for (; least <= most; least *= 2) {
		if (wish->volume.sectors == bytes / least && bytes % least == 0)
			return true;
	}
	return false;
}

/* What a header that lies elsewhere says of where its range is is the configuration's word. */
static const char *encrypt_check_detached(const struct encrypt_wish *wish, const struct keeper_volume *volume)
{
	if (volume->offset_bytes != 0)
		return encrypt_say(wish, "the header is one of a disk that has it in front, where it is read: leave header= "
					 "out", NULL);
	if (volume->size_bytes == 0 || encrypt_is_size(wish, volume->size_bytes))
		return NULL;
	print_format(encrypt_why, sizeof(encrypt_why), "encrypt=%s: its header says that %lu bytes are encrypted, and "
		     "sectors= does not", wish->volume.serial, volume->size_bytes);
	return encrypt_why;
}

/* What one in front of its data says of where these are is all that there is, and has to fit the disk. */
static const char *encrypt_take_place(struct encrypt_wish *wish, const struct keeper_volume *volume,
				      const struct rv_disk_info *info)
{
	uint32_t sector_bytes = info->sector_bytes;
	uint64_t disk_bytes = info->sectors > INT64_MAX / sector_bytes ? INT64_MAX : info->sectors * sector_bytes;

	if (volume->sector_bytes > sector_bytes)
		print_format(encrypt_why, sizeof(encrypt_why), "encrypt=%s: it is encrypted %u bytes at a time, and its sectors "
			     "have %u: cryptsetup luksFormat --sector-size %u", wish->volume.serial, volume->sector_bytes,
			     sector_bytes, sector_bytes);
	else if (volume->offset_bytes < volume->whole_bytes || volume->offset_bytes % sector_bytes != 0 ||
		 volume->size_bytes % sector_bytes != 0)
		return encrypt_say(wish, "its header says that its data begin within it, or amid a sector", NULL);
	else if (volume->offset_bytes >= disk_bytes || volume->size_bytes > disk_bytes - volume->offset_bytes)
		print_format(encrypt_why, sizeof(encrypt_why), "encrypt=%s: its header says that there are %lu bytes from %lu on, "
			     "and the disk has %lu", wish->volume.serial, volume->size_bytes, volume->offset_bytes, disk_bytes);
	else {
		wish->volume.front_sectors = volume->offset_bytes / sector_bytes;
		if (volume->size_bytes != 0)
			wish->volume.sectors = volume->size_bytes / sector_bytes;
		return NULL;
	}
	return encrypt_why;
}

static const char *encrypt_use_volume(struct encrypt_wish *wish, struct keeper_volume *volume,
				      const struct rv_disk_info *info)
{
	const char *why = wish->is_in_front ? encrypt_take_place(wish, volume, info) : encrypt_check_detached(wish, volume);

	wish->volume.unit_bytes = volume->sector_bytes;
	wish->volume.iv = volume->iv_tweak;
	if (why == NULL)
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

static const char *encrypt_find_file(const struct encrypt_wish *wish, struct keeper_question *question)
{
	const struct boot_module *header = boot_find_file(wish->header);

	if (header == NULL)
		return encrypt_say(wish, "the loader has not brought the file", wish->header);
	question->header = memory_physical(memory_direct(header->data));
	question->header_bytes = align_up(header->length_bytes, PAGE_BYTES);
	return NULL;
}

/* The disk's beginning, into memory that is lent, of which the keeper gets what is left. */
static const char *encrypt_read_front(const struct encrypt_wish *wish, const struct encrypt_memory *memory, uint64_t bytes,
				      struct keeper_question *question, struct rv_disk_info *info)
{
	struct disk_early early = {
		.serial = wish->volume.serial,
		.namespace = wish->volume.namespace,
		.to = memory_direct(memory->start),
		.length_bytes = bytes,
	};
	int error;

	if (memory->length_bytes < bytes + KEEPER_LOOK_MEMORY_BYTES)
		return encrypt_say(wish, "there is no memory to read its header", NULL);
	error = disk_read_early(&early);
	if (error == -RV_ENOENT)
		return encrypt_say(wish, "no disk has that serial number; for a header in a file there is header=FILE", NULL);
	if (error != 0)
		return encrypt_say(wish, error == -RV_ENOMEM ? "no memory to read its header: give more with memory=64M"
							     : "its header cannot be read from the disk", NULL);
	*info = early.info;
	question->header = memory->start;
	question->header_bytes = early.length_bytes;
	question->memory = memory->start + bytes;
	return NULL;
}

/* As much of it as its header takes. */
static const char *encrypt_find_front(const struct encrypt_wish *wish, const struct encrypt_memory *memory,
				      struct vcpu *vcpu, struct keeper_question *question, struct rv_disk_info *info)
{
	struct keeper_volume volume;
	char words[KEEPER_WHY_BYTES] = "";
	const char *why = encrypt_read_front(wish, memory, ENCRYPT_FRONT_BYTES, question, info);
	uint64_t bytes = ENCRYPT_FRONT_BYTES_MAXIMUM;

	if (why != NULL)
		return why;
	question->memory_bytes = KEEPER_LOOK_MEMORY_BYTES;
	if (keeper_look(question, vcpu, &volume, words, sizeof(words)) == 0) {
		if (volume.whole_bytes <= question->header_bytes)
			return NULL;
		if (volume.whole_bytes < bytes)
			bytes = align_up(volume.whole_bytes, PAGE_BYTES);
	}
	return encrypt_read_front(wish, memory, bytes, question, info);
}

static const char *encrypt_take_header(struct encrypt_wish *wish, const struct encrypt_memory *memory, struct vcpu *vcpu)
{
	struct keeper_question question = {
		.memory = memory->start,
		.tick = encrypt_progress,
	};
	struct encrypt_memory left;
	struct rv_disk_info info = { 0 };
	struct keeper_volume volume;
	char why[KEEPER_WHY_BYTES] = "";
	const char *why_not;

	encrypt_said_ms = 0;
	log_notice("unlocking the disk with the serial number %s", wish->volume.serial);
	why_not = encrypt_take_passphrase(wish, &question);
	if (why_not == NULL)
		why_not = wish->is_in_front ? encrypt_find_front(wish, memory, vcpu, &question, &info)
					    : encrypt_find_file(wish, &question);
	if (why_not != NULL)
		return why_not;
	left.start = question.memory;
	left.length_bytes = memory->length_bytes - (question.memory - memory->start);
	if (encrypt_ask_keeper(&question, &left, vcpu, &volume, why, sizeof(why)) != 0)
		return encrypt_say(wish, why, NULL);
	if (why[0] != '\0')
		log_warning("encrypt=%s: %s", wish->volume.serial, why);
	why_not = encrypt_use_volume(wish, &volume, &info);
	if (why_not == NULL && wish->key[0] == '\0')
		encrypt_wake_keep(wish, &question);
	return why_not;
}

static const char *encrypt_take(struct encrypt_wish *wish, const struct encrypt_memory *memory, struct vcpu *vcpu)
{
	const char *why = wish->plain[0] == '\0' ? encrypt_take_header(wish, memory, vcpu) : encrypt_take_plain(wish);

	if (why != NULL)
		return why;
	if (cipher_add(&wish->volume) != 0)
		return encrypt_say(wish, "another encrypt= has the same sectors", NULL);
	log_notice("the disk with the serial number %s is encrypted", wish->volume.serial);
	return NULL;
}

/* Whatever a file holds, or was typed, is not wanted behind this; but headers that a wake takes. GRUB's heap, with sectors of the
 * medium that it has read, was at the end of memory, where our pool is now. */
static void encrypt_wipe(void)
{
	memory_wipe(&boot_info.passphrase, sizeof(boot_info.passphrase));
	memory_wipe(boot_info.unsealed, sizeof(boot_info.unsealed));
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		void *data = memory_direct(boot_info.modules[i].data);

		if (boot_info.modules[i].kind == BOOT_MODULE_FILE && !encrypt_wake_has(memory_physical(data)))
			memory_wipe(data, boot_info.modules[i].length_bytes);
	}
	memory_wipe_free_pages();
}

static const char *encrypt_unlock(const struct encrypt_memory *memory, struct vcpu *vcpu)
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

/* The loader's loan, or of a BIOS machine the largest range of RAM that nobody uses yet. */
static struct encrypt_memory encrypt_borrow(const struct e820_entry *map, size_t nr_map)
{
	struct encrypt_memory memory = { boot_info.lent, boot_info.lent_bytes };

	for (size_t i = 0; !uefi_is_present() && i < nr_map; i++) {
		hpa_t first = align_up(map[i].base, PAGE_BYTES);
		hpa_t end = align_down(map[i].base + map[i].length_bytes, PAGE_BYTES);

		if (map[i].type != E820_USABLE || map[i].base < MIB(1) || end <= first ||
		    end - first <= memory.length_bytes)
			continue;
		memory.start = first;
		memory.length_bytes = end - first;
	}
	return memory;
}

const char *encrypt_start(const struct e820_entry *map, size_t nr_map, struct vcpu *vcpu)
{
	struct encrypt_memory memory = encrypt_borrow(map, nr_map);
	const char *why = encrypt_unlock(&memory, vcpu);

	if (why != NULL)
		return why;
	switch (disk_watch_encrypted()) {
	case 0:
		return NULL;
	case -RV_ENOSPC:
		return "a disk controller is left out: what it is asked for could not be encrypted";
	case -RV_ENOMEM:
		return "no memory to encrypt disks: give more with memory=64M";
	default:
		return "a disk controller is out of our reach: nothing could be encrypted there";
	}
}
