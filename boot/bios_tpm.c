/*
 * boot/bios_tpm.c: see the header.
 */
#include "boot/bios_tpm.h"

#include "boot/bios_prompt.h"
#include "boot/boot_unsealed.h"
#include "boot/encrypt.h"
#include "boot/options.h"
#include "boot/tpm_link.h"
#include "boot/tpm_log.h"
#include "boot/tpm_pcr.h"
#include "boot/tpm_regs.h"
#include "core/acpi_tables.h"
#include "core/instructions.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process.h"
#include "process/unseal.h"
#include "service/tpm_sealed.h"
#include "vmm/vcpu.h"

#define TPM_PCR 12 /* as boot/uefi/tpm.h */
#define TPM_TEXT_BYTES 128
#define PIN_TRIES 3
#define KEYS_MAXIMUM 16 /* of a file, that are tried */
#define CPUID_RDRAND (1u << 30) /* leaf 1, ECX */
#define RANDOM_WORDS 8
#define RANDOM_TRIES 10
#define JITTER_ROUNDS 64
#define VECTORS 256

extern uint8_t layout_load_start[]; /* boot/ritevisor.lds */

/* The ACPI table "TPM2" (TCG ACPI Specification 1.3, 7.3): where registers and the event log are. */
#define TABLE_CONTROL_AREA 40
#define TABLE_START_METHOD 48
#define START_METHOD_FIFO 6
#define TABLE_LOG_BYTES 64
#define TABLE_LOG_ADDRESS 68
#define TABLE_BYTES 76
#define LOG_BYTES_MAXIMUM MIB(1)
#define DEVICES_ADDRESS UINT64_C(0xfec00000) /* up to 4 GiB: APICs and the like */

static struct tpm_device tpm_device;
static bool tpm_has_keys;	/* files have keys that a TPM has sealed */
static bool tpm_is_waited_for;	/* nobody was asked for a passphrase yet */
static bool tpm_has_failed;	/* to measure something: nothing is unsealed by it */
static struct tpm_digests tpm_banks;
static uint8_t *tpm_log;	/* NULL: there is none */
static size_t tpm_log_bytes;

/* The registers ------------------------------------------------------------------------------------ */

static volatile uint8_t *tpm_register(unsigned offset)
{
	return (volatile uint8_t *)memory_direct(TPM_LINK_ADDRESS) + offset;
}

static uint32_t tpm_read(unsigned offset, unsigned nr_bytes)
{
	return nr_bytes == 1 ? *tpm_register(offset) : *(volatile uint32_t *)(volatile void *)tpm_register(offset);
}

static void tpm_write(unsigned offset, unsigned nr_bytes, uint32_t value)
{
	if (nr_bytes == 1)
		*tpm_register(offset) = (uint8_t)value;
	else
		*(volatile uint32_t *)(volatile void *)tpm_register(offset) = value;
}

static const struct tpm_bus tpm_bus = { .read = tpm_read, .write = tpm_write, .wait_us = time_wait_us };

static bool tpm_submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	return tpm_link_submit(context, command, command_bytes, answer, answer_bytes);
}

static const struct tpm_pcr_link tpm_pcr_link = { .submit = tpm_submit, .context = &tpm_device };

/* Measuring ---------------------------------------------------------------------------------------- */

static __attribute__((format(printf, 1, 2))) void tpm_say(const char *format, ...)
{
	char text[UNSEAL_WHY_BYTES + RV_SCRIPT_NAME_BYTES + 64];
	va_list arguments;

	va_start(arguments, format);
	print_format_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_notice("TPM: %s", text);
}

/* It lies in memory of whichever type, as SeaBIOS has it in what is reserved. */
static bool tpm_is_memory(uint64_t address, uint64_t bytes)
{
	if (memory_is_reserved(address, bytes) || (address < GIB(4) && address + bytes > DEVICES_ADDRESS))
		return false;
	for (size_t i = 0; i < boot_info.nr_map; i++) {
		const struct e820_entry *entry = &boot_info.map[i];

		if (address >= entry->base && bytes <= entry->length_bytes &&
		    address - entry->base <= entry->length_bytes - bytes)
			return address + bytes <= paging_direct_bytes;
	}
	return false;
}

