# A service that does harm dies, and is started again; then it answers as before.
TAGS = { spin: 6, fault: 7, exit: 8, overflow: 9, index: 10, unread: 11, length: 12, flood: 13 }
echo = Service[:echo]
attacks = setting(:attacks, "spin").split(",").map(&:to_sym)
met = 0 # the start whose answer has come
every 10.milliseconds do
  answers = []
  echo.each_record { |bytes, _| answers << bytes }
  if answers.include?("are you there?") && echo.starts > met
    met = echo.starts
    puts "answered, start #{met}"
    if (attack = attacks.shift)
      puts "attack #{attack}"
      echo.write "", tag: TAGS[attack]
    end
  end
  echo.write "are you there?"
end
at_exit { puts "left #{attacks.size}" }
