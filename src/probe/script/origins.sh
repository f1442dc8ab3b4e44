
# Where packages come from, as the files of each system say it. Comments stay on the host, as does what may be
# a secret: all but the known fields, users and passwords of addresses, and what follows a question mark.
section_sources() {
	set +f
	set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
		/etc/apt/preferences /etc/apt/preferences.d/* \
		/etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo \
		/etc/apk/repositories /etc/apk/repositories.d/*.list /etc/pacman.conf /etc/pacman.d/*
	set -f
	for file do
		shift
		[ -f "$file" ] || continue
		if [ -r "$file" ]; then set -- "$@" "$file"; else echo "! $file"; fi
	done
	if [ $# = 0 ]; then
		for tool in apt-get dnf yum zypper apk pacman; do
			command -v "$tool" >/dev/null && return 0
		done
		echo 'there is no package manager' >&2
		return 127
	fi
	awk '
		BEGIN {
			split("types uris suites components enabled trusted allow-insecure package pin pin-priority " \
				"baseurl mirrorlist metalink gpgcheck repo_gpgcheck siglevel server include", names, " ")
			for (at in names) known[names[at]] = 1
		}
		FNR == 1 {
			print "= " FILENAME
			whole = FILENAME ~ /\.list$/ || FILENAME ~ /\/repositories$/
			keep = 0
		}
		/^[ \t]*[#;]/ { next }
		/:\// { gsub(/:\/\/[^ \t]*@/, "://"); gsub(/[?&][^ \t,]*/, "") }
		/@/ { gsub(/[^ \t=]+:[^ \t]*@/, "") }
		/^[ \t]*$/ { print ""; keep = 0; next }
		FILENAME ~ /\.list$/ && FILENAME ~ /\/apt\// && !/^[ \t]*deb(-src)?[ \t]/ { print "a line that is no source"; next }
		whole { sub(/#.*/, ""); print; next }
		FILENAME ~ /\/pacman/ { sub(/^[ \t]+/, "") }
		/^[ \t]/ { if (keep) print; next }
		/^\[/ { keep = 0; print; next }
		{
			name = tolower($0)
			sub(/[ \t]*[:=].*/, "", name)
			keep = name in known
			if (keep) print
		}' "$@"
}

# lists PATTERN…: how many lists of packages lie on the host, and when each changed last.
lists() {
	set +f
	# shellcheck disable=SC2068 # patterns
	set -- $@
	set -f
	for file do
		shift
		[ ! -e "$file" ] || set -- "$@" "$file"
	done
	echo "= lists $#"
	[ $# = 0 ] || stat -c '= changed %Y' -- "$@" 2>/dev/null
}

# apt gives its lists the times of the server: their folder tells when they changed. Those of security updates
# say so, wherever they are mirrored.
apt_lists() {
	folder=/var/lib/apt/lists
	lists "$folder/*Release" | sed '/changed/d'
	stat -c '= changed %Y' $folder /var/lib/apt/periodic/update-success-stamp 2>/dev/null
	set +f
	grep -ls '^Label: Debian-Security$' -- $folder/*Release | sed 's/^/= security /'
	set -f
}

# Root's question would be kept in a cache.
ask_apt() {
	if [ "$(id -u)" = 0 ]; then
		offers=$(within 60 apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy -- "$@" 2>&1)
	else
		offers=$(within 60 apt-cache policy -- "$@" 2>&1)
	fi
	status=$?
	# What it complains of is no part of the answer.
	printf '%s\n' "$offers" | without_secrets | sed -n '/^[EWN]: /p' >&2
	printf '%s\n' "$offers" | without_secrets | sed '/^[EWN]: /d'
	return $status
}

# A package that no repository has is a failure to pacman.
ask_pacman() {
	offers=$(within 60 pacman -Si -- "$@" 2>/dev/null)
	[ $? != 124 ] || return 124
	printf '%s\n' "$offers" | sed -n '/^Repository /p; /^Name /p; /^Version /p'
}

# What it warns of are lists that it does not have.
ask_apk() {
	offers=$(within 60 apk --no-network policy -- "$@" 2>&1)
	[ $? != 124 ] || return 124
	printf '%s\n' "$offers" | sed 's/^\(WARNING\|ERROR\): .*/= missing/' | without_secrets
}

# What is on offer of the packages that the playbook names, told by lists that lie on the host: nothing is
# fetched, and no cache is written. dnf cannot do without.
section_candidates() {
	wants package || return 0
	IFS='
'
	# shellcheck disable=SC2046 # one name a line
	set -- $(wanted package)
	unset IFS
	[ $# != 0 ] || return 0
	if command -v apt-cache >/dev/null; then
		echo '= apt'
		apt_lists
		ask_apt "$@"
	elif command -v pacman >/dev/null; then
		echo '= pacman'
		lists '/var/lib/pacman/sync/*.db'
		ask_pacman "$@"
	elif command -v apk >/dev/null; then
		echo '= apk'
		lists '/var/cache/apk/APKINDEX*' '/etc/apk/cache/APKINDEX*'
		ask_apk "$@"
	elif command -v rpm >/dev/null; then
		echo '= rpm'
	else
		echo 'there is no package manager' >&2
		return 127
	fi
}
