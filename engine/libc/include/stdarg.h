/*
 * stdarg.h - variable arguments for a target whose doubles travel in integer registers.
 *
 * clang passes a variadic double like an integer but fetches it from the area where SSE
 * registers would have been saved, which nothing writes. So a double is fetched as the
 * integer it is and its bits are taken.
 */
#ifndef ENGINE_STDARG_H
#define ENGINE_STDARG_H

typedef __builtin_va_list va_list;
#define __GNUC_VA_LIST 1
typedef __builtin_va_list __gnuc_va_list;

#define va_start(list, last)	__builtin_va_start(list, last)
#define va_end(list)		__builtin_va_end(list)
#define va_copy(to, from)	__builtin_va_copy(to, from)
#define __va_copy(to, from)	__builtin_va_copy(to, from)

#define __va_double(list)							\
	(((union { unsigned long long __bits; double __value; })		\
	  { .__bits = __builtin_va_arg(list, unsigned long long) }).__value)

#define va_arg(list, type)							\
	__builtin_choose_expr(__builtin_types_compatible_p(type, double),	\
			      __va_double(list), __builtin_va_arg(list, type))

#endif
