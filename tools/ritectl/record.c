/*
 * record.c: `ritectl record`.
 */
#include "record.h"

int record_metadata(void)
{
	const struct metadata metadata = { .tsc_hz = 1000000000 };

	metadata_print(settings.output, &metadata);
	output_flush();
	return STATUS_OK;
}
