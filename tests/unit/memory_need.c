/*
 * tests/unit/memory_need.c: how much memory is ours, by the boot line and the modules.
 */
#include "boot/memory_need.h"

#include <string.h>

#include "core/log.h"
#include "rv/abi.h"
#include "unit.h"

#define ENGINE_BYTES 1800000

static struct boot_info info;
static char text[256];

static void begin(const char *options, unsigned nr_scripts)
{
	memset(&info, 0, sizeof(info));
	strcpy(info.command_line, options);
	info.modules[info.nr_modules++] = (struct boot_module){ .kind = BOOT_MODULE_ENGINE, .length_bytes = ENGINE_BYTES };
	for (unsigned i = 0; i < nr_scripts; i++)
		info.modules[info.nr_modules++] = (struct boot_module){ .kind = BOOT_MODULE_SCRIPT, .length_bytes = 5000 };
}

static uint64_t need(const char *options, unsigned nr_scripts)
{
	begin(options, nr_scripts);
	return memory_need_bytes(&info) >> 20;
}

static void test_option(void)
{
	UNIT_EQUAL(need("summary memory=64M heap=1M", 1), 64);
	UNIT_EQUAL(need("memory=16384K", 9), 16);
	UNIT_EQUAL(need("memory=17M", 0), 18); /* large pages */
	UNIT_EQUAL(need("memory=32M memory=48M", 0), 48);
	UNIT_EQUAL(need("memory=1G", 0), 18);
	UNIT_EQUAL(need("memory=1M", 0), 18);
	UNIT_EQUAL(need("memory=", 0), 18);
	UNIT_EQUAL(need("memory=99999999999999999999M", 0), 18);
	UNIT_EQUAL(need("xmemory=64M", 0), 18);
}

static void test_table(void)
{
	UNIT_EQUAL(need("", 0), 18); /* itself 16, and the engine that came along */
	UNIT_EQUAL(need("", 1) << 20, MEMORY_NEED_USUAL_BYTES);
	UNIT_EQUAL(need("", 3), 38);
	UNIT_EQUAL(need("heap=32M", 1), 60);
	UNIT_EQUAL(need("heap=1G", 1), 36);
	UNIT_EQUAL(need("heap=384K", RV_SCRIPTS_MAXIMUM), 16 + 8 + 64 + 1 + 3);
	UNIT_EQUAL(need("control=read", 0), 18);
	UNIT_EQUAL(need("control=load", 0), 18 + 8 + 2 * 4);
	UNIT_EQUAL(need("auth=open control=policy live_heap=8M", 0), 18 + 8 + 2 * 8);
	UNIT_EQUAL(need("services=echo", 0), 20);
	UNIT_EQUAL(need("encrypt=RV1,header=disk.luks", 0), 18 + 8 + 24);
	UNIT_EQUAL(need("vpn=a.conf", 0), 18 + 8 + 2);
	/* A header of a disk is a module too. */
	begin("encrypt=RV1,header=disk.luks", 0);
	info.modules[info.nr_modules++] = (struct boot_module){ .kind = BOOT_MODULE_FILE, .length_bytes = MIB(16) };
	UNIT_EQUAL(memory_need_bytes(&info) >> 20, 18 + 8 + 24 + 16);
	begin("", RV_SCRIPTS_MAXIMUM - 1);
	for (unsigned i = 0; i < RV_SCRIPTS_MAXIMUM - 1; i++)
		info.modules[i + 1].length_bytes = MIB(16);
	UNIT_EQUAL(memory_need_bytes(&info) >> 20, 256); /* there is no more */
}

static void expect_text(const char *options, unsigned nr_scripts, uint64_t mib, const char *expected)
{
	begin(options, nr_scripts);
	UNIT_EQUAL(memory_need_describe(&info, text, sizeof(text)) >> 20, mib);
	if (strcmp(text, expected) != 0)
		unit_fail("\"%s\", not \"%s\"", text, expected);
}

static void test_words(void)
{
	char small[8];

	expect_text("", 0, 18, "16 MiB itself, 2 MiB modules");
	expect_text("memory=64M", 2, 36,
		    "16 MiB itself, 8 MiB requests of devices, 2 MiB engines, 8 MiB a script's heap, 2 MiB modules");
	expect_text("control=load services=echo", 0, 36, "16 MiB itself, 8 MiB requests of devices, 4 MiB a live script, "
		    "4 MiB another, 1 MiB services, 2 MiB modules");
	begin("", 1);
	UNIT_EQUAL(memory_need_describe(&info, small, sizeof(small)), MEMORY_NEED_USUAL_BYTES);
	UNIT_CHECK(strlen(small) < sizeof(small));
}

int main(void)
{
	unit_run("the option memory=", test_option);
	unit_run("what all ask for", test_table);
	unit_run("that in words", test_words);
	return unit_failed;
}
