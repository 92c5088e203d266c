# What the service takes for work of one slice, of another that is longer, and of many slices (tests/bench/accesses.py).
ROUNDS = [100, 1100, 100_100]
WORK = 2
echo = Service[:echo]
cycles = []
stops = []
before = nil
every 5.milliseconds do
  if before && echo.read
    cycles << echo.cycles - before[0]
    stops << echo.stops - before[1]
    before = nil
  end
  if before.nil? && cycles.size < ROUNDS.size
    before = [echo.cycles, echo.stops]
    echo.write [ROUNDS[cycles.size]].pack("Q"), tag: WORK
  end
end
at_exit { puts "suspended: cycles #{cycles.join(" ")}, stops #{stops.join(" ")}" }
