# Mice come in, and one keyboard at a time.
Usb.policy <<~RULES
  allow with-interface match-all { 03:00:02 03:01:02 }
  allow with-interface match-all { 03:*:* } if !allowed-matches(with-interface one-of { 03:00:00 03:00:01 03:01:01 })
RULES
