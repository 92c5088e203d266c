/*
 * record.c: `ritectl record`: has events recorded, and writes the packets that they come in.
 */
#include "live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cpu.h"
#include "hook/trace_layout.h"

#define POLL_NANOSECONDS 20000000
#define PACKETS_USUAL 64

/* A recording on its way. */
static struct {
	struct metadata metadata;
	bool is_live, is_damaged;
	unsigned nr_cpus;
	FILE *streams[CPUS_MAXIMUM];
	uint64_t next[CPUS_MAXIMUM]; /* the number of the packet that is fetched next */
	uint64_t lost, recorded;
	pid_t child;
	int status; /* of the child */
} recording;

int record_metadata(void)
{
	const struct metadata metadata = { .tsc_hz = 1000000000 };

	metadata_print(settings.output, &metadata);
	output_flush();
	return STATUS_OK;
}

static _Noreturn void record_fail(const char *what, int64_t result)
{
	call_close();
	if (result == -EOPNOTSUPP)
		fail(STATUS_SCRIPT, "%s: this ritectl is of another version than the Ritevisor that runs", what);
	if (result == -EBUSY)
		fail(STATUS_SCRIPT, "%s: somebody records already, or a CPU stopped amid it", what);
	if (result == -E2BIG || result == -ENOSPC || result == -EINVAL)
		fail(STATUS_SCRIPT, "%s: it cannot be hooked so: device memory needs an address, and takes 16 MiB at most", what);
	fail(result == -EACCES ? STATUS_NONE : STATUS_SCRIPT, "%s: %s", what, call_error(result));
}

/* By the clock of whoever writes it: when the TSC was 0. */
static void record_set_clock(uint64_t tsc)
{
	struct timespec now;
	uint64_t ticks;

	clock_gettime(CLOCK_REALTIME, &now);
	ticks = tsc % tsc_hz;
	recording.metadata.tsc_hz = tsc_hz;
	recording.metadata.offset_s = (int64_t)now.tv_sec - (int64_t)(tsc / tsc_hz) - 1;
	recording.metadata.offset_ticks = tsc_hz + (uint64_t)((double)now.tv_nsec * (double)tsc_hz / 1e9) - ticks;
}

static void record_begin(const struct record_wish *wish)
{
	int64_t result;

	if (getrandom(recording.metadata.uuid, TRACE_UUID_BYTES, 0) != TRACE_UUID_BYTES)
		fail(STATUS_SCRIPT, "no random numbers: %s", strerror(errno));
	message->argument[0] = wish->kinds;
	message->argument[1] = wish->nr_packets != 0 ? wish->nr_packets : PACKETS_USUAL;
	message->argument[2] = wish->payload_bytes;
	message->argument[3] = trace_layout_sum();
	memcpy(message->data, recording.metadata.uuid, TRACE_UUID_BYTES);
	result = call(CONTROL_RECORD, TRACE_UUID_BYTES);
	if (result < 0)
		record_fail("record", result);
	recording.nr_cpus = result < CPUS_MAXIMUM ? (unsigned)result : CPUS_MAXIMUM;
	record_set_clock(message->argument[0]);
}

static void record_hook(const struct record_wish *wish)
{
	for (unsigned i = 0; i < wish->nr_hooks; i++) {
		const struct record_hook *hook = &wish->hooks[i];
		int64_t result;

		message->argument[0] = hook->kind;
		message->argument[1] = hook->is_ranged;
		message->argument[2] = hook->first;
		message->argument[3] = hook->last;
		result = call(CONTROL_RECORD_HOOK, 0);
		if (result != 0)
			record_fail(rv_kind_name(hook->kind), result);
	}
}

static FILE *record_open_file(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (file == NULL)
		fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
	return file;
}

static void record_open_folder(const char *folder)
{
	FILE *metadata;
	char name[16];

	if (mkdir(folder, 0777) != 0) {
		call_close();
		fail(STATUS_USAGE, "%s: %s", folder, strerror(errno));
	}
	metadata = record_open_file(folder, "metadata");
	metadata_print(metadata, &recording.metadata);
	if (fclose(metadata) != 0)
		fail(STATUS_USAGE, "%s/metadata: %s", folder, strerror(errno));
	for (unsigned cpu = 0; cpu < recording.nr_cpus; cpu++) {
		snprintf(name, sizeof(name), "cpu%u", cpu);
		recording.streams[cpu] = record_open_file(folder, name);
	}
}

static void record_open_live(const struct record_wish *wish)
{
	recording.is_live = true;
	if (strcmp(wish->output, "-") != 0) {
		settings.output = fopen(wish->output, "wb");
		if (settings.output == NULL) {
			call_close();
			fail(STATUS_USAGE, "%s: %s", wish->output, strerror(errno));
		}
	}
	live_begin(wish->format, &recording.metadata);
}

static void record_open(const struct record_wish *wish)
{
	if (wish->format != NULL) {
		record_open_live(wish);
		return;
	}
	if (strcmp(wish->output, "-") != 0) {
		record_open_folder(wish->output);
		return;
	}
	metadata_print_packet(stdout, &recording.metadata);
	for (unsigned cpu = 0; cpu < recording.nr_cpus; cpu++)
		recording.streams[cpu] = stdout;
}

/* Is the packet what it says? */
static bool record_is_packet(unsigned cpu)
{
	struct trace_packet packet;

	if (message->data_bytes < sizeof(packet))
		return false;
	memcpy(&packet, message->data, sizeof(packet));
	return packet.magic == TRACE_MAGIC && packet.packet_bits == 8 * (uint64_t)message->data_bytes && packet.cpu == cpu;
}

