/*
 * boot/options_limits.h: what the numbers of boot/options_table.h may be, as constants:
 * option_NAME_standard, _minimum and _maximum.
 */
#ifndef BOOT_OPTIONS_LIMITS_H
#define BOOT_OPTIONS_LIMITS_H

#include "rv/types.h"

#define OPTION_NUMBER(name, member, standard, minimum, maximum)                                    \
	option_##name##_standard = standard, option_##name##_minimum = minimum,                    \
	option_##name##_maximum = maximum,
#define OPTION_FLAG(name, member, value)
#define OPTION_TEXT(name)
enum {
#include "boot/options_table.h"
};
#undef OPTION_NUMBER
#undef OPTION_FLAG
#undef OPTION_TEXT

#endif
