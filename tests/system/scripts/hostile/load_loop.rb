puts "loading"
loop {}
