/*
 * boot/uefi/loader.c: ritevisor.efi: loads the hypervisor and what belongs to it, starts it, and
 * as its guest goes on with the boot.
 */
#include "boot/boot_unsealed.h"
#include "boot/memory_need.h"
#include "boot/uefi/card.h"
#include "boot/uefi/chain.h"
#include "boot/uefi/config.h"
#include "boot/uefi/efi.h"
#include "boot/uefi/enter.h"
#include "boot/uefi/file.h"
#include "boot/uefi/memory_map.h"
#include "boot/uefi/mp.h"
#include "boot/uefi/overwrite.h"
#include "boot/uefi/payload.h"
#include "boot/uefi/place.h"
#include "boot/uefi/prompt.h"
#include "boot/uefi/reconnect.h"
#include "boot/uefi/rescue.h"
#include "boot/uefi/text.h"
#include "boot/uefi/tpm.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/log_ring.h"
#include "core/string.h"
#include "rv/policy.h"

#define LOADER_CONFIG "ritevisor.conf"
#define LOADER_LENT_BYTES (GIB(1) + MIB(2)) /* at most, and a power of two lower if need be */
#define LOADER_FILES_MAXIMUM (BOOT_MODULES_MAXIMUM + 2) /* the program and its configuration */

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static const struct efi_guid loader_image_guid = EFI_GUID_LOADED_IMAGE;
static const struct efi_guid loader_shell_guid = EFI_GUID_SHELL_PARAMETERS;
static const struct efi_guid loader_guid = EFI_GUID_RITEVISOR;

static struct efi_system_table *loader_system;
static struct efi_boot_services *loader_boot;
static struct efi_loaded_image *loader_image;
static struct file_folder loader_folder;
static struct config loader_config;
static struct uefi_handover loader_handover;
static struct log_ring loader_log_before; /* of the boot before */
static bool loader_secure_boot;
static bool loader_has_asked; /* for a passphrase */
static bool loader_misunderstood; /* a line of the configuration was left out */
static bool loader_tampered; /* a file is not what the list in this program says, or not there */

/* Files in memory until the hypervisor has its copies. */
static struct file_data loader_files[LOADER_FILES_MAXIMUM];
static size_t loader_nr_files;
static const struct file_data *loader_program; /* the hypervisor; NULL: it cannot be had */
static const struct file_data *loader_config_file; /* NULL: there is none */
static size_t loader_nr_named; /* modules that options name: they come first, and rescue leaves them */

static void loader_free_files(void)
{
	while (loader_nr_files != 0)
		file_free(&loader_folder, &loader_files[--loader_nr_files]);
}

/* UEFI 3.3, table 3.1: one byte, 1 if the firmware verifies signatures. */
static bool loader_is_secure_boot(void)
{
	static const struct efi_guid guid = EFI_GUID_GLOBAL_VARIABLE;
	static const efi_char name[] = { 'S', 'e', 'c', 'u', 'r', 'e', 'B', 'o', 'o', 't', 0 };
	uint64_t bytes = sizeof(uint8_t);
	uint8_t value = 0;

	return !efi_failed(loader_system->runtime->get_variable(name, &guid, NULL, &bytes,
								&value)) && value == 1;
}

/* NULL, with a message, if it cannot be had. is_signed: the hypervisor will look at its signature. */
static const struct file_data *loader_read(const char *name, bool is_signed)
{
	struct file_data *file = &loader_files[loader_nr_files];
	efi_status status = file_read(&loader_folder, name, file);

	if (efi_failed(status)) {
		text_line("%s cannot be read (status %llx)", name,
			  (unsigned long long)(status & 0xff));
		/* Whoever may take a file away must not get round what was signed by that. */
		loader_tampered = loader_tampered || payload_has_list();
		return NULL;
	}
	loader_nr_files++;
	if (is_signed || payload_is_good(name, file->data, file->length_bytes, loader_secure_boot))
		return file;
	text_line(payload_has_list() ? "%s is refused: it is not what was signed"
				     : "%s is refused: Secure Boot is on, and no file was signed",
		  name);
	loader_tampered = true;
	return NULL;
}

