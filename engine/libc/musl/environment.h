/*
 * environment.h - included before every musl source file, in place of musl's own private
 * headers: the attributes they define, and the long double helpers that libm.h would otherwise
 * define and that this target cannot compile.
 */
#ifndef ENGINE_MUSL_ENVIRONMENT_H
#define ENGINE_MUSL_ENVIRONMENT_H

#define hidden
#define weak __attribute__((__weak__))
#define weak_alias(old, new) \
	extern __typeof(old) new __attribute__((__weak__, __alias__(#old)))

#define fp_barrierl(x)		(x)
#define fp_force_evall(x)	((void)(x))

/* musl's names for functions it also calls itself. */
void *__memrchr(const void *, int, __SIZE_TYPE__);
char *__stpcpy(char *restrict, const char *restrict);
char *__stpncpy(char *restrict, const char *restrict, __SIZE_TYPE__);
char *__strchrnul(const char *, int);

/* time_impl.h names it; no function that uses it is built. */
typedef struct musl_locale *locale_t;

#endif
