/*
 * boot/options.h: the words of the boot command line.
 */
#ifndef BOOT_OPTIONS_H
#define BOOT_OPTIONS_H

#include "control/control.h"
#include "iommu/iommu.h"
#include "process/signature.h"
#include "rv/types.h"

/* The option sleep=: does the guest's suspend to RAM happen? */
enum sleep_wish {
	SLEEP_DENY,
	SLEEP_ALLOW,
	SLEEP_ALLOW_POLICY, /* also where a policy is wanted (boot/policy.h) */
};

struct boot_options {
	uint64_t memory_bytes;	  /* memory=64M: what we reserve; 0: not said (boot/memory_need.h) */
	uint64_t heap_bytes;	  /* heap=8M: quota of an engine */
	uint64_t live_heap_bytes; /* live_heap=4M: the same of a script that is loaded later */
	uint64_t budget_us;	  /* budget_us=2000: of a hook call; 0: not said */
	uint64_t load_budget_ms;  /* load_budget_ms=10000: of a script's top level; 0: not said */
	uint64_t boot_drive;	  /* boot=0x80: BIOS drive the guest starts from; 0: choose */
	uint64_t hardware_s;	  /* hwcheck=20: print the hardware report and wait so long */
	bool hardware;		  /* hwcheck: print the hardware report */
	bool summary;		  /* summary: print counters at power-off even without scripts */
	bool fast;		  /* fast: no protection whose price is an exit in everyday use (strict: all) */
	bool rescue;		  /* rescue: start with no scripts */
	bool screen;		  /* vga: log on the text screen too (default; novga: not) */
	uint64_t panic_leaf;	  /* panic_cpuid=LEAF: stop when the guest asks CPUID for it; 0: never */
	bool test_key;		  /* test_key: have a disk's key that no disk has (boot/panic_test.h) */
	uint64_t panic_by;	  /* panic_by=N: make a mistake on purpose (boot/panic_test.h); 0: none */
	bool panic_test;	  /* panic: stop on purpose before the guest starts, to see the screen */
	enum iommu_wish iommu;	  /* iommu=own, guest or off; the default is own where there is one */
	enum sleep_wish sleep;	  /* sleep=deny, allow or policy: suspend to RAM */
	bool wipe_on_sleep;	  /* wipe_on_sleep: without keys of disks meanwhile (boot/encrypt_wake.h) */
	enum control_level control; /* control=off, read, load or policy */
	enum control_auth auth;	  /* auth=root, key or open */
	struct control_keys control_keys; /* control_key=KEY: whose auth=key lets in; may be given again */
	/* require_signed, or trusted_key=KEY, which may be given again: scripts run only with a signature by one of
	 * these; lowest_serial=N: and with no lower serial */
	struct signature_options signatures;
	char wire[16];		  /* wire=com4: where control is by a serial line; empty: nowhere */
	char services[64];	  /* services=echo: programs that stay (process/resident.h), with commas between */
	char required[512];	  /* require=NAME: scripts that must be in force, with blanks between */
	bool required_over;	  /* they did not fit */
	char settings[512];	  /* every other word, for the scripts */
};

extern struct boot_options boot_options;

/* Reads the command line. console= and loglevel= act at once; errors are logged and name the word.
 * Context: boot. */
void options_parse(const char *command_line);

/* What the options are called, one after another; NULL behind the last. */
const char *options_name(size_t index);

#endif
