# A hook whose filter never fits: C rejects the access, Ruby is not asked.
on(:port_read, 0x80, width: 4) { |io| io.deny }
