/*
 * start/main.h: the engine's main function, the same on the bare machine and on the host.
 */
#ifndef ENGINE_START_MAIN_H
#define ENGINE_START_MAIN_H

/* Runs this engine's script and its hooks. Returns the exit status once there is nothing to do. */
int engine_main(void);

#endif
