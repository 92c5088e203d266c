# A hook that computes with what the guest writes and changes it.
on(:port_write, 0x80) { |io| io.value = (io.value + 1) & 0x7f }
