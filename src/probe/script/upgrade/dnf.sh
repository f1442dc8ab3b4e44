
# dnf's own solver, asked through its Python interface, since the command cannot be asked without writing. No lock, no
# log, no history, no cache, and of the plugins the one that keeps versions: the others run what they like. Its first
# argument is the chooser; the requests come in. Never run as root, so that what it would write has no place.
# shellcheck disable=SC2016 # awk and Python expand these, not the shell
DNF='
import glob, os, re, subprocess, sys

printed = 0

def out(*fields):
	global printed
	line = "\t".join(re.sub("[^ -~]", "?", str(field)) or "-" for field in fields)
	printed += len(line)
	# No sooner than that: cannot() comes here too.
	if printed > 400000 and fields[0] != "cannot": cannot("failed", "the answer is too long")
	print(line)

def cannot(reason, text):
	out("cannot", reason, text)
	sys.stdout.flush()
	os._exit(0)

class NoLock(object):
	def __enter__(self): pass
	def __exit__(self, *error): pass

def main():
	import dnf, dnf.const, dnf.lock, dnf.sack, dnf.util, hawkey
	out("system", "dnf " + dnf.const.VERSION)
	# The cache that root fills, where others would be given one of their own; and nothing is kept.
	dnf.util.am_i_root = lambda: True
	dnf.lock.build_metadata_lock = lambda *args: NoLock()
	dnf.sack._build_sack = lambda base: dnf.sack.Sack(
		pkgcls=dnf.package.Package, pkginitval=base, arch=base.conf.substitutions["arch"],
		cachedir=base.conf.cachedir, rootdir=base.conf.installroot)
	if not hasattr(dnf.Base, "fill_sack_from_repos_in_cache"):
		cannot("not-supported", "dnf %s cannot be asked without writing: from 4.5 on it can" % dnf.const.VERSION)
	base = dnf.Base()
	conf = base.conf
	# What is not readable would be passed by in silence.
	names = ["/etc/dnf/dnf.conf"] + glob.glob("/etc/yum.repos.d/*.repo") + glob.glob("/etc/dnf/vars/*")
	for name in sorted(names):
		if os.path.exists(name) and not os.access(name, os.R_OK):
			cannot("needs-privilege", "%s: not readable for an ordinary user, and dnf is never asked as root" % name)
	conf.read()
	conf.cacheonly = True
	conf.debug_solver = False
	conf.gpgkey_dns_verification = False
	conf.substitutions.update_from_etc(conf.installroot, varsdir=conf._get_value("varsdir"))
	plugins = [os.path.basename(name)[:-3] for folder in conf.pluginpath for name in glob.glob(folder + "/*.py")]
	base.init_plugins(disabled_glob=[name for name in plugins if name != "versionlock"])
	base.read_all_repos()
	enabled = [repo.id for repo in base.repos.iter_enabled()]
	for repo in base.repos.iter_enabled(): repo.skip_if_unavailable = True
	base.configure_plugins()
	base.fill_sack_from_repos_in_cache()
	loaded = list(base.repos.iter_enabled())
	# Of some only what was made of it is kept.
	lists = [repo._repo.getMetadataPath("primary") or repo._repo.getCachedir() + "/repodata/repomd.xml" for repo in loaded]
	changed = [int(os.path.getmtime(name)) for name in lists if os.path.exists(name)]
	out("lists", len(loaded), max(changed) if changed else "-")
	missing = sorted(set(enabled) - set(repo.id for repo in loaded))
	print(sys.argv[2])
	# What else the solver would say is not what it says when it has everything.
	if missing:
		cannot("failed", "no metadata lies here of the repository %s: dnf makecache, as root" % ", ".join(missing)[:200])

	requests = [line for line in sys.stdin.read().split("\n") if line.startswith("upgrade ")]
	names = [line.split(" ")[1] for line in requests]
	everything = base.sack.query(flags=hawkey.IGNORE_EXCLUDES)
	visible = set(base.sack.query())
	lines = list(requests)
	for name in names:
		packages = sorted(everything.filter(name=name), reverse=True)
		packages = [package for package in packages if package.arch != "src"]
		installed = [package for package in packages if package._from_system]
		best = [package for package in packages if package._from_system or package in visible]
		if not best or (best[0].evr == (installed or best)[0].evr and packages[0] > best[0]): best = packages
		for package in packages:
			if package._from_system: lines.append("installed\t%s\t%s" % (name, package.evr))
			else: lines.append("offer\t%s\t%s\t%s" % (name, package.evr, package.reponame))
		if best: lines.append("candidate\t%s\t%s" % (name, best[0].evr))
	chooser = subprocess.run(["awk", "-v", "system_=dnf", sys.argv[1]], input="\n".join(lines).encode("utf-8", "replace"),
		stdout=subprocess.PIPE, check=True)
	blocks = chooser.stdout.decode("utf-8", "replace")
	print(blocks, end="")
	fields = [line.split("\t") for line in blocks.split("\n")]
	chosen = [(field[1], field[4]) for field in fields if field[0] == "target" and field[4] != "-"]

	put, had, capabilities, mentioned = {}, {}, [], set()

	def ask(targets):
		base.reset(goal=True)
		goal = base._goal
		said, sets = [], []
		try:
			for name, version in targets: base.install("%s-%s" % (name, version))
		except dnf.exceptions.Error as error:
			said = [str(error)]
		if not said:
			goal.add_protected(base.sack.query().filterm(name=conf.protected_packages))
			if not goal.run(allow_uninstall=False, force_best=conf.best, ignore_weak_deps=not conf.install_weak_deps):
				said = [rule for problem in goal.problem_rules() for rule in problem]
		out("ask", 1 if said else 0, *[name for name, version in targets])
		plain = not said
		if not said:
			changes = goal.list_upgrades() + goal.list_downgrades() + goal.list_reinstalls()
			for package in goal.list_installs() + changes:
				replaced = [old for old in goal.obsoleted_by_package(package) if old.name == package.name]
				old = replaced[0].evr if replaced else "-"
				out("inst", package.name, package.arch, package.evr, old)
				put[str(package)] = package
				for package in replaced: had[str(package)] = package
				plain = plain and not (replaced and replaced[0] > package)
			# Of what may be there several times, kernels, the oldest makes room: that is no removal.
			several = set(package.name for package in goal.list_installs())
			gone = [package for package in goal.list_erasures() if package.name not in several] + goal.list_obsoleted()
			for package in gone:
				out("remv", package.name, package.arch, package.evr)
				had[str(package)] = package
			plain = plain and not gone
		for text in said[:40]:
			out("said", text[:500])
			found = re.match("nothing provides ([^ ]+)", text)
			if found and found.group(1) not in capabilities: capabilities.append(found.group(1))
			mentioned.update(text.split(" "))
		return plain

	if chosen and not ask(chosen) and len(chosen) > 1:
		for target in chosen: ask([target])
	for package in put.values():
		checked = base.repos[package.reponame].gpgcheck if package.reponame in base.repos else conf.gpgcheck
		out("file", package.name, package.arch, package.evr, package.downloadsize, package.installsize // 1024,
			"yes" if checked else "no", package.reponame)
	for package in had.values():
		essential = "essential" if package.name in conf.protected_packages else "-"
		out("had", package.name, package.arch, package.evr, package.installsize // 1024, essential)
	# Who stands in the way, and what there is of what is needed.
	records = []
	def record(package):
		if len(records) == 600: cannot("failed", "there is too much to explain")
		records.append(package)
		out("record", "installed" if package._from_system else "offered", package.name, package.arch, package.evr,
			"-" if package._from_system or package in visible else "held", "-")
	if mentioned:
		for package in everything.installed():
			if str(package) in mentioned: record(package)
	for capability in capabilities[:40]:
		for package in sorted(everything.filter(provides=capability), reverse=True)[:20]:
			if package.arch == "src": continue
			record(package)
			for provided in package.provides:
				if str(provided).split(" ")[0] == capability: out("rel", "provides", provided)

try:
	if os.geteuid() == 0: cannot("not-supported", "dnf would write as root, and setpriv is not here to ask it as nobody")
	main()
except Exception as error:
	cannot("failed", "dnf: %s: %s" % (type(error).__name__, str(error)[:300]))
sys.stdout.flush()
# Closing would tidy up files.
os._exit(0)
'

# pids_of FILE…: which of them hold the number of a process that runs.
pids_of() {
	for file do
		holder=
		[ -r "$file" ] && read -r holder <"$file"
		case $holder in '' | *[!0-9]*) continue ;; esac
		[ -d "/proc/$holder" ] || continue
		command=$(tr -d '\n\t' 2>/dev/null <"/proc/$holder/comm")
		said lock "$file" "$holder" "${command:--}"
	done
}

# The solver of dnf, version 4. It changes where dnf5 and the like come in.
upgrade_dnf() {
	dnf=$(command -v dnf)
	first=
	[ -z "$dnf" ] || read -r first <"$dnf"
	case $first in
		'#!'*python*) ;;
		*)
			for tool in dnf5 dnf yum microdnf zypper; do
				command -v $tool >/dev/null || continue
				said system $tool
				said cannot not-supported "$tool cannot be asked what an upgrade would do without writing; dnf 4 can"
				return
			done
			;;
	esac
	python=${first#'#!'}
	python=${python%% *}
	case $python in */env) python=python3 ;; esac
	beside=$(
		locks_of /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock
		pids_of /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid /var/lib/dnf/rpmdb_lock.pid /run/yum.pid
		space_of /var/cache/dnf /usr /var /boot /
	)
	printf '%s\n' "$WANTED" | as_nobody timeout 120 "$python" -IBc "$DNF" "$CHOOSER" "$beside" 2>/dev/null
	status=$?
	case $status in
		0) ;;
		124) said cannot timed-out "dnf did not answer within 120 seconds" ;;
		*) said cannot failed "$python, which runs dnf here, ended with $status" ;;
	esac
}
