/*
 * extcap.c: what Wireshark asks of a program in its folder of them (wireshark's extcap(4), and doc/README.extcap): which
 * interfaces there are, what link type, which options, and to capture. An interface is a network card, or a USB bus, of a
 * machine that a wire leads to: a socket in $RITEVISOR_WIRES, a list with colons, or in $XDG_RUNTIME_DIR/ritevisor; without any, the
 * machine that this runs on. What is asked of a machine another ritectl asks: one that does not answer ends only that.
 */
#include "extcap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ritectl.h"
#include "rv/version.h"

#define SELF "/proc/self/exe"
#define ASK_S "3" /* Wireshark's list of interfaces waits for it */
#define ASK_CARDS                                                                                  \
	"Nic.each { |nic| puts \"nic #{nic.number} #{nic.mac || 'address not known yet'}\" }; "          \
	"PCI.select(class: 0x0c0330).each_with_index { |xhci, i| puts \"usb #{i + 1} #{xhci.slot}\" }; exit"
#define PREFIX "ritevisor-"
#define NAME_BYTES 192
#define LINE_BYTES 128

/* A machine: where it is asked, "" for the one that this runs on, and what it is called. */
struct extcap_machine {
	char wire[4096];
	char name[64];
};

/* What Wireshark says; NULL: nothing of it. */
struct extcap_words {
	const char *interface, *fifo, *key, *filter;
	bool interfaces, link_types, config, capture;
};

/* Wireshark takes letters, digits and dashes as they are; the rest of a socket's name is made such. */
static void extcap_name(struct extcap_machine *machine)
{
	const char *slash = strrchr(machine->wire, '/'), *from = slash != NULL ? slash + 1 : machine->wire;
	size_t at;

	for (at = 0; from[at] != '\0' && from[at] != '.' && at < sizeof(machine->name) - 1; at++) {
		bool is_plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", from[at]) != NULL;

		machine->name[at] = is_plain ? from[at] : '-';
	}
	machine->name[at] = '\0';
	if (at == 0)
		strcpy(machine->name, "here");
}

typedef void extcap_visit(const struct extcap_machine *machine, const struct extcap_words *words);

static void extcap_visit_listed(const char *list, extcap_visit *visit, const struct extcap_words *words)
{
	char *copy = strdup(list), *rest = copy, *path;

	while ((path = strsep(&rest, ":")) != NULL) {
		struct extcap_machine machine;

		if (path[0] == '\0' || strlen(path) >= sizeof(machine.wire))
			continue;
		strcpy(machine.wire, path);
		extcap_name(&machine);
		visit(&machine, words);
	}
	free(copy);
}

/* The sockets of a folder. Returns how many there were. */
static unsigned extcap_visit_folder(const char *path, extcap_visit *visit, const struct extcap_words *words)
{
	struct dirent **entries;
	int nr_entries = scandir(path, &entries, NULL, alphasort);
	unsigned nr_sockets = 0;

	for (int i = 0; i < nr_entries; i++) {
		struct extcap_machine machine;
		struct stat status;
		int length = snprintf(machine.wire, sizeof(machine.wire), "%s/%s", path, entries[i]->d_name);

		if (length < (int)sizeof(machine.wire) && stat(machine.wire, &status) == 0 && S_ISSOCK(status.st_mode)) {
			extcap_name(&machine);
			visit(&machine, words);
			nr_sockets++;
		}
		free(entries[i]);
	}
	if (nr_entries >= 0)
		free(entries);
	return nr_sockets;
}

static void extcap_visit_machines(extcap_visit *visit, const struct extcap_words *words)
{
	const char *list = getenv("RITEVISOR_WIRES"), *runtime = getenv("XDG_RUNTIME_DIR");
	struct extcap_machine here = { .wire = "" };
	char folder[4096];

	if (list != NULL) {
		extcap_visit_listed(list, visit, words);
		return;
	}
	if (runtime != NULL && (size_t)snprintf(folder, sizeof(folder), "%s/ritevisor", runtime) < sizeof(folder) &&
	    extcap_visit_folder(folder, visit, words) != 0)
		return;
	extcap_name(&here);
	visit(&here, words);
}

/* The words of a ritectl that asks that machine. There is room for `nr_more`, and for the end. */
static unsigned extcap_words_of(const char **word, const struct extcap_machine *machine, const char *key)
{
	unsigned nr_words = 0;

	word[nr_words++] = "ritectl";
	if (machine->wire[0] != '\0') {
		word[nr_words++] = "--wire";
		word[nr_words++] = machine->wire;
	}
	if (key != NULL && key[0] != '\0') {
		word[nr_words++] = "--key";
		word[nr_words++] = key;
	}
	return nr_words;
}

