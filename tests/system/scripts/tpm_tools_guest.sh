# In the guests of tests/system/tpm_tools.py, as root: what Debian's tpm2-tools and systemd do with the TPM, and say, each line
# behind "tpm NAME: ".
export TPM2TOOLS_TCTI=device:/dev/tpmrm0 LANG=C
cd /tools
for module in *.ko; do
	insmod $module
done
mkdir -p /run /tmp
mount -t securityfs s /sys/kernel/security
log=/sys/kernel/security/tpm0/binary_bios_measurements
FIRMWARE_AND_OURS=sha256:0,2,7,12

say() {
	name=$1
	shift
	"$@" >/tmp/said 2>&1 </dev/null
	echo "(status $?)" >>/tmp/said
	sed "s/^/tpm $name: /" /tmp/said
}

# What it is, and what was measured.
look() {
	say eventlog tpm2_eventlog $log
	say pcrs tpm2_pcrread
	for which in algorithms commands pcrs ecc-curves properties-fixed handles-persistent; do
		say $which sh -c "tpm2_getcap $which | sha256sum"
	done
	say selftest tpm2_selftest --fulltest
}

quote() {
	tpm2_createek -Q -c ek.ctx -G ecc
	tpm2_createak -Q -C ek.ctx -c ak.ctx -G ecc -g sha256 -s ecdsa -u ak.pub -f pem -n ak.name
	say quote tpm2_quote -Q -c ak.ctx -l $FIRMWARE_AND_OURS -q 1234 -m message -s signature -o values -g sha256
	say checkquote tpm2_checkquote -Q -u ak.pub -m message -s signature -f values -g sha256 -q 1234
	say checkquote-another tpm2_checkquote -Q -u ak.pub -m message -s signature -f values -g sha256 -q 4321
}

# To PCRs of firmware's, ours, and one that anybody resets.
own_seal() {
	echo "the guest's own secret" >secret
	say createprimary tpm2_createprimary -C o -G ecc -c primary.ctx
	tpm2_createpolicy -Q --policy-pcr -l $FIRMWARE_AND_OURS,16 -L policy
	say create tpm2_create -Q -C primary.ctx -L policy -i secret -u own.pub -r own.priv
	say load tpm2_load -Q -C primary.ctx -u own.pub -r own.priv -c own.ctx
	say unseal tpm2_unseal -c own.ctx -p pcr:$FIRMWARE_AND_OURS,16
	change
	say unseal-changed tpm2_unseal -c own.ctx -p pcr:$FIRMWARE_AND_OURS,16
	say pcrreset tpm2_pcrreset 16
	say unseal-again tpm2_unseal -c own.ctx -p pcr:$FIRMWARE_AND_OURS,16
}

change() {
	say pcrextend tpm2_pcrextend 16:sha256=$(printf '%064d' 1)
}

keep() {
	say nvdefine tpm2_nvdefine -C o -s 5 0x1500016
	echo -n hello >hello
	say nvwrite tpm2_nvwrite -C o -i hello 0x1500016
	say evictcontrol tpm2_evictcontrol -C o -c primary.ctx 0x81000010
}

kept() {
	say nvread tpm2_nvread -C o -s 5 0x1500016
	say handles tpm2_getcap handles-persistent
}

# A disk of its own, whose passphrase it knows: from here on by the TPM.
enroll() {
	say enroll env PASSWORD=secret systemd-cryptenroll --tpm2-device=/dev/tpmrm0 --tpm2-pcrs=0+2+7+12+16 $1
}

open_by_tpm() {
	say open cryptsetup open --token-only $1 own
	say content sha256sum /dev/mapper/own
	cryptsetup close own
	say attach systemd-cryptsetup attach own $1 - tpm2-device=/dev/tpmrm0,headless=1
	say content sha256sum /dev/mapper/own
	cryptsetup close own
	change
	say open-changed cryptsetup open --token-only $1 own
	say pcrreset tpm2_pcrreset 16
}

# What Ritevisor has unsealed for itself; then whatever a driver, or an OS that goes down and comes up, can say to have PCR 12
# begin anew, and once more.
unseal_ours() {
	tpm2_createprimary -Q -C o -g sha256 -G ecc256:aes128cfb -c parent.ctx \
		-a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
	tpm2_pcrread sha256:12 -Q -o before
	say ours-load tpm2_load -Q -C parent.ctx -u sealed.pub -r sealed.priv -c sealed.ctx
	say ours-unseal tpm2_unseal -c sealed.ctx -p pcr:sha256:$1
	say ours-pcrreset tpm2_pcrreset 12
	for way in 'shutdown' 'startup' 'shutdown -c' 'startup -c'; do
		say ours-${way%% *} tpm2_$way -T device:/dev/tpm0
	done
	say ours-unseal-again tpm2_unseal -c sealed.ctx -p pcr:sha256:$1
	tpm2_pcrread sha256:12 -Q -o after
	cmp before after && echo "tpm ours: PCR 12 is what it was"
}
