# What is read of a stick is changed, all of it; commands and how they end are not.
Usb.policy("allow with-interface 08:06:50")
KEY = "\x5a"
on(:usb_done, class: 8, direction: :in) { |t| t.data.xor(KEY) if t.length == 4096 }
