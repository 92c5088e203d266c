# The page is claimed, but no access fits the filter: all of them pass in C.
on(:mmio_access, 0xff000f00..0xff000fef, width: 1) { |io| io.deny }
