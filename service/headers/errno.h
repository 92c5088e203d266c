/* service/headers/errno.h: for libsodium, where there is no C library. */
#ifndef SERVICE_ERRNO_H
#define SERVICE_ERRNO_H

#define ENOMEM 12
static int errno;

#endif
