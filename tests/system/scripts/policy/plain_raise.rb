# No policy by itself: the option require= makes it one.
raise "on purpose"
