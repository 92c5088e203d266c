/*
 * session_map.c: the engine's fixed addresses on the host: facts, event and scripts.
 */
#include "session.h"

#include "machine.h"

#include "rv/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { SESSION_SCRIPTS_BYTES = 16 << 20, SESSION_PAGE_BYTES = 4096 };

static uint64_t session_script_end = RV_ENGINE_SCRIPT_ADDRESS;

static struct rv_engine_info *session_info(void)
{
	return (struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;
}

static void session_map_at(uint64_t address, size_t bytes)
{
	void *wanted = (void *)(uintptr_t)address;

	bytes = (bytes + SESSION_PAGE_BYTES - 1) & ~(size_t)(SESSION_PAGE_BYTES - 1);
	if (mmap(wanted, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != wanted) {
		perror("engine on the host: cannot map its fixed addresses");
		exit(3);
	}
}

static uint64_t session_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

static void session_fill_info(struct rv_engine_info *info)
{
	info->abi_version = RV_ABI_VERSION;
	info->tsc_hz = 2000000000u;
	info->boot_tsc = session_tsc();
	info->boot_unix_seconds = time(NULL);
	info->heap_quota_bytes = 8u << 20;
	info->hook_budget_us = 2000;
	info->memory_end = MACHINE_MEMORY_END;
}

void session_map(void)
{
	static bool mapped;

	if (mapped)
		return;
	mapped = true;
	session_map_at(RV_ENGINE_INFO_ADDRESS, sizeof(struct rv_engine_info));
	session_map_at(RV_ENGINE_EVENT_ADDRESS, sizeof(struct rv_event));
	session_map_at(RV_ENGINE_SCRIPT_ADDRESS, SESSION_SCRIPTS_BYTES);
	session_fill_info(session_info());
	machine_reset();
}

static const char *session_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool session_add_script(const char *path)
{
	struct rv_engine_info *info = session_info();
	struct rv_script *script = &info->scripts[info->nr_scripts];
	size_t room = RV_ENGINE_SCRIPT_ADDRESS + SESSION_SCRIPTS_BYTES - session_script_end;
	FILE *file = fopen(path, "rb");

	if (!file || info->nr_scripts == RV_SCRIPTS_MAXIMUM) {
		perror(path);
		return false;
	}
	snprintf(script->name, sizeof(script->name), "%s", session_base_name(path));
	script->source = session_script_end;
	script->length_bytes = fread((void *)(uintptr_t)script->source, 1, room - 1, file);
	if (ferror(file)) {
		perror(path);
		return false;
	}
	if (script->length_bytes == room - 1 && getc(file) != EOF) {
		fprintf(stderr, "%s: the scripts are larger than %d bytes together\n", path,
			SESSION_SCRIPTS_BYTES);
		return false;
	}
	fclose(file);
	if (info->nr_scripts == 0) /* the engine's own */
		info->policy = rv_is_policy((const char *)(uintptr_t)script->source, script->length_bytes);
	session_script_end += script->length_bytes + 1;
	info->nr_scripts++;
	return true;
}

void session_add_setting(const char *word)
{
	char *settings = session_info()->settings;
	size_t have = strlen(settings);

	if (have + strlen(word) + 2 > sizeof(session_info()->settings)) {
		fprintf(stderr, "settings of scripts take %zu bytes at most\n",
			sizeof(session_info()->settings));
		exit(66);
	}
	snprintf(settings + have, sizeof(session_info()->settings) - have, "%s%s",
		 have ? " " : "", word);
}
