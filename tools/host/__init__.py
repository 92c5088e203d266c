"""What ./ritevisor and tools/image are made of: disk images, QEMU machines, the console."""
