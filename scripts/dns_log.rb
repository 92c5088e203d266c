# dns_log.rb: logs which names the guest asks for, and what it is told.
#
# Settings:
#   limit=1000     stops after so many lines (default: 200)
#   answers=no     only questions (default: yes)
#   port=5353      of a DNS that is elsewhere (default: 53)

LIMIT = setting(:limit, 200)
ANSWERS = setting(:answers, true)
PORT = setting(:port, 53)

$lines = 0
$bad = 0

def tell(text, **details)
  $lines += 1
  log text, **details if $lines <= LIMIT
end

on :net_packet, protocol: :udp, port: PORT, observe: true do |p|
  message = Dns.parse(p.payload)
  if message.nil?
    $bad += 1
    tell "dns: no message", from: p.src, to: p.dst, bytes: p.payload.size
  elsif message.query?
    tell "dns query", name: message.name, type: message.type, from: p.src, to: p.dst
  elsif ANSWERS
    tell "dns answer", name: message.name, type: message.type, status: message.rcode, answers: message.answers.map(&:data).compact.join(",")
  end
end

at_exit { puts "dns_log: #{$lines} lines, #{$bad} of them of what is no DNS" }

log "dns_log on", port: PORT
