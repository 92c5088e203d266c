/*
 * libc_sanitized.h - included before the engine's soft-float, decimal and printf sources when they
 * are compiled for the host under the sanitizers: their functions must not replace the host's.
 */
#ifndef TESTS_UNIT_LIBC_SANITIZED_H
#define TESTS_UNIT_LIBC_SANITIZED_H

#include <complex.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CMPLX
#define CMPLX(x, y) __builtin_complex((double)(x), (double)(y))
#endif

/* Functions on doubles: the host passes those in other registers than the engine. */
#define sqrt sanitized_sqrt
#define sqrtf sanitized_sqrtf
#define floor sanitized_floor
#define ceil sanitized_ceil
#define trunc sanitized_trunc
#define round sanitized_round
#define rint sanitized_rint
#define fmod sanitized_fmod
#define scalbn sanitized_scalbn
#define scalbln sanitized_scalbln
#define frexp sanitized_frexp
#define modf sanitized_modf
#define ilogb sanitized_ilogb
#define fabs sanitized_fabs
#define copysign sanitized_copysign
#define __muldc3 sanitized_muldc3
#define __divdc3 sanitized_divdc3
#define strtod sanitized_strtod
#define strtof sanitized_strtof
#define atof sanitized_atof
#define snprintf sanitized_snprintf
#define vsnprintf sanitized_vsnprintf

double sqrt(double);
float sqrtf(float);
double floor(double);
double ceil(double);
double trunc(double);
double round(double);
double rint(double);
double fmod(double, double);
double scalbn(double, int);
double scalbln(double, long);
double frexp(double, int *);
double modf(double, double *);
int ilogb(double);
double fabs(double);
double copysign(double, double);
double _Complex __muldc3(double, double, double, double);
double _Complex __divdc3(double, double, double, double);
double strtod(const char *, char **);
float strtof(const char *, char **);
double atof(const char *);
int snprintf(char *, size_t, const char *, ...);
int vsnprintf(char *, size_t, const char *, va_list);

/* The remaining ones are in the way of the host's, and not what is tested. */
#define nearbyint sanitized_nearbyint
#define lrint sanitized_lrint
#define llrint sanitized_llrint
#define lround sanitized_lround
#define llround sanitized_llround
#define floorf sanitized_floorf
#define ceilf sanitized_ceilf
#define truncf sanitized_truncf
#define roundf sanitized_roundf
#define rintf sanitized_rintf
#define fmodf sanitized_fmodf
#define fabsf sanitized_fabsf
#define copysignf sanitized_copysignf
#define scalbnf sanitized_scalbnf
#define ldexp sanitized_ldexp
#define ldexpf sanitized_ldexpf
#define logb sanitized_logb
#define printf sanitized_printf
#define fprintf sanitized_fprintf
#define sprintf sanitized_sprintf
#define vprintf sanitized_vprintf
#define vfprintf sanitized_vfprintf
#define vsprintf sanitized_vsprintf

int vfprintf(FILE *, const char *, va_list);
int vsprintf(char *, const char *, va_list);

/* Functions on raw bits keep the name under which the tests know the engine's. */
#define __adddf3 engine___adddf3
#define __subdf3 engine___subdf3
#define __muldf3 engine___muldf3
#define __divdf3 engine___divdf3
#define __negdf2 engine___negdf2
#define __ltdf2 engine___ltdf2
#define __ledf2 engine___ledf2
#define __gtdf2 engine___gtdf2
#define __gedf2 engine___gedf2
#define __eqdf2 engine___eqdf2
#define __nedf2 engine___nedf2
#define __unorddf2 engine___unorddf2
#define __fixdfsi engine___fixdfsi
#define __fixdfdi engine___fixdfdi
#define __fixunsdfsi engine___fixunsdfsi
#define __fixunsdfdi engine___fixunsdfdi
#define __floatsidf engine___floatsidf
#define __floatdidf engine___floatdidf
#define __floatunsidf engine___floatunsidf
#define __floatundidf engine___floatundidf
#define __extendsfdf2 engine___extendsfdf2
#define __truncdfsf2 engine___truncdfsf2
#define __addsf3 engine___addsf3
#define __subsf3 engine___subsf3
#define __mulsf3 engine___mulsf3
#define __divsf3 engine___divsf3
#define __negsf2 engine___negsf2
#define __ltsf2 engine___ltsf2
#define __lesf2 engine___lesf2
#define __gtsf2 engine___gtsf2
#define __gesf2 engine___gesf2
#define __eqsf2 engine___eqsf2
#define __nesf2 engine___nesf2
#define __unordsf2 engine___unordsf2
#define __fixsfsi engine___fixsfsi
#define __fixsfdi engine___fixsfdi
#define __fixunssfsi engine___fixunssfsi
#define __fixunssfdi engine___fixunssfdi
#define __floatsisf engine___floatsisf
#define __floatdisf engine___floatdisf
#define __floatunsisf engine___floatunsisf
#define __floatundisf engine___floatundisf

#endif
