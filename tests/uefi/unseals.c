/*
 * tests/uefi/unseals.c: behind the loader, whether the TPM gives to others what it has given to us: prints its PCRs and
 * the event log, and then has the keys in a header unsealed by what the loader itself does it with; the PCRs that it would
 * miss are those of now, so that it is the TPM that refuses. In between it has the TPM sign what our PCR is, with a key of
 * its own.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/file.h"
#include "boot/uefi/tcg2.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/string.h"
#include "service/tpm_unseal.h"
#include "service/tpm_wire.h"

#define HEADER "\\EFI\\BOOT\\files\\disk.luks"
#define LINE_BYTES 64

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static struct efi_tcg2 *unseals_protocol;

static bool unseals_submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	efi_status status = unseals_protocol->submit_command(unseals_protocol, (uint32_t)command_bytes, command,
							     (uint32_t)*answer_bytes, answer);

	(void)context;
	*answer_bytes = (size_t)answer[4] << 8 | answer[5];
	return !efi_failed(status);
}

static const struct tpm_link unseals_link = { .submit = unseals_submit };

static void unseals_say_bytes(const char *what, const uint8_t *bytes, size_t nr_bytes)
{
	char digits[2 * LINE_BYTES + 1];

	for (size_t at = 0; at < nr_bytes; at += LINE_BYTES) {
		for (size_t i = 0; i < LINE_BYTES && at + i < nr_bytes; i++)
			print_format(digits + 2 * i, 3, "%02x", bytes[at + i]);
		say("unseals: %s %s", what, digits);
	}
}

/* The last entry is found by its address; its own length is that of its parts (PC Client Platform Firmware Profile,
 * 10.2.2), with a digest for each bank. */
static void unseals_say_log(void)
{
	static const struct {
		uint16_t algorithm;
		uint16_t bytes;
	} hashes[] = { { 0x4, 20 }, { 0xb, 32 }, { 0xc, 48 }, { 0xd, 64 } };
	uint64_t start = 0, last = 0;
	bool truncated = false;
	const uint8_t *entry;
	uint32_t nr, event_bytes;

	if (efi_failed(unseals_protocol->get_event_log(unseals_protocol, TCG2_EVENT_LOG_2, &start, &last, &truncated)) ||
	    truncated || last <= start) {
		say("not ok unseals: there is no event log");
		return;
	}
	entry = (const uint8_t *)last + 8;
	memcpy(&nr, entry, sizeof(nr));
	entry += 4;
	for (uint32_t i = 0; i < nr; i++) {
		uint16_t algorithm;

		memcpy(&algorithm, entry, sizeof(algorithm));
		entry += 2;
		for (size_t k = 0; k < ARRAY_LENGTH(hashes); k++)
			entry += hashes[k].algorithm == algorithm ? hashes[k].bytes : 0;
	}
	memcpy(&event_bytes, entry, sizeof(event_bytes));
	entry += 4 + event_bytes;
	unseals_say_bytes("log", (const uint8_t *)start, (size_t)(entry - (const uint8_t *)start));
}

/* An authorization by an empty password. */
static void unseals_put_no_password(struct tpm_out *out)
{
	tpm_put(out, 9, 4);
	tpm_put(out, 0x40000009, 4);
	tpm_put(out, 0, 2);
	tpm_put(out, 1, 1);
	tpm_put(out, 0, 2);
}

/* What is behind the header of a good answer; of none, nothing. */
static struct tpm_in unseals_send(struct tpm_out *out, uint8_t answer[TPM_COMMAND_BYTES])
{
	struct tpm_out size = { out->bytes + 2, 4, 0, false };
	size_t bytes = TPM_COMMAND_BYTES;
	struct tpm_in in = { answer, 0, true };

	tpm_put(&size, out->nr_bytes, 4);
	if (unseals_submit(NULL, out->bytes, out->nr_bytes, answer, &bytes)) {
		in = (struct tpm_in){ answer, bytes, false };
		(void)tpm_get(&in, 6);
		in.bad |= tpm_get(&in, 4) != 0;
	}
	return in;
}

