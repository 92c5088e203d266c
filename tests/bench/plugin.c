/*
 * tests/bench/plugin.c: a QEMU TCG plugin that counts executed instructions by who ran them, and
 * VMRUNs, from outside the machine: nothing in the image is changed for it.
 *
 * Three worlds are told apart:
 *   hypervisor  the instruction's address is in the hypervisor image, which nothing else maps;
 *   engine      it is below 4 GiB and the last one elsewhere was the hypervisor's, not a VMRUN;
 *   guest       all the rest, firmware and boot loader before the first VMRUN included.
 * A guest program may use the engine's addresses, hence the VMRUN rule: from a VMRUN to the next
 * instruction of the hypervisor everything is the guest's.
 *
 * Options: out=FILE, hypervisor=FIRST-LAST (addresses), engine=FIRST-LAST. FILE gets one
 * `name value` line a counter when QEMU exits. profile=FILE: that one gets `ADDRESS EXECUTIONS` for each
 * instruction of the hypervisor and engine that ran after the first VMRUN, or with setup=on before it;
 * one may come more than once.
 *
 * A guest's program marks a place in its work by a long NOP, 0F 1F 80 with the displacement
 * 0x5256NNNN (mark NNNN); so do, as mark 0, the first instruction of the guest's boot sector, at
 * 0x7c00, and as mark 2 the first of a Linux that lies where it wants to (nokaslr). FILE gets
 * `mark_N_instructions`, `mark_N_ours_instructions` (hypervisor and engine) and `mark_N_vmruns_count`:
 * what had been executed until then.
 *
 * Guest instructions are counted a translation block at a time (one that faults inside counts
 * whole), hypervisor and engine ones singly. The counters are not atomic: use one CPU, or -icount,
 * which runs all CPUs in one thread.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The plugin interface of QEMU 4.2 to 8, version 1; Debian ships no header for it. Only what is
 * used here is declared. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*plugin_translate_callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*plugin_execute_callback)(unsigned int cpu, void *context);
typedef void (*plugin_exit_callback)(qemu_plugin_id_t id, void *context);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, plugin_translate_callback callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
					  plugin_execute_callback callback,
					  enum qemu_plugin_cb_flags flags, void *context);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, enum qemu_plugin_op op,
					      void *counter, uint64_t increment);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
					    plugin_execute_callback callback,
					    enum qemu_plugin_cb_flags flags, void *context);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction,
						enum qemu_plugin_op op, void *counter,
						uint64_t increment);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, plugin_exit_callback callback,
				    void *context);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

#define PLUGIN_EXPORT __attribute__((visibility("default")))
PLUGIN_EXPORT extern int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_version = 1;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
				      char **argv);

#define CPUS_MAXIMUM 64
#define BOOT_SECTOR 0x7c00
#define KERNEL_ENTRY 0x1000000 /* LOAD_PHYSICAL_ADDR */
#define MARK_BOOT_SECTOR 0
#define MARK_KERNEL 2
#define MARK_BYTES 7

struct address_range {
	uint64_t first, last; /* inclusive */
};

/* A translated instruction of the hypervisor or the engine, for the profile. */
struct profiled {
	uint64_t address;
	uint64_t executions;
	struct profiled *next;
};

static struct profiled *profile;
static struct address_range hypervisor_range = {0xffffffff80000000, 0xffffffff80ffffff};
static struct address_range engine_range = {0x00000000, 0xffffffff};
static char *output_path, *profile_path;
static bool profile_setup;

static struct {
	uint64_t hypervisor; /* instructions */
	uint64_t engine;
	uint64_t guest;
	uint64_t vmruns;
	/* as they stood at the first VMRUN: what setting up cost */
	uint64_t hypervisor_at_first_vmrun;
	uint64_t engine_at_first_vmrun;
	uint64_t guest_at_first_vmrun;
	/* hypervisor and engine instructions between two VMRUNs */
	uint64_t exit_shortest;
	uint64_t exit_longest;
	uint64_t last_vmrun; /* hypervisor + engine then */
} counters = {.exit_shortest = UINT64_MAX};

#define MARKS 256

/* What had been executed when a mark was passed for the last time. */
static struct mark {
	bool passed, after_vmrun;
	uint64_t instructions, ours, vmruns;
} marks[MARKS];

static bool host_world[CPUS_MAXIMUM]; /* the CPU runs hypervisor or engine, not the guest */

static bool range_contains(const struct address_range *range, uint64_t address)
{
	return address >= range->first && address <= range->last;
}

static void plugin_enter_hypervisor(unsigned int cpu, void *context)
{
	(void)context;
	host_world[cpu % CPUS_MAXIMUM] = true;
}

