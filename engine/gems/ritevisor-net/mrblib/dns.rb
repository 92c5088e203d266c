# A message of the domain name system (RFC 1035).
#
#   on :net_packet, protocol: :udp, port: 53, observe: true do |p|
#     q = Dns.parse(p.payload) and log "dns", name: q.name, type: q.type
#   end
class Dns
  TYPES = { 1 => "A", 2 => "NS", 5 => "CNAME", 6 => "SOA", 12 => "PTR", 13 => "HINFO", 15 => "MX", 16 => "TXT", 28 => "AAAA",
            33 => "SRV", 35 => "NAPTR", 41 => "OPT", 43 => "DS", 46 => "RRSIG", 47 => "NSEC", 48 => "DNSKEY", 64 => "SVCB",
            65 => "HTTPS", 252 => "AXFR", 255 => "ANY", 257 => "CAA" }
  RCODES = %i[ok format_error server_failure no_such_name not_implemented refused]
  SECTIONS = %i[question answer authority additional]

  # A question or a resource record. data: an address, a name ("10 mail.example.org" of MX), a text, or bytes; nil of
  # questions, and of what is not as its type has it.
  class Record
    attr_reader :section, :name, :class_number, :ttl, :data

    def initialize(section, name, type, class_number, ttl, data)
      @section = SECTIONS[section]
      @name = name
      @type = type
      @class_number = class_number
      @ttl = ttl
      @data = data
    end

    # "A"; "TYPE4711" of those that have no name here (RFC 3597)
    def type
      TYPES[@type] || "TYPE#{@type}"
    end

    def to_s
      "#{@name} #{type}#{" #{@data}" if @data}"
    end

    alias inspect to_s
  end

  # From the payload of a packet, or a String: nil if it is no such message, whatever else it is.
  def self.parse(bytes)
    id, flags, cut, records = __parse(bytes.to_s)
    id && new(id, flags, cut, records.map { |record| Record.new(*record) })
  end

  attr_reader :id, :flags, :records

  def initialize(id, flags, cut, records)
    @id = id
    @flags = flags
    @cut = cut
    @records = records
  end

  def response?
    @flags & 0x8000 != 0
  end

  def query?
    !response?
  end

  # 0: a query as all
  def opcode
    @flags >> 11 & 15
  end

  # :ok, :no_such_name, or a number
  def rcode
    RCODES[@flags & 15] || @flags & 15
  end

  # It does not have all: it says so itself, or is of more than 128 records.
  def truncated?
    @cut || @flags & 0x0200 != 0
  end

  def questions
    @records.select { |record| record.section == :question }
  end

  def answers
    @records.select { |record| record.section == :answer }
  end

  def authorities
    @records.select { |record| record.section == :authority }
  end

  def additional
    @records.select { |record| record.section == :additional }
  end

  # Of the first question; nil: there is none.
  def name
    questions[0]&.name
  end

  def type
    questions[0]&.type
  end

  # The addresses among the answers.
  def addresses
    answers.select { |record| %w[A AAAA].include?(record.type) }.map(&:data).compact
  end

  def to_s
    "#{response? ? "response" : "query"} #{questions.join(", ")}#{": #{answers.join(", ")}" unless answers.empty?}"
  end

  alias inspect to_s
end
