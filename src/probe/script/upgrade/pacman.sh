
# offers_pacman NAME…: what the host and its repositories have, as lines for the chooser; the first repository counts.
offers_pacman() {
	{
		printf '%s\n' "$all"
		echo 'the repositories'
		# It writes that a list is missing where others write errors.
		within 60 pacman -Si -- "$@" 2>&1
	} | awk -v names="$*" '
		BEGIN { count = split(names, word, " "); for (nth = 1; nth <= count; nth++) asked[word[nth]] }
		/^the repositories$/ { there = 1; next }
		!there { if ($1 in asked) print "installed\t" $1 "\t" $2; next }
		/^warning: database file for / { print "missing\t" $0; next }
		/^Repository  *:/ { source = $3 }
		/^Name  *:/ { name = $3 }
		/^Version  *:/ { print "offer\t" name "\t" $3 "\t" source }'
}

# solve_pacman NAME=VERSION…: fails where pacman refuses, or would go back. What is there as it shall be is not asked
# for: no repository need have it.
solve_pacman() {
	names=$(names_of "$@")
	for target do
		shift
		case "
$here" in
			*"
installed	${target%%=*}	${target#*=}
"* | *"
installed	${target%%=*}	${target#*=}") ;;
			*) set -- "$@" "$target" ;;
		esac
	done
	answer=
	status=0
	if [ $# -gt 0 ]; then
		answer=$(within 60 pacman -Sp --noconfirm --needed --print-format '%n	%v	%s	%r' -- "$@" 2>&1)
		status=$?
	fi
	if [ $status = 124 ]; then
		said cannot timed-out "pacman did not answer within 60 seconds"
		return 0
	fi
	case $status:$answer in
		0:* | *'could not satisfy dependencies'* | *'conflicting dependencies'* | *'target not found'*) ;;
		*)
			said cannot failed "pacman: $(printf '%s' "$answer" | tr '\n\t' '  ' | cut -c1-300)"
			return 0
			;;
	esac
	printf 'ask\t%s%s\n' $status "$names"
	# More than is asked for may be changed: of all of them the old version is wanted.
	{ printf '%s\n' "$all"; echo 'the answer'; printf '%s\n' "$answer"; } | awk -v status=$status '
		/^the answer$/ { there = 1; next }
		!there { old[$1] = $2; next }
		!status && split($0, field, "\t") == 4 {
			print "inst\t" field[1] "\t-\t" field[2] "\t" (field[1] in old ? old[field[1]] : "-")
			print "fetch\t" field[1] "\t" field[2] "\t" field[3] "\t" field[4]
			next
		}
		/ downgrading from version / { odd = 1 }
		status && /[^ ]/ && said++ < 40 { gsub(/\t/, " "); print "said\t" substr($0, 1, 500) }
		END { exit status || odd }'
}

