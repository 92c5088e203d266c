/*
 * process/service_image.S: the programs of service/, as files in the image. Each has its pages to itself: they are
 * mapped where it runs.
 */
	.section .rodata

	.macro program name, file
	.balign 4096
	.global service_\name, service_\name\()_end
service_\name:
	.incbin "\file"
service_\name\()_end:
	.balign 4096
	.endm

	program verify, SERVICE_VERIFY
	program keeper, SERVICE_KEEPER
	program echo, SERVICE_ECHO
	program network, SERVICE_NETWORK
	program unseal, SERVICE_UNSEAL

	.section .note.GNU-stack, "", @progbits
