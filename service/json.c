/*
 * service/json.c: one pass over the text; its recursion ends at JSON_DEPTH_MAXIMUM.
 */
#include "service/json.h"

#include "core/string.h"
#include "service/base64.h"

#define BASE64_CHARACTERS 128 /* of a text, at most */

struct json_reader {
	struct json *json;
	uint32_t at;
	const char *why;
};

static const char *json_value(struct json_reader *reader, unsigned depth, struct json_node *node);

/* The next character; NUL at the end, which is none of JSON's. */
static char json_peek(const struct json_reader *reader)
{
	return reader->at < reader->json->bytes ? reader->json->text[reader->at] : '\0';
}

static void json_skip_blanks(struct json_reader *reader)
{
	for (;;) {
		char c = json_peek(reader);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		reader->at++;
	}
}

static bool json_take(struct json_reader *reader, char c)
{
	json_skip_blanks(reader);
	if (json_peek(reader) != c)
		return false;
	reader->at++;
	return true;
}

static bool json_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool json_is_hexadecimal(char c)
{
	return json_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. */
static bool json_escape(struct json_reader *reader)
{
	char c = json_peek(reader);

	reader->at++;
	switch (c) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return true;
	case 'u':
		for (unsigned i = 0; i < 4; i++, reader->at++) {
			if (!json_is_hexadecimal(json_peek(reader)))
				return false;
		}
		return true;
	default:
		return false;
	}
}

/* Behind its first quote. */
static const char *json_string(struct json_reader *reader, uint32_t *begin, uint32_t *bytes)
{
	*begin = reader->at;
	for (;;) {
		char c = json_peek(reader);

		if ((unsigned char)c < ' ')
			return "a string does not end, or has a control code in it";
		reader->at++;
		if (c == '"')
			break;
		if (c == '\\' && !json_escape(reader))
			return "a string has an escape that is none";
	}
	*bytes = reader->at - 1 - *begin;
	return NULL;
}

static bool json_digits(struct json_reader *reader)
{
	if (!json_is_digit(json_peek(reader)))
		return false;
	while (json_is_digit(json_peek(reader)))
		reader->at++;
	return true;
}

static const char *json_read_number(struct json_reader *reader, struct json_node *node)
{
	static const char why[] = "a number is none";

	node->kind = JSON_NUMBER;
	node->begin = reader->at;
	if (json_peek(reader) == '-')
		reader->at++;
	if (json_peek(reader) == '0')
		reader->at++;
	else if (!json_digits(reader))
		return why;
	if (json_peek(reader) == '.') {
		reader->at++;
		if (!json_digits(reader))
			return why;
	}
	if (json_peek(reader) == 'e' || json_peek(reader) == 'E') {
		reader->at++;
		if (json_peek(reader) == '+' || json_peek(reader) == '-')
			reader->at++;
		if (!json_digits(reader))
			return why;
	}
	node->bytes = reader->at - node->begin;
	return NULL;
}

static const char *json_word(struct json_reader *reader, struct json_node *node)
{
	static const struct {
		const char *text;
		enum json_kind kind;
	} words[] = { { "null", JSON_NULL }, { "false", JSON_FALSE }, { "true", JSON_TRUE } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint32_t length = (uint32_t)strlen(words[i].text);

		if (length > reader->json->bytes - reader->at ||
		    memcmp(reader->json->text + reader->at, words[i].text, length) != 0)
			continue;
		reader->at += length;
		node->kind = words[i].kind;
		return NULL;
	}
	return "a value is none";
}

static struct json_node *json_new_node(struct json *json)
{
	struct json_node *node;

	if (json->nr_nodes == json->nr_nodes_maximum)
		return NULL;
	node = &json->nodes[json->nr_nodes++];
	*node = (struct json_node){ 0 };
	return node;
}

static bool json_names_are_equal(const struct json *json, const struct json_node *a, const struct json_node *b)
{
	return a->name_bytes == b->name_bytes && memcmp(json->text + a->name, json->text + b->name, a->name_bytes) == 0;
}

/* The name of a member and its colon; `parent` has the members before it. */
static const char *json_name(struct json_reader *reader, const struct json_node *parent, struct json_node *member)
{
	struct json *json = reader->json;
	const char *why;
	unsigned nr_members = 0;

	if (!json_take(reader, '"'))
		return "a member has no name";
	why = json_string(reader, &member->name, &member->name_bytes);
	if (why != NULL)
		return why;
	for (uint32_t i = 0; i < member->name_bytes; i++) {
		if (json->text[member->name + i] == '\\')
			return "a name has an escape in it";
	}
	for (uint32_t i = parent->first; i != 0; i = json->nodes[i].next) {
		if (json_names_are_equal(json, &json->nodes[i], member))
			return "a name is there twice";
		if (++nr_members == JSON_MEMBERS_MAXIMUM)
			return "an object has too many members";
	}
	return json_take(reader, ':') ? NULL : "a member has no value";
}

