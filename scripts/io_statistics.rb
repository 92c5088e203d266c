# io_statistics.rb: counts the guest's port, MSR and PCI configuration accesses.
#
# Prints the busiest every few seconds and at the end. Observers only: the guest's accesses pass
# unchanged, but each of them costs an exit while this runs.
#
# Settings:
#   ports=0x20-0xff      which ports are counted (default: 0x20-0xff, the legacy devices; the
#                        data ports of disks at 0x1f0 see an access for every two bytes)
#   msrs=yes             also MSR writes (default: no)
#   pci=no               not PCI configuration space (default: yes)
#   period=10            seconds between tables (default: 10)
#   top=10               lines a table (default: 10)

PORTS = setting(:ports, 0x20..0xff)
PERIOD = setting(:period, 10)
TOP = setting(:top, 10)

$ports = Hash.new(0)
$msrs = Hash.new(0)
$pci = Hash.new(0)

on(:port_read, :port_write, PORTS, observe: true) { |io| $ports[io.port] += 1 }
on(:msr_write, observe: true) { |io| $msrs[io.msr] += 1 } if setting(:msrs, false)
on(:pci_config_access, observe: true) { |io| $pci[io.slot] += 1 } if setting(:pci, true)

def table(title, counts)
  return if counts.empty?
  puts "#{title}: #{counts.size} different, #{counts.values.sum} accesses"
  counts.sort_by { |_, n| -n }[0, TOP].each do |key, n|
    puts "%10d  %s" % [n, key.is_a?(Integer) ? "0x%x" % key : key]
  end
end

def tables
  table("ports", $ports)
  table("MSR writes", $msrs)
  table("PCI configuration", $pci)
end

every(PERIOD.seconds) { tables }

at_exit do
  tables
  statistics = Machine.statistics
  puts "exits #{statistics[:exits]}, events of this script #{statistics[:events]}, " \
       "heap #{statistics[:heap] / 1024} KiB"
end

log "io_statistics on", ports: "0x%x-0x%x" % [PORTS.begin, PORTS.end]
