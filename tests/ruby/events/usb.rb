# USB devices: what they are, rules, refusals. (The simulated machine has one stick, number 1.)
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

try { on(:usb_attach, speed: 16) { } }
try { Usb.policy("allow with-connect-type \"x\"") }
try { Usb.policy("allow", default: :reject) }

on(:usb_attach, vendor_id: 0x46f4) { |d| log d.to_s, product: d.product, interfaces: d.interfaces.to_a.join(" ") }
on(:usb_attach, id: "046d:c077") { |d| d.deny "no mice" }
on(:usb_attach, class_code: 9, verdict: :deny)
on(:usb_attach, id: "1111:2222") { raise "oops" }
on(:usb_attach, id: "3333:4444") { |d| try { d.delay(1.seconds) } }
on(:usb_detach) { |d| log "gone #{d.id}" }
Usb.policy <<~RULES
  allow 46f4:0001 with-interface 08:06:50
RULES
