USB_RULES = <<~RULES
  # One stick, and nothing beside: neither keyboards, nor what says that it is that stick and is a keyboard too.
  allow 46f4:0001 serial "STICK" with-interface 08:06:50
RULES
