/*
 * boot/uefi/tpm.c: see the header. Firmware brings the bytes to the TPM; what they mean is service/tpm_unseal.c's.
 */
#include "boot/uefi/tpm.h"

#include "boot/uefi/prompt.h"
#include "boot/uefi/tcg2.h"
#include "boot/uefi/text.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/string.h"
#include "service/key_token.h"
#include "service/tpm_unseal.h"

#define VARIABLE_NON_VOLATILE 1u
#define VARIABLE_BOOT_SERVICE 2u
#define CPUID_RDRAND (1u << 30) /* leaf 1, ECX */
#define RANDOM_WORDS 8
#define RANDOM_TRIES 10
#define JITTER_ROUNDS 64
#define PIN_TRIES 3

static struct efi_system_table *tpm_system;
static struct efi_tcg2 *tpm_protocol;
static bool tpm_is_mute;   /* it is there, with PCRs that keys are sealed to, and does not tell them */
static bool tpm_is_missed; /* by keys that it could unseal later, to an OS */
static bool tpm_has_failed; /* to measure something: the PCR is not what it should be, and nothing is unsealed by it */

static const struct efi_guid tpm_guid = EFI_GUID_RITEVISOR;
static const efi_char tpm_variable[] = { 'R', 'i', 't', 'e', 'v', 'i', 's', 'o', 'r', 'W', 'r', 'o', 'n', 'g', 'K', 'e', 'y', 0 };

static bool tpm_submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	efi_status status;
	size_t bytes;

	(void)context;
	memset(answer, 0, *answer_bytes);
	status = tpm_protocol->submit_command(tpm_protocol, (uint32_t)command_bytes, command, (uint32_t)*answer_bytes, answer);
	/* Firmware does not say how long it is: the answer does. */
	bytes = (size_t)answer[2] << 24 | (size_t)answer[3] << 16 | (size_t)answer[4] << 8 | answer[5];
	if (efi_failed(status) || bytes > *answer_bytes)
		return false;
	*answer_bytes = bytes;
	return true;
}

static const struct tpm_link tpm_link = { .submit = tpm_submit };

static bool tpm_has_bank(struct efi_tcg2 *protocol)
{
	struct efi_tcg2_capability capability = { .size = sizeof(capability) };

	return !efi_failed(protocol->get_capability(protocol, &capability)) && capability.is_present &&
	       (capability.active_banks & TCG2_BANK_SHA256) != 0;
}

void tpm_find(struct efi_system_table *system)
{
	static const struct efi_guid guid = EFI_GUID_TCG2;
	uint8_t value[TPM_HASH_BYTES];

	tpm_system = system;
	if (efi_failed(system->boot->locate_protocol(&guid, NULL, (void **)&tpm_protocol)))
		tpm_protocol = NULL;
	/* Firmware has the protocol for a TPM that is switched off, too, or has no bank of SHA-256. */
	if (tpm_protocol != NULL && !tpm_read_pcr(&tpm_link, TPM_PCR, value)) {
		tpm_is_mute = tpm_has_bank(tpm_protocol);
		tpm_protocol = NULL;
	}
}

void tpm_measure(const char *kind, const char *name, const void *data, size_t length_bytes)
{
	struct efi_tcg2_event event = {
		.header_bytes = TCG2_EVENT_HEADER_BYTES,
		.version = TCG2_EVENT_VERSION,
		.pcr = TPM_PCR,
		.type = TCG2_EVENT_IPL,
	};
	size_t text_bytes;

	if (tpm_protocol == NULL)
		return;
	print_format((char *)event.text, sizeof(event.text), "ritevisor %s%s%s", kind, name[0] != '\0' ? " " : "", name);
	text_bytes = strlen((const char *)event.text) + 1;
	event.event_bytes = (uint32_t)(offsetof(struct efi_tcg2_event, text) + text_bytes);
	if (efi_failed(tpm_protocol->hash_log_extend_event(tpm_protocol, 0, (uint64_t)data, length_bytes, &event))) {
		text_line("TPM: %s cannot be measured", (const char *)event.text);
		tpm_has_failed = true;
	}
}

static void tpm_take_rdrand(uint64_t words[RANDOM_WORDS])
{
	if (!(cpuid_query(1, 0).ecx & CPUID_RDRAND))
		return;
	for (unsigned i = 0; i < RANDOM_WORDS; i++) {
		uint8_t good = 0;

		for (unsigned try = 0; try < RANDOM_TRIES && !good; try++)
			__asm__ volatile("rdrand %0; setc %1" : "=r"(words[i]), "=qm"(good) : : "cc");
	}
}

/* All sources that there are, into one hash after the other: one good one suffices. */
static void tpm_gather_entropy(uint8_t entropy[TPM_ENTROPY_BYTES])
{
	static const struct efi_guid guid = EFI_GUID_RNG;
	struct {
		uint8_t firmware[TPM_HASH_BYTES];
		uint64_t cpu[RANDOM_WORDS], jitter[JITTER_ROUNDS];
		uint8_t half;
	} pool = { 0 };
	const struct tpm_piece piece = { &pool, sizeof(pool) };
	struct efi_rng *rng;

	if (!efi_failed(tpm_system->boot->locate_protocol(&guid, NULL, (void **)&rng)))
		(void)rng->get_rng(rng, NULL, sizeof(pool.firmware), pool.firmware);
	tpm_take_rdrand(pool.cpu);
	for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
		tpm_system->boot->stall(1);
		pool.jitter[i] = tsc_read();
	}
	tpm_hash(&piece, 1, entropy);
	pool.half = 1;
	tpm_hash(&piece, 1, entropy + TPM_HASH_BYTES);
	memory_wipe(&pool, sizeof(pool));
}