/* What a machine says of its cards and buses, to be read; NULL: it cannot be asked. */
static FILE *extcap_ask(const struct extcap_machine *machine, pid_t *child)
{
	const char *word[16];
	unsigned nr_words = extcap_words_of(word, machine, getenv("RITEVISOR_KEY"));
	int ends[2];

	for (const char *const *more = (const char *const[]){ "--timeout", ASK_S, "-q", "-e", ASK_CARDS, NULL }; *more != NULL;
	     more++)
		word[nr_words++] = *more;
	word[nr_words] = NULL;
	if (pipe(ends) != 0)
		return NULL;
	*child = fork();
	if (*child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		/* Most machines with a Wireshark have no Ritevisor below: nothing to complain of. */
		if (machine->wire[0] == '\0')
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(SELF, (char *const *)word);
		_exit(STATUS_NONE);
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

/* One line for each, as extcap(4) wants it. What the guest can choose of it is a card's address, which is digits. */
static void extcap_list(const struct extcap_machine *machine, const struct extcap_words *words)
{
	char line[LINE_BYTES], kind[4], address[LINE_BYTES];
	unsigned number;
	pid_t child;
	FILE *answer = extcap_ask(machine, &child);

	(void)words;
	while (answer != NULL && fgets(line, sizeof(line), answer) != NULL) {
		if (sscanf(line, "%3[nicusb] %u %[0-9a-z:. ]", kind, &number, address) == 3)
			printf("interface {value=" PREFIX "%s-%s%u}{display=Ritevisor %s: %s%u, %s}\n", machine->name, kind, number,
			       machine->name, kind, number, address);
	}
	if (answer != NULL) {
		fclose(answer);
		waitpid(child, NULL, 0);
	}
}

static int extcap_interfaces(const struct extcap_words *words)
{
	puts("extcap {version=" RV_VERSION "}{display=Ritevisor}");
	extcap_visit_machines(extcap_list, words);
	return STATUS_OK;
}

/* Becomes the recording, if the interface is one of that machine's. */
static void extcap_capture(const struct extcap_machine *machine, const struct extcap_words *words)
{
	const char *word[16], *rest;
	char prefix[NAME_BYTES];
	unsigned nr_words = extcap_words_of(word, machine, words->key);
	size_t length = (size_t)snprintf(prefix, sizeof(prefix), PREFIX "%s-", machine->name);
	bool is_usb;

	if (strncmp(words->interface, prefix, length) != 0)
		return;
	rest = words->interface + length;
	is_usb = strncmp(rest, "usb", 3) == 0;
	if (!is_usb && strncmp(rest, "nic", 3) != 0)
		return;
	for (const char *const *more = (const char *const[]){ "record", "-q", "-f", "pcapng", is_usb ? "--usb" : "--nic", rest + 3,
							      "-o", words->fifo, NULL };
	     *more != NULL; more++)
		word[nr_words++] = *more;
	word[nr_words] = NULL;
	execv(SELF, (char *const *)word);
	fail(STATUS_SCRIPT, SELF " cannot be started");
}

static int extcap_link_types(const char *interface)
{
	const char *dash = strrchr(interface, '-');

	if (dash != NULL && strncmp(dash, "-usb", 4) == 0)
		return puts("dlt {number=220}{name=USB_LINUX_MMAPPED}{display=USB, as Linux's usbmon has it}") < 0;
	return puts("dlt {number=1}{name=EN10MB}{display=Ethernet}") < 0;
}

static int extcap_config(void)
{
	puts("arg {number=0}{call=--key}{display=Secret key}{type=fileselect}{mustexist=true}{required=false}"
	     "{tooltip=the key that a machine with auth=key asks for (minisign -G -W)}");
	return STATUS_OK;
}

/* Wireshark writes --name=value or --name value. */
static const char *extcap_value(const char *name, int count, char **word, int *at)
{
	size_t length = strlen(name);

	if (strncmp(word[*at], name, length) != 0)
		return NULL;
	if (word[*at][length] == '=')
		return word[*at] + length + 1;
	return word[*at][length] == '\0' && *at + 1 < count ? word[++*at] : NULL;
}

static void extcap_take(struct extcap_words *words, int count, char **word, int *at)
{
	struct {
		const char *name;
		const char **value;
	} valued[] = {
		{ "--extcap-interface", &words->interface },
		{ "--fifo", &words->fifo },
		{ "--key", &words->key },
		{ "--extcap-capture-filter", &words->filter },
	};

	words->interfaces |= strcmp(word[*at], "--extcap-interfaces") == 0;
	words->link_types |= strcmp(word[*at], "--extcap-dlts") == 0;
	words->config |= strcmp(word[*at], "--extcap-config") == 0;
	words->capture |= strcmp(word[*at], "--capture") == 0;
	for (unsigned i = 0; i < sizeof(valued) / sizeof(valued[0]); i++) {
		const char *value = extcap_value(valued[i].name, count, word, at);

		if (value == NULL)
			continue;
		*valued[i].value = value;
		return;
	}
}

bool extcap_is_asked(int count, char **word)
{
	for (int i = 0; i < count; i++) {
		if (strncmp(word[i], "--extcap-", 9) == 0 || strcmp(word[i], "--capture") == 0)
			return true;
	}
	return false;
}

int extcap_perform(int count, char **word)
{
	struct extcap_words words = { .interface = NULL };

	for (int at = 0; at < count; at++)
		extcap_take(&words, count, word, &at);
	if (words.interfaces)
		return extcap_interfaces(&words);
	if (words.interface == NULL)
		fail(STATUS_USAGE, "Wireshark says for which interface (--extcap-interface)");
	if (words.link_types)
		return extcap_link_types(words.interface);
	if (words.config)
		return extcap_config();
	if (words.filter != NULL && words.filter[0] != '\0') {
		/* What is printed is why Wireshark does not take it. */
		puts("packets are not chosen at capture: use a display filter");
		return words.capture ? STATUS_USAGE : STATUS_OK;
	}
	if (!words.capture)
		return STATUS_OK;
	if (words.fifo == NULL)
		fail(STATUS_USAGE, "Wireshark says where to (--fifo)");
	extcap_visit_machines(extcap_capture, &words);
	fail(STATUS_USAGE, "%s: there is no such card or bus", words.interface);
}
