# Datagrams of a script's own, by the network that Ritevisor has beside the guest: the tunnel of vpn=.
#
#   on(:vpn_up) { Udp.transmit("tunnel up", to: "10.9.0.1", port: 5140) }
class Udp
  # Sends bytes, a String or a view, to an address in the tunnel. Nobody says whether they come; what is sent back is the guest's.
  # AccessError: there is no such network, or not now; NicBusy, which is one: too many at once.
  def self.transmit(bytes, to:, port:, from: 49152)
    __transmit(bytes.to_s, to.to_s, port, from)
  end
end