static void loader_read_config(void)
{
	const struct file_data *file;
	unsigned wrong;

	config_set_defaults(&loader_config, payload_has_list());
	file = loader_config_file = loader_read(LOADER_CONFIG, false);
	if (file == NULL)
		return;
	wrong = config_parse(file->data, &loader_config);
	if (wrong != 0)
		text_line(LOADER_CONFIG ", line %u: not understood, left out", wrong);
	loader_misunderstood = wrong != 0;
}

/* Is the word that begins there this one? */
static bool loader_word_is(const char *word, const char *wanted)
{
	size_t length = strlen(wanted);

	return strncmp(word, wanted, length) == 0 && (word[length] == '\0' || word[length] == ' ');
}

/* Not even rescue goes on without it. */
static bool loader_word_encrypts(const char *word)
{
	return strncmp(word, "encrypt=", 8) == 0;
}

static bool loader_word_tunnels(const char *word)
{
	return strncmp(word, "vpn=", 4) == 0;
}

/* A word by which nothing boots without us: as boot/options.c takes it, all but two of iommu= are own. */
static bool loader_word_requires(const char *word)
{
	return strncmp(word, "require=", 8) == 0 ||
	       (strncmp(word, "iommu=", 6) == 0 && !loader_word_is(word, "iommu=guest") &&
		!loader_word_is(word, "iommu=off"));
}

/* Has the boot line such a word? */
static bool loader_has_word(bool (*is_such)(const char *word))
{
	const char *word = loader_config.options;

	while (!is_such(word)) {
		while (*word != '\0' && *word != ' ')
			word++;
		if (*word == '\0')
			return false;
		word++;
	}
	return true;
}

/* As boot/options.c takes it: scripts run only with a signature. */
static bool loader_word_wants_signatures(const char *word)
{
	return loader_word_is(word, "require_signed") || strncmp(word, "trusted_key=", 12) == 0;
}

/* Must scripts be in force, or no OS is started (boot/policy.h)? Of those whose files were read. */
static bool loader_wants_policy(void)
{
	const struct boot_info *info = &loader_handover.info;
	bool wants = loader_has_word(loader_word_requires);

	for (size_t i = 0; i < info->nr_modules; i++)
		wants |= info->modules[i].kind == BOOT_MODULE_SCRIPT &&
			 rv_is_policy((const char *)info->modules[i].data, info->modules[i].length_bytes);
	return (wants && !loader_config.rescue) || loader_has_word(loader_word_encrypts) ||
	       loader_has_word(loader_word_tunnels);
}

/* Whoever goes back to the firmware lets it start its next entry. */
_Noreturn static void loader_refuse(void)
{
	text_line("what has to be in force is not (policy! in a script, require=, iommu=own, encrypt= or vpn=): the boot "
		  "stops here");
	if (loader_has_asked)
		prompt_restart(loader_system);
	for (;;)
		loader_boot->stall(1000000);
}

/* Whoever signed the files also signed whether a key or a count may switch the scripts off; but no policy, for
 * which there is nothing but the word in the file. */
static void loader_look_for_rescue(void)
{
	if (loader_config.rescue)
		text_line("rescue is set in " LOADER_CONFIG);
	if (payload_has_list() && loader_wants_policy())
		loader_config.rescue_key_ms = loader_config.attempts = 0;
	if (!loader_config.rescue &&
	    rescue_is_asked_for(loader_system, loader_config.rescue_key_ms)) {
		text_line("R was pressed: rescue");
		loader_config.rescue = true;
	}
	if (rescue_count_boot(loader_system, &loader_folder, loader_config.attempts) &&
	    !loader_config.rescue) {
		text_line("the last %llu boots did not reach an OS: rescue",
			  (unsigned long long)loader_config.attempts);
		loader_config.rescue = true;
	}
}

