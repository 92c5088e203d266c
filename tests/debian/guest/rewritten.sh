# A tree of files, copied on the root file system, is the same past the cache.
tree=/usr/share/zoneinfo
cp -a $tree /var/tmp/tree
sync
echo 3 >/proc/sys/vm/drop_caches
check tree diff -r --no-dereference $tree /var/tmp/tree
fact "files $(find /var/tmp/tree -type f | wc -l)"
fact "tree $(cd /var/tmp/tree && find . -type f | sort | xargs sha256sum | sha256sum)"
rm -r /var/tmp/tree
