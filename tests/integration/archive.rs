//! Small archives of packages made at random, as Debian's files; and whether there is a way among them, found by
//! trying.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Numbers from a seed, the same in every run: splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x5851_f42d_4c95_7f2d))
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % sides
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// `name (sign version)`.
#[derive(Debug, Clone)]
pub(crate) struct Atom(String, &'static str, String);

impl Atom {
    fn text(&self) -> String {
        let Self(name, sign, version) = self;
        if sign.is_empty() { name.clone() } else { format!("{name} ({sign} {version})") }
    }

    /// Versions here are `1-1` to `3-1`, in the order of their text.
    fn admits(&self, version: &str) -> bool {
        let bound = self.2.as_str();
        match self.1 {
            "<<" => version < bound,
            "<=" => version <= bound,
            "=" => version == bound,
            ">=" => version >= bound,
            ">>" => version > bound,
            _ => true,
        }
    }

    fn met_by(&self, one: &Version) -> bool {
        let given = one.provides.iter().filter(|given| given.0 == self.0);
        (one.name == self.0 && self.admits(&one.version))
            || given
                .into_iter()
                .any(|given| if given.1.is_empty() { self.1.is_empty() } else { self.admits(&given.2) })
    }
}

/// One version of a package.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) installed: bool,
    pub(crate) offered: bool,
    pub(crate) held: bool,
    essential: bool,
    /// Its pin, where it has one.
    pin: Option<i32>,
    depends: Vec<Vec<Atom>>,
    pre_depends: Vec<Vec<Atom>>,
    conflicts: Vec<Atom>,
    breaks: Vec<Atom>,
    provides: Vec<Atom>,
}

impl Version {
    /// The stanza of its control file.
    pub(crate) fn control(&self) -> String {
        let mut text = format!("Package: {}\nVersion: {}\nArchitecture: amd64\n", self.name, self.version);
        if self.essential {
            text.push_str("Essential: yes\n");
        }
        let any = |group: &Vec<Atom>| group.iter().map(Atom::text).collect::<Vec<_>>().join(" | ");
        let fields: [(&str, Vec<String>); 5] = [
            ("Depends", self.depends.iter().map(any).collect()),
            ("Pre-Depends", self.pre_depends.iter().map(any).collect()),
            ("Conflicts", self.conflicts.iter().map(Atom::text).collect()),
            ("Breaks", self.breaks.iter().map(Atom::text).collect()),
            ("Provides", self.provides.iter().map(Atom::text).collect()),
        ];
        for (field, list) in fields.iter().filter(|(_, list)| !list.is_empty()) {
            writeln!(text, "{field}: {}", list.join(", ")).unwrap();
        }
        text.push_str("Maintainer: nobody <nobody@example.net>\nDescription: made at random\n");
        text
    }

    fn needs(&self) -> impl Iterator<Item = &Vec<Atom>> {
        self.depends.iter().chain(&self.pre_depends)
    }

    fn goes_with(&self, other: &Self) -> bool {
        let shuns =
            |one: &Self, other: &Self| one.conflicts.iter().chain(&one.breaks).any(|atom| atom.met_by(other));
        self.name == other.name || (!shuns(self, other) && !shuns(other, self))
    }
}

/// All of them.
pub(crate) struct Archive {
    pub(crate) versions: Vec<Version>,
}

