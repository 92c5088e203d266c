/*
 * process/echo.h: the service `echo`, to try services with (service/echo.h).
 */
#ifndef PROCESS_ECHO_H
#define PROCESS_ECHO_H

/* Starts it. 0, or as resident_create(). Context: boot, once. */
int echo_start(void);

#endif
