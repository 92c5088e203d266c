puts "loading"
def helper = raise(TypeError, "at load")
helper
