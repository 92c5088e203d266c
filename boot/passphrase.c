/*
 * boot/passphrase.c: see the header.
 */
#include "boot/passphrase.h"

#include "core/string.h"

#define PROMPT_STANDARD "passphrase"
#define PROMPT " (F2 or Tab shows it): "

/* Keys with a character, by what they have on a US keyboard; and the same keys on others. Of dead keys the accent. */
static const char keymap_us[] = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
				"~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?";
static const struct {
	const char *name, *keys;
} keymaps[] = {
	{ "us", NULL },
	{ "uk", "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./"
		"¬!\"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?" },
	{ "de", "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-"
		"°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_" },
	{ "fr", "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!"
		"~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§" },
	{ "jp", "`1234567890-^qwertyuiop@[]asdfghjkl;:zxcvbnm,./"
		"~!\"#$%&'()~=~QWERTYUIOP`{}ASDFGHJKL+*ZXCVBNM<>?" },
};

#define CHARACTER_FIRST PASSPHRASE_CHARACTER(' ')
#define CHARACTER_LAST PASSPHRASE_CHARACTER(0xff)

static size_t word_length(const char *word, char end)
{
	size_t length = 0;

	while (word[length] != '\0' && word[length] != ' ' && word[length] != end)
		length++;
	return length;
}

/* What a word has behind a field's name and a comma before it; NULL: it has none. */
static const char *word_field(const char *word, const char *name)
{
	size_t length = word_length(word, ' '), name_length = strlen(name);

	for (size_t at = 0; at + name_length < length; at++) {
		if (word[at] == ',' && strncmp(word + at + 1, name, name_length) == 0)
			return word + at + 1 + name_length;
	}
	return NULL;
}

/* The next word that begins so; NULL: there is none. */
static const char *options_find(const char *options, const char *begin)
{
	for (const char *word = options; *word != '\0'; word += word_length(word, ' ')) {
		while (*word == ' ')
			word++;
		if (strncmp(word, begin, strlen(begin)) == 0)
			return word;
	}
	return NULL;
}

bool passphrase_next_header(const char **options, char *header, size_t header_bytes)
{
	const char *word = *options, *field;
	size_t length;

	while ((word = options_find(word, "encrypt=")) != NULL) {
		*options = word + word_length(word, ' ');
		if (word_field(word, "plain=") == NULL && word_field(word, "key=") == NULL) {
			field = word_field(word, "sealed=");
			field = field != NULL ? field : word_field(word, "header=");
			length = field != NULL ? word_length(field, ',') : 0;
			string_copy(header, field != NULL ? field : "", length < header_bytes ? length + 1 : header_bytes);
			return true;
		}
		word = *options;
	}
	return false;
}

/* Has the word a field of that name which is this? */
static bool word_names(const char *word, const char *field_name, const char *name)
{
	const char *field = word_field(word, field_name);
	size_t length = strlen(name);

	return field != NULL && word_length(field, ',') == length && strncmp(field, name, length) == 0;
}

bool passphrase_is_left_out(const char *options, const char *name)
{
	const char *word = options;

	while ((word = options_find(word, "encrypt=")) != NULL) {
		bool has_secret = word_field(word, "key=") != NULL || word_field(word, "plain=") != NULL;

		if (word_names(word, "key=", name) || word_names(word, "plain=", name) ||
		    (!has_secret && (word_names(word, "header=", name) || word_names(word, "sealed=", name))))
			return true;
		word += word_length(word, ' ');
	}
	return false;
}

bool passphrase_is_wanted(const char *options)
{
	char header[1];

	return passphrase_next_header(&options, header, sizeof(header));
}

bool passphrase_begin(struct passphrase_line *line, const char *options)
{
	static const char name[] = "keymap=";
	const char *word = options_find(options, name);

	*line = (struct passphrase_line){ .what = PROMPT_STANDARD };
	if (word == NULL)
		return true;
	word += sizeof(name) - 1;
	for (size_t i = 0; i < ARRAY_LENGTH(keymaps); i++) {
		if (word_length(word, ' ') == strlen(keymaps[i].name) &&
		    strncmp(word, keymaps[i].name, strlen(keymaps[i].name)) == 0) {
			line->keymap = keymaps[i].keys;
			return true;
		}
	}
	return false;
}

bool passphrase_take(struct passphrase_line *line, uint16_t key)
{
	switch (key) {
	case PASSPHRASE_ENTER:
		return true;
	case PASSPHRASE_BACKSPACE:
		line->nr_keys -= line->nr_keys != 0;
		break;
	case PASSPHRASE_ESCAPE:
		line->nr_keys = 0;
		break;
	case PASSPHRASE_SHOW:
	case '\t': /* what a serial line's F2 is depends on the terminal */
		line->shows = !line->shows;
		break;
	default:
		if (key >= ' ' && key != 0x7f && (key < 0xd800 || (key >= CHARACTER_FIRST && key <= CHARACTER_LAST)) &&
		    line->nr_keys < PASSPHRASE_KEYS_MAXIMUM)
			line->keys[line->nr_keys++] = key;
	}
	return false;
}

static bool utf8_continues(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* The character at a position. Returns its length. */
static size_t utf8_at(const char *text, size_t position, const char **character)
{
	size_t length = 1;

	for (; position != 0; position--) {
		text++;
		while (utf8_continues(*text))
			text++;
	}
	*character = text;
	while (utf8_continues(text[length]))
		length++;
	return length;
}

/* In UTF-8: 1 to 3 bytes. */
static size_t key_text(const struct passphrase_line *line, uint16_t key, char *text)
{
	const char *character;
	size_t length = 0;

	if (key >= CHARACTER_FIRST && key <= CHARACTER_LAST)
		key &= 0xff;
	else if (line->keymap != NULL) {
		for (size_t i = 0; keymap_us[i] != '\0'; i++) {
			if (key != keymap_us[i])
				continue;
			length = utf8_at(line->keymap, i, &character);
			memcpy(text, character, length);
			return length;
		}
	}
	if (key < 0x80) {
		text[length++] = (char)key;
		return length;
	}
	if (key >= 0x800) {
		text[length++] = (char)(0xe0 | key >> 12);
		text[length++] = (char)(0x80 | (key >> 6 & 0x3f));
	} else {
		text[length++] = (char)(0xc0 | key >> 6);
	}
	text[length++] = (char)(0x80 | (key & 0x3f));
	return length;
}

void passphrase_draw(struct passphrase_line *line, char *text)
{
	uint32_t gone = line->nr_drawn > line->nr_keys ? line->nr_drawn - line->nr_keys : 0;

	*text++ = '\r';
	memcpy(text, line->what, strlen(line->what));
	text += strlen(line->what);
	memcpy(text, PROMPT, sizeof(PROMPT) - 1);
	text += sizeof(PROMPT) - 1;
	for (uint32_t i = 0; i < line->nr_keys; i++) {
		if (line->shows)
			text += key_text(line, line->keys[i], text);
		else
			*text++ = '*';
	}
	memset(text, ' ', gone);
	memset(text + gone, '\b', gone);
	text[2 * gone] = '\0';
	line->nr_drawn = line->nr_keys;
}

void passphrase_end(struct passphrase_line *line, struct passphrase *passphrase)
{
	size_t length = 0;

	for (uint32_t i = 0; i < line->nr_keys; i++)
		length += key_text(line, line->keys[i], (char *)passphrase->bytes + length);
	passphrase->length_bytes = (uint32_t)length;
	passphrase->is_given = true;
	memory_wipe(line, sizeof(*line));
}
