/*
 * tests/unit/minisign.c: signatures as Debian's minisign makes them, and whatever may be wrong with them.
 */
#include <unistd.h>

#include "crypto_sign_ed25519.h"
#include "service/base64.h"
#include "service/check.h"
#include "service/minisign.h"
#include "unit.h"

#define NOW 1800000000 /* 2027-01-15 08:00:00 UTC */
#define SECRET_ID 54
#define SECRET_BYTES 158

static char folder[] = "/tmp/minisign-unit-XXXXXX";
static struct verify_request request;
static struct verify_answer answer;
static uint8_t *script; /* just as long as it is: ASan sees what is read behind it */
static size_t script_bytes;

__attribute__((format(printf, 1, 2))) static void sh(const char *format, ...)
{
	char words[512], command[700];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	snprintf(command, sizeof(command), "cd %s && { %s; } >/dev/null </dev/null", folder, words);
	if (system(command) != 0)
		unit_fail("%s", words);
}

static size_t file_read(const char *name, void *to, size_t to_bytes)
{
	char path[300];
	size_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		unit_fail("%s is missing", path);
	else
		bytes = fread(to, 1, to_bytes, file);
	if (file != NULL)
		fclose(file);
	return bytes;
}

/* The second line of a file. */
static void file_read_line(const char *name, char *line, size_t line_bytes)
{
	char text[1024] = { 0 };
	const char *begin;

	(void)file_read(name, text, sizeof(text) - 1);
	begin = strchr(text, '\n');
	snprintf(line, line_bytes, "%.*s", begin != NULL ? (int)strcspn(begin + 1, "\n") : 0, begin != NULL ? begin + 1 : "");
}

static void use_script(const void *text, size_t bytes)
{
	free(script);
	script = malloc(bytes != 0 ? bytes : 1);
	memcpy(script, text, bytes);
	script_bytes = request.text_bytes = bytes;
}

/* A question about s.rb, signed with these options of minisign's. */
static void prepare(const char *options)
{
	static uint8_t text[100000];

	memset(&request, 0, sizeof(request));
	request.work = VERIFY_SCRIPT;
	request.now = NOW;
	strcpy(request.name, "s.rb");
	request.nr_keys = 2;
	file_read_line("other.pub", request.keys[0], VERIFY_KEY_BYTES);
	file_read_line("mine.pub", request.keys[1], VERIFY_KEY_BYTES);
	sh("minisign -S -W -s mine.key -m s.rb %s", options);
	request.signature_bytes = (uint32_t)file_read("s.rb.minisig", request.signature, sizeof(request.signature));
	use_script(text, file_read("s.rb", text, sizeof(text)));
}

/* NULL: it is good. */
static const char *ask(void)
{
	memset(&answer, 0x5a, sizeof(answer));
	check_answer(&request, script, &answer);
	if (answer.verdict == VERIFY_GOOD)
		return NULL;
	return answer.why;
}

#define REFUSED(words)                                                                             \
	do {                                                                                       \
		const char *why = ask();                                                           \
		if (why == NULL || strstr(why, words) == NULL)                                     \
			unit_fail("%s:%d: %s, not %s", __FILE__, __LINE__, why != NULL ? why : "good", words); \
	} while (0)
#define GOOD() \
	do {                                                                                       \
		const char *why = ask();                                                           \
		if (why != NULL)                                                                   \
			unit_fail("%s:%d: refused: %s", __FILE__, __LINE__, why);                  \
	} while (0)

static void test_good(void)
{
	static const char *const kinds[] = { "-H", "-l" };

	for (unsigned i = 0; i < 2; i++) {
		char options[200];

		snprintf(options, sizeof(options), "%s -t 'script=s.rb serial=18446744073709551615 not-after=2027-01-15'", kinds[i]);
		prepare(options);
		UNIT_EQUAL(strncmp((char *)request.signature, "untrusted comment: ", 19), 0);
		GOOD();
		UNIT_EQUAL(answer.serial, UINT64_MAX);
		request.keys[0][0] = request.keys[1][0];
		request.nr_keys = 1;
		memcpy(request.keys[0], request.keys[1], VERIFY_KEY_BYTES);
		GOOD();
	}
	prepare(""); /* as minisign says by itself: timestamp:, file:, hashed */
	GOOD();
	UNIT_EQUAL(answer.serial, 0);
	sh(": >s.rb");
	prepare("");
	GOOD();
	sh("head -c 70001 /dev/zero >s.rb");
	prepare("-l");
	GOOD();
	prepare("-H");
	GOOD();
	sh("echo 'puts 1' >s.rb");
}

