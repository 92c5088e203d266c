/* service/headers/sys/types.h: for libsodium, where there is no C library. */
#include <stddef.h>
#include <stdint.h>
