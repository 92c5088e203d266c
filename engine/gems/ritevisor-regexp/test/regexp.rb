assert("Regexp: literals, options, source, to_s, inspect") do
  assert_equal "a.c", /a.c/.source
  assert_equal 0, /a/.options
  assert_equal Regexp::IGNORECASE | Regexp::EXTENDED | Regexp::MULTILINE, /a/mix.options
  assert_equal "/a/mix", /a/mix.inspect
  assert_equal "/a\\/b/n", Regexp.new("a/b", nil, "n").inspect
  assert_equal "(?i-mx:a)", /a/i.to_s
  assert_equal "(?mix:a)", /a/mix.to_s
  assert_equal 1, "xab" =~ /#{/A/i}b/
  assert_equal Regexp.new("a", "i"), /a/i
  assert_equal Regexp.new("a", true), /a/i
  assert_equal Regexp.new("a", Regexp::IGNORECASE), Regexp.new(/a/i)
  assert_false Regexp.new("a") == /a/i
  assert_equal "v", { /a/ => "v" }[Regexp.new("a")]
end

assert("Regexp: a literal is compiled once") do
  made = (1..3).map { /once[0-9]/ }
  assert_true made[0].equal?(made[2])
  assert_true made[0].frozen?
end

assert("Regexp: =~, match, match?, ===, !~") do
  assert_equal 4, "hello world" =~ /o/
  assert_equal 4, /o/ =~ "hello world"
  assert_nil "hello" =~ /z/
  assert_nil nil =~ /z/
  assert_true "hello" !~ /z/
  assert_true(/el/ === "hello")
  assert_true(/el/ === :hello)
  assert_false(/el/ === 3)
  assert_true(/l/.match?("hello"))
  assert_false(/h/.match?("hello", 1))
  assert_true(/o/.match?("hello", -1))
  assert_equal "l", /l/.match("hello", 3)[0]
  assert_equal 3, /l/.match("hello", 3).begin(0)
  assert_equal "ELL", /ell/.match("hello") { |m| m[0].upcase }
  assert_nil(/z/.match("hello"))
  assert_raise(TypeError) { "a" =~ "a" }
  assert_equal "lo", "hello".match("l(o)")[0]
  got = case "eax=12" when /\A(\w+)=(\d+)\z/ then [$1, $2] end
  assert_equal ["eax", "12"], got
end