/* `path` gives it its name. */
static bool loader_add_module(enum boot_module_kind kind, const char *path, const struct file_data *file)
{
	struct boot_info *info = &loader_handover.info;
	struct boot_module *module = &info->modules[info->nr_modules];
	const char *name = path;

	if (file == NULL)
		return false;
	for (; *path != '\0'; path++) {
		if (*path == '/' || *path == '\\')
			name = path + 1;
	}
	module->kind = kind;
	string_copy(module->name, name, sizeof(module->name));
	module->data = (hpa_t)file->data;
	module->length_bytes = file->length_bytes;
	info->nr_modules++;
	return true;
}

/* The signature beside a script, if there is one: it vouches for itself, so the list need not have it. */
static bool loader_add_signature(const char *path)
{
	static const char suffix[] = ".minisig";
	struct file_data *file = &loader_files[loader_nr_files];
	char name[CONFIG_NAME_BYTES + sizeof(suffix)];

	print_format(name, sizeof(name), "%s%s", path, suffix);
	if (efi_failed(file_read(&loader_folder, name, file)))
		return false;
	loader_nr_files++;
	return loader_add_module(BOOT_MODULE_SIGNATURE, path, file);
}

/* Where the configuration is sealed and requires signatures, a script that has one may be another than at the time of
 * sealing: the hypervisor refuses it unless the signature is good. */
static void loader_add_script(const char *path)
{
	bool is_signed = loader_add_signature(path) && payload_has_list() &&
			 loader_has_word(loader_word_wants_signatures);

	(void)loader_add_module(BOOT_MODULE_SCRIPT, path, loader_read(path, is_signed));
}

/* A script that is missing stops neither the others nor the OS, unless it is required. Without an engine they
 * are read all the same: one may be a policy. */
static void loader_add_modules(void)
{
	for (size_t i = 0; i < loader_config.nr_files; i++)
		(void)loader_add_module(BOOT_MODULE_FILE, loader_config.files[i], loader_read(loader_config.files[i], false));
	loader_nr_named = loader_handover.info.nr_modules;
	if (loader_config.rescue || strcmp(loader_config.engine, "none") == 0)
		return;
	(void)loader_add_module(BOOT_MODULE_ENGINE, loader_config.engine, loader_read(loader_config.engine, false));
	for (size_t i = 0; i < loader_config.nr_scripts; i++)
		loader_add_script(loader_config.scripts[i]);
}

/* The specification's words on the RSDP's place: 4.6, the configuration table. */
static void loader_find_rsdp(void)
{
	static const struct efi_guid guids[] = { EFI_GUID_ACPI_20, EFI_GUID_ACPI_10 };
	static const size_t rsdp_bytes[] = { 36, 20 };
	struct boot_info *info = &loader_handover.info;

	for (size_t kind = 0; kind < ARRAY_LENGTH(guids) && !info->has_rsdp_copy; kind++) {
		for (uint64_t i = 0; i < loader_system->nr_table_entries; i++) {
			const struct efi_configuration_table *entry =
				&loader_system->configuration_table[i];

			if (memcmp(&entry->vendor, &guids[kind], sizeof(guids[kind])) != 0)
				continue;
			memcpy(info->rsdp_copy, entry->table, rsdp_bytes[kind]);
			info->has_rsdp_copy = true;
		}
	}
}

static bool loader_get_map(void)
{
	uint64_t map_bytes = 0, key, descriptor_bytes = 0;
	struct boot_info *info = &loader_handover.info;
	uint32_t version;
	efi_status status;
	void *map;

	loader_boot->get_memory_map(&map_bytes, NULL, &key, &descriptor_bytes, &version);
	map_bytes += 8 * descriptor_bytes; /* the buffer itself adds to the map */
	if (efi_failed(loader_boot->allocate_pool(EFI_LOADER_DATA, map_bytes, &map)))
		return false;
	status = loader_boot->get_memory_map(&map_bytes, map, &key, &descriptor_bytes, &version);
	if (!efi_failed(status))
		info->nr_map = memory_map_convert(map, map_bytes, descriptor_bytes, info->map,
						  ARRAY_LENGTH(info->map));
	loader_boot->free_pool(map);
	return info->nr_map != 0;
}

