
# The packages that explain why apt refused: round by round those that the targets need, and what is in their way.
apt_records() {
	# shellcheck disable=SC2016 # dpkg-query expands these, not the shell
	here=$(dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Abbrev}\t${Essential}${Protected}${Important}\t${Multi-Arch}\tpre-depends\t${Pre-Depends}\tdepends\t${Depends}\tconflicts\t${Conflicts}\tbreaks\t${Breaks}\tprovides\t${Provides}\n' 2>/dev/null)
	offered=
	looked=
	round=0
	more=$(printf '%s\n' "$chosen" | tr ' ' '\n' | sed 's/=.*//')
	while [ -n "$more" ] && [ $round -lt 6 ]; do
		round=$((round + 1))
		looked="$looked$more
"
		IFS='
'
		# shellcheck disable=SC2086 # one a line
		set -- $more
		unset IFS
		offered="$offered
= show
$(apt_run apt-cache show -- "$@" 2>/dev/null | apt_relations)
= showpkg
$(apt_run apt-cache showpkg -- "$@" 2>/dev/null | sed -n '/^Package: /p; /^Reverse Provides:/,/^$/p')
"
		more=$(apt_related more)
	done
	[ -z "$more" ] || said cut
	offered="$offered
= policy
$(IFS='
'
	# shellcheck disable=SC2086 # one a line
	set -- $looked
	unset IFS
	apt_run apt-cache policy -- "$@" 2>/dev/null)
"
	apt_related records
}

# Of what apt-cache show prints, what tells one version from another and how it stands to others.
apt_relations() {
	awk '/^$/ || /^(Package|Version|Architecture|Status|Essential|Important|Protected|Multi-Arch|Pre-Depends|Depends|Conflicts|Breaks|Provides): /'
}

