# sector_search.rb: says when certain bytes are read from a disk, or written to one, and where.
#
# Bytes that begin in one request and end in another are not found.
#
# Settings:
#   text=secret        what is looked for (default: -----BEGIN, as PEM files begin)
#   hex=7f454c46       the same in hexadecimal
#   disk=ide0          only there (default: everywhere)
#   writes=no          only what is read (default: yes)
#   reads=no           only what is written (default: yes)
#   limit=20           tells of so many at most, and counts the rest (default: 100)

TEXT = setting(:text, "-----BEGIN")
HEX = setting(:hex, "")
DISK = setting(:disk, "")
LIMIT = setting(:limit, 100)
PATTERN = HEX.empty? ? TEXT : [HEX].pack("H*")

$found = 0

def search(r, what)
  data = r.data
  at = data.index(PATTERN)
  while at
    $found += 1
    per = data.size / r.sectors
    log "found", in: what, disk: r.disk.to_s, lba: r.lba + at / per, at: at % per, request: r.request if $found <= LIMIT
    at = data.index(PATTERN, at + 1)
  end
end

filters = { budget: 500.milliseconds }
filters[:disk] = DISK.split(",").map(&:to_sym) unless DISK.empty?
on(:disk_write, **filters) { |r| search(r, :write) } if setting(:writes, true)
on(:disk_done, **filters, command: :read, status: 0) { |r| search(r, :read) } if setting(:reads, true)

at_exit { puts "sector_search: #{PATTERN.inspect} was found #{$found} times" }

log "searching for #{PATTERN.inspect}"
