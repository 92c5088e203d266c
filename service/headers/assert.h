/* service/headers/assert.h: for libsodium, where there is no C library. */
#ifndef SERVICE_ASSERT_H
#define SERVICE_ASSERT_H

#define assert(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