assert("Regexp: globals") do
  "one two three" =~ /(t)(w)(o)/
  assert_equal ["two", "one ", " three", "o", "t", "w", "o", nil], [$&, $`, $', $+, $1, $2, $3, $4]
  assert_equal "two", $~[0]
  assert_equal "w", Regexp.last_match(2)
  "x" =~ /y/
  assert_equal [nil, nil, nil], [$~, $&, $1]
end

assert("MatchData") do
  m = /(?<year>\d+)-(?<month>\d+)(?<day>-\d+)?/.match("on 2026-11!")
  assert_equal ["2026-11", "2026", "11", nil], m.to_a
  assert_equal ["2026", "11", nil], m.captures
  assert_equal %w[year month day], m.names
  assert_equal({ "year" => "2026", "month" => "11", "day" => nil }, m.named_captures)
  assert_equal "2026", m[:year]
  assert_equal "11", m["month"]
  assert_equal "11", m[-2]
  assert_equal ["2026", "11"], m[1, 2]
  assert_equal ["2026-11", nil], m.values_at(0, 3)
  assert_equal "on ", m.pre_match
  assert_equal "!", m.post_match
  assert_equal [8, 10], m.offset(2)
  assert_equal [nil, nil], m.offset(:day)
  assert_equal 4, m.size
  assert_equal "2026-11", m.to_s
  assert_equal '#<MatchData "2026-11" year:"2026" month:"11" day:nil>', m.inspect
  assert_raise(IndexError) { m[:nothing] }
  assert_raise(IndexError) { m.begin(9) }
  assert_nil m[9]
end

assert("MatchData keeps the string as it was") do
  s = "abc"
  m = /b/.match(s)
  s << "def"
  s[0] = "X"
  assert_equal "a", m.pre_match
end

assert("Regexp: syntax") do
  assert_equal "ab12", "xab12"[/\h+/]
  assert_equal "xyz", "abxyz"[/\H+/]
  assert_equal 1, "a\vb" =~ /\v/
  assert_nil "\r\n\f" =~ /\v/
  assert_equal "b", "a\nb"[/^b$/]
  assert_nil "a\nb" =~ /\Ab\z/
  assert_equal 0, "a\n" =~ /\Aa\Z/
  assert_nil "a\nb"[/a.b/]
  assert_equal "a\nb", "a\nb"[/a.b/m]
  assert_equal "a\nb", "a\nb"[/(?m:a.b)/]
  assert_nil "a\nb"[/(?m:a)(?-m:.)b/]
  assert_equal "AbC", "xAbC"[/abc/i]
  assert_equal "aB", "aB"[/a(?i)b/]
  assert_equal "ab", "ab"[/ a   # first (
                          b /x]
  assert_equal "a b", "a b"[/a\ b/x]
  assert_equal "aa", "baa"[/(a)\1/]
  assert_equal "xx", "axx"[/(?<l>x)\k<l>/]
  assert_equal ["b"], "ab".match(/(a)(?<n>b)/).captures
  assert_equal "foo", "foobar"[/foo(?=bar)/]
  assert_equal "bar", "foobar"[/(?<=foo)bar/]
  assert_nil "foobar"[/foo(?!bar)/]
  assert_equal "aaa", "aaa"[/a{2,}/]
  assert_equal "aa", "aaa"[/a{,2}/]
  assert_equal "a", "aaa"[/a+?/]
  assert_nil "aaa"[/(?>a+)a/]
  assert_equal "((x))", "f((x))"[/\((?:[^()]|\g<0>)*\)/]
  assert_equal "]-", "a]-b"[/[\]\-]+/]
  assert_equal "]", "a]"[/[]]/]
  assert_equal "x1_", "-x1_"[/[[:alnum:]_]+/]
  assert_equal "d", "abcd"[/[a-z&&[^abc]]/]
  assert_equal "a{", "a{"[/a{/]
  assert_equal "y", "y"[/\y/]
  assert_equal "\0b", "a\0b"[/\0b/]
end

assert("Regexp: what is wrong is said") do
  ["a(b", "a)", "[a", "*", "(?<n", "(*ACCEPT)", "\\p{Greek}", "(?~a)", "\\u12", "a\\"].each do |source|
    assert_raise(RegexpError) { Regexp.new(source) }
  end
  assert_raise(ArgumentError) { Regexp.new("a", "q") }
  assert_raise(TypeError) { Regexp.new(3) }
  assert_raise(RegexpError) { Regexp.new("(" * 200 + ")" * 200) }
  assert_raise(RegexpError) { Regexp.new("a" * 20_000) }
  assert_raise(RegexpError) { Regexp.new("((((a{1,1000}){1,1000}){1,1000}){1,1000})") }
  assert_raise(TypeError) { Regexp.allocate.match?("a") } if Regexp.respond_to?(:allocate)
end

assert("Regexp: characters of UTF-8") do
  assert_equal 1, "日本語" =~ /本/
  assert_equal ["日", "本", "語"], "日本語".scan(/./)
  assert_equal ["n", "é"], "né".match(/(.+)(.)/).captures
  assert_equal "éé", "xéé"[/é+/]
  assert_equal "é", "xéy"[/[^a-z]/]
  assert_equal "é", "aé"[/[é]/]
  assert_equal "い", "あい"[/[い-う]/]
  assert_equal "x", "éx"[/[^é]/]
  assert_equal "\u{10ffff}", "a\u{10ffff}"[/[\u{10000}-\u{10ffff}]/]
  assert_equal "é", "é"[/\u00e9/]
  assert_equal "é", "aé"[/\W/]
  assert_equal 2, "日本x".match(/x/).begin(0)
  assert_equal [6, 7], "日本x".match(/x/).byteoffset(0)
  assert_equal "本", "日本".match(/./, 1)[0]
  assert_equal ["a", "é"], "aé".split(//)
end

assert("Regexp: bytes") do
  data = "\x00\xff\xc3\xa9\x80\n\x01"
  assert_equal "\xff", data[/[\xf0-\xff]/]
  assert_equal 7, data.scan(/[\x00-\xff]/n).size
  assert_equal 6, data.scan(/./n).size
  assert_equal 5, data.scan(/./).size
  assert_equal "\xc3", data[/\xff(.)/n, 1]
  assert_equal [2, 3], data.match(/\xc3/n).byteoffset(0)
  assert_true(/\A\x00\xff/n.match?(data))
  assert_equal "\x80", "\xe9\x80"[/\xe9(.)/n, 1]
end

assert("String: scan") do
  assert_equal %w[foo bar], "foo bar".scan(/\w+/)
  assert_equal [["a", "r"], ["a", "z"]], "bar baz".scan(/b(.)(.)/)
  assert_equal ["", "", ""], "ab".scan(/x*/)
  assert_equal %w[a a], "aba".scan("a")
  seen = []
  assert_equal "a1b2", "a1b2".scan(/\d/) { |d| seen << [d, $~.pre_match] }
  assert_equal [["1", "a"], ["2", "a1b"]], seen
end

assert("String: sub, gsub") do
  assert_equal "-e-lo", "hello".gsub(/h|(l)(?=l)/, "-").sub("--", "-")
  assert_equal "-h-e--o-", "hello".gsub(/l*/, "-")
  assert_equal "hELLo", "hello".gsub(/[el]/) { |x| x.upcase }
  assert_equal "12c", "abc".gsub(/[abc]/, "a" => "1", "b" => "2", "c" => "c")
  assert_equal "Smith, John", "John Smith".sub(/(?<f>\w+) (?<l>\w+)/, '\k<l>, \k<f>')
  assert_equal "<l><l>", "ll".gsub(/l/, '<\0>')
  assert_equal "a\\b", "a-b".sub(/-/, '\\\\')
  assert_equal "[a]c", "abc".sub(/b/, '[\`]').sub("a[", "[")
  assert_equal "x", "x".sub(/y/, "z")
  assert_equal "b.c", "a.c".sub("a", "b")
  assert_equal "b.c", "a.c".gsub("a" => "b") { } rescue assert_true(true)
  s = "aXbX"
  assert_equal "a-b-", s.gsub!(/X/, "-")
  assert_equal "a-b-", s
  assert_nil s.gsub!(/X/, "-")
  assert_equal "a+b-", s.sub!(/-/, "+")
  assert_nil s.sub!(/-z/, "+")
  assert_equal "1 2", "a b".gsub(/\w/) { $& == "a" ? 1 : 2 }
  assert_raise(FrozenError) { "a".freeze.gsub!(/a/, "b") }
  assert_equal "éxé", "é-é".sub(/-/, "x")
end

assert("String: split") do
  assert_equal %w[a b c], "a,b;c".split(/[,;]/)
  assert_equal %w[a b c], "abc".split(//)
  assert_equal ["a", ",", "b"], "a,b".split(/(,)/)
  assert_equal ["a", "b,c"], "a,b,c".split(/,/, 2)
  assert_equal ["a", "b", "", ""], "a,b,,".split(/,/, -1)
  assert_equal %w[a b], "a,b,,".split(/,/)
  assert_equal ["", "a"], ",a".split(/,/)
  assert_equal [], "".split(/,/)
  assert_equal %w[a b], "a,b".split(/,?/)
  assert_equal ["x1-a", ""], "x1-a".split(/(?<=a)/, -1)
  assert_equal ["x1-a"], "x1-a".split(/(?<=a)/)
  assert_equal ["a", "b", "c", ""], "abc".split(//, -1)
  assert_equal ["a", "bc"], "abc".split(//, 2)
  assert_equal %w[a b], "a b".split(" ")
end

assert("String: [], []=, slice!, index, rindex, start_with?, partition") do
  assert_equal "lo", "hello"[/l(o)/]
  assert_equal "o", "hello"[/l(o)/, 1]
  assert_equal "o", "hello".slice(/l(?<x>o)/, "x")
  assert_nil "hello"[/z/]
  assert_equal "e", "hello"[1]
  assert_equal "el", "hello"[1, 2]
  s = "hello"
  s[/l+/] = "L"
  assert_equal "heLo", s
  s[/(e)(L)/, 2] = "ll"
  assert_equal "hello", s
  s[0] = "J"
  assert_equal "Jello", s
  assert_raise(IndexError) { s[/z/] = "" }
  assert_equal "ll", s.slice!(/l+/)
  assert_equal "Jeo", s
  assert_equal 2, "hello".index(/l/)
  assert_equal 3, "hello".index(/l/, 3)
  assert_equal 3, "hello".rindex(/l/)
  assert_equal 2, "hello".rindex(/l/, 2)
  assert_nil "hello".rindex(/z/)
  assert_equal 2, "hello".index("l")
  assert_true "hello".start_with?(/he?/)
  assert_false "hello".start_with?(/e/)
  assert_equal ["a", "1", "b2"], "a1b2".partition(/\d/)
  assert_equal ["a1b", "2", ""], "a1b2".rpartition(/\d/)
  assert_equal ["ab", "", ""], "ab".partition(/\d/)
end

assert("Regexp: escape, union, names, last_match") do
  assert_equal "a\\.b\\*\\n\\ \\#", Regexp.escape("a.b*\n #")
  assert_equal 0, "a.b*[" =~ /\A#{Regexp.escape("a.b*[")}\z/
  assert_equal 1, "xa.b" =~ Regexp.union("a.b", /c/)
  assert_nil "xaab" =~ Regexp.union("a.b", /c/)
  assert_nil "x" =~ Regexp.union
  assert_equal %w[a b], Regexp.new("(?<a>.)(?<b>.)").names
  assert_equal({ "a" => [1, 2] }, Regexp.new("(?<a>x)|(?<a>y)").named_captures)
  assert_equal "y", "y".match(/(?<a>x)|(?<a>y)/)[:a]
end

assert("Regexp: catastrophic patterns end with an error") do
  bad = "a" * 40 + "b"
  [/\A(a+)+\z/, /\A(a|a)*\z/, /\A(a|aa)+\z/, /\A(.*)*[xy]\z/, /^(([a-z])+.)+[A-Z]([a-z])+$/].each do |pattern|
    assert_raise(Regexp::TimeoutError) { pattern.match?(bad) }
  end
  assert_raise(Regexp::TimeoutError) { /(?:a|b)*[cd]/.match("ab" * 100_000) }
  assert_equal 0, "a" * 1000 =~ /\A(a+)+\z/
  assert_true(/x/.match?("x"))
end

assert("Regexp: many patterns, and garbage between them") do
  200.times { |n| assert_equal 1, "x#{n}y" =~ Regexp.compile("#{n}y") }
  GC.start
  assert_equal 0, "ab" =~ /ab/
end

assert("MatchData: what a script puts into it does no harm") do
  m = /b/.match("abc")
  m.instance_variable_set(:@offsets, [0, 1 << 40, -5, 2])
  assert_true m.to_a.is_a?(Array)
  Regexp.__keep(m)
  m.instance_variable_set(:@offsets, nil)
  assert_raise(TypeError) { Regexp.__keep(m) }
end