/* Behind its first bracket. */
static const char *json_children(struct json_reader *reader, unsigned depth, struct json_node *parent, char end)
{
	struct json *json = reader->json;
	uint32_t *link = &parent->first;
	const char *why = NULL;

	if (depth == JSON_DEPTH_MAXIMUM)
		return "it is nested too deep";
	if (json_take(reader, end))
		return NULL;
	for (;;) {
		struct json_node *child = json_new_node(json);

		if (child == NULL)
			return "it is too long";
		if (parent->kind == JSON_OBJECT)
			why = json_name(reader, parent, child);
		if (why == NULL)
			why = json_value(reader, depth + 1, child);
		if (why != NULL)
			return why;
		*link = (uint32_t)(child - json->nodes);
		link = &child->next;
		if (json_take(reader, end))
			return NULL;
		if (!json_take(reader, ','))
			return "an object or array does not end";
	}
}

static const char *json_value(struct json_reader *reader, unsigned depth, struct json_node *node)
{
	char c;

	json_skip_blanks(reader);
	c = json_peek(reader);
	if (c == '-' || json_is_digit(c))
		return json_read_number(reader, node);
	if (c != '{' && c != '[' && c != '"')
		return json_word(reader, node);
	reader->at++;
	if (c == '"') {
		node->kind = JSON_STRING;
		return json_string(reader, &node->begin, &node->bytes);
	}
	node->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
	return json_children(reader, depth, node, c == '{' ? '}' : ']');
}

const char *json_parse(struct json *json)
{
	struct json_reader reader = { .json = json };
	struct json_node *whole;
	const char *why;

	json->nr_nodes = 0;
	whole = json_new_node(json);
	if (whole == NULL)
		return "it is too long";
	why = json_value(&reader, 0, whole);
	if (why != NULL)
		return why;
	json_skip_blanks(&reader);
	return reader.at == json->bytes ? NULL : "something follows its end";
}

const struct json_node *json_first(const struct json *json, const struct json_node *node)
{
	return node == NULL || node->first == 0 ? NULL : &json->nodes[node->first];
}

const struct json_node *json_next(const struct json *json, const struct json_node *node)
{
	return node->next == 0 ? NULL : &json->nodes[node->next];
}

const struct json_node *json_member(const struct json *json, const struct json_node *node, const char *name)
{
	size_t length = strlen(name);

	if (node == NULL || node->kind != JSON_OBJECT)
		return NULL;
	for (const struct json_node *member = json_first(json, node); member != NULL; member = json_next(json, member)) {
		if (member->name_bytes == length && memcmp(json->text + member->name, name, length) == 0)
			return member;
	}
	return NULL;
}

bool json_is(const struct json *json, const struct json_node *node, const char *text)
{
	size_t length = strlen(text);

	return node != NULL && node->kind == JSON_STRING && node->bytes == length &&
	       memcmp(json->text + node->begin, text, length) == 0;
}

static bool json_read_digits(const char *text, size_t length, uint64_t *value)
{
	return length != 0 && json_is_digit(text[0]) && (text[0] != '0' || length == 1) &&
	       string_to_number(text, length, value);
}

bool json_number(const struct json *json, const struct json_node *node, uint64_t *value)
{
	return node != NULL && node->kind == JSON_NUMBER && json_read_digits(json->text + node->begin, node->bytes, value);
}

bool json_number_string(const struct json *json, const struct json_node *node, uint64_t *value)
{
	return node != NULL && node->kind == JSON_STRING && json_read_digits(json->text + node->begin, node->bytes, value);
}

bool json_name_number(const struct json *json, const struct json_node *node, uint64_t *value)
{
	return json_read_digits(json->text + node->name, node->name_bytes, value);
}

size_t json_base64(const struct json *json, const struct json_node *node, uint8_t *bytes, size_t bytes_maximum)
{
	char text[BASE64_CHARACTERS];
	size_t length = 0, nr_bytes;

	if (node == NULL || node->kind != JSON_STRING)
		return 0;
	for (uint32_t i = 0; i < node->bytes; i++) {
		char c = json->text[node->begin + i];

		if (c == '\\' && i + 1 < node->bytes && json->text[node->begin + i + 1] == '/')
			continue;
		if (length == sizeof(text))
			return 0;
		text[length++] = c;
	}
	nr_bytes = base64_bytes(text, length);
	return nr_bytes <= bytes_maximum && base64_decode(text, length, bytes, nr_bytes) ? nr_bytes : 0;
}
