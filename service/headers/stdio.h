/* service/headers/stdio.h: for libsodium, where there is no C library; it takes nothing of it. */
