/*
 * include/rv/policy.h: scripts that must not fail open, and how they are told from others.
 *
 * A policy is a script of which a line begins with `policy!`, or that the boot option require= names. The
 * line is looked for in its text, so that it counts however little of the script is ever executed: with an
 * error in its syntax, or without an engine. It counts wherever it stands, in a comment of several lines too.
 */
#ifndef RV_POLICY_H
#define RV_POLICY_H

#include "rv/types.h"

#define RV_POLICY_WORD "policy!"

static inline bool rv_policy_begins_at(const char *text, size_t length_bytes)
{
	static const char word[] = RV_POLICY_WORD;

	if (length_bytes < sizeof(word) - 1)
		return false;
	for (size_t i = 0; i < sizeof(word) - 1; i++) {
		if (text[i] != word[i])
			return false;
	}
	return true;
}

/* Does a line of this text begin with the word, behind blanks, or behind a byte order mark? */
static inline bool rv_is_policy(const char *text, size_t length_bytes)
{
	bool begins = true; /* a line, with nothing but blanks so far */

	for (size_t i = 0; i < length_bytes; i++) {
		if (begins && rv_policy_begins_at(text + i, length_bytes - i))
			return true;
		if (text[i] == '\n' || text[i] == '\r' || text[i] == ';')
			begins = true;
		else if (text[i] != ' ' && text[i] != '\t' && (i >= 3 || (unsigned char)text[i] < 0x80))
			begins = false;
	}
	return false;
}

#endif
