/*
 * config.h: how PCRE2 is built here: 8-bit, without Unicode tables (they alone are 120 KB; src/
 * translate.c makes UTF-8 of bytes), without just-in-time compiler, with limits for a hook.
 */
#define PCRE2_EXPORT
#define HAVE_MEMMOVE 1
#define LINK_SIZE 2
#define MAX_NAME_SIZE 128
#define MAX_NAME_COUNT 1000
#define MAX_VARLOOKBEHIND 255
#define NEWLINE_DEFAULT 2	/* line feed */
#define PARENS_NEST_LIMIT 100
/* Replaced by those of src/regexp.c at every match. */
#define HEAP_LIMIT 1024
#define MATCH_LIMIT 100000
#define MATCH_LIMIT_DEPTH 100000
