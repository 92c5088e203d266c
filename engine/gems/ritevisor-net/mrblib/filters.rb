# What hooks and rules of packets are about: names of protocols, addresses as they are written, and match:, a filter in
# the language of pcap-filter.
class Nic
  PROTOCOLS = { icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, icmp6: 58, sctp: 132 }
  ETHERTYPES = { ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd }

  # Of a Symbol, or an Array with some, the numbers.
  def self.__number(names, value, filter)
    return value.map { |one| __number(names, one, filter) } if value.is_a?(Array)
    return value unless value.is_a?(Symbol)
    names[value] or raise ArgumentError, "#{filter}: none is called #{value.inspect}; there are #{names.keys.map(&:inspect).join(", ")}"
  end

  # "10.0.0.0/8" -> [4, first..last, nil]; "2001:db8::/32" -> [6, first..last, nil]; "::1" -> [6, 0, 1..1]
  def self.__addresses(text, filter)
    family, high, high_mask, low, low_mask = __network(text)
    raise ArgumentError, "#{filter}: is an address or a network, \"10.0.0.0/8\", \"2001:db8::/32\", not #{text.inspect}" unless family
    ones = family == 4 ? 0xffffffff : 0xffffffffffffffff
    [family, high..(high | ~high_mask & ones), family == 4 || low_mask == 0 ? nil : low..(low | ~low_mask & ones)]
  end

  # In the place of src: or dst: what the hypervisor compares.
  def self.__address_filters(filters, name, value)
    texts = value.is_a?(Array) ? value : [value]
    return filters.merge(name => value) unless texts.any?(String)
    raise ArgumentError, "#{name}: an Array is of addresses as Strings, or of numbers" unless texts.all?(String)
    found = texts.map { |text| __addresses(text, name) }
    family = found[0][0]
    if found.any? { |other, _, low| other != family || low && found.size > 1 }
      raise ArgumentError, "#{name}: an Array is of one family, and of IPv6 of networks of 64 bits at most: use a hook for each"
    end
    highs = found.map { |_, high, _| high }
    more = { ethertype: family == 4 ? ETHERTYPES[:ip] : ETHERTYPES[:ip6], name => highs.size == 1 ? highs[0] : highs }
    more[:"#{name}_low"] = found[0][2] if found[0][2]
    more.merge(filters)
  end

  # The same of exceptions, each a Hash of filters.
  def self.__exceptions(value)
    return value.map { |one| __exceptions(one) } if value.is_a?(Array)
    return value unless value.is_a?(Hash)
    value = __address_filters(value.reject { |key, _| key == :src }, :src, value[:src]) if value.key?(:src)
    value = __address_filters(value.reject { |key, _| key == :dst }, :dst, value[:dst]) if value.key?(:dst)
    value = value.merge(protocol: __number(PROTOCOLS, value[:protocol], :protocol)) if value.key?(:protocol)
    value = value.merge(ethertype: __number(ETHERTYPES, value[:ethertype], :ethertype)) if value.key?(:ethertype)
    value
  end

  # on(:net_tx, match: "tcp port 25") { |p| }: the hook sees all that its other filters fit, and the block what fits this.
  def self.__on(arguments, filters, block, into)
    text = filters[:match]
    raise ArgumentError, "a hook needs a block: on(#{arguments[0].inspect}) { |p| ... }" unless block
    kinds, addresses = arguments.partition { |argument| argument.is_a?(Symbol) }
    raise ArgumentError, "packets have no address: say src:, dst: or port:" unless addresses.empty?
    if text
      raise ArgumentError, "match: goes with a block that denies, not with verdict:" if filters[:verdict]
      filter, inner = PacketFilter.new(text), block
      block = proc { |p| inner.call(p) if filter.match?(p) }
      filters = filters.reject { |key, _| key == :match }
      into = nil # a filter of pcap's is Ruby's
    end
    Hook.__make(Hook.__kinds(kinds), nil, Hook.__filters(filters), into, block)
  end

  # Rules are filters of pcap's language ------------------------------------------------------------------

  DIRECTIONS = { tx: "outbound", rx: "inbound" }
  PORTS = { port: "port", sport: "src port", dport: "dst port" }

  def self.__rule(directions, filters)
    parts = []
    unless directions.empty? || directions == [:packet]
      parts << directions.map do |direction|
        DIRECTIONS[direction] or raise ArgumentError, "a rule is of :tx, :rx, or both, not #{direction.inspect}"
      end.join(" or ")
    end
    filters.each { |name, value| parts << (value.is_a?(Array) ? value : [value]).map { |one| __part(name, one) }.join(" or ") }
    parts.map { |part| "(#{part})" }.join(" and ")
  end

  def self.__part(name, value)
    case name
    when :match then PacketFilter.new(value) && "(#{value})"
    when :protocol then "proto #{__number(PROTOCOLS, value, name)}"
    when :ethertype then "ether proto #{__number(ETHERTYPES, value, name)}"
    when :vlan then "vlan #{Integer(value)}"
    when :src, :dst then "#{name} #{value.to_s.include?("/") ? "net" : "host"} #{value}"
    when :port, :sport, :dport then "#{PORTS[name]}#{__ports(value)}"
    else raise ArgumentError, "a rule has no filter #{name}:, it has match:, ethertype:, protocol:, src:, dst:, port:, sport:, dport:, vlan:"
    end
  end

  def self.__ports(value)
    return " #{value}" unless value.is_a?(Range)
    "range #{value.begin || 0}-#{(value.end || 65_535) - (value.end && value.exclude_end? ? 1 : 0)}"
  end
end

%i[src dst].each { |name| Hook.__filter(name) { |filters, value| Nic.__address_filters(filters, name, value) } }
Hook.__filter(:protocol) { |filters, value| filters.merge(protocol: Nic.__number(Nic::PROTOCOLS, value, :protocol)) }
Hook.__filter(:ethertype) { |filters, value| filters.merge(ethertype: Nic.__number(Nic::ETHERTYPES, value, :ethertype)) }
Hook.__filter(:except) { |filters, value| filters.merge(except: Nic.__exceptions(value)) }
%i[net_tx net_rx net_packet].each { |kind| Hook.__word(kind) { |arguments, filters, block, into| Nic.__on(arguments, filters, block, into) } }