/* Which banks there are the log says; without one, that of SHA-256 alone is extended. */
static void tpm_find_log(void)
{
	const uint8_t *table = acpi_find_table("TPM2");
	uint64_t address, bytes;

	tpm_banks = (struct tpm_digests){ .banks = { { TPM_ALG_SHA256, TPM_SHA256_BYTES } }, .nr = 1 };
	if (table == NULL || acpi_get(table + ACPI_HEADER_LENGTH, 4) < TABLE_BYTES)
		return;
	address = acpi_get(table + TABLE_LOG_ADDRESS, 8);
	bytes = acpi_get(table + TABLE_LOG_BYTES, 4);
	if (address == 0 || address > INT64_MAX || bytes == 0 || bytes > LOG_BYTES_MAXIMUM || !tpm_is_memory(address, bytes))
		return;
	if (!tpm_log_banks(memory_direct(address), bytes, &tpm_banks))
		return;
	tpm_log = memory_direct(address);
	tpm_log_bytes = bytes;
}

static void tpm_measure(const char *kind, const char *name, const void *data, size_t length_bytes)
{
	char text[TPM_TEXT_BYTES];

	print_format(text, sizeof(text), "ritevisor %s%s%s", kind, name[0] != '\0' ? " " : "", name);
	tpm_digest(data, length_bytes, &tpm_banks);
	if (!tpm_pcr_extend(&tpm_pcr_link, TPM_PCR, &tpm_banks)) {
		log_error("TPM: %s cannot be measured: %s", text, tpm_device.why != NULL ? tpm_device.why : "it refuses");
		tpm_has_failed = true;
	} else if (tpm_log != NULL && !tpm_log_append(tpm_log, tpm_log_bytes, TPM_PCR, &tpm_banks, text)) {
		log_warning("TPM: the event log is damaged, or has no room: it does not say what was measured");
		tpm_log = NULL;
	}
}

/* The loader has not kept the file. Of the image as it was loaded what is never written to: code and constants. */
static void tpm_measure_program(void)
{
	tpm_measure("hypervisor", "", memory_direct((hpa_t)layout_load_start), (size_t)(layout_rodata_end - layout_image_start));
}

/* docs/encryption.md tells of it. There is no configuration file: GRUB's says what we get. */
static void tpm_measure_all(void)
{
	static const char *const kinds[] = { "engine", "script", "signature", "file" };

	tpm_measure("boot line", "", boot_info.command_line, strlen(boot_info.command_line));
	tpm_measure_program();
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		const struct boot_module *module = &boot_info.modules[i];

		if (module->kind != BOOT_MODULE_FILE || !passphrase_is_left_out(boot_info.command_line, module->name))
			tpm_measure(kinds[module->kind], module->name, memory_direct(module->data), module->length_bytes);
	}
}

/* A PCR is what counts, not what the TPM says of it. */
static bool tpm_cap(void)
{
	static const char text[] = "ritevisor cap";
	uint8_t before[TPM_SHA256_BYTES], after[TPM_SHA256_BYTES];

	if (!tpm_pcr_read(&tpm_pcr_link, TPM_PCR, before))
		return false;
	tpm_measure("cap", "", text, sizeof(text) - 1);
	return tpm_pcr_read(&tpm_pcr_link, TPM_PCR, after) && memcmp(before, after, sizeof(after)) != 0;
}

/* Unsealing ---------------------------------------------------------------------------------------- */

/* The CPU's source, and how long the TPM takes to be read: one good one suffices. */
static void tpm_gather_entropy(uint8_t entropy[UNSEAL_ENTROPY_BYTES])
{
	struct {
		uint64_t cpu[RANDOM_WORDS], jitter[JITTER_ROUNDS];
		uint8_t half;
	} pool = { 0 };

	for (unsigned i = 0; i < RANDOM_WORDS && (cpuid_query(1, 0).ecx & CPUID_RDRAND); i++) {
		uint8_t good = 0;

		for (unsigned try = 0; try < RANDOM_TRIES && !good; try++)
			__asm__ volatile("rdrand %0; setc %1" : "=r"(pool.cpu[i]), "=qm"(good) : : "cc");
	}
	for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
		(void)tpm_read(0, 1);
		time_wait_us(1);
		pool.jitter[i] = tsc_read();
	}
	tpm_digest_sha256(&pool, sizeof(pool), entropy);
	pool.half = 1;
	tpm_digest_sha256(&pool, sizeof(pool), entropy + TPM_SHA256_BYTES);
	memory_wipe(&pool, sizeof(pool));
}

