# Only what a mediator sees may be there.
policy!
Usb.policy("allow 46f4:0001", others: setting(:others, "hide").to_sym)
