/*
 * tests/unit/uefi.c: the pure parts of the UEFI loader: SHA-256, the list of payloads, ritevisor.conf,
 * the memory map.
 */
#include "unit.h"

#include "boot/uefi/config.h"
#include "boot/uefi/memory_map.h"
#include "boot/uefi/payload.h"
#include "rv/sha256.h"
#include "core/string.h"

static const char *uefi_hex(const void *data, size_t length_bytes)
{
	static char text[2 * SHA256_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	sha256(data, length_bytes, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

/* FIPS 180-4's examples (CSRC, SHA256.pdf), and the lengths around a block's end. */
static void uefi_sha256(void)
{
	static char many[1000000];

	memset(many, 'a', sizeof(many));
	UNIT_CHECK(strcmp(uefi_hex("", 0), "e3b0c44298fc1c149afbf4c8996fb924"
					   "27ae41e4649b934ca495991b7852b855") == 0);
	UNIT_CHECK(strcmp(uefi_hex("abc", 3), "ba7816bf8f01cfea414140de5dae2223"
					      "b00361a396177a9cb410ff61f20015ad") == 0);
	UNIT_CHECK(strcmp(uefi_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
			  "248d6a61d20638b8e5c026930c3e6039"
			  "a33ce45964ff2167f6ecedd419db06c1") == 0);
	UNIT_CHECK(strcmp(uefi_hex(many, sizeof(many)), "cdc76e5c9914fb9281a1c7e284d73e67"
							"f1809a48a497200e046d39ccc7112cd0") == 0);
	UNIT_CHECK(strcmp(uefi_hex(many, 64), "ffe054fe7ae0cb6dc65c3af9b61d5209"
					      "f439851db43d0ba5997337df154668eb") == 0);
}

static bool uefi_listed(const char *list, const char *name, const char *data)
{
	return payload_matches(list, strlen(list) + 1, name, data, strlen(data));
}

static void uefi_payloads(void)
{
	char list[512];

	sprintf(list, "%s a.elf\n", uefi_hex("one", 3));
	sprintf(list + strlen(list), "%s scripts/b.rb\n", uefi_hex("two", 3));
	UNIT_CHECK(uefi_listed(list, "a.elf", "one"));
	UNIT_CHECK(uefi_listed(list, "scripts/b.rb", "two"));
	UNIT_CHECK(uefi_listed(list, "scripts\\b.rb", "two"));
	UNIT_CHECK(!uefi_listed(list, "a.elf", "One"));
	UNIT_CHECK(!uefi_listed(list, "a.elf", "two"));
	UNIT_CHECK(!uefi_listed(list, "a.el", "one"));
	UNIT_CHECK(!uefi_listed(list, "a.elff", "one"));
	UNIT_CHECK(!uefi_listed(list, "b.rb", "two"));
	UNIT_CHECK(!uefi_listed("", "a.elf", "one"));
	UNIT_CHECK(!uefi_listed("deadbeef a.elf\n", "a.elf", "one"));
	/* A list that is cut off anywhere, or has no end, is read no further than it goes. */
	for (size_t length = 0; length < strlen(list); length++) {
		char *cut = malloc(length + 1);

		memcpy(cut, list, length);
		UNIT_CHECK(!payload_matches(cut, length, "scripts/b.rb", "two", 3) ||
			   length == strlen(list) - 1);
		free(cut);
	}
	/* Without a list all is good, but not under Secure Boot. */
	UNIT_CHECK(!payload_has_list());
	UNIT_CHECK(payload_is_good("x", "y", 1, false));
	UNIT_CHECK(!payload_is_good("x", "y", 1, true));
}

static struct config uefi_config;

static unsigned uefi_parse(const char *text)
{
	config_set_defaults(&uefi_config, false);
	return config_parse(text, &uefi_config);
}

static void uefi_configuration(void)
{
	UNIT_EQUAL(uefi_parse(""), 0);
	UNIT_CHECK(strcmp(uefi_config.hypervisor, "ritevisor.elf") == 0);
	UNIT_CHECK(strcmp(uefi_config.engine, "engine.elf") == 0);
	UNIT_EQUAL(uefi_config.attempts, 3);
	UNIT_EQUAL(uefi_parse("\xef\xbb\xbf# a comment\r\n\r\n  options = summary  heap=1M \r\n"
			      "options=novga\nscript=a.rb\nscript= scripts/b.rb\nrescue\n"
			      "chain=\\EFI\\debian\\grubx64.efi\nchain_options=a=b c\nattempts=0"), 0);
	UNIT_CHECK(strcmp(uefi_config.options, "summary  heap=1M novga") == 0);
	UNIT_EQUAL(uefi_config.nr_scripts, 2);
	UNIT_CHECK(strcmp(uefi_config.scripts[1], "scripts/b.rb") == 0);
	UNIT_CHECK(strcmp(uefi_config.chain, "\\EFI\\debian\\grubx64.efi") == 0);
	UNIT_CHECK(strcmp(uefi_config.chain_options, "a=b c") == 0);
	UNIT_CHECK(uefi_config.rescue);
	UNIT_EQUAL(uefi_config.attempts, 0);
	UNIT_EQUAL(uefi_parse("script=a.rb\nscrpt=b.rb\nscript\nscript=c.rb\n"), 2);
	UNIT_EQUAL(uefi_config.nr_scripts, 2);
	UNIT_EQUAL(uefi_parse("=\n"), 1);
	UNIT_EQUAL(uefi_parse("rescue_key_ms=soon"), 1);
	UNIT_EQUAL(uefi_parse("options=a\tb \t c"), 0);
	UNIT_CHECK(strcmp(uefi_config.options, "a b   c") == 0);
	UNIT_EQUAL(uefi_parse("rescue=1"), 0);
	UNIT_CHECK(uefi_config.rescue);
	UNIT_EQUAL(uefi_parse("rescue\nrescue=0"), 0);
	UNIT_CHECK(!uefi_config.rescue);
	UNIT_EQUAL(uefi_parse("rescue=perhaps"), 1);
}

/* Neither a key nor a count leaves scripts out that were sealed, unless that was sealed, too. */
static void uefi_configuration_sealed(void)
{
	config_set_defaults(&uefi_config, true);
	UNIT_EQUAL(config_parse("script=a.rb\n", &uefi_config), 0);
	UNIT_EQUAL(uefi_config.rescue_key_ms, 0);
	UNIT_EQUAL(uefi_config.attempts, 0);
	UNIT_EQUAL(config_parse("rescue_key_ms=700\nattempts=2\n", &uefi_config), 0);
	UNIT_EQUAL(uefi_config.rescue_key_ms, 700);
	UNIT_EQUAL(uefi_config.attempts, 2);
}

/* A line that is refused has no effect. */
static void uefi_configuration_refused(void)
{
	char text[2 * CONFIG_NAME_BYTES] = "chain=";

	UNIT_EQUAL(uefi_parse("rescue_key_ms=60001\nattempts=99999999999999999999\nhypervisor="), 1);
	UNIT_EQUAL(uefi_config.rescue_key_ms, 500);
	UNIT_EQUAL(uefi_config.attempts, 3);
	UNIT_CHECK(strcmp(uefi_config.hypervisor, "ritevisor.elf") == 0);
	memset(text + 6, 'x', CONFIG_NAME_BYTES);
	UNIT_EQUAL(uefi_parse(text), 1);
	UNIT_CHECK(strcmp(uefi_config.chain, "") == 0);
	memcpy(text, "engine", 6);
	text[6] = '=';
	UNIT_EQUAL(uefi_parse(text), 0);
	text[7 + CONFIG_NAME_BYTES - 1] = 'x';
	text[7 + CONFIG_NAME_BYTES] = '\0';
	UNIT_EQUAL(uefi_parse(text), 1);
	UNIT_CHECK(strcmp(uefi_config.engine, "engine.elf") == 0);
}

static void uefi_configuration_limits(void)
{
	static char text[2 * CONFIG_LINE_LENGTH_MAXIMUM];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "script=", 7);
	UNIT_EQUAL(uefi_parse(text), 1);
	text[7 + CONFIG_NAME_BYTES] = '\0';
	UNIT_EQUAL(uefi_parse(text), 1);
	text[7 + CONFIG_NAME_BYTES - 1] = '\0';
	UNIT_EQUAL(uefi_parse(text), 0);
	text[0] = '\0';
	for (unsigned i = 0; i <= RV_SCRIPTS_MAXIMUM; i++)
		strcat(text, "script=a\n");
	UNIT_EQUAL(uefi_parse(text), RV_SCRIPTS_MAXIMUM + 1);
	UNIT_EQUAL(uefi_config.nr_scripts, RV_SCRIPTS_MAXIMUM);
}

static void uefi_map(void)
{
	/* As firmware gives it: larger descriptors than the structure. */
	struct {
		struct efi_memory_descriptor descriptor;
		uint64_t more;
	} map[] = {
		{ { EFI_BOOT_SERVICES_CODE, 0, 0, 0, 1, 0 }, 0 },
		{ { EFI_CONVENTIONAL_MEMORY, 0, 0x1000, 0, 0x9e, 0 }, 0 },
		{ { EFI_RESERVED_MEMORY_TYPE, 0, 0x9f000, 0, 1, 0 }, 0 },
		{ { EFI_LOADER_DATA, 0, 0x100000, 0, 0x700, 0 }, 0 },
		{ { EFI_ACPI_MEMORY_NVS, 0, 0x800000, 0, 8, 0 }, 0 },
		{ { EFI_RUNTIME_SERVICES_CODE, 0, 0x808000, 0, 8, 0 }, 0 },
		{ { EFI_ACPI_RECLAIM_MEMORY, 0, 0x810000, 0, 1, 0 }, 0 },
		{ { EFI_MEMORY_MAPPED_IO, 0, 0xb0000000, 0, 0x10000, 0 }, 0 },
		{ { EFI_CONVENTIONAL_MEMORY, 0, 0x1000000, 0, 0, 0 }, 0 },
		{ { 0x80000001, 0, 0x100000000, 0, 1, 0 }, 0 },
	};
	static const struct e820_entry wanted[] = {
		{ 0, 0x9f000, E820_USABLE, 1 },
		{ 0x9f000, 0x1000, E820_RESERVED, 1 },
		{ 0x100000, 0x700000, E820_USABLE, 1 },
		{ 0x800000, 0x10000, E820_ACPI_NVS, 1 },
		{ 0x810000, 0x1000, E820_ACPI_RECLAIMABLE, 1 },
		{ 0xb0000000, 0x10000000, E820_RESERVED, 1 },
		{ 0x100000000, 0x1000, E820_RESERVED, 1 },
	};
	struct e820_entry entries[8];

	UNIT_EQUAL(memory_map_convert(map, sizeof(map), sizeof(map[0]), entries, 8), 7);
	UNIT_CHECK(memcmp(entries, wanted, sizeof(wanted)) == 0);
	UNIT_EQUAL(memory_map_convert(map, sizeof(map), sizeof(map[0]), entries, 6), 0);
	UNIT_EQUAL(memory_map_convert(map, sizeof(map), 16, entries, 8), 0);
}

int main(void)
{
	unit_run("SHA-256 of known texts", uefi_sha256);
	unit_run("payloads are found by name and sum", uefi_payloads);
	unit_run("configuration", uefi_configuration);
	unit_run("configuration that is sealed", uefi_configuration_sealed);
	unit_run("configuration that is refused", uefi_configuration_refused);
	unit_run("configuration that is too long", uefi_configuration_limits);
	unit_run("memory map", uefi_map);
	return unit_failed;
}
