/* service/headers/string.h: for libsodium, where there is no C library. */
#ifndef SERVICE_STRING_H
#define SERVICE_STRING_H

#include "core/string.h"

#endif
