# at_exit within exit within at_exit, then abort.
# group: hooks
# guest: deny
# state: ended killed
at_exit { exit 4 }
at_exit { abort "no" }
on(:port_read, PORT, on_error: :deny) { |io| exit 0 }
