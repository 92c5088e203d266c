# Transfers of USB devices: filters, what they say, refusals, data.
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

try { on(:usb_transfer, direction: :up) { } }
try { on(:usb_transfer, endpoint: 16) { } }
try { on(:usb_done, type: [:bulk, "x"]) { } }

on(:usb_control, request_type: 0x21) { |t| t.deny "of a class" }
on(:usb_control, direction: :in) { |t| log t.to_s, setup: t.setup.bytes, device: t.device.inspect, data: t.data.inspect }
on(:usb_transfer, class: 3, type: :interrupt) { |t| log t.to_s, direction: t.direction, in: t.in?, interface: t.interface }
on(:usb_transfer, direction: :out, length: 31) { |t| log t.inspect, size: t.data.size; t.data[0, 4] = "USBC" }
on(:usb_transfer, endpoint: 5) { |t| t.delay(20.milliseconds) }
on(:usb_transfer, endpoint: 8) { |t| log t.hold(limit: 1.seconds).inspect }
on(:usb_transfer, endpoint: 9) { |t| t.lose }
on(:usb_done, endpoint: 10) { |t| log t.hold(limit: 1.seconds).inspect }
on(:usb_transfer, endpoint: 6, on_error: :deny) { raise "oops" }
on(:usb_transfer, endpoint: 7) { |t| t.drop }
on(:usb_done, type: %i[bulk interrupt]) { |t| log t.to_s, failed: t.failed?, size: t.data && t.data.size }
on(:usb_request, id: "1111:2222", verdict: :deny)