static void test_keys(void)
{
	char mine[VERIFY_KEY_BYTES];

	prepare("");
	memcpy(mine, request.keys[1], sizeof(mine));
	request.nr_keys = 1;
	REFUSED("by a key that the configuration does not know");
	request.nr_keys = 0;
	REFUSED("has no key");
	request.nr_keys = VERIFY_KEYS_MAXIMUM + 1;
	REFUSED("has no key");
	/* One that is none makes all useless. */
	request.nr_keys = 2;
	for (size_t i = 0; i <= strlen(mine); i++) {
		request.keys[0][i] ^= 0x20;
		if (i < 3 || i == strlen(mine)) /* "Ed", and the end; what follows is the key's number and the key */
			REFUSED("is no public key");
		else
			(void)ask();
		request.keys[0][i] ^= 0x20;
	}
	/* The number of one, the key of another: all the same no. */
	request.nr_keys = 1;
	memcpy(request.keys[0] + 14, mine + 14, strlen(mine) - 14);
	REFUSED("does not know");
	memset(request.keys[0], 'A', VERIFY_KEY_BYTES); /* no NUL */
	REFUSED("is no public key");
}

static void test_changed(void)
{
	static const char *const kinds[] = { "-H", "-l" };

	for (unsigned i = 0; i < 2; i++) {
		prepare(kinds[i]);
		for (size_t at = 0; at < script_bytes; at++) {
			script[at] ^= 1;
			REFUSED("the script, or the signature, was changed");
			script[at] ^= 1;
		}
		request.text_bytes--;
		REFUSED("the script, or the signature, was changed");
	}
}

/* Each byte of the file but the untrusted comment's. */
static void test_damaged(void)
{
	size_t begin;

	prepare("-t 'script=s.rb serial=5'");
	begin = (size_t)(strchr((char *)request.signature, '\n') - (char *)request.signature);
	for (size_t at = 0; at < request.signature_bytes; at++) {
		uint8_t was = request.signature[at];

		for (unsigned bit = 0; bit < 8; bit++) {
			request.signature[at] = (uint8_t)(was ^ 1u << bit);
			if ((at < 19 || at >= begin) && ask() == NULL)
				unit_fail("byte %zu may be %#x", at, request.signature[at]);
		}
		request.signature[at] = was;
	}
	GOOD();
	for (uint32_t bytes = request.signature_bytes; bytes-- != 0;) {
		request.signature_bytes = bytes;
		/* The last line's end may be missing, the line may not. */
		if (bytes != strlen((char *)request.signature) - 1 && ask() == NULL)
			unit_fail("%u bytes are enough", bytes);
	}
	REFUSED("it has no signature");
	request.signature_bytes = sizeof(request.signature) + 1;
	REFUSED("too long");
	request.signature_bytes = UINT32_MAX;
	REFUSED("too long");
	prepare("");
	strcpy((char *)request.signature + request.signature_bytes, "more\n");
	request.signature_bytes += 5;
	REFUSED("cut short");
}

static void test_comment(void)
{
	char *serial;

	prepare("-t 'script=s.rb serial=5'");
	serial = strstr((char *)request.signature, "serial=5");
	serial[7] = '6';
	REFUSED("the trusted comment was changed");
	/* That of another signature of the same file. */
	prepare("-t 'script=s.rb serial=5'");
	{
		struct verify_request old = request;
		size_t front = (size_t)(strstr((char *)old.signature, "trusted comment: script") - (char *)old.signature);

		sh("echo 'puts 2' >s.rb");
		prepare("-t 'script=s.rb serial=9'");
		memcpy(request.signature, old.signature, front);
		sh("echo 'puts 1' >s.rb");
		use_script("puts 1\n", 7);
		REFUSED("the trusted comment was changed");
	}
}

