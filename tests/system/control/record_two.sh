# Recordings on two CPUs, in the built-in guest: control=load, auth=root. They go to $DISK, the disk of their own, as record.sh's do.
mkdir /traces

# Each CPU reads an MSR 1,024 times, and writes numbers meanwhile, at the same time as the other one. Then they write in
# turn; and one loses events while nobody fetches.
cat >/count.sh <<X
dd if=/dev/cpu/\$1/msr bs=\$2 count=\$3 skip=16 iflag=skip_bytes of=/dev/null 2>/dev/null
X
cat >/number.sh <<X
for i in \$(seq 16); do probe out8 0x80 \$i; done
X
cat >/both.sh <<X
taskset 1 sh /number.sh &
taskset 2 sh /number.sh &
sh /count.sh 0 4096 2 &
sh /count.sh 1 4096 2
wait
X
ritectl record -q -e msr_read:0x10,port_write:0x80 -o /traces/both sh /both.sh
both=$?
cat >/turns.sh <<X
for i in 1 2 3 4 5 6 7 8; do taskset 1 probe out8 0x80 \$i; taskset 2 probe out8 0x80 \$((i + 100)); done
X
ritectl record -q -e port_write:0x80 -o /traces/turns sh /turns.sh
turns=$?
cat >/one.sh <<X
kill -STOP \$PPID
sh /count.sh 1 4096 2
sh /count.sh 0 128 1
kill -CONT \$PPID
X
ritectl record -q -e msr_read:0x10 --buffer 8 -o /traces/one sh /one.sh
echo record: two CPUs $both $turns $?
tar cf - -C / traces | dd of=$DISK bs=64K seek=1 conv=notrunc 2>/dev/null
sync
