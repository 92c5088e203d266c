every(10.seconds) { }
at_exit { }
on(:port_read, 0x4080..0x4083) { }