# apt_related more: names that have to be looked up before all is known that matters. apt_related records: what does.
# A package is open where it may have to change: a target, whatever could give what an open one needs and the host does
# not have, and what is installed and does not go with an open one.
apt_related() {
	{
		printf '= here\n%s\n= looked\n%s= chosen\n' "$here" "$looked"
		printf '%s\n' "$chosen" | tr ' ' '\n'
		printf '%s\n' "$offered"
	} | awk -v mode="$1" -v native="$native" '
		function weight(c) {
			if (c == "" || c ~ /[0-9]/) return 0
			if (c == "~") return -1
			return index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-.:", c)
		}
		function part_order(a, b, x, y) {
			while (a != "" || b != "") {
				while (a ~ /^[^0-9]/ || b ~ /^[^0-9]/) {
					x = weight(substr(a, 1, 1))
					y = weight(substr(b, 1, 1))
					if (x != y) return x - y
					a = substr(a, 2)
					b = substr(b, 2)
				}
				sub(/^0+/, "", a)
				sub(/^0+/, "", b)
				match(a, /^[0-9]*/); x = substr(a, 1, RLENGTH); a = substr(a, RLENGTH + 1)
				match(b, /^[0-9]*/); y = substr(b, 1, RLENGTH); b = substr(b, RLENGTH + 1)
				if (length(x) != length(y)) return length(x) - length(y)
				if (x "" != y "") return x "" < y "" ? -1 : 1
			}
			return 0
		}
		function epoch(version) { return match(version, /^[0-9]+:/) ? substr(version, 1, RLENGTH - 1) : 0 }
		function revision(version) { return match(version, /-[^-]*$/) ? substr(version, RSTART + 1) : "" }
		function upstream(version) {
			sub(/^[0-9]+:/, "", version)
			sub(/-[^-]*$/, "", version)
			return version
		}
		function order(a, b, way) {
			if (epoch(a) + 0 != epoch(b) + 0) return epoch(a) - epoch(b)
			way = part_order(upstream(a), upstream(b))
			return way ? way : part_order(revision(a), revision(b))
		}
		function holds(version, sign, bound, way) {
			if (sign == "") return 1
			if (version == "") return 0
			way = order(version, bound)
			if (sign == "<<") return way < 0
			if (sign == "<=" || sign == "<") return way <= 0
			if (sign == "=") return way == 0
			if (sign == ">>") return way > 0
			return way >= 0
		}
		# Sets atom, sign and bound.
		function parse(text) {
			sign = bound = ""
			if (match(text, /\(.*\)/)) {
				bound = substr(text, RSTART + 1, RLENGTH - 2)
				sign = match(bound, /^[ ]*[<>=]+/) ? substr(bound, RSTART, RLENGTH) : ""
				gsub(/[<>= ]/, "", bound)
				gsub(/ /, "", sign)
			}
			atom = text
			sub(/[ (].*/, "", atom)
			sub(/:.*/, "", atom)
		}
		# Numbers of the installed packages that are, or provide, what was parsed, parted by spaces.
		function matches(found, count, each, nth, entry) {
			found = ""
			count = split(by_name[atom], each, " ")
			for (nth = 1; nth <= count; nth++) if (holds(version[each[nth]], sign, bound)) found = found " " each[nth]
			count = split(by_provided[atom], each, " ")
			for (nth = 1; nth <= count; nth++) {
				split(each[nth], entry, "/")
				if (holds(entry[2], sign, bound)) found = found " " entry[1]
			}
			return found
		}
		function trimmed(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }
		function open(name) {
			if (name == "" || name in is_open || opened > 100) return
			is_open[name] = 1
			queue[++opened] = name
		}
		function show(numbers, each, count, nth) {
			count = split(numbers, each, " ")
			for (nth = 1; nth <= count; nth++) shown[each[nth]] = 1
			return count
		}
		function provided(number, text, each, count, nth) {
			count = split(text, each, ",")
			for (nth = 1; nth <= count; nth++) {
				parse(trimmed(each[nth]))
				by_provided[atom] = by_provided[atom] " " number "/" bound
			}
		}
		# What a version needs that is not here, opened; what is here, shown.
		function need(text, group, groups, nth, choice, choices, at, met, each, count, from) {
			groups = split(text, group, ",")
			for (nth = 1; nth <= groups; nth++) {
				choices = split(group[nth], choice, "|")
				met = 0
				for (at = 1; at <= choices; at++) {
					parse(trimmed(choice[at]))
					if (show(matches())) met = 1
				}
				for (at = 1; at <= choices; at++) {
					parse(trimmed(choice[at]))
					show(by_name[atom])
					if (met) continue
					open(atom)
					count = split(gives[atom], each, " ")
					for (from = 1; from <= count; from++) open(each[from])
				}
			}
		}
		# Whether what is installed needs something that is not there: then apt refuses whatever it is asked.
		function broken(text, group, groups, nth, choice, choices, at, met, any) {
			groups = split(text, group, ",")
			for (nth = 1; nth <= groups; nth++) {
				choices = split(group[nth], choice, "|")
				met = 0
				for (at = 1; at <= choices && !met; at++) {
					parse(trimmed(choice[at]))
					met = matches() != ""
				}
				if (!met) { any = 1; need(group[nth]) }
			}
			return any
		}
		function shun(text, own, each, count, nth, found, at, total) {
			count = split(text, each, ",")
			for (nth = 1; nth <= count; nth++) {
				parse(trimmed(each[nth]))
				show(by_name[atom])
				total = split(matches(), found, " ")
				for (at = 1; at <= total; at++) if (name[found[at]] != own) { shown[found[at]] = 1; open(name[found[at]]) }
			}
		}
		# Who of the installed names a package in a relation that may not last: one that shuns it, or bounds its version.
		function index_of(number, kind, text, each, count, nth) {
			gsub(/\|/, ",", text)
			count = split(text, each, ",")
			for (nth = 1; nth <= count; nth++) {
				parse(trimmed(each[nth]))
				if (atom != name[number] && (kind == "shuns" || sign != ""))
					naming[atom] = naming[atom] " " number (kind == "needs" && sign ~ /^(<|=)/ ? "/open" : "")
			}
		}
		function touch(atom, each, count, nth, entry) {
			if (touched[atom]++) return
			count = split(naming[atom], each, " ")
			for (nth = 1; nth <= count; nth++) {
				split(each[nth], entry, "/")
				shown[entry[1]] = 1
				if (entry[2] != "") open(name[entry[1]])
			}
		}
		function follow(number, kinds, nth, kind) {
			kinds = split("pre-depends depends conflicts breaks provides", kind, " ")
			if (number in target && version[number] != target[number]) return
			for (nth = 1; nth <= 2; nth++) need(relation[number, kind[nth]])
			for (nth = 3; nth <= 4; nth++) shun(relation[number, kind[nth]], name[number])
			kinds = split(relation[number, "provides"], kind, ",")
			for (nth = 1; nth <= kinds; nth++) { parse(trimmed(kind[nth])); touch(atom) }
		}
		function put(word, number, nth, kind, kinds, text) {
			if (++put_out > 600) { cut = 1; return }
			print "record\t" word "\t" name[number] "\t" arch[number] "\t" version[number] "\t" \
				(flags[number] == "" ? "-" : flags[number]) "\t" \
				(word == "offered" && (name[number], version[number]) in pin ? pin[name[number], version[number]] : "-")
			kinds = split("pre-depends depends conflicts breaks provides", kind, " ")
			for (nth = 1; nth <= kinds; nth++) {
				text = relation[number, kind[nth]]
				gsub(/\t/, " ", text)
				if (text == "") continue
				if (++lines > 4000 || length(text) > 20000) cut = 1
				else print "rel\t" kind[nth] "\t" text
			}
		}
		function flag(number, text) { flags[number] = flags[number] (flags[number] == "" ? "" : ",") text }
		function finish(key) {
			if (fresh && !status && name[total] != "" && version[total] != "") {
				key = name[total] "=" version[total] ":" arch[total]
				if (!(key in have)) {
					have[key] = 1
					offers[name[total]] = offers[name[total]] " " total
					if (name[total] in chosen) target[total] = chosen[name[total]]
				}
			}
			fresh = status = 0
		}
		/^= [a-z]+$/ { if (part == "show") finish(); part = $2; next }
		part == "here" {
			if (split($0, field, "\t") < 16 || field[3] == "" || field[4] ~ /^.[nc]/) next
			total++
			name[total] = field[1]; arch[total] = field[2]; version[total] = field[3]
			if (field[5] ~ /yes/) flag(total, "essential")
			if (field[6] ~ /^(same|foreign|allowed)$/) flag(total, "multi-" field[6])
			if (field[4] ~ /^h/) flag(total, "held")
			for (nth = 7; nth < 16; nth += 2) relation[total, field[nth]] = field[nth + 1]
			here_last = total
			is_own[total] = field[2] == "all" || field[2] == native || native == ""
			if (is_own[total] || field[6] == "foreign") {
				by_name[field[1]] = by_name[field[1]] " " total
				provided(total, field[16])
			}
			next
		}
		part == "looked" { is_looked[$0] = 1; next }
		part == "chosen" { at = index($0, "="); chosen[substr($0, 1, at - 1)] = substr($0, at + 1); next }
		part == "show" && $0 == "" { finish(); next }
		part == "show" {
			if (!fresh) { fresh = 1; total++ }
			at = index($0, ": ")
			field_name = substr($0, 1, at - 1)
			value = substr($0, at + 2)
			if (field_name == "Package") name[total] = value
			else if (field_name == "Version") version[total] = value
			else if (field_name == "Architecture") arch[total] = value
			else if (field_name == "Status") status = 1
			else if (field_name ~ /^(Essential|Important|Protected)$/) { if (value == "yes" && flags[total] !~ /essential/) flag(total, "essential") }
			else if (field_name == "Multi-Arch") { if (value ~ /^(same|foreign|allowed)$/) flag(total, "multi-" value) }
			else relation[total, tolower(field_name)] = value
			next
		}
		part == "showpkg" && /^Package: / { virtual = $2; next }
		part == "showpkg" && /^[a-z0-9]/ { giver = $1; sub(/:.*/, "", giver); gives[virtual] = gives[virtual] " " giver; next }
		part == "policy" && /^[^ ].*:$/ { policy_of = substr($0, 1, length($0) - 1); next }
		part == "policy" && /^ (\*\*\*|   ) [^ ]/ { at = $1 == "***" ? 3 : 2; pin[policy_of, $(at - 1)] = $at + 0 }
		END {
			if (part == "show") finish()
			for (each_name in chosen) open(each_name)
			for (number = 1; number <= here_last; number++)
				if (is_own[number] && broken(relation[number, "pre-depends"]) + broken(relation[number, "depends"])) {
					flag(number, "broken")
					shown[number] = 1
				}
			for (number = 1; number <= here_last; number++) {
				index_of(number, "shuns", relation[number, "conflicts"] "," relation[number, "breaks"])
				index_of(number, "needs", relation[number, "pre-depends"] "," relation[number, "depends"])
			}
			for (done = 1; done <= opened; done++) {
				touch(queue[done])
				show(by_name[queue[done]])
				count = split(offers[queue[done]], each_offer, " ")
				for (nth_offer = 1; nth_offer <= count; nth_offer++) follow(each_offer[nth_offer])
			}
			if (mode == "more") {
				for (at = 1; at <= opened; at++) if (!(queue[at] in is_looked)) print queue[at]
				exit
			}
			for (number = 1; number <= here_last; number++) if (number in shown) put("installed", number)
			for (at = 1; at <= opened; at++) {
				count = split(offers[queue[at]], each_offer, " ")
				for (nth_offer = 1; nth_offer <= count; nth_offer++) put("offered", each_offer[nth_offer])
			}
			if (cut || opened > 100) print "cut"
		}'
}