/* Memory for the hypervisor to unlock disks with, as much as there is up to what cryptsetup asks for at most. */
static void loader_lend_memory(void)
{
	struct boot_info *info = &loader_handover.info;

	info->lent_bytes = loader_has_word(loader_word_encrypts) ? LOADER_LENT_BYTES : 0;
	while (info->lent_bytes >= MIB(1) &&
	       efi_failed(loader_boot->allocate_pages(EFI_ALLOCATE_ANY_PAGES, EFI_LOADER_DATA,
						      info->lent_bytes / PAGE_BYTES, &info->lent)))
		info->lent_bytes = align_down(info->lent_bytes / 2, PAGE_BYTES);
	if (info->lent_bytes < MIB(1))
		info->lent_bytes = 0;
}

static void loader_take_memory_back(void)
{
	struct boot_info *info = &loader_handover.info;

	if (info->lent_bytes != 0)
		loader_boot->free_pages(info->lent, info->lent_bytes / PAGE_BYTES);
	info->lent_bytes = 0;
}

/* With the program in its place. */
static efi_status loader_enter(struct place *place)
{
	efi_status status = EFI_OUT_OF_RESOURCES;
	struct boot_info *info = &loader_handover.info;
	struct uefi_cpu *cpu = &loader_handover.boot;

	cpu->root = place_make_tables(loader_boot, place, cr3_read());
	if (cpu->root == 0)
		return status;
	cpu->entry = (uint64_t)place->entry;
	info->bios_device = 0xffffffff;
	info->place = place->start;
	info->place_bytes = place->length_bytes;
	info->low_page = MIB(1) - PAGE_BYTES;
	if (efi_failed(loader_boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS,
						   EFI_RESERVED_MEMORY_TYPE, 1, &info->low_page)))
		info->low_page = 0;
	loader_find_rsdp();
	loader_lend_memory();
	mp_gather(loader_boot, &loader_handover, cpu->root, place->cpu_entry);
	if (loader_get_map())
		status = enter_hypervisor(cpu);
	else
		text_line("the firmware's memory map cannot be read");
	if (efi_failed(status))
		mp_release(&loader_handover);
	else
		mp_finish();
	place_free_tables(loader_boot, place);
	loader_take_memory_back();
	if (efi_failed(status) && info->low_page != 0)
		loader_boot->free_pages(info->low_page, 1);
	return status;
}

/* Leaves the machine as it was if it fails. */
static efi_status loader_virtualise(void)
{
	uint64_t bytes = memory_need_bytes(&loader_handover.info);
	struct place place;
	const char *why;
	efi_status status;

	if (!enter_is_possible(&why)) {
		text_line("%s", why);
		return EFI_UNSUPPORTED;
	}
	if (loader_program == NULL)
		return loader_tampered ? EFI_SECURITY_VIOLATION : EFI_NOT_FOUND;
	status = place_allocate(loader_boot, bytes, &place);
	if (efi_failed(status)) {
		text_line("no %llu MiB of memory below 4 GiB", (unsigned long long)(bytes >> 20));
		return status;
	}
	if (place_save_log(&place, &loader_log_before))
		loader_handover.info.log_before = (hpa_t)&loader_log_before;
	status = EFI_LOAD_ERROR;
	if (place_load(loader_program, &place, &why))
		status = loader_enter(&place);
	else
		text_line("%s", why);
	text_screen(loader_handover.log);
	if (efi_failed(status))
		place_free(loader_boot, &place);
	return status;
}

static bool loader_has_protocol(efi_handle handle, const struct efi_guid *guid)
{
	void *interface;

	return !efi_failed(loader_boot->handle_protocol(handle, guid, &interface));
}

