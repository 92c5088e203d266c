/*
 * tools/ritectl/ritectl.h: what the files of ritectl share. One thread, one session.
 */
#ifndef RITECTL_H
#define RITECTL_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "control/control_abi.h"
#include "rv/errno.h"

/* Exit statuses. */
enum { STATUS_OK = 0, STATUS_SCRIPT = 1, STATUS_USAGE = 2, STATUS_NONE = 3, STATUS_TIMEOUT = 4 };

/* What the command line says. */
struct settings {
	bool json, quiet, dry;
	unsigned timeout_s; /* for an answer */
#define NIC_ANY UINT32_MAX
	uint32_t nic; /* whose packets are written as pcapng */
	uint32_t usb; /* or, but 0, whose transfers: a bus, as live_usbmon.c numbers it */
	FILE *output; /* stdout, or of -o */
};
extern struct settings settings;

/* Prints "ritectl: ..." and ends. */
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is this word an option, in its short form or its long one? */
bool is_option(const char *word, const char *letter, const char *name);

/* call.c: the hypercall. `message` is what is sent, and holds the answer. */
extern struct control_message *message;
extern uint64_t tsc_hz;
/* Opens the session, or ends the program with STATUS_NONE. */
void call_open(void);
void call_close(void);
/* Sends `command` with the arguments, which are set, and data_bytes of data. One that is told to come again does
 * so, up to --timeout, then ends with STATUS_TIMEOUT. Returns the result. */
int64_t call(uint32_t command, uint32_t data_bytes);
/* The hypervisor's version, without a session. */
const char *call_version(void);
/* An error number in words. */
const char *call_error(int64_t result);

/* wire.c: in the hypercall's place, when it is open. */
/* Opens a socket or a serial line, or ends the program with STATUS_NONE. */
void wire_open(const char *path);
bool wire_is_open(void);
/* Sends `message` and waits for the answer, which stands there then. Returns the result, or ends the program with
 * STATUS_TIMEOUT. */
int64_t wire_call(void);

/* key.c: auth=key. */
/* Reads a secret key of minisign's, or ends the program with STATUS_USAGE. */
void key_open(const char *path);
/* Answers a nonce; the session is in `message`. 0, or an error number. */
int64_t key_answer(void);

/* script.c. What comes here ends by itself: the exit status. */
struct source {
	const char *name; /* as the hypervisor calls it */
	char *text;
	size_t length_bytes;
	char *signature; /* minisign's file; NULL: there is none */
	size_t signature_bytes;
};
/* The script that this program has in hand. */
struct script {
	char name[CONTROL_NAME_BYTES];
	uint64_t handle, position, lost, status;
	enum control_phase phase;
};
/* Sends its text, or ends the program. */
void script_start(struct script *script, const struct source *source, uint64_t flags);
/* Until it is loaded, has ended, or a signal came; prints what it writes. */
void script_await_load(struct script *script);
bool script_has_ended(const struct script *script);
/* Its output is in `message`, and it has gone on if it was loading. False: there was none. */
bool script_take(struct script *script);
/* Takes it away, if it has not ended, and prints what it still writes. */
int script_leave(struct script *script);
/* Runs it until it ends or a signal comes. */
int script_run(const struct source *source);
/* From now on signals set `stopped`; the second one ends the program. */
void script_watch_signals(void);
/* Loads it, for good; replace: in the place of the one of its name. */
int script_load(const struct source *source, bool replace);

/* output.c: what is printed. Each line of JSON is an object. */
/* Set by a signal, or when nobody reads what is printed. */
extern volatile sig_atomic_t stopped;
void output_records(const char *script, const uint8_t *data, size_t data_bytes);
void output_lost(const char *script, uint64_t count);
void output_json_text(const char *text, size_t length_bytes);
void output_flush(void);

/* metrics.c: prints what a script has counted. -ENOENT: nothing, or there is no such script. */
int64_t metrics_print(const char *script);
int show_metrics(const char *script);

/* show.c */
int show_list(void);
int show_log(uint32_t command, bool follow);

/* vpn.c. A peer's number; NULL: of all. */
int show_vpn(void);
int vpn_rekey(const char *number);

/* kinds.c: what can be hooked, of names that fit; fields: with filters and what events have. Asks nobody. */
int show_kinds(const char *pattern, bool fields);

/* where.c: which sectors of its disk a file has. Asks nobody. */
int show_where(const char *path);

/* repl.c */
int repl_run(void);

/* top.c: so often, each time so many seconds later; 0 times: until a signal comes. */
int show_top(unsigned seconds, unsigned count);

#endif
