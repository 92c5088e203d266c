/*
 * boot/encrypt_wake.c: see the header. Written at boot; what runs at a sleep and a wake runs while no guest does.
 */
#include "boot/encrypt_wake.h"

#include "boot/boot_info.h"
#include "boot/encrypt_wish.h"
#include "boot/options.h"
#include "boot/wake_prompt.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "crypt/volume_key.h"
#include "process/keeper.h"
#include "rv/errno.h"
#include "vmm/suspend.h"

#define WAKE_TRIES 3
#define WAKE_PAGES 48 /* the program that unlocks, and tables for what it maps, beside those of the memory that it has */

struct encrypt_wake {
	const char *serial;
	int key;
	hpa_t header;
	uint64_t header_bytes;
};

static struct encrypt_wake encrypt_wakes[CIPHER_VOLUMES_MAXIMUM];
static unsigned encrypt_nr_wakes;
static const char *encrypt_wake_why_not; /* the first reason */
static hpa_t encrypt_wake_memory;
static uint64_t encrypt_wake_memory_bytes; /* the hungriest disk's */
/* Given to the pool while disks are unlocked, so that scripts cannot have used it up. */
static void *encrypt_wake_stock;
static size_t encrypt_wake_stock_pages;

static const char no_memory[] = "wipe_on_sleep: no memory to unlock disks with at a wake: give more with memory=128M";

void encrypt_wake_keep(const struct encrypt_wish *wish, const struct keeper_question *question)
{
	struct encrypt_wake *wake = &encrypt_wakes[encrypt_nr_wakes];
	void *copy;

	if (!boot_options.wipe_on_sleep || encrypt_nr_wakes == ARRAY_LENGTH(encrypt_wakes))
		return;
	*wake = (struct encrypt_wake){ wish->volume.serial, wish->volume.key, question->header, question->header_bytes };
	if (!memory_is_reserved(question->header, question->header_bytes)) {
		copy = memory_allocate_pages(question->header_bytes / PAGE_BYTES);
		if (copy == NULL) {
			encrypt_wake_why_not = no_memory;
			return;
		}
		memcpy(copy, memory_direct(question->header), question->header_bytes);
		wake->header = memory_physical(copy);
	}
	if (question->memory_bytes > encrypt_wake_memory_bytes)
		encrypt_wake_memory_bytes = question->memory_bytes;
	encrypt_nr_wakes++;
}

bool encrypt_wake_has(hpa_t header)
{
	for (unsigned i = 0; i < encrypt_nr_wakes; i++) {
		if (encrypt_wakes[i].header == header)
			return true;
	}
	return false;
}

static void encrypt_wake_sleep(void *none)
{
	(void)none;
	crypt_keys_wipe();
}

/* 0; or keeper_unlock()'s, or crypt_key_renew()'s. */
static int encrypt_wake_unlock(const struct encrypt_wake *wake, const struct passphrase *passphrase, struct vcpu *vcpu)
{
	const struct keeper_question question = {
		.header = wake->header,
		.header_bytes = wake->header_bytes,
		.memory = encrypt_wake_memory,
		.memory_bytes = encrypt_wake_memory_bytes,
		.passphrase = passphrase->bytes,
		.passphrase_bytes = passphrase->length_bytes,
	};
	struct keeper_volume volume;
	char why[KEEPER_WHY_BYTES] = "";
	int error = keeper_unlock(&question, vcpu, &volume, why, sizeof(why));

	if (error == 0)
		error = crypt_key_renew(wake->key, volume.key, volume.key_bytes);
	memory_wipe(&volume, sizeof(volume));
	if (error != 0)
		log_warning("the disk with the serial number %s is not unlocked: %s", wake->serial,
			    why[0] != '\0' ? why : "its key is no good any more");
	return error;
}

static int encrypt_wake_unlock_all(const struct passphrase *passphrase, struct vcpu *vcpu)
{
	int error = 0;

	if (encrypt_wake_stock != NULL)
		memory_free_pages(encrypt_wake_stock, encrypt_wake_stock_pages);
	for (unsigned i = 0; error == 0 && i < encrypt_nr_wakes; i++)
		error = encrypt_wake_unlock(&encrypt_wakes[i], passphrase, vcpu);
	encrypt_wake_stock = memory_allocate_pages(encrypt_wake_stock_pages);
	if (error != 0)
		crypt_keys_wipe();
	return error;
}

static void encrypt_wake_ask(void *vcpu)
{
	static struct passphrase passphrase;
	int error = -RV_EACCES;

	log_notice("the keys of encrypted disks were erased: their passphrase is asked for");
	for (unsigned i = 0; error == -RV_EACCES && i < WAKE_TRIES; i++) {
		if (!wake_prompt_ask(boot_info.command_line, &passphrase))
			suspend_fail("there is neither a keyboard nor a serial port to type the passphrase at");
		error = encrypt_wake_unlock_all(&passphrase, vcpu);
		memory_wipe(&passphrase, sizeof(passphrase));
	}
	if (error != 0)
		suspend_fail("the encrypted disks are not unlocked");
	log_notice("encrypted disks are unlocked again");
}

const char *encrypt_wake_prepare(void)
{
	static struct watcher sleep = { .notify = encrypt_wake_sleep }, guest = { .notify = encrypt_wake_ask };
	void *memory;

	if (encrypt_wake_why_not != NULL)
		return encrypt_wake_why_not;
	if (encrypt_nr_wakes != encrypt_nr_wishes)
		return "wipe_on_sleep: the key of an encrypted disk comes from a file, so that nobody can be asked for it";
	if (!wake_prompt_is_possible())
		return "wipe_on_sleep: there is neither a keyboard controller nor a serial port to ask for a passphrase by";
	memory = memory_allocate_pages(encrypt_wake_memory_bytes / PAGE_BYTES);
	if (memory == NULL)
		return no_memory;
	encrypt_wake_memory = memory_physical(memory);
	encrypt_wake_stock_pages = WAKE_PAGES + encrypt_wake_memory_bytes / MIB(2);
	encrypt_wake_stock = memory_allocate_pages(encrypt_wake_stock_pages);
	if (encrypt_wake_stock == NULL)
		return no_memory;
	watch_add(&suspend_sleep_watchers, &sleep);
	watch_add(&suspend_guest_watchers, &guest);
	return NULL;
}
