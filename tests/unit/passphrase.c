/*
 * tests/unit/passphrase.c: the passphrase's prompt: when, which keys, on which keyboard.
 */
#include "boot/passphrase.h"

#include "boot/passphrase_keys.h"
#include "unit.h"

static struct passphrase_line line;
static struct passphrase given;
static char drawn[PASSPHRASE_DRAWN_BYTES + 1];

static const char *draw(void)
{
	memset(drawn, 0x5a, sizeof(drawn));
	passphrase_draw(&line, drawn);
	UNIT_CHECK(memchr(drawn, 0, PASSPHRASE_DRAWN_BYTES) != NULL);
	return strchr(drawn, ':') + 2;
}

/* What these keys give. */
static const char *type(const char *options, const char *keys)
{
	static char text[PASSPHRASE_BYTES + 1];

	UNIT_CHECK(passphrase_begin(&line, options));
	for (; *keys != '\0'; keys++) {
		UNIT_CHECK(!passphrase_take(&line, (uint8_t)*keys));
		(void)draw();
	}
	UNIT_CHECK(passphrase_take(&line, PASSPHRASE_ENTER));
	memset(&given, 0, sizeof(given));
	passphrase_end(&line, &given);
	for (size_t i = 0; i < sizeof(line); i++)
		UNIT_EQUAL(((const uint8_t *)&line)[i], 0);
	UNIT_CHECK(given.is_given && given.length_bytes <= sizeof(given.bytes));
	snprintf(text, sizeof(text), "%.*s", (int)given.length_bytes, (const char *)given.bytes);
	return text;
}

#define GIVES(options, keys, wanted)                                                              \
	do {                                                                                      \
		const char *got = type(options, keys);                                            \
		if (strcmp(got, wanted) != 0)                                                     \
			unit_fail("%s:%d: %s gives %s", __FILE__, __LINE__, keys, got);           \
	} while (0)