impl Archive {
    /// 5 to 12 packages.
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let names: Vec<String> =
            ('a'..='l').take(5 + dice.below(8)).map(|letter| format!("p{letter}")).collect();
        let mut versions: Vec<Version> = Vec::new();
        for name in &names {
            let before = versions.len();
            for number in 1..=3 {
                if !dice.one_in(2) {
                    versions.push(random_version(dice, name, &format!("{number}-1"), &names));
                }
            }
            if versions.len() > before && !dice.one_in(3) {
                // What is installed is older rather than newer, and often not on offer any more.
                let at = before + dice.below(versions.len() - before).min(dice.below(3));
                let gone = dice.one_in(2);
                let (held, essential) = (dice.one_in(10), dice.one_in(12));
                let installed = &mut versions[at];
                (installed.installed, installed.offered) = (true, !gone);
                (installed.held, installed.essential) = (held, essential);
            }
        }
        if versions.is_empty() {
            versions.push(random_version(dice, "pa", "1-1", &names));
        }
        let mut archive = Self { versions };
        // A few are broken from the start; others are what dpkg would have let be.
        if !dice.one_in(20) {
            archive.mend();
        }
        archive.versions.retain(|one| one.installed || one.offered);
        archive
    }

    /// Takes away what is installed and should not be, until all is sound.
    fn mend(&mut self) {
        loop {
            let all: Vec<&Version> = self.installed().collect();
            let Some(wrong) = all.iter().find(|one| !sound(one, &all)) else { return };
            let (name, version) = (wrong.name.clone(), wrong.version.clone());
            let wrong =
                self.versions.iter_mut().find(|one| one.name == name && one.version == version).unwrap();
            (wrong.installed, wrong.offered) = (false, true);
            (wrong.held, wrong.essential) = (false, false);
        }
    }

    /// Whether what is installed is as it should be.
    pub(crate) fn is_sound(&self) -> bool {
        let all: Vec<&Version> = self.installed().collect();
        all.iter().all(|one| sound(one, &all))
    }

    pub(crate) fn installed(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|one| one.installed)
    }

    /// dpkg's database; with dpkg itself, whose architecture is the machine's.
    pub(crate) fn status(&self) -> String {
        let dpkg = Version { name: "dpkg".to_owned(), version: "1-1".to_owned(), ..Version::default() };
        std::iter::once(&dpkg)
            .chain(self.installed())
            .map(|one| {
                let want = if one.held { "hold" } else { "install" };
                let (package, rest) = one
                    .control()
                    .split_once('\n')
                    .map(|(one, two)| (one.to_owned(), two.to_owned()))
                    .unwrap();
                format!("{package}\nStatus: {want} ok installed\n{rest}\n")
            })
            .collect()
    }

    /// apt_preferences(5).
    pub(crate) fn preferences(&self) -> String {
        let pins = self.versions.iter().filter_map(|one| Some((one, one.pin?)));
        pins.map(|(one, pin)| {
            format!("Package: {}\nPin: version {}\nPin-Priority: {pin}\n\n", one.name, one.version)
        })
        .collect()
    }

    fn candidate(&self, name: &str) -> Option<&Version> {
        let here = self.installed().find(|one| one.name == name);
        let priority = |one: &Version| one.pin.unwrap_or(if one.offered { 500 } else { 100 });
        let could = |one: &&Version| {
            one.name == name
                && priority(one) > 0
                && (here.is_none_or(|here| one.version >= here.version) || priority(one) >= 1000)
        };
        self.versions.iter().filter(could).max_by_key(|one| (priority(one), one.version.clone()))
    }

    /// Whether there is a way to the targets for apt: each package is kept, brought to its candidate, or removed where
    /// it is neither on hold nor essential; nothing goes back.
    pub(crate) fn possible(&self, targets: &[&(String, String)]) -> bool {
        let mut options: BTreeMap<&str, Vec<Option<&Version>>> = BTreeMap::new();
        for one in &self.versions {
            options.entry(&one.name).or_default();
        }
        for (name, options) in &mut options {
            let here = self.installed().find(|one| one.name == *name);
            if let Some((_, version)) = targets.iter().find(|(target, _)| target == name) {
                let asked = self.versions.iter().find(|one| one.name == *name && one.version == *version);
                options.extend(asked.map(Some));
            } else {
                options.extend([here, self.candidate(name)].into_iter().flatten().map(Some));
                if here.is_none_or(|here| !here.essential) {
                    options.push(None);
                }
            }
            if let Some(here) = here {
                options.retain(|one| one.is_none_or(|one| one.version >= here.version));
                if here.held {
                    options.retain(|one| one.is_some_and(|one| one.version == here.version));
                }
            }
        }
        try_all(&options.into_values().collect::<Vec<_>>(), &mut Vec::new())
    }
}

