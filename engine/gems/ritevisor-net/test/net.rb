assert 'PacketFilter#match?' do
  frame = "5255000002025254001234560800450000280007000040060000" \
          "0a00020f0a0002029c400050000000010000000250022000000000000000"
  bytes = [frame].pack('H*')
  assert_true PacketFilter.new('tcp dst port 80').match?(bytes)
  assert_true PacketFilter.new('tcp[tcpflags] = tcp-syn and src net 10.0.0.0/8 and outbound').match?(bytes)
  assert_false PacketFilter.new('outbound').match?(bytes, false)
  assert_false PacketFilter.new('udp').match?(bytes)
  assert_false PacketFilter.new('tcp').match?('')
  assert_raise(ArgumentError) { PacketFilter.new('tcp udp') }
  assert_raise(ArgumentError) { PacketFilter.new('(' * 5000) }
  assert_raise(TypeError) { PacketFilter.new(1) }
  assert_raise(TypeError) { PacketFilter.allocate.match?('') }
end

assert 'Nic::Rules' do
  out = ["5255000002025254001234560800450000280007000040060000" \
         "0a00020f0a0002029c400050000000010000000250022000000000000000"].pack('H*')
  back = ["5254001234565255000002020800450000280007000040060000" \
          "0a0002020a00020f00509c40000000010000000250122000000000000000"].pack('H*')
  rules = Nic::Rules.new
  assert_equal 2, rules.__judge(out)
  rules.__add('inbound', false, false)
  assert_equal 1, rules.__judge(back, false)
  rules = Nic::Rules.new
  rules.__add('outbound and tcp', true, true)
  assert_equal 2, rules.__judge(back, false)
  assert_equal 0, rules.__judge(out)
  assert_equal 0, rules.__judge(back, false)
  assert_equal [1, 1], rules.counts
  assert_equal 1, rules.connections
  assert_raise(ArgumentError) { rules.__add('tcp port', true, false) }
  assert_raise(TypeError) { Nic::Rules.allocate.counts }
end

assert 'Dns.parse' do
  answer = ["1234818000010001000000000377777707657861 6d706c65036f72670000010001c00c00010001000000050004010203 04".delete(' ')].pack('H*')
  message = Dns.parse(answer)
  assert_equal 'www.example.org', message.name
  assert_equal 'A', message.type
  assert_true message.response?
  assert_equal :ok, message.rcode
  assert_equal ['1.2.3.4'], message.addresses
  assert_equal 'www.example.org A 1.2.3.4', message.answers[0].to_s
  assert_false message.truncated?
  (0...answer.bytesize).each { |length| assert_nil Dns.parse(answer.byteslice(0, length)) }
  assert_nil Dns.parse(["123401000001000000000000c00c00010001"].pack('H*'))
  assert_nil Dns.parse("\xff" * 600)
  mx = Dns.parse(["123481800001000100000000016100000f0001c00c000f0001000000050009000a046d61696cc00c"].pack('H*'))
  assert_equal '10 mail.a', mx.answers[0].data
  bad = Dns.parse(["12348180000100010000000001610000010001c00c000100010000000500030a0b0c"].pack('H*'))
  assert_nil bad.answers[0].data
end

assert 'Nic.__network' do
  assert_equal [4, 0x0a000000, 0xff000000, 0, 0], Nic.__network('10.1.2.3/8')
  assert_equal [6, 0x20010db8 << 32, 0xffffffff << 32, 0, 0], Nic.__network('2001:db8::/32')
  assert_equal [6, 0, (1 << 64) - 1, 1, (1 << 64) - 1], Nic.__network('::1')
  assert_nil Nic.__network('10.0.0.300')
end
