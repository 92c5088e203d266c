/*
 * tests/unit/tpm.c: keys that a TPM unseals: with the TPM that swtpm plays, and with its answers when something is wrong
 * with them. What tpm2-tools have sealed comes from tools/host/tpm.py.
 */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/tpm_unseal.h"
#include "unit.h"

#define TALKS_MAXIMUM 24
#define HEADER_BYTES 4096
#define OURS 4 /* which of the standard PCRs 12 is */

static char folder[] = "/tmp/tpm-unit-XXXXXX", root[300];
static uint8_t header[HEADER_BYTES], wanted[32];
static size_t header_bytes;
static struct tpm_sealed sealed;
static uint8_t entropy[TPM_ENTROPY_BYTES];
static struct tpm_secret secret;
static char why[TPM_WHY_BYTES];

/* What was said, so that it can be said again otherwise. */
static struct talk {
	uint8_t command[TPM_COMMAND_BYTES], answer[TPM_COMMAND_BYTES];
	size_t command_bytes, answer_bytes;
} talks[TALKS_MAXIMUM];
static size_t nr_talks;
static int tpm = -1;

__attribute__((format(printf, 1, 2))) static bool sh(const char *format, ...)
{
	char words[900], command[1500];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	snprintf(command, sizeof(command), "export F=%s TPM2TOOLS_TCTI=swtpm:path=%s/tpm; cd %s/tools; { %s; } >/dev/null 2>$F/error </dev/null "
		 "|| { cat $F/error; false; }", folder, folder, root, words);
	if (system(command) == 0)
		return true;
	unit_fail("%s", words);
	return false;
}

static size_t load(const char *name, void *bytes, size_t room)
{
	char path[300];
	FILE *file;
	size_t nr_bytes = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file != NULL) {
		nr_bytes = fread(bytes, 1, room, file);
		fclose(file);
	}
	return nr_bytes;
}

