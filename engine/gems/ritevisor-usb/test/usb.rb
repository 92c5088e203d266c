class UsbSample
  attr_reader :id, :serial, :product, :path, :interfaces, :fingerprint, :parent

  def initialize(id, interfaces, serial: "A1", product: "Stick", path: "1-2.3", fingerprint: "h", parent: nil)
    @id, @interfaces, @serial, @product, @path, @fingerprint = id, interfaces, serial, product, path, fingerprint
    @parent = parent
  end
end

def usb_judge(rule, device)
  found = Usb::Rules.new(rule).judge(device)
  found && found[0]
end

STICK = UsbSample.new("46f4:0001", ["08:06:50"])
EVIL = UsbSample.new("46f4:0001", ["08:06:50", "03:01:01"])

assert 'Usb::Rules: ids' do
  assert_equal :allow, usb_judge("allow 46f4:0001", STICK)
  assert_equal :allow, usb_judge("allow id 46F4:*", STICK)
  assert_equal :allow, usb_judge("allow *:*", STICK)
  assert_equal :allow, usb_judge("allow id one-of { 1234:0001 46f4:0001 }", STICK)
  assert_nil usb_judge("allow 46f4:0002", STICK)
  assert_equal :reject, usb_judge("reject", STICK)
end

assert 'Usb::Rules: texts' do
  assert_equal :allow, usb_judge('allow serial "A1" name "Stick" via-port "1-2.3" hash "h"', STICK)
  assert_equal :allow, usb_judge('allow name "\x53tick"', STICK)
  assert_equal :block, usb_judge('block name "a\"b\\\\"', UsbSample.new("1:1", [], product: "a\"b\\"))
  %w[serial name via-port hash].each { |word| assert_nil usb_judge("allow #{word} \"other\"", STICK) }
  assert_nil usb_judge('allow serial none-of { "A1" "A2" }', STICK)
end

assert 'Usb::Rules: the hub it is on' do
  behind = UsbSample.new("46f4:0001", [], parent: UsbSample.new("0409:55aa", ["09:00:00"], fingerprint: "hub"))
  { 'allow parent-hash "hub"' => [:allow, nil], 'allow parent-hash "h"' => [nil, nil], 'block parent-hash "hub"' => %i[block block],
    'reject parent-hash "h"' => [nil, :reject], 'allow parent-hash none-of { "h" }' => [:allow, nil] }.each do |rule, wanted|
    assert_equal wanted, [behind, STICK].map { |device| usb_judge(rule, device) }, rule # a root hub's is not known
  end
end

assert 'Usb::Rules: sets of interfaces' do
  { "08:06:50" => [true, false], "{ 08:06:50 }" => [true, false], "08:*:*" => [true, false],
    "{ 08:06:50 03:01:01 }" => [false, true], "equals { 03:01:01 08:06:50 }" => [false, true],
    "equals-ordered { 03:01:01 08:06:50 }" => [false, false], "equals-ordered { 08:06:50 03:01:01 }" => [false, true],
    "{ 08:06:50 08:06:50 }" => [false, false],
    "one-of { 03:*:* e0:01:* }" => [false, true], "all-of { 08:06:50 }" => [true, true],
    "all-of { 08:06:50 03:*:* }" => [false, true], "none-of { 03:*:* }" => [true, false],
    "match-all { 08:*:* 09:*:* }" => [true, false] }.each do |set, wanted|
    assert_equal wanted, [STICK, EVIL].map { |device| !usb_judge("allow with-interface #{set}", device).nil? }, set
  end
end

assert 'Usb::Rules: the first that fits' do
  rules = Usb::Rules.new("# who\n\nblock with-interface one-of { 03:*:* }\r\nallow 46f4:*  # sticks\n  allow if false\nreject if !false label \"l\"")
  assert_equal 4, rules.size
  assert_equal [:allow, 4], rules.judge(STICK)
  assert_equal [:block, 3], rules.judge(EVIL)
  assert_equal [:reject, 6], rules.judge(UsbSample.new("1234:0001", ["09:00:00"]))
