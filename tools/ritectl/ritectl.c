/*
 * ritectl.c: the command line.
 */
#include "ritectl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "extcap.h"
#include "record.h"
#include "rv/version.h"
#include "service/verify.h"

static const char usage_text[] =
	"usage: ritectl [OPTIONS] run FILE|-        run a script until it ends; Ctrl-C takes it away\n"
	"       ritectl [OPTIONS] -e CODE           the same with a line of Ruby\n"
	"       ritectl [OPTIONS] load FILE|-       load a script for good\n"
	"       ritectl [OPTIONS] reload FILE|-     the same in the place of the script of that name, in one step\n"
	"       ritectl [OPTIONS] unload NAME       take a script away; its at_exit blocks run\n"
	"       ritectl [OPTIONS] repl              a script that grows line by line\n"
	"       ritectl [OPTIONS] list              the scripts that there are\n"
	"       ritectl [OPTIONS] log [-f|-b]       Ritevisor's log; -f: and what comes; -b: that of the boot before\n"
	"       ritectl [OPTIONS] stats             free memory, exits\n"
	"       ritectl [OPTIONS] continue          a CPU that an NMI has stopped goes on\n"
	"       ritectl [OPTIONS] top [SECONDS [N]] exits, events a second, and what scripts count, every 2 seconds, N times\n"
	"       ritectl [OPTIONS] metrics NAME      what a script has counted (Counter, Table, Histogram), be it busy\n"
	"       ritectl [OPTIONS] vpn               how the tunnel is: keys' age, bytes each way, where the peer is\n"
	"       ritectl [OPTIONS] vpn rekey [N]     new keys now, of peer N or of all\n"
	"       ritectl [OPTIONS] where FILE        the sectors of its disk that a file has, as settings of scripts take them\n"
	"       ritectl [OPTIONS] usb list          the USB devices that are known, as rules of USBGuard's\n"
	"       ritectl [OPTIONS] record -o FOLDER  record events until Ctrl-C, or the end of the command behind it\n"
	"       ritectl [OPTIONS] -l [PATTERN]      what can be hooked; -lv: with filters and fields\n"
	"options:\n"
	"  -f, --format text|json   what is printed: text, or an object of JSON a line; record: also pcapng, or ctf\n"
	"  -o, --output FILE        where to\n"
	"  -n, --name NAME          what the script is called, if not as its file\n"
	"      --dry-run            run the script's top level only: what it hooks never comes into force\n"
	"      --wire SOCKET        not from within the guest, but by a socket or serial line (`ritevisor boot --control`)\n"
	"      --key FILE           the secret key that auth=key asks for (minisign -G -W)\n"
	"      --timeout SECONDS    so long an answer is waited for (30)\n"
	"  -e, --events KINDS       record: what to hook, KIND[:FIRST[-LAST]],...; without it, what scripts hook\n"
	"      --buffer KIB         record: memory for each CPU (256)\n"
	"      --payload BYTES      record: the first bytes of what requests move, too, up to 2048\n"
	"      --seconds N          record: so long\n"
	"      --nic N              record -f pcapng: the packets of that card only\n"
	"      --usb N              record -f pcapng: the transfers of that USB bus only\n"
	"  -q, --quiet              say nothing but what scripts say\n"
	"  -V, --version            versions of ritectl and of Ritevisor\n"
	"  -h, --help               this\n"
	"Ritevisor has to be booted with control=load (control=read: list, log, metrics, stats, top and vpn only).\n"
	"exit status: 0; 1: the script was refused, raised or was killed; 2: usage; 3: no Ritevisor, or not allowed;\n"
	"             4: it did not answer in time\n";

struct settings settings;

