/*
 * tests/system/tpm_guest.c: what a Linux behind us does with the TPM, by /dev/tpm0 alone: whether it gets the keys that are
 * sealed in a header, by the very code that the loader has, when all PCRs are taken to be as they should be; and whether a key
 * of its own is sealed and unsealed as on a bare machine.
 *
 * tpm_guest unseal HEADER	tries what is in a header: as the loader would, then with the PCRs of now for those of then
 * tpm_guest own		seals and unseals its own
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/key_token.h"
#include "service/tpm_unseal.h"
#include "service/tpm_wire.h"

#define FILE_BYTES (1 << 20)
#define OWN "the guest's own secret"

static int device = -1;

static bool submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	ssize_t got;

	(void)context;
	if (write(device, command, command_bytes) != (ssize_t)command_bytes)
		return false;
	got = read(device, answer, *answer_bytes);
	if (got <= 0)
		return false;
	*answer_bytes = (size_t)got;
	return true;
}

static const struct tpm_link tpm = { .submit = submit };

static void try_unseal(const char *path)
{
	static uint8_t bytes[FILE_BYTES], entropy[TPM_ENTROPY_BYTES];
	static struct tpm_sealed sealed;
	const struct tpm_question question = { .sealed = &sealed, .entropy = entropy };
	struct tpm_secret secret;
	char why[TPM_WHY_BYTES];
	size_t nr_bytes, at = 0;
	FILE *file = fopen(path, "rb");

	nr_bytes = file != NULL ? fread(bytes, 1, sizeof(bytes), file) : 0;
	memset(entropy, 0x17, sizeof(entropy));
	if (!tpm_sealed_next(bytes, key_token_searched_bytes(bytes, nr_bytes), &at, &sealed)) {
		printf("not ok tpm_guest: no sealed key in %zu bytes\n", nr_bytes);
		return;
	}
	printf("tpm_guest: %s\n", tpm_unseal(&tpm, &question, &secret, why) == TPM_CHANGED ? why : "no PCR has changed");
	for (unsigned i = 0; i < sealed.nr_pcrs; i++)
		(void)tpm_read_pcr(&tpm, sealed.pcrs[i].number, sealed.pcrs[i].value);
	if (tpm_unseal(&tpm, &question, &secret, why) == TPM_GOOD)
		printf("not ok tpm_guest: the TPM gives our key away\n");
	else
		printf("tpm_guest: the TPM refuses: %s\n", why);
}

/* Commands of its own ------------------------------------------------------------------------------ */

static uint8_t command[TPM_COMMAND_BYTES], answer[TPM_COMMAND_BYTES];

static void begin(struct tpm_out *out, uint32_t code, uint32_t handle)
{
	*out = (struct tpm_out){ command, sizeof(command), 0, false };
	tpm_put(out, 0x8002, 2);
	tpm_put(out, 0, 4);
	tpm_put(out, code, 4);
	tpm_put(out, handle, 4);
	/* an empty password */
	tpm_put(out, 9, 4);
	tpm_put(out, 0x40000009, 4);
	tpm_put(out, 0, 2);
	tpm_put(out, 1, 1);
	tpm_put(out, 0, 2);
}

/* What is behind the header. */
static struct tpm_in finish(struct tpm_out *out, const char *what)
{
	struct tpm_out size = { command + 2, 4, 0, false };
	size_t bytes = sizeof(answer);
	struct tpm_in in = { answer, 0, true };
	uint32_t code;

	tpm_put(&size, out->nr_bytes, 4);
	if (!submit(NULL, command, out->nr_bytes, answer, &bytes)) {
		printf("not ok tpm_guest: %s: no answer\n", what);
		exit(1);
	}
	in = (struct tpm_in){ answer, bytes, false };
	(void)tpm_get(&in, 6);
	code = (uint32_t)tpm_get(&in, 4);
	if (code != 0) {
		printf("not ok tpm_guest: %s: code %x\n", what, code);
		exit(1);
	}
	return in;
}

/* Part 3, 12.1, 12.2, 12.7, 24.1: a storage key, under it what is sealed, by no policy but an empty password. */
static void use_own(void)
{
	static const uint8_t storage[] = { 0, 0x23, 0, 0xb, 0, 3, 4, 0x72, 0, 0, 0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 0, 3, 0, 0x10, 0, 0, 0, 0 };
	static const uint8_t object[] = { 0, 8, 0, 0xb, 0, 0, 4, 0x52, 0, 0, 0, 0x10, 0, 0 };
	uint8_t private[TPM_COMMAND_BYTES], public[TPM_COMMAND_BYTES];
	size_t private_bytes, public_bytes, bytes;
	const uint8_t *part;
	struct tpm_out out;
	struct tpm_in in;
	uint32_t parent, key;

	begin(&out, 0x131, 0x40000001);
	tpm_put(&out, 4, 2);
	tpm_put(&out, 0, 4);
	tpm_put_sized(&out, storage, sizeof(storage));
	tpm_put(&out, 0, 2);
	tpm_put(&out, 0, 4);
	in = finish(&out, "a storage key");
	parent = (uint32_t)tpm_get(&in, 4);
	begin(&out, 0x153, parent);
	tpm_put(&out, 4 + sizeof(OWN), 2);
	tpm_put(&out, 0, 2);
	tpm_put_sized(&out, OWN, sizeof(OWN));
	tpm_put_sized(&out, object, sizeof(object));
	tpm_put(&out, 0, 2);
	tpm_put(&out, 0, 4);
	in = finish(&out, "sealing");
	(void)tpm_get(&in, 4);
	part = tpm_get_sized(&in, &private_bytes);
	memcpy(private, part, private_bytes);
	part = tpm_get_sized(&in, &public_bytes);
	memcpy(public, part, public_bytes);
	begin(&out, 0x157, parent);
	tpm_put_sized(&out, private, private_bytes);
	tpm_put_sized(&out, public, public_bytes);
	in = finish(&out, "loading");
	key = (uint32_t)tpm_get(&in, 4);
	begin(&out, 0x15e, key);
	in = finish(&out, "unsealing");
	(void)tpm_get(&in, 4);
	part = tpm_get_sized(&in, &bytes);
	if (bytes == sizeof(OWN) && memcmp(part, OWN, bytes) == 0)
		printf("ok tpm_guest seals and unseals its own\n");
	else
		printf("not ok tpm_guest: something else is unsealed\n");
}

int main(int count, char **words)
{
	/* The kernel's resource manager takes out what is loaded. Bound anew it may have the next number. */
	device = open("/dev/tpmrm0", O_RDWR);
	if (device < 0)
		device = open("/dev/tpmrm1", O_RDWR);
	if (device < 0) {
		printf("not ok tpm_guest: there is no TPM\n");
		return 1;
	}
	if (count == 3 && strcmp(words[1], "unseal") == 0)
		try_unseal(words[2]);
	else
		use_own();
	return 0;
}