/* Did the last start say so? It is told once. */
static bool tpm_was_wrong(void)
{
	uint64_t bytes = 1;
	uint8_t value;

	if (efi_failed(tpm_system->runtime->get_variable(tpm_variable, &tpm_guid, NULL, &bytes, &value)))
		return false;
	tpm_system->runtime->set_variable(tpm_variable, &tpm_guid, 0, 0, NULL);
	return true;
}

void tpm_note_wrong(void)
{
	static const uint8_t value = 1;

	tpm_system->runtime->set_variable(tpm_variable, &tpm_guid, VARIABLE_NON_VOLATILE | VARIABLE_BOOT_SERVICE, sizeof(value),
					  &value);
}

static enum tpm_result tpm_ask(const struct tpm_sealed *sealed, const uint8_t *pin, struct tpm_secret *secret, char *why)
{
	uint8_t entropy[TPM_ENTROPY_BYTES];
	const struct tpm_question question = { .sealed = sealed, .entropy = entropy, .pin = pin };
	enum tpm_result result;

	tpm_gather_entropy(entropy);
	result = tpm_unseal(&tpm_link, &question, secret, why);
	memory_wipe(entropy, sizeof(entropy));
	return result;
}

/* As often as it takes, but no more than PIN_TRIES: an empty PIN goes on to the next way. */
static enum tpm_result tpm_ask_with_pin(const char *options, const struct tpm_sealed *sealed, struct tpm_secret *secret, char *why)
{
	static struct passphrase typed;
	uint8_t pin[TPM_PIN_BYTES];
	enum tpm_result result = TPM_WRONG_PIN;

	for (unsigned i = 0; i < PIN_TRIES && result == TPM_WRONG_PIN; i++) {
		if (i != 0)
			text_line("TPM: %s", why);
		prompt_ask_pin(tpm_system, options, "PIN", &typed);
		if (typed.length_bytes == 0) {
			string_copy(why, "no PIN was given", TPM_WHY_BYTES);
			break;
		}
		tpm_make_pin(sealed, typed.bytes, typed.length_bytes, pin);
		memory_wipe(&typed, sizeof(typed));
		result = tpm_ask(sealed, pin, secret, why);
		memory_wipe(pin, sizeof(pin));
	}
	return result;
}

static bool tpm_try(const char *options, const char *name, const struct tpm_sealed *sealed, struct boot_unsealed *unsealed)
{
	struct tpm_secret secret;
	char why[TPM_WHY_BYTES];
	enum tpm_result result = tpm_ask(sealed, NULL, &secret, why);

	if (result == TPM_NEEDS_PIN)
		result = tpm_ask_with_pin(options, sealed, &secret, why);
	if (result == TPM_GOOD) {
		_Static_assert(sizeof(unsealed->bytes) == TPM_SECRET_BYTES, "boot_info.h");
		string_copy(unsealed->header, name, sizeof(unsealed->header));
		memcpy(unsealed->bytes, secret.bytes, secret.nr_bytes);
		unsealed->length_bytes = (uint32_t)secret.nr_bytes;
		text_line("TPM: the key of %s, sealed on %s, is unsealed", name, sealed->day);
	} else {
		text_line("TPM: the key of %s, sealed on %s, stays sealed: %s", name, sealed->day, why);
	}
	memory_wipe(&secret, sizeof(secret));
	return result == TPM_GOOD;
}

bool tpm_unlock(const char *options, const char *name, const uint8_t *header, size_t header_bytes, struct boot_unsealed *unsealed)
{
	static struct tpm_sealed sealed;
	size_t at = 0, bytes = key_token_searched_bytes(header, header_bytes);

	if (tpm_is_mute && tpm_sealed_next(header, bytes, &at, &sealed))
		tpm_is_missed = true;
	if (tpm_protocol == NULL || tpm_has_failed)
		return false;
	while (tpm_sealed_next(header, bytes, &at, &sealed)) {
		if (tpm_was_wrong())
			text_line("TPM: what it unsealed at the last start opened nothing, so it is not asked now");
		else if (tpm_try(options, name, &sealed, unsealed))
			return true;
		else
			continue;
		break;
	}
	return false;
}

void tpm_leave(const char *why)
{
	if (tpm_protocol != NULL)
		text_line("TPM: no key is unsealed: %s", why);
}

bool tpm_cap(void)
{
	static const char text[] = "ritevisor cap";
	uint8_t before[TPM_HASH_BYTES], after[TPM_HASH_BYTES];

	if (tpm_protocol == NULL)
		return !tpm_is_missed;
	if (!tpm_read_pcr(&tpm_link, TPM_PCR, before))
		return false;
	tpm_measure("cap", "", text, sizeof(text) - 1);
	/* A PCR is what counts, not what firmware says of it. */
	return tpm_read_pcr(&tpm_link, TPM_PCR, after) && memcmp(before, after, sizeof(after)) != 0;
}