_Noreturn void fail(int status, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("ritectl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(status);
}

static void read_all(FILE *file, struct source *source)
{
	size_t room = CONTROL_SCRIPT_BYTES_MAXIMUM + 1;

	source->text = malloc(room);
	if (source->text == NULL)
		fail(STATUS_SCRIPT, "no memory");
	source->length_bytes = fread(source->text, 1, room, file);
	if (ferror(file))
		fail(STATUS_SCRIPT, "%s: %s", source->name, strerror(errno));
	if (source->length_bytes == room)
		fail(STATUS_SCRIPT, "%s: the script is longer than %d KiB", source->name,
		     CONTROL_SCRIPT_BYTES_MAXIMUM / 1024);
}

/* FILE.minisig, if it is there. One that is too long is no signature: what it begins with is sent, and refused. */
static void read_signature(const char *path, struct source *source)
{
	char name[4096];
	FILE *file;

	if ((size_t)snprintf(name, sizeof(name), "%s.minisig", path) >= sizeof(name))
		return;
	file = fopen(name, "rb");
	if (file == NULL && errno != ENOENT)
		fail(STATUS_USAGE, "%s: %s", name, strerror(errno));
	if (file == NULL)
		return;
	source->signature = malloc(VERIFY_SIGNATURE_BYTES);
	if (source->signature == NULL)
		fail(STATUS_SCRIPT, "no memory");
	source->signature_bytes = fread(source->signature, 1, VERIFY_SIGNATURE_BYTES, file);
	fclose(file);
}

/* FILE, - or, with -e, CODE. */
static void read_source(const char *what, bool is_code, const char *name, struct source *source)
{
	const char *slash = strrchr(what, '/');
	FILE *file;

	source->name = name != NULL ? name : is_code ? "-e" : slash != NULL ? slash + 1 : what;
	if (is_code) {
		source->text = strdup(what);
		source->length_bytes = strlen(what);
		return;
	}
	if (strcmp(what, "-") == 0) {
		read_all(stdin, source);
		return;
	}
	file = fopen(what, "rb");
	if (file == NULL)
		fail(STATUS_USAGE, "%s: %s", what, strerror(errno));
	read_all(file, source);
	fclose(file);
	read_signature(what, source);
}

static int unload(const char *name)
{
	int64_t result;

	if (strlen(name) >= CONTROL_NAME_BYTES)
		fail(STATUS_USAGE, "%s: names have %d characters at most", name, CONTROL_NAME_BYTES - 1);
	message->argument[0] = 0;
	memcpy(message->data, name, strlen(name));
	result = call(CONTROL_UNLOAD, (uint32_t)strlen(name));
	if (result != 0)
		fail(result == -EACCES ? STATUS_NONE : STATUS_SCRIPT, "%s: %s", name, call_error(result));
	call_close();
	return STATUS_OK;
}

static int go_on(void)
{
	if (call(CONTROL_CONTINUE, 0) != 0)
		fail(STATUS_SCRIPT, "no CPU is stopped");
	/* The guest may end at once, and the wire with it: the session ends by itself. */
	return STATUS_OK;
}

static int stats(void)
{
	if (call(CONTROL_STATISTICS, 0) < 0)
		fail(STATUS_NONE, "no answer");
	fprintf(settings.output,
		settings.json ? "{\"type\":\"stats\",\"data\":{\"free_pages\":%lu,\"exits\":%lu,\"wire_losses\":%lu}}\n"
			      : "free pages %lu\nexits %lu\nlost on the wire %lu\n",
		(unsigned long)message->argument[0], (unsigned long)message->argument[1],
		(unsigned long)message->argument[3]);
	output_flush();
	call_close();
	return STATUS_OK;
}

static int version(void)
{
	const char *there = call_version();

	fprintf(settings.output, "ritectl %s\n", RV_VERSION);
	if (there != NULL)
		fprintf(settings.output, "Ritevisor %s\n", there);
	output_flush();
	return there != NULL ? STATUS_OK : STATUS_NONE;
}

/* What is on the command line. */
struct words {
	int count;
	char **word;
	const char *name, *code;
	bool lists, lists_fields;
};

/* The word behind an option. */
static const char *word_of(struct words *words, const char *option)
{
	if (words->count < 2)
		fail(STATUS_USAGE, "%s needs something behind it; ritectl --help", option);
	words->count--;
	words->word++;
	return words->word[0];
}

bool is_option(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static void set_format(const char *format)
{
	settings.json = strcmp(format, "json") == 0;
	if (!settings.json && strcmp(format, "text") != 0)
		fail(STATUS_USAGE, "%s: formats are text and json", format);
}

static void set_timeout(const char *seconds)
{
	char *end;
	unsigned long value = strtoul(seconds, &end, 10);

	if (*end != '\0' || value == 0 || value > 86400)
		fail(STATUS_USAGE, "--timeout %s: give a number of seconds", seconds);
	settings.timeout_s = (unsigned)value;
}

static void set_output(const char *file)
{
	settings.output = fopen(file, "w");
	if (settings.output == NULL)
		fail(STATUS_USAGE, "%s: %s", file, strerror(errno));
}

/* Takes the options at the front. */
static void take_options(struct words *words)
{
	for (; words->count > 0 && words->word[0][0] == '-' && words->word[0][1] != '\0'; words->count--, words->word++) {
		const char *word = words->word[0];

		if (is_option(word, "-f", "--format"))
			set_format(word_of(words, word));
		else if (is_option(word, "-o", "--output"))
			set_output(word_of(words, word));
		else if (is_option(word, "-n", "--name"))
			words->name = word_of(words, word);
		else if (is_option(word, "-e", "--eval"))
			words->code = word_of(words, word);
		else if (is_option(word, "-l", "--list"))
			words->lists = true;
		else if (strcmp(word, "-lv") == 0)
			words->lists = words->lists_fields = true;
		else if (strcmp(word, "--wire") == 0)
			wire_open(word_of(words, word));
		else if (strcmp(word, "--key") == 0)
			key_open(word_of(words, word));
		else if (strcmp(word, "--timeout") == 0)
			set_timeout(word_of(words, word));
		else if (strcmp(word, "--dry-run") == 0)
			settings.dry = true;
		else if (is_option(word, "-q", "--quiet"))
			settings.quiet = true;
		else if (is_option(word, "-V", "--version"))
			exit(version());
		else if (is_option(word, "-h", "--help"))
			exit(fputs(usage_text, stdout) < 0);
		else if (strcmp(word, "--") == 0) {
			words->count--;
			words->word++;
			return;
		} else
			fail(STATUS_USAGE, "%s: there is no such option; ritectl --help", word);
	}
}

static _Noreturn void misused(const char *how)
{
	fail(STATUS_USAGE, "usage: ritectl %s; ritectl --help", how);
}

static int perform_script(struct words *words, const char *command)
{
	bool lend = strcmp(command, "run") == 0;
	struct source source = { .text = NULL };
	bool is_code;

	take_options(words);
	is_code = words->code != NULL;
	if (words->count != (is_code ? 0 : 1))
		misused(lend ? "run FILE|-e CODE|-" : "load|reload FILE|-e CODE|-");
	read_source(is_code ? words->code : words->word[0], is_code, words->name, &source);
	call_open();
	return lend || settings.dry ? script_run(&source) : script_load(&source, strcmp(command, "reload") == 0);
}

static int perform_usb(struct words *words)
{
	struct source source = { .text = NULL };

	if (words->count != 1 || strcmp(words->word[0], "list") != 0)
		misused("usb list");
	read_source("puts Usb.__list; exit", true, "usb-list", &source);
	call_open();
	return script_run(&source);
}

static int perform_log(struct words *words)
{
	bool follow = words->count == 1 && is_option(words->word[0], "-f", "--follow");

	bool before = words->count == 1 && is_option(words->word[0], "-b", "--before");

	if (words->count != (follow || before ? 1 : 0))
		misused("log [-f|-b]");
	call_open();
	return show_log(before ? CONTROL_LOG_BEFORE : CONTROL_LOG, follow);
}

/* A word of digits; without it, the value that is usual. */
static unsigned number_of(const struct words *words, int at, unsigned usual)
{
	char *end;
	unsigned long value;

	if (words->count <= at)
		return usual;
	value = strtoul(words->word[at], &end, 10);
	if (*end != '\0' || value == 0 || value > 86400)
		misused("top [SECONDS [N]]");
	return (unsigned)value;
}

static int perform(struct words *words)
{
	const char *command = words->count > 0 ? words->word[0] : NULL;

	if (words->lists && words->count <= 1)
		return show_kinds(command != NULL ? command : "*", words->lists_fields);
	if (words->code != NULL && command == NULL)
		return perform_script(words, "run");
	if (command == NULL) {
		fputs(usage_text, stderr);
		return STATUS_USAGE;
	}
	words->count--;
	words->word++;
	if (strcmp(command, "run") == 0 || strcmp(command, "load") == 0 || strcmp(command, "reload") == 0)
		return perform_script(words, command);
	if (strcmp(command, "log") == 0)
		return perform_log(words);
	if (strcmp(command, "record") == 0)
		return record_perform(words->count, words->word);
	take_options(words);
	if (strcmp(command, "unload") == 0 && words->count == 1) {
		call_open();
		return unload(words->word[0]);
	}
	if (strcmp(command, "metrics") == 0 && words->count == 1) {
		call_open();
		return show_metrics(words->word[0]);
	}
	if (strcmp(command, "list") == 0 && words->count == 0) {
		call_open();
		return show_list();
	}
	if (strcmp(command, "repl") == 0 && words->count == 0) {
		call_open();
		return repl_run();
	}
	if (strcmp(command, "usb") == 0)
		return perform_usb(words);
	if (strcmp(command, "where") == 0 && words->count == 1)
		return show_where(words->word[0]);
	if (strcmp(command, "vpn") == 0 && words->count == 0) {
		call_open();
		return show_vpn();
	}
	if (strcmp(command, "vpn") == 0 && words->count <= 2 && strcmp(words->word[0], "rekey") == 0) {
		call_open();
		return vpn_rekey(words->count == 2 ? words->word[1] : NULL);
	}
	if (strcmp(command, "continue") == 0 && words->count == 0) {
		call_open();
		return go_on();
	}
	if (strcmp(command, "stats") == 0 && words->count == 0) {
		call_open();
		return stats();
	}
	if (strcmp(command, "top") == 0 && words->count <= 2) {
		unsigned seconds = number_of(words, 0, 2), count = number_of(words, 1, 0);

		call_open();
		return show_top(seconds, count);
	}
	fail(STATUS_USAGE, "%s: no such command, or too many or few words; ritectl --help", command);
}

int main(int argc, char **argv)
{
	struct words words = { .count = argc - 1, .word = argv + 1 };

	settings.output = stdout;
	settings.timeout_s = 30;
	settings.nic = NIC_ANY;
	if (extcap_is_asked(words.count, words.word))
		return extcap_perform(words.count, words.word);
	take_options(&words);
	return perform(&words);
}