static void test_claims(void)
{
	static const struct {
		const char *comment, *why; /* NULL: good */
	} cases[] = {
		{ "script=s.rb", NULL },
		{ "file:s.rb", NULL },
		{ "timestamp:1\tfile:s.rb\thashed", NULL },
		{ "  script=s.rb\t\tserial=0  ", NULL },
		{ "script=s.rb not-after=2027-01-15", NULL },
		{ "script=s.rb not-after=2027-01-14", "expired" },
		{ "script=s.rb not-after=9999-12-31", NULL },
		{ "script=s.rb not-after=2028-02-29", NULL },
		{ "script=s.rb not-after=2027-02-29", "a date that is none" },
		{ "script=s.rb not-after=2027-13-01", "a date that is none" },
		{ "script=s.rb not-after=2027-00-01", "a date that is none" },
		{ "script=s.rb not-after=2027-01-00", "a date that is none" },
		{ "script=s.rb not-after=2027-1-01", "a date that is none" },
		{ "script=s.rb not-after=1969-12-31", "a date that is none" },
		{ "script=s.rb not-after=", "a date that is none" },
		{ "script=s.rb not-after=2027-01-155", "a date that is none" },
		{ "script=s.rb serial=", "a serial" },
		{ "script=s.rb serial=-1", "a serial" },
		{ "script=s.rb serial=1x", "a serial" },
		{ "script=s.rb serial=0x10", "a serial" },
		{ "script=s.rb serial=18446744073709551616", "a serial" },
		{ "script=s.rb serial=1 serial=2", "twice" },
		{ "script=s.rb file:s.rb", "twice" },
		{ "script=s.rb notafter=2030-01-01", "a word that is not known" },
		{ "script=s.r", "another name" },
		{ "script=s.rbb", "another name" },
		{ "script=", "another name" },
		{ "serial=3", "which script" },
		{ "anything", "which script" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char options[200];

		snprintf(options, sizeof(options), "-t '%s'", cases[i].comment);
		prepare(options);
		if (cases[i].why == NULL && ask() != NULL)
			unit_fail("%s: %s", cases[i].comment, answer.why);
		if (cases[i].why != NULL && (ask() == NULL || strstr(answer.why, cases[i].why) == NULL))
			unit_fail("%s: %s", cases[i].comment, answer.why);
	}
	prepare("");
	memset(request.name, 's', sizeof(request.name)); /* no NUL */
	REFUSED("another name");
	/* The last second of that day, and the next. */
	prepare("-t 'script=s.rb not-after=2000-02-29'");
	request.now = 951868799;
	GOOD();
	request.now++;
	REFUSED("expired");
}

/* Who knows the key signs the nonce, and this nonce alone. */
static void test_session(void)
{
	uint8_t bytes[SECRET_BYTES], text[sizeof(VERIFY_SESSION_TEXT) - 1 + VERIFY_NONCE_BYTES];
	char line[400];

	prepare("");
	request.work = VERIFY_SESSION;
	REFUSED("no signature");
	file_read_line("mine.key", line, sizeof(line));
	UNIT_CHECK(base64_decode(line, strlen(line), bytes, sizeof(bytes)));
	memset(request.nonce, 0x77, sizeof(request.nonce));
	memcpy(text, VERIFY_SESSION_TEXT, sizeof(VERIFY_SESSION_TEXT) - 1);
	memset(text + sizeof(VERIFY_SESSION_TEXT) - 1, 0x77, VERIFY_NONCE_BYTES);
	memcpy(request.signature, bytes + SECRET_ID, MINISIGN_ID_BYTES);
	UNIT_EQUAL(crypto_sign_ed25519_detached(request.signature + MINISIGN_ID_BYTES, NULL, text, sizeof(text),
						bytes + SECRET_ID + MINISIGN_ID_BYTES), 0);
	request.signature_bytes = VERIFY_PROOF_BYTES;
	GOOD();
	for (unsigned at = 0; at < VERIFY_NONCE_BYTES; at++) {
		request.nonce[at] ^= 1;
		REFUSED("the signature is wrong");
		request.nonce[at] ^= 1;
	}
	request.nr_keys = 1;
	REFUSED("does not know");
	request.work = 0;
	REFUSED("nothing that it knows");
}

int main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	sh("command -v minisign && minisign -G -W -p mine.pub -s mine.key && minisign -G -W -p other.pub -s other.key && "
	   "echo 'puts 1' >s.rb");
	if (unit_why[0] != '\0') {
		printf("not ok minisign: %s (the Debian package minisign)\n", unit_why);
		return 1;
	}
	unit_run("good signatures, of both kinds", test_good);
	unit_run("keys", test_keys);
	unit_run("a script that was changed", test_changed);
	unit_run("a signature file that was damaged or cut", test_damaged);
	unit_run("a trusted comment that was changed", test_comment);
	unit_run("what a trusted comment says", test_claims);
	unit_run("a session's key", test_session);
	free(script);
	sh("rm -f -- *.pub *.key s.rb s.rb.minisig; rmdir %s", folder);
	return unit_failed;
}
