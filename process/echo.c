/*
 * process/echo.c: the service `echo`: scripts write to it, and read what it answers.
 */
#include "process/echo.h"

#include "process/resident.h"
#include "service/echo.h"

#define ECHO_RING_BYTES 8192
#define ECHO_STACK_BYTES KIB(16)
#define ECHO_TURN_US 50000

/* service_image.S */
extern const uint8_t service_echo[], service_echo_end[];

int echo_start(void)
{
	static const struct resident_program program = {
		.name = "echo",
		.image = service_echo,
		.image_end = service_echo_end,
		.stack_bytes = ECHO_STACK_BYTES,
		.turn_us = ECHO_TURN_US,
		.nr_rings = ECHO_RINGS,
		.rings = {
			[ECHO_IN] = { .size_bytes = ECHO_RING_BYTES, .to_service = true, .scripts = true },
			[ECHO_OUT] = { .size_bytes = ECHO_RING_BYTES, .scripts = true },
		},
	};
	struct resident *resident;

	return resident_create(&program, NULL, 0, 0, &resident);
}