/* Called before each VMRUN, which was counted as the hypervisor's already. */
static void plugin_enter_guest(unsigned int cpu, void *context)
{
	uint64_t ours = counters.hypervisor + counters.engine;

	(void)context;
	host_world[cpu % CPUS_MAXIMUM] = false;
	if (counters.vmruns++ == 0) {
		counters.hypervisor_at_first_vmrun = counters.hypervisor;
		counters.engine_at_first_vmrun = counters.engine;
		counters.guest_at_first_vmrun = counters.guest;
	} else {
		uint64_t length = ours - counters.last_vmrun;

		if (length < counters.exit_shortest)
			counters.exit_shortest = length;
		if (length > counters.exit_longest)
			counters.exit_longest = length;
	}
	counters.last_vmrun = ours;
}

static void plugin_pass_mark(unsigned int cpu, void *context)
{
	struct mark *mark = context;

	(void)cpu;
	*mark = (struct mark){
		.passed = true,
		.after_vmrun = counters.vmruns != 0,
		.instructions = counters.hypervisor + counters.engine + counters.guest,
		.ours = counters.hypervisor + counters.engine,
		.vmruns = counters.vmruns,
	};
}

/* Our own medium has a boot sector too: the guest's is the first behind the first VMRUN, or the
 * first of all. */
static void plugin_pass_boot_sector(unsigned int cpu, void *context)
{
	struct mark *mark = context;

	if (!mark->passed || (!mark->after_vmrun && counters.vmruns != 0))
		plugin_pass_mark(cpu, mark);
}

/* Only the first one: what comes there later is something else. */
static void plugin_pass_kernel(unsigned int cpu, void *context)
{
	struct mark *mark = context;

	if (!mark->passed)
		plugin_pass_mark(cpu, mark);
}

/* One instruction at an address that both the engine and guest programs use. */
static void plugin_count_low(unsigned int cpu, void *context)
{
	(void)context;
	if (host_world[cpu % CPUS_MAXIMUM])
		counters.engine++;
	else
		counters.guest++;
}

static void plugin_count_profiled(unsigned int cpu, void *context)
{
	struct profiled *profiled = context;

	if (host_world[cpu % CPUS_MAXIMUM] && (counters.vmruns == 0) == profile_setup)
		profiled->executions++;
}

/* Registered behind what tells the worlds apart, so that it sees the instruction's own world. One at
 * a time: with -icount, a block is left and begun anew at each access to a device. */
static void plugin_profile_block(struct qemu_plugin_tb *block, size_t count)
{
	for (size_t i = 0; profile_path && i < count; i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
		struct profiled *profiled = malloc(sizeof(*profiled));

		if (!profiled)
			return;
		*profiled = (struct profiled){
			.address = qemu_plugin_insn_vaddr(instruction), .next = profile};
		profile = profiled;
		qemu_plugin_register_vcpu_insn_exec_cb(instruction, plugin_count_profiled,
						       QEMU_PLUGIN_CB_NO_REGS, profiled);
	}
}

/* VMRUN is 0F 01 D8 (AMD APM v3), perhaps behind prefixes. */
static bool instruction_is_vmrun(const struct qemu_plugin_insn *instruction)
{
	static const uint8_t opcode[] = {0x0f, 0x01, 0xd8};
	const uint8_t *bytes = qemu_plugin_insn_data(instruction);
	size_t length = qemu_plugin_insn_size(instruction);

	return length >= sizeof(opcode) &&
	       memcmp(bytes + length - sizeof(opcode), opcode, sizeof(opcode)) == 0;
}

/* Returns the mark that an instruction passes, NULL if it is none. */
static struct mark *instruction_mark(const struct qemu_plugin_insn *instruction)
{
	static const uint8_t opcode[] = {0x0f, 0x1f, 0x80}, signature[] = {0x56, 0x52};
	const uint8_t *bytes = qemu_plugin_insn_data(instruction);

	if (qemu_plugin_insn_size(instruction) != MARK_BYTES ||
	    memcmp(bytes, opcode, sizeof(opcode)) != 0 ||
	    memcmp(bytes + 5, signature, sizeof(signature)) != 0)
		return NULL;
	return &marks[(bytes[3] | bytes[4] << 8) % MARKS];
}

/* Registered behind what counts the block. */
static void plugin_translate_marks(struct qemu_plugin_tb *block, uint64_t address, size_t count)
{
	if (address == BOOT_SECTOR)
		qemu_plugin_register_vcpu_tb_exec_cb(block, plugin_pass_boot_sector,
						     QEMU_PLUGIN_CB_NO_REGS,
						     &marks[MARK_BOOT_SECTOR]);
	if (address == KERNEL_ENTRY)
		qemu_plugin_register_vcpu_tb_exec_cb(block, plugin_pass_kernel,
						     QEMU_PLUGIN_CB_NO_REGS, &marks[MARK_KERNEL]);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
		struct mark *mark = instruction_mark(instruction);

		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, plugin_pass_mark,
							       QEMU_PLUGIN_CB_NO_REGS, mark);
	}
}

