# A policy that does not compile never gets to say that it is one.
policy!
on(:port_read, 0x21 { |io| io.deny }