static bool loader_runs_already(void)
{
	void *interface;

	return !efi_failed(loader_boot->locate_protocol(&loader_guid, NULL, &interface));
}

/* May a key in it be sealed? */
static bool loader_is_header(const char *name)
{
	const char *options = loader_config.options;
	char header[RV_SCRIPT_NAME_BYTES];

	while (passphrase_next_header(&options, header, sizeof(header))) {
		if (strcmp(header, name) == 0)
			return true;
	}
	return false;
}

static bool loader_is_measured(const struct boot_module *module)
{
	return module->kind != BOOT_MODULE_FILE || !passphrase_is_left_out(loader_config.options, module->name);
}

/* What decides on what runs; docs/encryption.md tells of it, and `ritevisor attest` computes the same. */
static void loader_measure(void)
{
	static const char *const kinds[] = { "engine", "script", "signature", "file" };
	const struct boot_info *info = &loader_handover.info;

	if (loader_config_file != NULL)
		tpm_measure("configuration", "", loader_config_file->data, loader_config_file->length_bytes);
	tpm_measure("boot line", "", info->command_line, strlen(info->command_line));
	if (loader_program != NULL)
		tpm_measure("hypervisor", "", loader_program->data, loader_program->length_bytes);
	for (size_t i = 0; i < info->nr_modules; i++) {
		const struct boot_module *module = &info->modules[i];

		if (loader_is_measured(module))
			tpm_measure(kinds[module->kind], module->name, (const void *)module->data, module->length_bytes);
	}
}

/* Whoever has the machine sleep without telling the TPM has it begin anew at the wake, its PCRs too, and what firmware has
 * measured by then stands in the log: all of a boot could be played to it again. With fast nothing keeps it from that. */
static bool loader_word_lets_sleep(const char *word)
{
	return loader_word_is(word, "sleep=allow") || loader_word_is(word, "sleep=policy") || loader_word_is(word, "fast");
}

typedef bool (*loader_unlock)(const char *options, const char *name, const uint8_t *header, size_t header_bytes,
			      struct boot_unsealed *unsealed);

/* The headers that have no key yet, one way. */
static void loader_unlock_all(loader_unlock unlock)
{
	struct boot_info *info = &loader_handover.info;

	for (size_t i = 0; i < info->nr_modules && info->nr_unsealed < ARRAY_LENGTH(info->unsealed); i++) {
		const struct boot_module *module = &info->modules[i];

		if (module->kind == BOOT_MODULE_FILE && loader_is_header(module->name) && !boot_has_unsealed(info, module->name) &&
		    unlock(loader_config.options, module->name, (const uint8_t *)module->data, module->length_bytes,
			   &info->unsealed[info->nr_unsealed]))
			info->nr_unsealed++;
	}
}

static void loader_unseal(void)
{
	if (loader_has_word(loader_word_encrypts) && loader_has_word(loader_word_lets_sleep)) {
		tpm_leave("suspend to RAM (sleep=, fast) could give it to the OS");
		return;
	}
	loader_unlock_all(tpm_unlock);
}

static bool loader_unlock_by_card(const char *options, const char *name, const uint8_t *header, size_t header_bytes,
				  struct boot_unsealed *unsealed)
{
	return card_unlock(loader_system, options, name, header, header_bytes, unsealed);
}

static void loader_wipe_keys(void)
{
	struct boot_info *info = &loader_handover.info;

	memory_wipe(&info->passphrase, sizeof(info->passphrase));
	memory_wipe(info->unsealed, sizeof(info->unsealed));
}

/* Takes the keys of disks from a TPM, if there is one, else by a person's card, or what a person types. Behind it no TPM
 * gives them to anybody. */