/* Makes a key that signs only what the TPM itself says (TPM 2.0 Library, part 3, 24.1), on P-256. */
static uint32_t unseals_make_signer(struct tpm_out *out, uint8_t answer[TPM_COMMAND_BYTES])
{
	static const uint8_t area[] = { 0, 0x23, 0, 0xb, 0, 5, 4, 0x72, 0, 0, 0, 0x10, 0, 0x18, 0, 0xb, 0, 3, 0, 0x10, 0, 0, 0, 0 };
	const uint8_t *public;
	size_t public_bytes;
	struct tpm_in in;
	uint32_t handle;

	out->nr_bytes = 0;
	tpm_put(out, 0x8002, 2);
	tpm_put(out, 0, 4);
	tpm_put(out, 0x131, 4);
	tpm_put(out, 0x40000001, 4);
	unseals_put_no_password(out);
	tpm_put(out, 4, 2);
	tpm_put(out, 0, 4);
	tpm_put_sized(out, area, sizeof(area));
	tpm_put(out, 0, 2);
	tpm_put(out, 0, 4);
	in = unseals_send(out, answer);
	handle = (uint32_t)tpm_get(&in, 4);
	(void)tpm_get(&in, 4);
	public = tpm_get_sized(&in, &public_bytes);
	if (in.bad)
		say("not ok unseals: no key to sign with");
	else
		unseals_say_bytes("public", public - 2, public_bytes + 2);
	return handle;
}

/* 18.4 */
static void unseals_quote(void)
{
	static uint8_t command[TPM_COMMAND_BYTES], answer[TPM_COMMAND_BYTES];
	static const uint8_t nonce[] = { 0x12, 0x34 }, selection[] = { 0, 0, 0, 1, 0, 0xb, 3, 0, 0x10, 0 };
	struct tpm_out out = { command, sizeof(command), 0, false };
	uint32_t key = unseals_make_signer(&out, answer);
	size_t parameters_bytes, message_bytes;
	const uint8_t *message;
	struct tpm_in in;

	out.nr_bytes = 0;
	tpm_put(&out, 0x8002, 2);
	tpm_put(&out, 0, 4);
	tpm_put(&out, 0x158, 4);
	tpm_put(&out, key, 4);
	unseals_put_no_password(&out);
	tpm_put_sized(&out, nonce, sizeof(nonce));
	tpm_put(&out, 0x10, 2);
	tpm_put_bytes(&out, selection, sizeof(selection));
	in = unseals_send(&out, answer);
	parameters_bytes = tpm_get(&in, 4);
	message = tpm_get_sized(&in, &message_bytes);
	if (in.bad || parameters_bytes < 2 + message_bytes || parameters_bytes - 2 - message_bytes > in.left_bytes) {
		say("not ok unseals: no quote");
	} else {
		unseals_say_bytes("message", message, message_bytes);
		unseals_say_bytes("signature", in.bytes, parameters_bytes - 2 - message_bytes);
	}
	out.nr_bytes = 0;
	tpm_put(&out, 0x8001, 2);
	tpm_put(&out, 0, 4);
	tpm_put(&out, 0x165, 4);
	tpm_put(&out, key, 4);
	(void)unseals_send(&out, answer);
}

static void unseals_try(const struct file_data *file)
{
	static struct tpm_sealed sealed;
	static uint8_t entropy[TPM_ENTROPY_BYTES];
	const struct tpm_question question = { .sealed = &sealed, .entropy = entropy };
	struct tpm_secret secret;
	char why[TPM_WHY_BYTES];
	size_t at = 0, nr = 0;

	for (unsigned i = 0; i < sizeof(entropy); i++)
		entropy[i] = (uint8_t)(tsc_read() >> 3);
	while (nr++ == 0 && tpm_sealed_next(file->data, file->length_bytes, &at, &sealed)) {
		if (tpm_unseal(&unseals_link, &question, &secret, why) != TPM_CHANGED)
			say("not ok unseals: no PCR has changed: %s", why);
		else
			say("unseals: the loader would say: %s", why);
		for (unsigned i = 0; i < sealed.nr_pcrs; i++)
			(void)tpm_read_pcr(&unseals_link, sealed.pcrs[i].number, sealed.pcrs[i].value);
		if (tpm_unseal(&unseals_link, &question, &secret, why) == TPM_GOOD)
			say("unseals: the TPM gives the key away");
		else
			say("unseals: the TPM refuses: %s", why);
	}
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid tcg2 = EFI_GUID_TCG2, image_guid = EFI_GUID_LOADED_IMAGE;
	static struct file_folder folder;
	struct efi_loaded_image *image;
	struct file_data file;
	uint8_t value[TPM_HASH_BYTES];

	if (efi_failed(system->boot->locate_protocol(&tcg2, NULL, (void **)&unseals_protocol))) {
		say("not ok unseals: there is no TPM");
	} else {
		for (unsigned i = 0; i < TPM_PCRS; i++) {
			char name[16];

			print_format(name, sizeof(name), "PCR %u", i);
			if (tpm_read_pcr(&unseals_link, i, value))
				unseals_say_bytes(name, value, sizeof(value));
		}
		unseals_say_log();
		unseals_quote();
		if (!efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)) &&
		    !efi_failed(file_open_folder(system->boot, image, &folder)) &&
		    !efi_failed(file_read(&folder, HEADER, &file)))
			unseals_try(&file);
	}
	system->runtime->reset_system(EFI_RESET_SHUTDOWN, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
