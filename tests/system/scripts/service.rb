# What a service does for a script: gives back, waits for a time, works through its slices, has random bytes and a log.
PRIME = 4294967291

def squared(rounds)
  a, b, c = 2, 3, 5
  rounds.times do
    a = (a * a + 1) % PRIME
    b = (b * b + a) % PRIME
    c = (c * c + b) % PRIME
  end
  c
end

BACK, LATER, WORK, RANDOM, LOG, STARTS, CALL = 0, 1, 2, 3, 4, 5, 14
ROUNDS = 5000
echo = Service[:echo]
wanted = squared(ROUNDS)
puts "services #{Service.map(&:name).join(" ")}, echo #{echo.running? ? "runs" : "waits"}, starts #{echo.starts}"
begin
  echo.write "x" * 4097
rescue AccessError => e
  puts "too long: #{e.message}"
end
sent = 0
sent += 1 while echo.write("x" * 1000)
puts "its ring takes #{sent} records of 1000 bytes"
asked = nil
answers = 0
reads = 0
on :port_read, 0x80 do
  reads += 1
  next unless reads == 1 # the guest lives, and has interrupts
  [[[ROUNDS].pack("Q"), WORK], ["", RANDOM], ["", STARTS], ["", CALL]].each { |text, what| echo.write text, tag: what }
end
every 2.milliseconds do
  echo.each_record do |bytes, tag|
    case tag
    when BACK
      answers += 1
      puts "all are back" if answers == sent
    when LATER
      late = (Machine.tsc - asked) * 1000 / Machine.tsc_hz
      puts "later: #{late >= 20 && late < 60 ? "in time" : "#{late} ms"}"
      echo.write "the service's line\e", tag: LOG
    when WORK
      puts "work: #{bytes.unpack1("Q") == wanted ? "right" : bytes.inspect}"
    when RANDOM
      puts "random: #{bytes.bytes.size}, #{bytes.bytes.uniq.size > 4 || bytes.empty? ? "various" : bytes.inspect}"
    else
      puts "#{tag == STARTS ? "starts" : "calls"}: #{bytes.unpack1("Q")}"
      next unless tag == CALL
      asked = Machine.tsc
      echo.write [20_000].pack("Q"), tag: LATER
    end
  end
end
at_exit { puts "echo: #{echo.turns >= 5 ? "some" : "few"} turns, starts #{echo.starts}, reads #{reads > 1000}" }