static void record_write(unsigned cpu)
{
	if (!recording.is_live) {
		if (fwrite(message->data, 1, message->data_bytes, recording.streams[cpu]) != message->data_bytes)
			stopped = 1;
	} else if (!live_take(cpu, message->data, message->data_bytes)) {
		fprintf(stderr, "ritectl: CPU %u: packet %llu is damaged: what is behind the damage is left out\n", cpu,
			(unsigned long long)message->argument[1]);
		recording.is_damaged = true;
	}
}

/* False: there was none. */
static bool record_fetch(unsigned cpu)
{
	int64_t result;

	message->argument[0] = cpu;
	message->argument[1] = recording.next[cpu];
	result = call(CONTROL_RECORD_FETCH, 0);
	if (result == -EACCES || result == -ENOENT)
		fail(STATUS_SCRIPT, "the recording is over: nothing was fetched for %d seconds", CONTROL_LEASE_SECONDS);
	if (result != 0)
		record_fail("record", result);
	recording.lost = message->argument[2];
	recording.recorded = message->argument[3];
	if (message->data_bytes == 0)
		return false;
	if (!record_is_packet(cpu))
		fail(STATUS_SCRIPT, "CPU %u: what was fetched is no packet", cpu);
	recording.next[cpu] = message->argument[1] + 1;
	record_write(cpu);
	return true;
}

static bool record_fetch_all(void)
{
	bool any = false;

	for (unsigned cpu = 0; cpu < recording.nr_cpus; cpu++)
		any |= record_fetch(cpu);
	if (recording.is_live)
		live_pass(recording.nr_cpus);
	for (unsigned cpu = 0; cpu < recording.nr_cpus && any && !recording.is_live; cpu++) {
		if (fflush(recording.streams[cpu]) != 0)
			stopped = 1;
	}
	return any;
}

/* What the command says is no part of what goes into a pipe. */
static void record_start_command(const struct record_wish *wish)
{
	char **command = wish->command;

	if (command == NULL)
		return;
	recording.child = fork();
	if (recording.child < 0)
		fail(STATUS_SCRIPT, "%s: %s", command[0], strerror(errno));
	if (recording.child == 0) {
		if (strcmp(wish->output, "-") == 0)
			dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(command[0], command);
		fprintf(stderr, "ritectl: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
}

/* Does nobody read any more? Of a pipe that is told without writing. */
static bool record_is_deserted(void)
{
	struct pollfd pipe = { .fd = fileno(recording.is_live ? settings.output : recording.streams[0]) };

	return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

static bool record_is_over(time_t end_s)
{
	struct timespec now;

	if (recording.child > 0 && waitpid(recording.child, &recording.status, WNOHANG) == recording.child)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return stopped || record_is_deserted() || (end_s != 0 && now.tv_sec >= end_s);
}

static void record_until_over(const struct record_wish *wish)
{
	const struct timespec pause = { .tv_nsec = POLL_NANOSECONDS };
	struct timespec now;
	time_t end_s;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end_s = wish->seconds != 0 ? now.tv_sec + (time_t)wish->seconds : 0;
	record_start_command(wish);
	while (!record_is_over(end_s)) {
		if (!record_fetch_all())
			nanosleep(&pause, NULL);
	}
}

/* That a reader of a pipe has gone is no error, whether it has a name or not. */
static void record_close_live(const struct record_wish *wish)
{
	struct stat status;
	bool is_pipe = fstat(fileno(settings.output), &status) == 0 && S_ISFIFO(status.st_mode);

	live_end();
	if (settings.output != stdout && (ferror(settings.output) || fclose(settings.output) != 0) && !is_pipe)
		fail(STATUS_SCRIPT, "%s: it could not be written to its end", wish->output);
}

static int record_finish(const struct record_wish *wish)
{
	int64_t result = call(CONTROL_RECORD_STOP, 0);

	while (result == 0 && record_fetch_all())
		;
	call_close();
	if (result != 0)
		fail(STATUS_SCRIPT, "record: %s", call_error(result));
	if (recording.is_live)
		record_close_live(wish);
	for (unsigned cpu = 0; cpu < recording.nr_cpus && !recording.is_live; cpu++) {
		if (recording.streams[cpu] != stdout && fclose(recording.streams[cpu]) != 0)
			fail(STATUS_SCRIPT, "%s: %s", wish->output, strerror(errno));
	}
	if (!settings.quiet)
		fprintf(stderr, "ritectl: %llu events recorded, %llu lost\n", (unsigned long long)recording.recorded,
			(unsigned long long)recording.lost);
	return (recording.child > 0 && recording.status != 0) || recording.is_damaged ? STATUS_SCRIPT : STATUS_OK;
}

int record_run(const struct record_wish *wish)
{
	bool is_text = wish->format != NULL && !wish->format->is_binary;

	if (strcmp(wish->output, "-") == 0 && !is_text && isatty(STDOUT_FILENO))
		fail(STATUS_USAGE, "this is nothing for a terminal: -o, or a pipe");
	script_watch_signals();
	call_open();
	record_begin(wish);
	record_open(wish);
	record_hook(wish);
	if (!settings.quiet && wish->command == NULL)
		fprintf(stderr, "ritectl: recording; Ctrl-C ends it\n");
	record_until_over(wish);
	return record_finish(wish);
}