static uint64_t tpm_ask(struct vcpu *vcpu, const struct boot_module *file, struct unseal_request *request,
			struct unseal_answer *answer)
{
	bool good;

	tpm_gather_entropy(request->entropy);
	good = unseal_ask(request, memory_physical(memory_direct(file->data)), tpm_submit, &tpm_device, vcpu, answer);
	memory_wipe(request->entropy, sizeof(request->entropy));
	if (good)
		return answer->verdict;
	string_copy(answer->why, "stays sealed: the program that asks the TPM did not end well", sizeof(answer->why));
	return 0;
}

/* As often as it takes, but no more than PIN_TRIES: an empty PIN goes on to the next way. */
static uint64_t tpm_ask_with_pin(struct vcpu *vcpu, const struct boot_module *file, struct unseal_request *request,
				 struct unseal_answer *answer)
{
	static struct passphrase typed;
	uint64_t verdict = UNSEAL_WRONG_PIN;

	for (unsigned i = 0; i < PIN_TRIES && verdict == UNSEAL_WRONG_PIN; i++) {
		if (i != 0)
			tpm_say("the PIN is wrong");
		bios_prompt_ask_again(boot_info.command_line, "PIN", &typed);
		if (typed.length_bytes == 0) {
			string_copy(answer->why, "stays sealed: no PIN was given", sizeof(answer->why));
			return 0;
		}
		_Static_assert(sizeof(typed.bytes) <= sizeof(request->pin), "unseal.h");
		memcpy(request->pin, typed.bytes, typed.length_bytes);
		request->pin_bytes = typed.length_bytes;
		memory_wipe(&typed, sizeof(typed));
		verdict = tpm_ask(vcpu, file, request, answer);
		memory_wipe(request->pin, sizeof(request->pin));
		request->pin_bytes = 0;
	}
	return verdict;
}

static bool tpm_unseal_file(struct vcpu *vcpu, const struct boot_module *file, struct boot_unsealed *unsealed)
{
	static struct unseal_request request;
	static struct unseal_answer answer;
	uint64_t verdict = 0;

	for (request.skip = 0; request.skip < KEYS_MAXIMUM && verdict != UNSEAL_GOOD; request.skip++) {
		request.text_bytes = file->length_bytes;
		verdict = tpm_ask(vcpu, file, &request, &answer);
		if (verdict == UNSEAL_NONE)
			break;
		if (verdict == UNSEAL_NEEDS_PIN)
			verdict = tpm_ask_with_pin(vcpu, file, &request, &answer);
		tpm_say("the key of %s, %s", file->name, answer.why);
	}
	if (verdict == UNSEAL_GOOD) {
		_Static_assert(sizeof(unsealed->bytes) == UNSEAL_SECRET_BYTES, "boot_info.h");
		string_copy(unsealed->header, file->name, sizeof(unsealed->header));
		memcpy(unsealed->bytes, answer.secret, sizeof(unsealed->bytes));
		unsealed->length_bytes = answer.secret_bytes;
	}
	memory_wipe(&answer, sizeof(answer));
	return verdict == UNSEAL_GOOD;
}

/* Nothing is virtualised, so there is nothing to switch for CPL 3. */
static void tpm_switch_nothing(struct vcpu *vcpu)
{
	(void)vcpu;
}

static const struct vcpu_operations tpm_operations = {
	.name = "none",
	.host_begin = tpm_switch_nothing,
	.host_end = tpm_switch_nothing,
	.dump = tpm_switch_nothing,
};

static void tpm_unseal_all(struct vcpu *vcpu)
{
	const char *options = boot_info.command_line;
	char name[RV_SCRIPT_NAME_BYTES];

	while (passphrase_next_header(&options, name, sizeof(name))) {
		const struct boot_module *file = boot_find_file(name);

		if (file != NULL && !boot_has_unsealed(&boot_info, name) && boot_info.nr_unsealed < ARRAY_LENGTH(boot_info.unsealed) &&
		    tpm_unseal_file(vcpu, file, &boot_info.unsealed[boot_info.nr_unsealed]))
			boot_info.nr_unsealed++;
	}
}

static void tpm_unseal(struct vcpu *vcpu)
{
	if (tpm_has_failed || !tpm_is_waited_for)
		return;
	/* The OS that suspends has the TPM begin anew, and could then play our boot to it; or one that has firmware take a reset for
	 * a wake (vmm/shutdown_status.h). */
	if (boot_options.sleep != SLEEP_DENY || boot_options.fast) {
		tpm_say("no key is unsealed: suspend to RAM (sleep=, fast) could give it to the OS");
		return;
	}
	vcpu_ops = &tpm_operations;
	process_prepare();
	tpm_unseal_all(vcpu);
	vcpu_ops = NULL;
}