static void loader_take_keys(void)
{
	size_t nr_unsealed;

	if (!loader_tampered) {
		loader_measure();
		loader_unseal();
	}
	if (!tpm_cap() && loader_has_word(loader_word_encrypts)) {
		text_line("TPM: its PCR %d cannot be extended, so that an OS could unseal what we do", TPM_PCR);
		loader_wipe_keys();
		loader_refuse();
	}
	nr_unsealed = loader_handover.info.nr_unsealed;
	if (!loader_tampered)
		loader_unlock_all(loader_unlock_by_card);
	if (!loader_tampered && boot_lacks_unsealed(&loader_handover.info, loader_config.options))
		prompt_ask(loader_system, loader_config.options, &loader_handover.info.passphrase);
	loader_has_asked = loader_handover.info.passphrase.is_given || loader_handover.info.nr_unsealed != nr_unsealed;
}

/* A failure is told to the user, and then the OS boots without us. */
static void loader_start(void)
{
	struct boot_info *info = &loader_handover.info;
	efi_handle mark = NULL;
	efi_status status;

	loader_add_modules();
	loader_look_for_rescue();
	if (loader_misunderstood && (payload_has_list() || loader_wants_policy()))
		loader_refuse();
	loader_program = loader_read(loader_config.hypervisor, false);
	if (loader_config.rescue)
		info->nr_modules = loader_nr_named;
	print_format(info->command_line, sizeof(info->command_line), "%s%s", loader_config.options,
		     loader_config.rescue ? " rescue" : "");
	/* Before there is a key in memory. */
	if (!loader_tampered && loader_has_word(loader_word_encrypts) && !overwrite_request(loader_system))
		text_line("this firmware does not clear memory at a reset (MemoryOverwriteRequestControl): the reset button leaves "
			  "keys of disks there");
	loader_take_keys();
	status = loader_tampered ? EFI_SECURITY_VIOLATION : loader_virtualise();
	loader_wipe_keys();
	if (!efi_failed(status) && loader_handover.refused) {
		text_line("%s", loader_handover.why);
		if (info->nr_unsealed != 0 && !loader_has_asked) {
			tpm_note_wrong();
			loader_has_asked = true; /* the next start will */
		}
		loader_refuse();
	}
	if (!efi_failed(status)) {
		loader_boot->install_protocol_interface(&mark, &loader_guid, EFI_NATIVE_INTERFACE,
							NULL);
		if (loader_handover.reconnect)
			reconnect_disks(loader_boot);
		return;
	}
	if (loader_handover.why[0] != '\0')
		text_line("%s", loader_handover.why);
	if (loader_wants_policy() || loader_handover.refused)
		loader_refuse();
	if (!loader_tampered)
		text_line("the OS boots without Ritevisor");
}

/* By the specification (3.1.1), the firmware goes on with its next entry only after an error. */
static efi_status loader_finish(efi_handle self)
{
	efi_status status = EFI_NOT_STARTED;

	if (loader_tampered)
		return EFI_SECURITY_VIOLATION;
	if (loader_config.chain[0] != '\0')
		status = chain_start(loader_system, self, loader_image, loader_config.chain,
				     loader_config.chain_options);
	if (loader_has_protocol(self, &loader_shell_guid))
		return loader_config.chain[0] != '\0' ? status : EFI_SUCCESS;
	if (efi_failed(status) && loader_config.chain[0] == '\0')
		text_line("back to the firmware, which boots its next entry");
	return status;
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	efi_status status;

	loader_system = system;
	loader_boot = system->boot;
	text_init(system);
	tpm_find(system);
	loader_boot->set_watchdog_timer(0, 0, 0, NULL);
	status = loader_boot->handle_protocol(self, &loader_image_guid, (void **)&loader_image);
	if (!efi_failed(status))
		status = file_open_folder(loader_boot, loader_image, &loader_folder);
	if (efi_failed(status)) {
		text_line("the folder that this program is in cannot be read");
		(void)tpm_cap();
		return status;
	}
	loader_secure_boot = loader_is_secure_boot();
	loader_read_config();
	if (!loader_tampered && loader_runs_already())
		text_line("runs already");
	else if (!loader_tampered)
		loader_start();
	else if (!tpm_cap())
		loader_refuse();
	loader_free_files();
	return loader_finish(self);
}
