/* crypt/headers/string.h: for BearSSL, where there is no C library. */
#ifndef CRYPT_STRING_H
#define CRYPT_STRING_H

#include "core/string.h"

#endif