fn try_all<'a>(open: &[Vec<Option<&'a Version>>], chosen: &mut Vec<&'a Version>) -> bool {
    let still = |atom: &Atom| open.iter().flatten().flatten().any(|one| atom.met_by(one));
    let could = |one: &&Version| {
        let met = |group: &Vec<Atom>| {
            group.iter().any(|atom| chosen.iter().any(|other| atom.met_by(other)) || still(atom))
        };
        one.needs().all(met) && chosen.iter().all(|other| one.goes_with(other))
    };
    if !chosen.iter().all(could) {
        return false;
    }
    let Some((next, rest)) = open.split_first() else { return true };
    next.iter().any(|option| {
        chosen.extend(option);
        let found = try_all(rest, chosen);
        if option.is_some() {
            chosen.pop();
        }
        found
    })
}

fn sound(one: &Version, all: &[&Version]) -> bool {
    let met = |group: &Vec<Atom>| group.iter().any(|atom| all.iter().any(|other| atom.met_by(other)));
    one.needs().all(met) && all.iter().all(|other| one.goes_with(other))
}

fn random_version(dice: &mut Dice, name: &str, version: &str, names: &[String]) -> Version {
    let mut one =
        Version { name: name.to_owned(), version: version.to_owned(), offered: true, ..Version::default() };
    for _ in 0..dice.below(3) {
        let mut group = vec![atom(dice, name, names)];
        if dice.one_in(3) {
            group.push(atom(dice, name, names));
        }
        if dice.one_in(5) { one.pre_depends.push(group) } else { one.depends.push(group) }
    }
    if dice.one_in(5) {
        one.conflicts.push(atom(dice, name, names));
    }
    if dice.one_in(5) {
        one.breaks.push(atom(dice, name, names));
    }
    if dice.one_in(4) {
        let sign = if dice.one_in(2) { "=" } else { "" };
        one.provides.push(Atom(dice.pick(&["va", "vb"]).to_string(), sign, version.to_owned()));
    }
    if dice.one_in(10) {
        one.pin = Some(*dice.pick(&[-1, 990, 100, 1001]));
    }
    one
}

/// Mostly another package, now and then a virtual one or one that is nowhere.
fn atom(dice: &mut Dice, own: &str, names: &[String]) -> Atom {
    let others: Vec<&String> = names.iter().filter(|name| *name != own).collect();
    let name = match dice.below(12) {
        0 => "va".to_owned(),
        1 => "vb".to_owned(),
        2 if dice.one_in(2) => "nowhere".to_owned(),
        _ => (*dice.pick(&others)).clone(),
    };
    let sign = *dice.pick(&["", "", "", ">=", ">=", ">=", "<<", "<=", "=", ">>"]);
    Atom(name, sign, format!("{}-1", 1 + dice.below(3)))
}

/// A package of nothing but its control file, deb(5): an ar(5) archive of two tar(5) archives.
pub(crate) fn deb(control: &str) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, member) in [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar", tar(&[("./control", control)])),
        ("data.tar", tar(&[])),
    ] {
        bytes.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, member.len()).bytes(),
        );
        bytes.extend(&member);
        if member.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, text) in files {
        let mut header = [0_u8; 512];
        let fields: [(usize, String); 8] = [
            (0, (*name).to_owned()),
            (100, "0000644\0".to_owned()),
            (108, "0000000\0".to_owned()),
            (116, "0000000\0".to_owned()),
            (124, format!("{:011o}\0", text.len())),
            (136, "00000000000\0".to_owned()),
            (148, "        0".to_owned()),
            (257, "ustar\x0000".to_owned()),
        ];
        for (at, field) in fields {
            header[at..at + field.len()].copy_from_slice(field.as_bytes());
        }
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(header);
        bytes.extend(text.bytes());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}
