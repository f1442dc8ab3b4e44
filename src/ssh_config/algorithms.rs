//! Lists of algorithms: what `a,b`, `+a`, `-a*` and `^a` make of the defaults.

use super::pattern::{matches, matches_list};

/// The algorithms that `list` names, `defaults` being what there is without it. A pattern stands for those of
/// the defaults that it matches; a plain name is kept even if it is none of them. None is named twice.
///
/// The result may be empty, or name what the caller cannot do.
pub fn apply(list: &str, defaults: &[&str]) -> Vec<String> {
    apply_among(list, defaults, defaults)
}

/// As [`apply`], with patterns standing for those of `all` that they match, as ssh itself has it.
pub fn apply_among(list: &str, defaults: &[&str], all: &[&str]) -> Vec<String> {
    if let Some(removed) = list.strip_prefix('-') {
        let kept = defaults.iter().filter(|name| !matches_list(name, removed));
        return once(kept.map(|name| (*name).to_owned()));
    }
    let named = |list: &str| list.split(',').flat_map(|name| expand(name, all)).collect::<Vec<_>>();
    let defaults = || defaults.iter().map(|name| (*name).to_owned());
    if let Some(last) = list.strip_prefix('+') {
        once(defaults().chain(named(last)))
    } else if let Some(first) = list.strip_prefix('^') {
        once(named(first).into_iter().chain(defaults()))
    } else {
        once(named(list).into_iter())
    }
}

fn expand(name: &str, all: &[&str]) -> Vec<String> {
    match name.contains(['*', '?']) {
        true => all.iter().filter(|known| matches(known, name)).map(|known| (*known).to_owned()).collect(),
        false if name.is_empty() => Vec::new(),
        false => vec![name.to_owned()],
    }
}

fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_replace_add_remove_and_prefer() {
        let defaults = ["aes-ctr", "aes-gcm", "chacha"];
        for (list, expected) in [
            ("chacha,3des,chacha", &["chacha", "3des"][..]),
            ("+3des,chacha", &["aes-ctr", "aes-gcm", "chacha", "3des"]),
            ("-aes-*", &["chacha"]),
            ("-aes-*,!aes-gcm", &["aes-gcm", "chacha"]),
            ("-*", &[]),
            ("^chacha,3des", &["chacha", "3des", "aes-ctr", "aes-gcm"]),
            ("aes*", &["aes-ctr", "aes-gcm"]),
        ] {
            assert_eq!(apply(list, &defaults), expected, "{list}");
        }
        assert_eq!(apply_among("+3*", &defaults, &["3des", "aes-ctr"]).last().unwrap(), "3des");
    }
}
