# Rules alone.
Usb.policy("allow with-interface 08:06:50")