static void plugin_translate_hypervisor(struct qemu_plugin_tb *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);

	qemu_plugin_register_vcpu_tb_exec_cb(block, plugin_enter_hypervisor,
					     QEMU_PLUGIN_CB_NO_REGS, NULL);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);

		qemu_plugin_register_vcpu_insn_exec_inline(
			instruction, QEMU_PLUGIN_INLINE_ADD_U64, &counters.hypervisor, 1);
		if (instruction_is_vmrun(instruction))
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, plugin_enter_guest,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void plugin_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t address = qemu_plugin_tb_vaddr(block);
	size_t count = qemu_plugin_tb_n_insns(block);

	(void)id;
	if (range_contains(&hypervisor_range, address)) {
		plugin_translate_hypervisor(block);
		plugin_profile_block(block, count);
	} else if (range_contains(&engine_range, address)) {
		for (size_t i = 0; i < count; i++)
			qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(block, i),
							       plugin_count_low,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		plugin_profile_block(block, count);
	} else {
		qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
							 &counters.guest, count);
	}
	plugin_translate_marks(block, address, count);
}

static void plugin_write_counters(void)
{
	FILE *file = output_path ? fopen(output_path, "w") : stderr;

	if (!file) {
		perror(output_path);
		return;
	}
	fprintf(file, "hypervisor_instructions %" PRIu64 "\n", counters.hypervisor);
	fprintf(file, "engine_instructions %" PRIu64 "\n", counters.engine);
	fprintf(file, "guest_instructions %" PRIu64 "\n", counters.guest);
	fprintf(file, "vmruns_count %" PRIu64 "\n", counters.vmruns);
	fprintf(file, "hypervisor_setup_instructions %" PRIu64 "\n",
		counters.hypervisor_at_first_vmrun);
	fprintf(file, "engine_setup_instructions %" PRIu64 "\n", counters.engine_at_first_vmrun);
	fprintf(file, "guest_setup_instructions %" PRIu64 "\n", counters.guest_at_first_vmrun);
	if (counters.vmruns > 1) {
		fprintf(file, "exit_shortest_instructions %" PRIu64 "\n", counters.exit_shortest);
		fprintf(file, "exit_longest_instructions %" PRIu64 "\n", counters.exit_longest);
	}
	for (size_t i = 0; i < MARKS; i++) {
		if (!marks[i].passed)
			continue;
		fprintf(file, "mark_%zu_instructions %" PRIu64 "\n", i, marks[i].instructions);
		fprintf(file, "mark_%zu_ours_instructions %" PRIu64 "\n", i, marks[i].ours);
		fprintf(file, "mark_%zu_vmruns_count %" PRIu64 "\n", i, marks[i].vmruns);
	}
	if (file != stderr)
		fclose(file);
}

static void plugin_write_profile(void)
{
	FILE *file = fopen(profile_path, "w");

	if (!file) {
		perror(profile_path);
		return;
	}
	for (const struct profiled *at = profile; at; at = at->next)
		if (at->executions)
			fprintf(file, "0x%" PRIx64 " %" PRIu64 "\n", at->address, at->executions);
	fclose(file);
}

static void plugin_exit(qemu_plugin_id_t id, void *context)
{
	(void)id;
	(void)context;
	plugin_write_counters();
	if (profile_path)
		plugin_write_profile();
}

static bool range_parse(const char *text, struct address_range *range)
{
	char *end;

	range->first = strtoull(text, &end, 0);
	if (*end != '-')
		return false;
	range->last = strtoull(end + 1, &end, 0);
	return *end == '\0' && range->last >= range->first;
}

static bool path_parse(const char *text, char **path)
{
	*path = strdup(text);
	return *path != NULL;
}

static bool plugin_parse_option(const char *option)
{
	if (strncmp(option, "out=", 4) == 0)
		return path_parse(option + 4, &output_path);
	if (strncmp(option, "profile=", 8) == 0)
		return path_parse(option + 8, &profile_path);
	if (strncmp(option, "setup=", 6) == 0) {
		profile_setup = strcmp(option + 6, "on") == 0;
		return true;
	}
	if (strncmp(option, "hypervisor=", 11) == 0)
		return range_parse(option + 11, &hypervisor_range);
	if (strncmp(option, "engine=", 7) == 0)
		return range_parse(option + 7, &engine_range);
	return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!plugin_parse_option(argv[i])) {
			fprintf(stderr, "plugin: error: cannot use option '%s'\n", argv[i]);
			return -1;
		}
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, plugin_translate);
	qemu_plugin_register_atexit_cb(id, plugin_exit, NULL);
	return 0;
}
