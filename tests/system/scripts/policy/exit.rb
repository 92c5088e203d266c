policy!
on(:port_read, 0x21) { |io| io.deny }
exit
