
# offers_apk NAME…: what the host and its repositories have, as lines for the chooser. A repository with a tag offers
# nothing to those who do not name the tag. A list that is missing is told.
offers_apk() {
	within 60 apk --no-network policy "$@" 2>&1 | awk '
		/^(WARNING|ERROR): / { print "missing\t" $0; next }
		/^[^ ].* policy:$/ { name = $1; next }
		/^  [^ ].*:$/ { version = substr($1, 1, length($1) - 1); next }
		/^    .*lib\/apk\/db\/installed$/ { print "installed\t" name "\t" version; next }
		/^    [^ @]/ { print "offer\t" name "\t" version "\t" $1 }'
}

# solve_apk NAME=VERSION…: fails where apk refuses, or would take something away.
solve_apk() {
	answer=$(within 60 apk add --simulate --no-network "$@" 2>&1)
	status=$?
	if [ $status = 124 ]; then
		said cannot timed-out "apk did not answer within 60 seconds"
		return 0
	fi
	case $status:$answer in
		0:* | *'unable to select packages'*) ;;
		*)
			said cannot failed "apk: $(printf '%s' "$answer" | tr '\n\t' '  ' | cut -c1-300)"
			return 0
			;;
	esac
	printf 'ask\t%s%s\n' $status "$(names_of "$@")"
	printf '%s\n' "$answer" | awk -v status=$status '
		BEGIN { OFS = "\t" }
		function bare(text) { gsub(/[()]/, "", text); return text }
		/^\([0-9]+\/[0-9]+\) / {
			name = $3
			sub(/@.*/, "", name)
			sub(/^\./, "_", name)
			if ($2 == "Installing") print "inst", name, "-", bare($4), "-"
			if ($2 ~ /^(Upgrading|Downgrading|Replacing|Reinstalling)$/) print "inst", name, "-", bare($6 == "" ? $4 : $6), bare($4)
			if ($2 == "Purging") print "remv", name, "-", bare($4)
			if ($2 ~ /^(Purging|Downgrading)$/) odd = 1
			next
		}
		status && !/^(WARNING|OK): / && said++ < 40 { gsub(/\t/, " "); print "said", substr($0, 1, 500) }
		END { exit status || odd }'
}

# about_apk: what is known of the packages that the answers name: sizes, in bytes, and architectures.
about_apk() {
	for db in /usr/lib/apk/db/installed /lib/apk/db/installed; do [ ! -r "$db" ] || break; done
	{
		printf '%s\n' "$1"
		echo 'the database'
		[ ! -r "$db" ] || cat "$db"
		echo 'the lists'
		set +f
		for index in /var/cache/apk/APKINDEX.*.tar.gz /etc/apk/cache/APKINDEX.*.tar.gz $here; do
			[ ! -r "$index" ] || tar -xzOf "$index" APKINDEX 2>/dev/null
		done
		set -f
	} | awk '
		function put() {
			size = installed == "" ? "-" : int(installed / 1024)
			if (part == 1 && (name, version) in gone && !told[name]++) print "had", name, arch, version, size, "-"
			if (part == 2 && (name, version) in comes && !((name, version) in lines)) {
				lines[name, version] = 1
				print "file", name, arch, version, bytes == "" ? "-" : bytes, size, "yes", "-"
			}
			name = version = arch = bytes = installed = ""
		}
		BEGIN { FS = OFS = "\t" }
		$0 == "the database" || $0 == "the lists" { part++; next }
		!part && $1 == "inst" { comes[$2, $4] = 1; order[++count] = $2 SUBSEP $4; if ($5 != "-") gone[$2, $5] = 1 }
		!part && $1 == "remv" { gone[$2, $4] = 1 }
		!part { next }
		/^P:/ { name = substr($0, 3) }
		/^V:/ { version = substr($0, 3) }
		/^A:/ { arch = substr($0, 3) }
		/^S:[0-9]+$/ { bytes = substr($0, 3) }
		/^I:[0-9]+$/ { installed = substr($0, 3) }
		/^$/ { put() }
		END {
			put()
			for (nth = 1; nth <= count; nth++) {
				if (order[nth] in lines) continue
				lines[order[nth]] = 1
				split(order[nth], word, SUBSEP)
				print "file", word[1], "-", word[2], "-", "-", "yes", "-"
			}
		}' | sort
}

# The solver of apk: it simulates, and keeps nothing.
upgrade_apk() {
	# A folder of the host may be a repository.
	here=$(sed -n 's,^\(/[^ ]*\)$,\1/*/APKINDEX.tar.gz,p' /etc/apk/repositories 2>/dev/null)
	said system "apk $(apk --version | sed -n 's/^apk-tools \([^ ,]*\).*/\1/p')"
	lists '/var/cache/apk/APKINDEX*' '/etc/apk/cache/APKINDEX*' "$here" | awk '
		$2 == "lists" { count = $3 }
		$2 == "changed" && $3 > newest { newest = $3 }
		END { print "lists\t" count + 0 "\t" (newest == "" ? "-" : newest) }'
	locks_of /usr/lib/apk/db/lock /lib/apk/db/lock
	space_of /var/cache/apk /usr /var /boot /
	set -f
	# shellcheck disable=SC2046 # one name a word
	set -- $(upgrades | sed 's/ .*//')
	offers=$(offers_apk "$@")
	# What it would say without them is not what it says when it has everything.
	printf '%s\n' "$offers" | awk '
		BEGIN { FS = "\t" }
		$1 == "missing" { print "cannot\tfailed\t" substr($2, 1, 300); exit missing = 1 }
		END { exit missing }' || return 0
	blocks=$(printf '%s\n' "$offers" | newest_first 'apk version -t' | targets apk)
	printf '%s\n' "$blocks"
	# shellcheck disable=SC2046 # one target a word
	set -- $(printf '%s\n' "$blocks" | awk 'BEGIN { FS = "\t" } $1 == "target" && $5 != "-" { print $2 "=" $5 }')
	answers=$(together solve_apk "$@")
	[ -n "$answers" ] || return 0
	if [ ${#answers} -gt 200000 ]; then
		said cannot failed 'the answer is too long'
		return
	fi
	with_arch "$answers" "$(about_apk "$answers")"
	# What else there is of what is too old.
	# shellcheck disable=SC2046 # one name a word
	set -- $(printf '%s\n' "$answers" | sed -n 's/^said.* [^ ]*\[!\{0,1\}\([A-Za-z0-9_][A-Za-z0-9_.+-]*\)[]<>=~].*/\1/p' | sort -u | head -n 40)
	[ $# = 0 ] || offers_apk "$@" | awk -v machine="$(uname -m)" '
		BEGIN { FS = OFS = "\t" }
		$1 == "installed" || $1 == "offer" { print "record", ($1 == "offer" ? "offered" : $1), $2, machine, $3, "-", "-" }'
}
