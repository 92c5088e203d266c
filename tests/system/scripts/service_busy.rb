# A service that always has something to do takes its share of the time, and no more.
ROUNDS = [5000].pack("Q")
echo = Service[:echo]
answers = wrong = 0
first = start = nil
begin_measuring = proc { start ||= [Machine.tsc, Machine.statistics[:service_cycles]] }
on(:port_read, 0x80, &begin_measuring)
on(:port_write, 0x5000..0x51ff, &begin_measuring)
every 5.milliseconds do
  8.times { echo.write(ROUNDS, tag: 2) }
  echo.each_record do |bytes, _|
    first ||= bytes
    answers += 1
    wrong += 1 if bytes != first
  end
end
at_exit do
  share = (Machine.statistics[:service_cycles] - start[1]) * 1000 / (Machine.tsc - start[0])
  puts "answers #{answers > 10 ? "many" : answers}, wrong #{wrong}, share #{share} of 1000, moves #{echo.moves}, stops #{echo.stops > 10 ? "many" : echo.stops}, starts #{echo.starts}"
end