end

assert 'Usb::Rules: conditions' do
  { "true" => true, "!true" => false, "{ true !false }" => true, "{ true false }" => false, "one-of { true false }" => true,
    "none-of { false !true }" => true, "none-of { false true }" => false, "equals-ordered { true false }" => false }.each do |text, wanted|
    assert_equal wanted, !usb_judge("allow if #{text}", STICK).nil?, text
  end
end

assert 'Usb::Rules: whether another is in' do
  rules = Usb::Rules.new("allow with-interface match-all { 03:*:* } if !allowed-matches(with-interface one-of { 03:*:* })")
  keyboard, mouse = UsbSample.new("0627:0001", ["03:01:01"]), UsbSample.new("0627:0002", ["03:01:02"])
  assert_equal [:allow, 1], rules.judge(keyboard)
  assert_equal [:allow, 1], rules.judge(keyboard, [STICK])
  assert_nil rules.judge(mouse, [STICK, keyboard])
  assert_nil rules.judge(mouse, [EVIL])
  { "allowed-matches(0627:0001)" => true, "!allowed-matches(0627:0001)" => false, "allowed-matches(id 0627:0002)" => false,
    "{ allowed-matches(0627:*) !allowed-matches(serial \"B\") }" => true, "one-of { false allowed-matches(hash \"h\") }" => true,
    "allowed-matches(parent-hash \"h\")" => false, "!allowed-matches(parent-hash \"h\")" => true,
    "allowed-matches(id 0627:0001 if false)" => false }.each do |text, wanted|
    assert_equal wanted, !Usb::Rules.new("allow if #{text}").judge(STICK, [keyboard]).nil?, text
  end
  ["", "()", "(0627:0001 )", "( )", " (0627:0001)", "(0627:0001", "(name \"a)b\")", "(allow 0627:0001)", "(0627:0001)true"].each do |text|
    assert_raise(ArgumentError, text) { Usb::Rules.new("allow if allowed-matches#{text}") }
  end
end

assert 'Usb::Rules: what is wrong' do
  ["permit", "allow 46f4", "allow id", "allow id 46f4:00001", "allow with-interface *:06:50", "allow with-interface 8:6:50",
   "allow with-interface { 08:06:50", "allow with-interface { }", "allow serial A1", "allow serial \"A1", "allow name \"\\q\"",
   "allow with-interface one-of 08:06:50", "allow if localtime(08:00-18:00)", "allow parent-hash { }",
   "allow with-connect-type \"hardwired\"", "allow colour \"red\"", "match 46f4:0001", "allow *:0001",
   "allow with-interface 08:*:50", "allow }", "allow name \"\\x4\"", "allow name\"a\"", "allow name \"a\"serial \"b\"",
   "allow name \"a\" name \"b\"", "allow 46f4:0001 id 46f4:0001", "allow with-interface {08:06:50 08:06:62}x",
   "allow if match-all { true }", "allow if true if true", "allow name \"\\n\""].each do |text|
    assert_raise(ArgumentError, text) { Usb::Rules.new(text) }
  end
end

assert 'Usb' do
  stick = Usb["1-1"]
  assert_equal stick.number, Usb["46f4:0001"].number
  assert_equal "QEMU USB HARDDRIVE", stick.product
  assert_equal ["08:06:50"], stick.interfaces
  assert_equal 50, stick.descriptors.bytesize
  assert_equal :high, stick.speed
  rule = stick.rule
  assert_true rule.start_with?('allow id 46f4:0001 serial "1" name "QEMU USB HARDDRIVE" hash "')
  assert_equal [:allow, 1], Usb::Rules.new(rule).judge(stick)
  assert_equal '"a\\"\\\\\\x01"', Usb.__quote("a\"\\\x01")
  assert_nil Usb["9-9"]
end
