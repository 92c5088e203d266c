# The tunnel by which the guest's packets leave (the boot option vpn=).
#
#   on(:vpn_down) { |e| log "no tunnel", peer: e.peer }
#   every(1.minute) { log Vpn.status.to_s }
class Vpn
  # How it is; nil: there is none.
  def self.status
    known = __status
    known && new(known)
  end

  # Where the guest is in it, of IPv4 and IPv6; where we are outside, and our port there. nil: there is no address.
  attr_reader :inside, :inside6, :outside, :outside6, :port

  # Bytes of a packet in it, at most.
  attr_reader :mtu

  attr_reader :peers

  def initialize(known)
    @running, @inside, @inside6, @outside, @outside6, @port, peers, @mtu = known
    @peers = peers.each_with_index.map { |peer, number| Peer.new(number, peer) }
  end

  # Does the service run? Else it died, and will be started again.
  def running?
    @running
  end

  # Does any peer answer?
  def up?
    @running && @peers.any?(&:up?)
  end

  def to_s
    "vpn #{up? ? 'up' : 'down'} #{@peers.join(', ')}"
  end

  alias inspect to_s

  class Peer
    attr_reader :number, :address, :port

    # Milliseconds since there were new keys, nil: never; how often there were.
    attr_reader :handshake_age, :handshakes

    # Bytes of datagrams, since the service was started.
    attr_reader :sent, :received

    def initialize(number, known)
      @number = number
      @up, @address, @port, @handshake_age, @handshakes, @sent, @received = known
    end

    def up?
      @up
    end

    def to_s
      "peer #{@number} #{up? ? 'up' : 'down'} #{@address&.include?(':') ? "[#{@address}]" : @address}:#{@port}"
    end

    alias inspect to_s
  end
end
