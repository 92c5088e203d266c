# What the shell tools share: the cache folder, progress lines, errors, where Debian packages are.
# Sourced, not run. The caller sets $tool to its own name for messages.

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${RITEVISOR_CACHE:-$HOME/.cache/ritevisor}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac

# One quiet progress line: a verb in capitals and what it is done to.
say() {
	printf '%-6s %s\n' "$1" "$2"
}

die() {
	printf '%s: error: %s\n' "$tool" "$1" >&2
	exit 1
}

# Runs a command quietly. When it fails, prints its output and stops with the given message.
quietly() {
	failure=$1
	shift
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1 </dev/null; then
		sed 's/^/  /' "$log" >&2
		rm -f "$log"
		die "$failure"
	fi
	rm -f "$log"
}

# Prints the given field of the machine's main Debian suite (not its updates or security suite),
# as apt itself reads its sources, in either format.
main_target_field() {
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	apt-get indextargets 'Created-By: Packages' 'Component: main' |
		awk -v field="$1: " -v codename="${codename:-bookworm}" '
			BEGIN { RS = ""; FS = "\n" }
			$0 ~ "\nRelease: (" codename "|stable|oldstable)(\n|$)" {
				for (i = 1; i <= NF; i++)
					if (index($i, field) == 1) { print substr($i, length(field) + 1); exit }
			}'
}

# Prints the keyring that the machine trusts for its mirror, empty for apt's default.
mirror_keyring() {
	file=$(main_target_field Sourcesentry | sed 's/:[0-9]*$//')
	keyring=
	if [ -r "$file" ]; then
		keyring=$(sed -n -e 's/^[Ss]igned-[Bb]y:[[:space:]]*\(\/[^ ]*\).*/\1/p' \
			-e 's/^deb.*signed-by=\(\/[^] ]*\).*/\1/p' "$file" | head -n 1)
	fi
	if [ -z "$keyring" ] && [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
		keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	fi
	printf '%s\n' "$keyring"
}
