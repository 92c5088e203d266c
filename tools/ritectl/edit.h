/*
 * tools/ritectl/edit.h: lines of a user, from a terminal with editing and history, or from a file. One at a time.
 */
#ifndef EDIT_H
#define EDIT_H

#include <stdbool.h>
#include <stddef.h>

#define EDIT_LINE_BYTES 2048 /* with the NUL; what is typed beyond is not taken */

enum edit_result {
	EDIT_NOTHING, /* no line yet */
	EDIT_LINE,    /* there is one */
	EDIT_CANCEL,  /* Ctrl-C */
	EDIT_ASK,     /* Tab: `line` is what is before the cursor, for edit_complete() */
	EDIT_END,
};

/* Standard input; a terminal is put into its raw mode until the program ends. */
void edit_begin(void);
/* Shows the prompt, and what is typed so far. */
void edit_prompt(const char *prompt);
/* Something else is printed now: takes the line from the screen; edit_prompt() shows it again. */
void edit_hide(void);
/* Waits for input, up to so long. EDIT_LINE: it is in `line`. */
enum edit_result edit_read(int milliseconds, char line[EDIT_LINE_BYTES]);

/* How many bytes at the end of that text are the word that Tab is about, and of which (":disk_", "Disk.fi") `*of` are what
 * stands before the dot, and it. */
size_t edit_word(const char *line, size_t *of);
/* Puts what all of the names begin with, and the word begins, in its place; if nothing is added, prints the names. They are
 * apart by blanks; empty: none fits. */
void edit_complete(const char *names);

#endif
