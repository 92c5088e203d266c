# fault_injector.rb: faults in a real driver's path: errors, delays, wrong bytes, requests that are lost.
#
# What happens to which request is decided by a seed and the order of requests, so that a run can be repeated. Rates are
# of ten thousand reads and writes (and the other commands if commands=yes).
#
# Settings:
#   disk=nvme1n1       where (default: all)
#   seed=1             (default: 1)
#   errors=10          so many of 10,000 fail with a medium error (default: 0)
#   delays=10          so many are late, by time= milliseconds (default: 0, 100)
#   flips=10           in so many reads one bit is wrong (default: 0)
#   lost=1             so many are never given to the disk, and never answered (default: 0)
#   unanswered=1       so many are done, and the guest does not hear of it (default: 0)
#   failures=1         with so many an NVMe controller fails as a whole (default: 0)
#   duplicates=1       so many of NVMe disks are done twice (default: 0)
#   events=1           with so many an NVMe controller tells of an error that persists, by an asynchronous event (default: 0)
#   lbas=0-65535       only those that begin there (default: all)
#   commands=yes       also commands that are no reads and writes (default: no)
#   count=5            ends after so many faults (default: 0, never)

DISK = setting(:disk, "")
SEED = setting(:seed, 1)
TIME = setting(:time, 100)
LBAS = setting(:lbas, 0..0)
COUNT = setting(:count, 0)
FAULTS = %i[errors delays flips lost unanswered failures duplicates events]
OF_NVME = %i[failures duplicates events]
PERSISTENT = 3 # an internal error, of events of type :error
RATES = FAULTS.map { |fault| setting(fault, 0) }

$random = Random.new(SEED)
$done = Hash.new(0)

def fault_of(number)
  RATES.each_with_index do |rate, index|
    return FAULTS[index] if number < rate
    number -= rate
  end
  nil
end

def flip(r)
  bit = $random.rand(r.sectors * 4096)
  r.done { |d| d.data.xor(bit / 8, 1 << bit % 8) if bit / 8 < d.data.size }
end

def inject(r, fault)
  case fault
  when :errors then r.deny :media_error
  when :delays then r.delay TIME.milliseconds
  when :flips then flip(r)
  when :lost then r.lose :request
  when :unanswered then r.lose :completion
  when :failures then r.disk.controller.fail
  when :duplicates then r.duplicate
  when :events then r.disk.controller.event(:error, PERSISTENT)
  end
  $done[fault] += 1
  log "injected", fault: fault, command: r.command, disk: r.disk.to_s, lba: r.lba, sectors: r.sectors
end

filters = {}
filters[:disk] = DISK.split(",").map(&:to_sym) unless DISK.empty?
filters[:lba] = LBAS if LBAS.max > 0
kinds = setting(:commands, false) ? [:disk_request] : %i[disk_read disk_write]

on(*kinds, **filters) do |r|
  fault = fault_of($random.rand(10_000))
  next if fault.nil? || (COUNT > 0 && $done.values.sum >= COUNT)
  next if fault == :flips && r.command != :read
  next if OF_NVME.include?(fault) && r.disk.bus != :nvme
  inject(r, fault)
end

at_exit { puts "fault_injector: seed #{SEED}: #{FAULTS.map { |fault| "#{fault} #{$done[fault]}" }.join(", ")}" }

log "fault_injector on", seed: SEED, rates: RATES
