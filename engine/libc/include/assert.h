/* assert.h - assertions; may be included again with another NDEBUG. */
#undef assert

#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) \
	((void)((condition) || (__assert_fail(#condition, __FILE__, __LINE__, __func__), 0)))
#endif

#ifndef ENGINE_ASSERT_H
#define ENGINE_ASSERT_H

#define static_assert _Static_assert
_Noreturn void __assert_fail(const char *, const char *, int, const char *);

#endif
