//! Relations between packages as Debian writes them, deb-control(5): `libfoo (>= 2) | libbar:any, libbaz`.

use std::cmp::Ordering;

use crate::version::System;

/// One of a comma-parted list: any of its alternatives will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) atoms: Vec<Atom>,
    /// As it is written, without the space around it.
    pub(super) text: String,
}

/// One alternative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) name: String,
    /// `any`, or an architecture, where one is written.
    pub(super) arch: Option<String>,
    pub(super) bound: Option<(Sign, String)>,
}

/// How a version has to stand to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Before,
    UpTo,
    Equal,
    From,
    After,
}

/// The groups of a list; what makes no sense is left out.
pub(super) fn groups(list: &str) -> impl Iterator<Item = Group> {
    list.split(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| Group {
        atoms: text.split('|').filter_map(atom).collect(),
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

fn atom(text: &str) -> Option<Atom> {
    let (head, rest) = text.trim().split_once('(').unwrap_or((text.trim(), ""));
    let (name, arch) = head.trim().split_once(':').unwrap_or((head.trim(), ""));
    let inside = rest.split(')').next().unwrap_or_default().trim();
    let bound = (!inside.is_empty()).then(|| bound(inside));
    (!name.is_empty()).then(|| Atom {
        name: name.to_owned(),
        arch: (!arch.is_empty()).then(|| arch.to_owned()),
        bound,
    })
}

/// `>= 2`; `<` and `>` are old ways to write `<=` and `>=`.
fn bound(text: &str) -> (Sign, String) {
    let version = text.trim_start_matches(['<', '=', '>']);
    let sign = match text.strip_suffix(version).unwrap_or_default() {
        "<<" => Sign::Before,
        "<=" | "<" => Sign::UpTo,
        ">>" => Sign::After,
        ">=" | ">" => Sign::From,
        _ => Sign::Equal,
    };
    (sign, version.trim().to_owned())
}

impl Atom {
    /// Whether a version of a package of that name fits.
    pub(super) fn admits(&self, version: &str) -> bool {
        let Some((sign, bound)) = &self.bound else { return true };
        let order = System::Debian.compare(version, bound);
        match sign {
            Sign::Before => order == Ordering::Less,
            Sign::UpTo => order != Ordering::Greater,
            Sign::Equal => order == Ordering::Equal,
            Sign::From => order != Ordering::Less,
            Sign::After => order == Ordering::Greater,
        }
    }

    /// Whether a package that provides the name fits: without a version, it fits only where none is asked for.
    pub(super) fn admits_provided(&self, version: Option<&str>) -> bool {
        version.map_or(self.bound.is_none(), |version| self.admits(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(relation: &str, version: &str) -> bool {
        groups(relation).next().unwrap().atoms[0].admits(version)
    }

    #[test]
    fn a_list_is_read_as_it_is_written() {
        let read: Vec<Group> = groups("libfoo (>= 2:1.0~rc1-1) |  libbar:any, ,libbaz:i386(=3)").collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].text, "libfoo (>= 2:1.0~rc1-1) | libbar:any");
        assert_eq!(read[0].atoms[0].bound, Some((Sign::From, "2:1.0~rc1-1".to_owned())));
        assert_eq!(read[0].atoms[1].arch.as_deref(), Some("any"));
        assert_eq!(
            read[1].atoms[0],
            Atom {
                name: "libbaz".to_owned(),
                arch: Some("i386".to_owned()),
                bound: Some((Sign::Equal, "3".to_owned()))
            }
        );
    }

    #[test]
    fn every_sign_is_dpkgs() {
        for (relation, older, same, newer) in [
            ("a (<< 2)", true, false, false),
            ("a (<= 2)", true, true, false),
            ("a (= 2)", false, true, false),
            ("a (>= 2)", false, true, true),
            ("a (>> 2)", false, false, true),
            ("a", true, true, true),
        ] {
            assert_eq!(
                (admits(relation, "2~1"), admits(relation, "2-0"), admits(relation, "2-0.1")),
                (older, same, newer),
                "{relation}"
            );
        }
        let one = |text| groups(text).next().unwrap().atoms[0].clone();
        assert!(one("a").admits_provided(None) && !one("a (>= 1)").admits_provided(None));
        assert!(one("a (>= 1)").admits_provided(Some("1")));
    }
}
