# Somebody wants another device's transfers.
Usb.policy("allow with-interface 08:06:50")
on(:usb_request, id: "1234:5678") { |t| }
on(:usb_done, id: "1234:5678") { |t| }
