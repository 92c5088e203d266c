class Event
  # A frame on its way to the wire (net_tx) or to the guest (net_rx).
  class Packet
    alias __nic nic unless method_defined?(:__nic)

    # A ::Nic; to_h has its number.
    def nic
      ::Nic.__numbered(__nic)
    end

    # :tx or :rx
    def direction
      kind == :net_tx ? :tx : :rx
    end

    def tx?
      kind == :net_tx
    end

    def rx?
      kind == :net_rx
    end

    # It is dropped, and nobody is told; a text is for the log.
    def deny(reason = nil)
      return super() unless reason
      raise ArgumentError, "deny: a packet is dropped without an answer, so a text for the log is all that it takes, not #{reason.inspect}" unless reason.is_a?(String)
      super(reason)
    end

    def done(&_block)
      raise NotImplementedError, "done: nobody tells what becomes of a packet"
    end

    def answer(_bytes)
      raise NotImplementedError, "answer: a packet has none of its own; change its data"
    end

    # What TCP, UDP or ICMP carry: a view, empty if it is nothing.
    def payload
      at, bytes = __payload
      at ? data[at, bytes] : data[0, 0]
    end

    # The number of its protocol as a name, or as it is.
    def protocol_name
      ::Nic::PROTOCOLS.key(protocol) || ::Nic::ETHERTYPES.key(ethertype) || protocol || ethertype
    end

    def match?(filter)
      (filter.is_a?(String) ? PacketFilter.new(filter) : filter).match?(self)
    end

    # For logs: what it has.
    def to_h
      all = { kind: kind, nic: __nic, protocol: protocol_name, src: src, sport: sport, dst: dst, dport: dport, vlan: vlan, length: length }
      all.reject { |_, value| value.nil? }
    end

    # "net_tx nic0 tcp 10.0.2.15:40000 > 10.0.2.2:80 length=60"
    def to_s
      "#{kind} nic#{__nic} #{protocol_name} #{__end(src, sport)} > #{__end(dst, dport)} length=#{length}"
    end

    def __end(address, port)
      return address || "?" unless port
      address && address.include?(":") ? "[#{address}]:#{port}" : "#{address}:#{port}"
    end

    # Its headers; nil where there is none such.
    def ethernet
      Ethernet.new(self, 0)
    end

    def ip_header
      Ip.new(self, network_at) if ip? || ip6?
    end

    def arp
      Arp.new(self, network_at) if arp? && length >= network_at + 28
    end

    def tcp
      Tcp.new(self, transport_at) if tcp? && transport_at > 0 && sport
    end

    def udp
      Udp.new(self, transport_at) if udp? && transport_at > 0 && sport
    end

    def icmp
      Icmp.new(self, transport_at) if icmp? && transport_at > 0
    end

    # A header, as long as its packet's block runs.
    class Header
      def initialize(packet, at)
        @packet = packet
        @at = at
      end

      private

      def u8(at)
        @packet.data.u8(@at + at)
      end

      def u16(at)
        @packet.data.u16(@at + at, :big)
      end

      def u32(at)
        @packet.data.u32(@at + at, :big)
      end
    end

    class Ethernet < Header
      def dst
        @packet.__mac(0)
      end

      def src
        @packet.__mac(6)
      end

      def ethertype
        @packet.ethertype
      end

      def broadcast?
        dst == "ff:ff:ff:ff:ff:ff"
      end

      def multicast?
        u8(0) & 1 == 1
      end
    end

    # Of both versions.
    class Ip < Header
      def version
        u8(0) >> 4
      end

      def ttl
        u8(version == 4 ? 8 : 7)
      end

      # Type of service, traffic class.
      def tos
        version == 4 ? u8(1) : u16(0) >> 4 & 0xff
      end

      # IPv4 alone.
      def id
        version == 4 ? u16(4) : nil
      end

      def checksum
        version == 4 ? u16(10) : nil
      end

      def src
        @packet.src
      end

      def dst
        @packet.dst
      end
    end

    # Who has an address (RFC 826).
    class Arp < Header
      # :request, :reply, or a number
      def operation
        number = u16(6)
        { 1 => :request, 2 => :reply }[number] || number
      end

      def sender_mac
        @packet.__mac(@at + 8)
      end

      def sender
        @packet.__ip_text(@at + 14)
      end

      def target_mac
        @packet.__mac(@at + 18)
      end

      def target
        @packet.__ip_text(@at + 24)
      end
    end

    class Tcp < Header
      def sport
        u16(0)
      end

      def dport
        u16(2)
      end

      def seq
        u32(4)
      end

      def ack_number
        u32(8)
      end

      def flags
        u8(13)
      end

      def window
        u16(14)
      end

      def checksum
        u16(16)
      end

      { fin?: 1, syn?: 2, rst?: 4, psh?: 8, ack?: 16, urg?: 32 }.each { |name, bit| define_method(name) { flags & bit != 0 } }
    end

    class Udp < Header
      def sport
        u16(0)
      end

      def dport
        u16(2)
      end

      def length
        u16(4)
      end

      def checksum
        u16(6)
      end
    end

    # ICMPv6 too.
    class Icmp < Header
      def type
        u8(0)
      end

      def code
        u8(1)
      end

      def checksum
        u16(2)
      end
    end
  end

  # A card that the guest's driver has set up.
  class NicAttach
    alias __nic nic unless method_defined?(:__nic)
    alias __mac mac unless method_defined?(:__mac)

    def nic
      ::Nic.__numbered(__nic)
    end

    def mac
      ::Nic.__mac(__mac)
    end

    def to_s
      "nic_attach nic#{__nic} #{mac}"
    end

    alias inspect to_s
  end
end
