# The root file system is encrypted below (but bare): what is written to it is the same past the cache.
head -c 64M /dev/urandom >/var/tmp/written
sync
written=$(sha256sum </var/tmp/written)
echo 3 >/proc/sys/vm/drop_caches
[ "$(sha256sum </var/tmp/written)" = "$written" ] && fact "root reads what was written"
rm /var/tmp/written
