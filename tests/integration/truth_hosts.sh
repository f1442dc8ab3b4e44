# What a test's shell on a clone knows. Read by truth_hosts.rs.
. /lab/origins
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
P=/srv/truth/pool

# one NAME VERSION [FIELD…]: a package of the clone's own archive.
one() {
	a=$1 b=$2
	shift 2
	deb "$a" "$b" "$P" "$@"
}

# two NAME [FIELD…]: the same at 1-1, and at 2-1 with these fields.
two() {
	one "$1" 1-1
	a=$1
	shift
	one "$a" 2-1 "$@"
}

# put PATH TEXT: a file that the next package has.
put() {
	mkdir -p "/tmp/deb$(dirname "$1")" /tmp/deb/DEBIAN
	printf '%s\n' "$2" >"/tmp/deb$1"
	case $1 in /etc/*) echo "$1" >>/tmp/deb/DEBIAN/conffiles ;; esac
}

# publish: makes the lists of the archive, and has apt read them.
publish() {
	# Nothing here has to survive a power cut.
	echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/quick
	archive /srv/truth stable Debian
	rm -f /etc/apt/sources.list.d/*.sources
	: >/etc/apt/sources.list
	echo 'deb [trusted=yes] file:///srv/truth stable main' >/etc/apt/sources.list.d/truth.list
	refresh
}

refresh() { apt-get update -qq -o Acquire::AllowInsecureRepositories=1 2>&1; }

install() { apt-get install -qq -y --allow-downgrades --allow-unauthenticated "$@" </dev/null >/dev/null 2>&1; }

# inside PACKAGE: the version that is there in good order.
inside() { echo "=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1" 2>/dev/null | sed -n 's/^.i //p')"; }

# hold_lock FILE: as dpkg does, until let_go.
hold_lock() {
	perl -e 'use Fcntl; open(my $lock, ">>", $ARGV[0]) or die; my $whole = pack("s s x4 l! l! i x4", F_WRLCK, 0, 0, 0, 0);
		fcntl($lock, F_SETLK, $whole) or die; sleep 300' \
		"$1" </dev/null >/dev/null 2>&1 &
	echo $! >/run/holder
	sleep 0.3
}

let_go() { kill "$(cat /run/holder)"; }
