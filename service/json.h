/*
 * service/json.h: JSON (RFC 8259) of a hostile hand, read into nodes of the caller's. Stricter than the RFC where two
 * readers might differ: no name twice in an object, no name with an escape in it, no control codes in strings. Pure.
 */
#ifndef SERVICE_JSON_H
#define SERVICE_JSON_H

#include "rv/types.h"

#define JSON_DEPTH_MAXIMUM 12
#define JSON_MEMBERS_MAXIMUM 128 /* of one object */

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
	uint32_t kind;
	uint32_t name, name_bytes; /* of a member of an object: where in the text */
	uint32_t begin, bytes;	   /* of a string without its quotes, of a number */
	uint32_t first, next;	   /* child, sibling; 0: none */
};

struct json {
	const char *text;
	uint32_t bytes;
	struct json_node *nodes; /* nodes[0] is the whole */
	uint32_t nr_nodes, nr_nodes_maximum;
};

/* Reads `text`, of `bytes`, into `nodes`, of nr_nodes_maximum. NULL, or what is wrong in plain words. */
const char *json_parse(struct json *json);

/* Of these, `node` may be NULL, and no node is of another kind: then NULL or false. */

/* A member by name. */
const struct json_node *json_member(const struct json *json, const struct json_node *node, const char *name);
/* The first child of an object or array; the next sibling. */
const struct json_node *json_first(const struct json *json, const struct json_node *node);
const struct json_node *json_next(const struct json *json, const struct json_node *node);
/* Is it that string, to the letter? */
bool json_is(const struct json *json, const struct json_node *node, const char *text);
/* A whole number that is not negative; such a number's digits in a string. No leading zeros. */
bool json_number(const struct json *json, const struct json_node *node, uint64_t *value);
bool json_number_string(const struct json *json, const struct json_node *node, uint64_t *value);
/* The digits that are a member's name. */
bool json_name_number(const struct json *json, const struct json_node *node, uint64_t *value);
/* A string in base64, whose slashes may be escaped: how many bytes; 0: none, or more than there is room for. */
size_t json_base64(const struct json *json, const struct json_node *node, uint8_t *bytes, size_t bytes_maximum);

#endif
