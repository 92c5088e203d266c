# What the shell tools share: the cache folder, progress lines, errors.
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