static void test_wanted(void)
{
	UNIT_CHECK(!passphrase_is_wanted(""));
	UNIT_CHECK(!passphrase_is_wanted("memory=32M  summary"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,header=b"));
	UNIT_CHECK(passphrase_is_wanted("x  encrypt=a,header=b y"));
	UNIT_CHECK(!passphrase_is_wanted("encrypt=a,header=b,key=c"));
	UNIT_CHECK(!passphrase_is_wanted("encrypt=a,key=c,header=b"));
	UNIT_CHECK(!passphrase_is_wanted("encrypt=a,plain=b"));
	UNIT_CHECK(!passphrase_is_wanted("noencrypt=a,header=b"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,plain=b encrypt=c,header=d"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,header=b,key=c encrypt=c,header=d,first=2048 z"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,header=b key=c"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,header=b encrypt=c,header=d,key=e"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a"));
	UNIT_CHECK(passphrase_is_wanted("encrypt=a,header=disk,discard=pass"));
	UNIT_CHECK(!passphrase_is_wanted("encrypt=a,key=c"));
}

static void test_headers(void)
{
	const char *options = "encrypt=a,header=one.luks x encrypt=b,header=two,key=k encrypt=c,first=1,header=three,sectors=2";
	char header[8];

	UNIT_CHECK(passphrase_next_header(&options, header, sizeof(header)));
	UNIT_CHECK(strcmp(header, "one.luk") == 0);
	UNIT_CHECK(passphrase_next_header(&options, header, sizeof(header)));
	UNIT_CHECK(strcmp(header, "three") == 0);
	UNIT_CHECK(!passphrase_next_header(&options, header, sizeof(header)));
	UNIT_CHECK(!passphrase_next_header(&options, header, sizeof(header)));
}

static void test_keymaps(void)
{
	GIVES("", "Zy-;'[]\\/`~", "Zy-;'[]\\/`~");
	GIVES("keymap=us", "zY\"@", "zY\"@");
	GIVES("summary keymap=de x", "zyZY-=[];'\\/?@#&*()_+{}:\"|<>^~` q1", "yzYZß´ü+öä#-_\"§/()=?`Ü*ÖÄ';:&°^ q1");
	GIVES("keymap=fr", "qwazm1234567890-=!@\\/.", "azqw,&é\"'(-è_çà)=12*!:");
	GIVES("keymap=uk", "@\"#\\|~`", "\"@£#~¬`");
	GIVES("keymap=jp", "@&*(=^[]':\"_", "\"'()^&@[:+*=");
	UNIT_CHECK(!passphrase_begin(&line, "keymap=xx"));
	UNIT_CHECK(!passphrase_begin(&line, "keymap="));
	UNIT_CHECK(!passphrase_begin(&line, "keymap=dex"));
	/* What the firmware has translated by itself stays. */
	UNIT_CHECK(passphrase_begin(&line, "keymap=de"));
	(void)passphrase_take(&line, 0xdf);
	(void)passphrase_take(&line, 0x3042);
	passphrase_end(&line, &given);
	UNIT_EQUAL(given.length_bytes, 5);
	UNIT_EQUAL(memcmp(given.bytes, "ßあ", 5), 0);
	/* So does what a terminal has. */
	UNIT_CHECK(passphrase_begin(&line, "keymap=de"));
	(void)passphrase_take(&line, PASSPHRASE_CHARACTER('z'));
	(void)passphrase_take(&line, PASSPHRASE_CHARACTER(0xe4));
	passphrase_end(&line, &given);
	UNIT_EQUAL(given.length_bytes, 3);
	UNIT_EQUAL(memcmp(given.bytes, "zä", 3), 0);
}

/* Each key has a character of its own on each keyboard, but those that the jp one has not. */
static void test_whole(void)
{
	static const char *const keymaps[] = { "keymap=us", "keymap=uk", "keymap=de", "keymap=fr", "keymap=jp" };

	for (unsigned i = 0; i < 5; i++) {
		char seen[95][4] = { { 0 } };
		unsigned nr_same = 0;

		for (char c = ' '; c <= '~'; c++) {
			const char keys[] = { c, 0 };

			snprintf(seen[c - ' '], 4, "%s", type(keymaps[i], keys));
			UNIT_CHECK(seen[c - ' '][0] != '\0');
			for (char before = ' '; before < c; before++)
				nr_same += strcmp(seen[before - ' '], seen[c - ' ']) == 0;
		}
		UNIT_CHECK(nr_same <= (i == 4 ? 4u : 0u));
	}
}

static void test_line(void)
{
	GIVES("", "abc\b\bd", "ad");
	GIVES("", "\b\ba", "a");
	GIVES("", "abc\033de", "de");
	GIVES("", "a\tb\001\177", "ab");
	UNIT_CHECK(passphrase_begin(&line, "keymap=de"));
	(void)passphrase_take(&line, 'z');
	(void)passphrase_take(&line, '[');
	UNIT_EQUAL(strcmp(draw(), "**"), 0);
	(void)passphrase_take(&line, PASSPHRASE_SHOW);
	UNIT_EQUAL(strcmp(draw(), "yü"), 0);
	(void)passphrase_take(&line, PASSPHRASE_BACKSPACE);
	UNIT_EQUAL(strcmp(draw(), "y \b"), 0);
	(void)passphrase_take(&line, '\t');
	UNIT_EQUAL(strcmp(draw(), "*"), 0);
	for (unsigned i = 0; i < 1000; i++)
		(void)passphrase_take(&line, i % 2 ? 0xfff : 0x8ff);
	(void)passphrase_take(&line, PASSPHRASE_SHOW);
	(void)draw();
	(void)passphrase_take(&line, PASSPHRASE_ESCAPE);
	(void)draw();
	for (unsigned i = 0; i < 1000; i++)
		(void)passphrase_take(&line, 0xfff);
	(void)draw();
	passphrase_end(&line, &given);
	UNIT_EQUAL(given.length_bytes, PASSPHRASE_BYTES);
}

static void test_files(void)
{
	static const char line[] = "key=x encrypt=A,header=h encrypt=B,header=i,key=root.key,discard=pass x=y,key=z encrypt=C,plain=p encrypt=D,key=";

	UNIT_CHECK(passphrase_is_left_out(line, "root.key"));
	UNIT_CHECK(passphrase_is_left_out(line, "p"));
	UNIT_CHECK(passphrase_is_left_out(line, "h") && !passphrase_is_left_out(line, "i"));
	UNIT_CHECK(!passphrase_is_left_out(line, "x") && !passphrase_is_left_out(line, "z"));
	UNIT_CHECK(!passphrase_is_left_out(line, "root.ke") && !passphrase_is_left_out(line, "root.key2"));
	UNIT_CHECK(!passphrase_is_left_out("", "p"));
	UNIT_CHECK(passphrase_is_left_out("encrypt=A,sealed=s", "s") && passphrase_is_left_out("encrypt=A,sealed=s,header=h", "h"));
}

/* What a keyboard's bytes give, in US order. */
static const char *scanned(const uint8_t *codes, size_t length)
{
	static struct scan_input input;
	static char text[PASSPHRASE_BYTES + 1];

	memset(&input, 0, sizeof(input));
	UNIT_CHECK(passphrase_begin(&line, ""));
	for (size_t i = 0; i < length; i++) {
		uint16_t key = scan_key(&input, codes[i]);

		UNIT_CHECK(key == 0 || passphrase_take(&line, key) == (i == length - 1));
	}
	memset(&given, 0, sizeof(given));
	passphrase_end(&line, &given);
	snprintf(text, sizeof(text), "%.*s", (int)given.length_bytes, (const char *)given.bytes);
	return text;
}

#define SCANS(wanted, ...)                                                                          \
	do {                                                                                        \
		static const uint8_t codes[] = { __VA_ARGS__ };                                     \
		const char *got = scanned(codes, sizeof(codes));                                    \
		if (strcmp(got, wanted) != 0)                                                       \
			unit_fail("%s:%d: %s is wanted, not %s", __FILE__, __LINE__, wanted, got);  \
	} while (0)

static void test_scan_codes(void)
{
	SCANS("a", 0x1e, 0x9e, 0x1c);
	SCANS("aA!a", 0x1e, 0x9e, 0x2a, 0x1e, 0x9e, 0x02, 0x82, 0xaa, 0x1e, 0x1c);
	SCANS("Q ?", 0x36, 0x10, 0xb6, 0x39, 0x2a, 0x35, 0xaa, 0x1c);
	SCANS("AbA1", 0x3a, 0xba, 0x1e, 0x2a, 0x30, 0xaa, 0x1e, 0x02, 0x3a, 0xba, 0x1c); /* Caps Lock */
	SCANS("\\|", 0x56, 0x2a, 0x56, 0xaa, 0x1c);
	SCANS("b", 0x1e, 0x0e, 0x30, 0x1c);	   /* Backspace */
	SCANS("c", 0x1e, 0x30, 0x01, 0x2e, 0x1c);  /* Escape */
	SCANS("ab", 0x1e, 0x3c, 0x0f, 0x30, 0x1c); /* F2 and Tab */
	SCANS("/", 0xe0, 0x35, 0xe0, 0xb5, 0xe0, 0x1c); /* the number pad's */
	SCANS("a", 0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0xaa, 0x1e, 0x1c); /* an arrow, with a shift made up */
	SCANS("", 0xfa, 0xaa, 0x45, 0x46, 0x7f, 0x57, 0x58, 0xff, 0x00, 0xe1, 0x1d, 0x1c);
}

/* All bytes, in any order: nothing but keys. */
static void test_any_byte(void)
{
	struct scan_input scan = { 0 };
	struct terminal_input terminal = { 0 };
	uint32_t random = 1;

	for (unsigned i = 0; i < 1000000; i++) {
		uint16_t key;

		random = random * 1664525 + 1013904223;
		key = scan_key(&scan, (uint8_t)(random >> 24));
		UNIT_CHECK(key < 0x80 || key == PASSPHRASE_SHOW);
		key = terminal_key(&terminal, (uint8_t)(random >> 16));
		UNIT_CHECK(key < ' ' || (key >= PASSPHRASE_CHARACTER(' ') && key <= PASSPHRASE_CHARACTER(0xff)));
	}
}

int main(void)
{
	unit_run("passphrase: asked for where only a person can unlock", test_wanted);
	unit_run("passphrase: headers that only a person can unlock", test_headers);
	unit_run("passphrase: files that are not measured", test_files);
	unit_run("passphrase: keyboards", test_keymaps);
	unit_run("passphrase: no keyboard lacks a key", test_whole);
	unit_run("passphrase: editing, hidden and shown", test_line);
	unit_run("passphrase: a keyboard's scan codes", test_scan_codes);
	unit_run("passphrase: any bytes", test_any_byte);
	return unit_failed;
}
