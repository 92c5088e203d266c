/*
 * process/service_image.S: the program that checks signatures (service/), as a file in the image. It has its pages
 * to itself: they are mapped where it runs.
 */
	.section .rodata
	.balign 4096
	.global service_program, service_program_end
service_program:
	.incbin SERVICE_PROGRAM
service_program_end:
	.balign 4096

	.section .note.GNU-stack, "", @progbits
