on(:port_read, 0x60) { |io| begin; loop { }; ensure; loop { }; end }