# about_pacman ANSWERS: sizes, and what pacman does not look at when it is only asked: what conflicts with what, and
# what shall be passed by. Of the installed packages come those alone that may have a part in it.
about_pacman() {
	set -f
	# shellcheck disable=SC2046 # one name a word
	set -- "$1" $(printf '%s\n' "$1" | awk '
		BEGIN { FS = "\t" }
		$1 == "said" && match($2, /unable to satisfy dependency .[A-Za-z0-9_][A-Za-z0-9@._+-]*/) {
			$2 = substr($2, RSTART + 30, RLENGTH - 30)
			if (!seen[$2]++) print $2
		}
		$1 == "inst" && !seen[$2]++ { print $2 }')
	answers=$1
	shift
	names=$*
	[ $# -gt 0 ] || return 0
	level=$(pacman-conf SigLevel 2>/dev/null)
	signed=$(for repository in $(printf '%s\n' "$answers" | awk 'BEGIN { FS = "\t" } $1 == "fetch" && !seen[$5]++ { print $5 }'); do
		own=$(pacman-conf --repo="$repository" SigLevel 2>/dev/null)
		case "${own:-$level}" in
			*PackageRequired*) echo "signed $repository yes" ;;
			*PackageNever* | *PackageOptional*) echo "signed $repository no" ;;
		esac
	done)
	{
		printf '%s\n' "$answers"
		printf '%s\n' "about $names" "$signed" "ignored $(pacman-conf IgnorePkg 2>/dev/null | tr '\n' ' ')"
		echo 'the repositories'
		within 60 pacman -Si -- "$@" 2>/dev/null
		echo 'the database'
		find /var/lib/pacman/local -name desc -type f -exec cat {} +
	} | awk '
		function bare(text) { sub(/[<>=].*/, "", text); return text }
		function number(text, unit) { return int((unit == "MiB" ? text * 1024 : unit == "GiB" ? text * 1048576 : unit == "KiB" ? text : text / 1024) + 0.5) }
		function rels(kind, text, word, count, nth) {
			if (text == "None") return
			count = split(text, word, /  */)
			for (nth = 1; nth <= count; nth++) if (word[nth] != "") block = block "rel\t" kind "\t" word[nth] "\n"
		}
		# What comes: a name that it has, and one that it cannot be beside.
		function offered() {
			if (seen[name, version]++ || !((name, version, source) in comes || name in about)) return
			if ((name, version, source) in comes) print "file", name, arch, version, comes[name, version, source], size, (source in signed ? signed[source] : "-"), source
			held = "-"
			for (nth in ignored) if (name ~ ignored[nth]) held = "held"
			records = records "record\toffered\t" name "\t" arch "\t" version "\t" held "\t-\n" block
			mine[name]
		}
		function note(kind, text, word, count, nth) {
			if (text == "None") return
			count = split(text, word, /  */)
			for (nth = 1; nth <= count; nth++) if (kind == "conflicts") against[bare(word[nth])]; else mine[bare(word[nth])]
		}
		function there(part) {
			if (name == "") return
			if (name in goes) print "had", name, arch, version, int(size / 1024), "-"
			else if (part || name in against || name in about) {
				known[++found] = "record\tinstalled\t" name "\t" arch "\t" version "\t-\t-\n" block
			}
			name = version = arch = block = field = ""
			size = part = 0
		}
		BEGIN { FS = OFS = "\t" }
		/^the repositories$/ { stage = 1; next }
		/^the database$/ { stage = 2; block = ""; name = ""; size = part = 0; next }
		# What nothing satisfies is a name as well as what comes.
		!stage && /^about / { count = split($0, word, " "); for (nth = 2; nth <= count; nth++) about[word[nth]] }
		!stage && /^signed / { split($0, word, " "); signed[word[2]] = word[3] }
		!stage && /^ignored / {
			count = split($0, word, " ")
			for (nth = 2; nth <= count; nth++) {
				gsub(/[^A-Za-z0-9@._+*?-]/, "", word[nth])
				gsub(/[.+]/, "[&]", word[nth])
				gsub(/\*/, ".*", word[nth])
				gsub(/\?/, ".", word[nth])
				ignored[nth] = "^" word[nth] "$"
			}
		}
		!stage && $1 == "inst" { goes[$2] }
		!stage && $1 == "fetch" { comes[$2, $3, $5] = $4 }
		stage == 1 && /^[A-Z][A-Za-z ]* : / {
			at = index($0, " : ")
			key = substr($0, 1, at)
			sub(/ *$/, "", key)
			value = substr($0, at + 3)
			if (key == "Repository") { source = value; block = "" }
			if (key == "Name") name = value
			if (key == "Version") version = value
			if (key == "Architecture") arch = value
			if (key == "Provides") { rels("provides", value); note("provides", value) }
			if (key == "Conflicts With") { rels("conflicts", value); note("conflicts", value) }
			if (key == "Replaces") rels("replaces", value)
			if (key == "Installed Size") { split(value, word, " "); size = number(word[1], word[2]) }
			if (key == "Validated By") offered()
		}
		stage == 2 && /^%[A-Z]*%$/ { if ($0 == "%NAME%") there(part); field = $0; next }
		stage == 2 && $0 != "" {
			if (field == "%NAME%") { name = $0; part = 0 }
			if (field == "%VERSION%") version = $0
			if (field == "%ARCH%") arch = $0
			if (field == "%SIZE%") size = $0
			if (field == "%CONFLICTS%") { block = block "rel\tconflicts\t" $0 "\n"; if (bare($0) in mine) part = 1 }
			if (field == "%PROVIDES%") { block = block "rel\tprovides\t" $0 "\n"; if (bare($0) in against || bare($0) in about) part = 1 }
		}
		END {
			there(part)
			printf "%s", records
			for (nth = 1; nth <= found && nth <= 600; nth++) printf "%s", known[nth]
			if (found > 600) print "cannot\tfailed\tmore packages may conflict than can be told"
		}'
}

# The solver of pacman. It does not tell of conflicts when it is only asked: the records are for that.
upgrade_pacman() {
	said system "pacman $(pacman --version | sed -n 's/.*Pacman v\([^ ]*\).*/\1/p')"
	lists '/var/lib/pacman/sync/*.db' | awk '
		$2 == "lists" { count = $3 }
		$2 == "changed" && $3 > newest { newest = $3 }
		END { print "lists\t" count + 0 "\t" (newest == "" ? "-" : newest) }'
	[ ! -e /var/lib/pacman/db.lck ] || said lock /var/lib/pacman/db.lck - -
	space_of /var/cache/pacman/pkg /usr /var /boot /
	set -f
	# shellcheck disable=SC2046 # one name a word
	set -- $(upgrades | sed 's/ .*//')
	all=$(within 60 pacman -Q 2>/dev/null)
	here=$(offers_pacman "$@")
	# What it would say without them is not what it says when it has everything.
	printf '%s\n' "$here" | awk '
		BEGIN { FS = "\t" }
		$1 == "missing" { print "cannot\tfailed\t" substr($2, 1, 300); exit missing = 1 }
		END { exit missing }' || return 0
	blocks=$(printf '%s\n' "$here" | newest_first vercmp first | targets pacman)
	printf '%s\n' "$blocks"
	# shellcheck disable=SC2046 # one target a word
	set -- $(printf '%s\n' "$blocks" | awk 'BEGIN { FS = "\t" } $1 == "target" && $5 != "-" { print $2 "=" $5 }')
	answers=$(together solve_pacman "$@")
	[ -n "$answers" ] || return 0
	if [ ${#answers} -gt 200000 ]; then
		said cannot failed 'the answer is too long'
		return
	fi
	with_arch "$(printf '%s\n' "$answers" | sed '/^fetch	/d')" "$(about_pacman "$answers")"
}