/* Interrupts that CPL 3 had in the BIOS's place. */
static void tpm_deliver_interrupts(struct vcpu *vcpu)
{
	for (unsigned vector = 0; vcpu->has_pending && vector < VECTORS; vector++) {
		if (vcpu->pending_interrupts[vector / 64] >> vector % 64 & 1) {
			vcpu_withdraw_interrupt(vcpu, vector);
			bios_prompt_interrupt((uint8_t)vector);
		}
	}
}

/* Where nothing is, reads give all ones, or zeros. Memory is mapped to itself. */
static bool tpm_may_be_there(void)
{
	uint64_t page = TPM_LINK_ADDRESS;
	volatile uint32_t *interface = (volatile uint32_t *)(page + TPM_INTERFACE_ID);
	volatile uint32_t *identity = (volatile uint32_t *)(page + TPM_IDENTITY);

	return *(volatile uint8_t *)page != UINT8_MAX && (*interface | *identity) != 0;
}

bool bios_tpm_may_unseal(void)
{
	static const char mark[] = TPM_SEALED_MARK;

	if (!passphrase_is_wanted(boot_info.command_line))
		return false;
	for (size_t i = 0; i < boot_info.nr_modules && !tpm_has_keys; i++) {
		const struct boot_module *module = &boot_info.modules[i];
		const uint8_t *bytes = (const uint8_t *)module->data;

		for (size_t at = 0; module->kind == BOOT_MODULE_FILE && at + sizeof(mark) <= module->length_bytes; at++) {
			if (bytes[at] == (uint8_t)mark[0] && memcmp(bytes + at, mark, sizeof(mark) - 1) == 0) {
				tpm_has_keys = true;
				break;
			}
		}
	}
	tpm_is_waited_for = tpm_has_keys && tpm_may_be_there();
	return tpm_is_waited_for;
}

/* Firmware tells of one that has its registers in another place, as those have that are a part of it. */
static bool tpm_is_elsewhere(const uint8_t *table)
{
	uint64_t control_area;

	if (acpi_get(table + ACPI_HEADER_LENGTH, 4) < TABLE_START_METHOD + 4 ||
	    acpi_get(table + TABLE_START_METHOD, 4) == START_METHOD_FIFO)
		return false;
	control_area = acpi_get(table + TABLE_CONTROL_AREA, 8);
	return control_area < TPM_LINK_ADDRESS || control_area - TPM_LINK_ADDRESS >= PAGE_BYTES;
}

/* Zeros a TPM may give for a while too, and then firmware tells of it. */
static bool tpm_open(void)
{
	const uint8_t *table = acpi_find_table("TPM2");
	bool is_zero = tpm_read(0, 1) == 0;

	if ((!is_zero || (table != NULL && !tpm_is_elsewhere(table))) && tpm_link_open(&tpm_device, &tpm_bus))
		return true;
	if (table != NULL && tpm_device.why == NULL)
		log_warning("TPM: firmware tells of one that has no registers at FED40000h: it is not used");
	return false;
}

const char *bios_tpm_take_keys(struct vcpu *vcpu)
{
	bool is_there = tpm_open(), capped;

	tpm_is_waited_for &= !boot_info.passphrase.is_given;
	if (is_there) {
		tpm_find_log();
		tpm_measure_all();
		tpm_unseal(vcpu);
	}
	capped = is_there && tpm_cap();
	tpm_link_close(&tpm_device);
	if (tpm_device.why != NULL)
		log_warning("TPM: %s", tpm_device.why);
	if (!capped && tpm_has_keys && (is_there || tpm_device.why != NULL)) {
		memory_wipe(boot_info.unsealed, sizeof(boot_info.unsealed));
		boot_info.nr_unsealed = 0;
		return "the TPM's PCR 12 cannot be extended, so that an OS could unseal what we do";
	}
	if (tpm_is_waited_for && boot_lacks_unsealed(&boot_info, boot_info.command_line)) {
		tpm_deliver_interrupts(vcpu);
		bios_prompt_ask_again(boot_info.command_line, NULL, &boot_info.passphrase);
	}
	return NULL;
}