static bool reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (tpm >= 0)
		close(tpm);
	tpm = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/tpm", folder);
	return connect(tpm, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* tpm2-tools connect for themselves, and swtpm has one client. */
static void leave(void)
{
	close(tpm);
	tpm = -1;
}

static bool submit_live(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	struct talk *talk = &talks[nr_talks % TALKS_MAXIMUM];
	ssize_t bytes;

	(void)context;
	if (write(tpm, command, command_bytes) != (ssize_t)command_bytes)
		return false;
	bytes = read(tpm, answer, *answer_bytes);
	if (bytes <= 0)
		return false;
	*answer_bytes = (size_t)bytes;
	memcpy(talk->command, command, command_bytes);
	memcpy(talk->answer, answer, *answer_bytes);
	talk->command_bytes = command_bytes;
	talk->answer_bytes = *answer_bytes;
	nr_talks++;
	return true;
}

/* What was answered, but one of them changed. */
static struct {
	size_t at, which;
	enum { AS_IT_IS, FLIP, CUT, LONGER, FAIL } how;
	size_t where;
	bool is_size_true; /* of one that is cut or longer */
	bool checks; /* what is sent, too */
} replay;

static bool submit_again(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	const struct talk *talk = &talks[replay.at];
	bool is_it = replay.at++ == replay.which && replay.how != AS_IT_IS;
	size_t bytes = talk->answer_bytes;

	(void)context;
	if (replay.at > nr_talks || (is_it && replay.how == FAIL))
		return false;
	if (replay.checks && (command_bytes != talk->command_bytes || memcmp(command, talk->command, command_bytes) != 0))
		unit_fail("command %zu is another", replay.at);
	memset(answer, 0xa5, *answer_bytes);
	memcpy(answer, talk->answer, bytes);
	if (is_it && replay.how == FLIP)
		answer[replay.where] ^= (uint8_t)(1 + replay.where % 255);
	if (is_it && replay.how == CUT)
		bytes = replay.where;
	if (is_it && replay.how == LONGER)
		bytes += replay.where;
	if (is_it && replay.is_size_true && bytes >= 6) {
		answer[4] = (uint8_t)(bytes >> 8);
		answer[5] = (uint8_t)bytes;
	}
	*answer_bytes = bytes;
	return true;
}

static const struct tpm_link live = { .submit = submit_live }, again = { .submit = submit_again };

static enum tpm_result ask(const struct tpm_link *link, const struct tpm_sealed *what)
{
	const struct tpm_question question = { .sealed = what, .entropy = entropy };
	enum tpm_result result;

	replay.at = 0;
	memset(why, 0x5a, sizeof(why));
	result = tpm_unseal(link, &question, &secret, why);
	if (memchr(why, 0, sizeof(why)) == NULL || (result != TPM_GOOD) != (why[0] != '\0'))
		unit_fail("result %d has the words %.20s", result, why);
	return result;
}

static void prepare(void)
{
	size_t at = 0;

	if (!sh("swtpm socket --tpm2 --tpmstate dir=$F --server type=unixio,path=$F/tpm --ctrl type=unixio,path=$F/tpm.ctrl "
		"--flags not-need-init,startup-clear --daemon --pid file=$F/pid") ||
	    !sh("python3 -B -c \"import os; from host import tpm; f = os.environ['F']; v = tpm.read_pcrs(tpm.STANDARD_PCRS); "
		"s, t = tpm.seal(v); open(f + '/secret', 'wb').write(s); open(f + '/token', 'w').write('{\\\"x\\\":\\\"' + t + '\\\"}')\""))
		return;
	UNIT_EQUAL(load("secret", wanted, sizeof(wanted)), sizeof(wanted));
	header_bytes = load("token", header, sizeof(header));
	UNIT_CHECK(tpm_sealed_next(header, header_bytes, &at, &sealed));
	UNIT_EQUAL(sealed.nr_pcrs, OURS + 1);
	UNIT_EQUAL(sealed.pcrs[OURS].number, 12);
	UNIT_CHECK(!sealed.needs_pin);
	UNIT_EQUAL(strlen(sealed.day), 10);
	UNIT_CHECK(!tpm_sealed_next(header, header_bytes, &at, &sealed));
	at = 0;
	UNIT_CHECK(tpm_sealed_next(header, header_bytes, &at, &sealed));
	for (unsigned i = 0; i < sizeof(entropy); i++)
		entropy[i] = (uint8_t)(37 * i + 5);
}

static bool has(const uint8_t *bytes, size_t nr_bytes, const uint8_t *what, size_t what_bytes)
{
	return memmem(bytes, nr_bytes, what, what_bytes) != NULL;
}

/* What tests/fuzz/tpm.c begins with. Of the PCRs it has the last only, which is zero. */
static void write_seed(const char *path)
{
	FILE *file = fopen(path, "wb");
	const size_t first = OURS;

	if (file == NULL)
		return;
	fputc(2, file);
	fputc((int)sealed.public_bytes, file);
	fwrite(sealed.public_part, 1, sealed.public_bytes, file);
	for (size_t i = first; i < nr_talks; i++) {
		fputc((int)(talks[i].answer_bytes >> 8), file);
		fputc((int)talks[i].answer_bytes & 0xff, file);
		fwrite(talks[i].answer, 1, talks[i].answer_bytes, file);
	}
	fclose(file);
}

static void unsealed(void)
{
	UNIT_CHECK(reach());
	nr_talks = 0;
	UNIT_EQUAL(ask(&live, &sealed), TPM_GOOD);
	UNIT_EQUAL(secret.nr_bytes, sizeof(wanted));
	UNIT_CHECK(memcmp(secret.bytes, wanted, sizeof(wanted)) == 0);
	UNIT_CHECK(nr_talks >= 10 && nr_talks < TALKS_MAXIMUM);
	if (getenv("TPM_SEED") != NULL)
		write_seed(getenv("TPM_SEED"));
}

static void bus(void)
{
	for (size_t i = 0; i < nr_talks; i++) {
		UNIT_CHECK(!has(talks[i].command, talks[i].command_bytes, wanted, 8));
		UNIT_CHECK(!has(talks[i].answer, talks[i].answer_bytes, wanted, 8));
	}
}

/* Nothing stays loaded: a TPM has room for three, and this is the fourth time. */
static void loaded(void)
{
	struct talk first[TALKS_MAXIMUM];
	size_t nr = nr_talks;

	memcpy(first, talks, sizeof(first));
	for (unsigned i = 0; i < 4; i++) {
		nr_talks = 0;
		UNIT_EQUAL(ask(&live, &sealed), TPM_GOOD);
	}
	memcpy(talks, first, sizeof(first));
	nr_talks = nr;
}

static void repeated(void)
{
	replay.how = AS_IT_IS;
	replay.checks = true;
	UNIT_EQUAL(ask(&again, &sealed), TPM_GOOD);
	UNIT_CHECK(memcmp(secret.bytes, wanted, sizeof(wanted)) == 0);
	replay.checks = false;
	/* What was recorded is no answer to another session. */
	entropy[TPM_POINT_BYTES] ^= 1;
	UNIT_EQUAL(ask(&again, &sealed), TPM_BAD_ANSWER);
	entropy[TPM_POINT_BYTES] ^= 1;
	entropy[TPM_POINT_BYTES - 1] ^= 2;
	UNIT_EQUAL(ask(&again, &sealed), TPM_BAD_ANSWER);
	entropy[TPM_POINT_BYTES - 1] ^= 2;
}

static size_t find(uint8_t command)
{
	size_t i = 0;

	while (i < nr_talks && talks[i].command[9] != command)
		i++;
	return i;
}

/* Of whatever answer, another key never comes of it. */
static void changed(void)
{
	size_t unseal = find(0x5e), primary = find(0x31);

	UNIT_CHECK(unseal < nr_talks && primary < nr_talks);
	for (replay.which = 0; replay.which < nr_talks && replay.which <= unseal; replay.which++) {
		for (replay.where = 0; replay.where < talks[replay.which].answer_bytes; replay.where++) {
			enum tpm_result result;

			/* The curve takes its time, and all of the key is behind one hash. */
			if (replay.which == primary && replay.where % 8 != 0)
				continue;
			replay.how = FLIP;
			replay.is_size_true = false;
			result = ask(&again, &sealed);
			if (result == TPM_GOOD && (replay.which == unseal || memcmp(secret.bytes, wanted, sizeof(wanted)) != 0))
				unit_fail("answer %zu, byte %zu changed is good", replay.which, replay.where);
			replay.how = CUT;
			replay.is_size_true = replay.where % 2;
			if (ask(&again, &sealed) == TPM_GOOD)
				unit_fail("answer %zu cut to %zu is good", replay.which, replay.where);
		}
		replay.how = LONGER;
		for (replay.where = 1; replay.where < 20; replay.where += 6) {
			replay.is_size_true = true;
			if (ask(&again, &sealed) == TPM_GOOD && (replay.which == unseal || memcmp(secret.bytes, wanted, sizeof(wanted)) != 0))
				unit_fail("answer %zu, %zu longer, is good", replay.which, replay.where);
			replay.is_size_true = false;
			if (ask(&again, &sealed) == TPM_GOOD)
				unit_fail("answer %zu, %zu longer than it says, is good", replay.which, replay.where);
		}
		replay.how = FAIL;
		UNIT_EQUAL(ask(&again, &sealed), TPM_BAD_ANSWER);
	}
}

/* In another folder's terms: sealed anew, with a PIN. */
static void pin(void)
{
	struct tpm_sealed with;
	uint8_t token[HEADER_BYTES], key[32], value[TPM_PIN_BYTES];
	struct tpm_question question = { .sealed = &with, .entropy = entropy };
	size_t at = 0, token_bytes;

	leave();
	if (!sh("python3 -B -c \"import os; from host import tpm; f = os.environ['F']; v = tpm.read_pcrs([7, 12]); "
		"s, t = tpm.seal(v, b'1234'); open(f + '/secret', 'wb').write(s); open(f + '/token', 'w').write(t)\""))
		return;
	load("secret", key, sizeof(key));
	token_bytes = load("token", token, sizeof(token));
	UNIT_CHECK(tpm_sealed_next(token, token_bytes, &at, &with) && with.needs_pin && with.salt_bytes == 16);
	UNIT_CHECK(reach());
	nr_talks = 0;
	UNIT_EQUAL(tpm_unseal(&live, &question, &secret, why), TPM_NEEDS_PIN);
	question.pin = value;
	tpm_make_pin(&with, "1235", 4, value);
	UNIT_EQUAL(tpm_unseal(&live, &question, &secret, why), TPM_WRONG_PIN);
	tpm_make_pin(&with, "1234", 4, value);
	UNIT_EQUAL(tpm_unseal(&live, &question, &secret, why), TPM_GOOD);
	UNIT_CHECK(secret.nr_bytes == sizeof(key) && memcmp(secret.bytes, key, sizeof(key)) == 0);
	UNIT_EQUAL(ask(&live, &sealed), TPM_GOOD); /* the other knows of no PIN */
	tpm_make_pin(&with, "", 0, value);
	for (unsigned i = 0; i < 4 && tpm_unseal(&live, &question, &secret, why) == TPM_WRONG_PIN; i++)
		;
	UNIT_CHECK(strstr(why, "for a while") != NULL);
	UNIT_EQUAL(ask(&live, &sealed), TPM_GOOD);
}

static void another(void)
{
	struct tpm_sealed other = sealed;

	other.parent_name[20] ^= 1;
	nr_talks = 0;
	UNIT_EQUAL(ask(&live, &other), TPM_REFUSED);
	UNIT_CHECK(strstr(why, "another TPM") != NULL);
	/* Within the encrypted part. */
	other = sealed;
	other.private_part = other.bytes + (sealed.private_part - sealed.bytes);
	other.public_part = other.bytes + (sealed.public_part - sealed.bytes);
	other.bytes[sealed.private_part - sealed.bytes + (ptrdiff_t)sealed.private_bytes - 3] ^= 1;
	UNIT_EQUAL(ask(&live, &other), TPM_REFUSED);
	UNIT_CHECK(strstr(why, "was changed (code 1df)") != NULL);
}

static void capped(void)
{
	struct tpm_sealed other = sealed;
	uint8_t before[TPM_HASH_BYTES];

	UNIT_CHECK(tpm_read_pcr(&live, 12, before));
	leave();
	sh("tpm2_pcrextend 12:sha256=%064d", 1);
	UNIT_CHECK(reach());
	UNIT_EQUAL(ask(&live, &sealed), TPM_CHANGED);
	UNIT_CHECK(strstr(why, "PCR 12") != NULL && strstr(why, "PCR 7") == NULL && strstr(why, "PCR 4") == NULL);
	UNIT_CHECK(memcmp(before, sealed.pcrs[OURS].value, sizeof(before)) == 0);
	UNIT_CHECK(tpm_read_pcr(&live, 12, other.pcrs[OURS].value));
	UNIT_EQUAL(ask(&live, &other), TPM_REFUSED);
	UNIT_CHECK(strstr(why, "code 99d") != NULL);
}

/* A driver that firmware has loaded before us. */
static void driver(void)
{
	struct tpm_sealed other;
	uint8_t token[HEADER_BYTES];
	size_t at = 0, token_bytes;

	leave();
	if (!sh("python3 -B -c \"import os; from host import tpm; f = os.environ['F']; s, t = tpm.seal(tpm.read_pcrs(tpm.STANDARD_PCRS)); "
		"open(f + '/token', 'w').write(t)\""))
		return;
	token_bytes = load("token", token, sizeof(token));
	UNIT_CHECK(tpm_sealed_next(token, token_bytes, &at, &other));
	UNIT_CHECK(reach());
	UNIT_EQUAL(ask(&live, &other), TPM_GOOD);
	leave();
	sh("tpm2_pcrextend 2:sha256=%064d", 1);
	UNIT_CHECK(reach());
	UNIT_EQUAL(ask(&live, &other), TPM_CHANGED);
	UNIT_CHECK(strcmp(why, "changed since: PCR 2, drivers and cards' firmware") == 0);
	UNIT_CHECK(other.pcrs[1].number == 2 && tpm_read_pcr(&live, 2, other.pcrs[1].value));
	UNIT_EQUAL(ask(&live, &other), TPM_REFUSED);
}

/* In text: any digit changed, cut, or none. */
static void tokens(void)
{
	uint8_t *copy;
	struct tpm_sealed other;
	size_t nr_good = 0;

	for (size_t i = 0; i < header_bytes; i++) {
		size_t at = 0;

		copy = malloc(header_bytes);
		memcpy(copy, header, header_bytes);
		copy[i] = copy[i] == '0' ? 'f' : '0';
		if (tpm_sealed_next(copy, header_bytes, &at, &other)) {
			nr_good++;
			UNIT_CHECK(other.nr_pcrs <= TPM_SEALED_PCRS && other.private_bytes <= sizeof(other.bytes));
		}
		UNIT_CHECK(at <= header_bytes);
		free(copy);
		copy = malloc(i + 1);
		memcpy(copy, header, i);
		at = 0;
		UNIT_CHECK(!tpm_sealed_next(copy, i, &at, &other) || i == header_bytes - 2 || i == header_bytes - 1);
		free(copy);
	}
	UNIT_CHECK(nr_good > header_bytes / 2 && nr_good < header_bytes);
}

int main(void)
{
	char command[400];

	if (system("command -v swtpm tpm2_create >/dev/null") != 0) {
		printf("skipped: swtpm and tpm2-tools are not installed\n");
		return UNIT_SKIPPED;
	}
	if (getcwd(root, sizeof(root)) == NULL || mkdtemp(folder) == NULL)
		return 1;
	unit_run("tpm: sealed by tpm2-tools", prepare);
	unit_run("tpm: unsealed", unsealed);
	unit_run("tpm: the bus does not see the key", bus);
	unit_run("tpm: nothing stays loaded", loaded);
	unit_run("tpm: the same answers, and another session", repeated);
	unit_run("tpm: answers that are changed, cut, longer, missing", changed);
	unit_run("tpm: a PIN, wrong ones, and too many", pin);
	unit_run("tpm: another TPM, another key", another);
	unit_run("tpm: a PCR that was extended", capped);
	unit_run("tpm: another driver before us", driver);
	unit_run("tpm: tokens that are damaged", tokens);
	snprintf(command, sizeof(command), "kill $(cat %s/pid) 2>/dev/null; rm -rf %s", folder, folder);
	if (system(command) != 0)
		return 1;
	return unit_failed;
}
