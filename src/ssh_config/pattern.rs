//! OpenSSH's patterns: `*`, `?`, lists with commas, negation with `!`. Nothing is escaped in them.

/// Whether `text` matches one pattern as a whole.
pub(super) fn matches(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    // Where to go on when the last `*` has to swallow one character more.
    let (mut at, mut next, mut star) = (0, 0, None);
    while let Some(&character) = text.get(at) {
        match pattern.get(next) {
            Some('*') => {
                star = Some((at, next));
                next += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == character => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((swallowed, position)) = star else { return false };
                star = Some((swallowed + 1, position));
                at = swallowed + 1;
                next = position + 1;
            }
        }
    }
    pattern.get(next..).unwrap_or_default().iter().all(|left| *left == '*')
}

/// Whether `text` matches one of the patterns of a list, `a,b*,!c`, and none of the negated ones.
pub(super) fn matches_list(text: &str, list: &str) -> bool {
    let mut positive = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(text, negated) => return false,
            Some(_) => {}
            None => positive |= matches(text, pattern),
        }
    }
    positive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (text, pattern, expected) in [
            ("web-01", "web-*", true),
            ("web-01", "web-??", true),
            ("web-1", "web-??", false),
            ("web-01", "*-*1", true),
            ("aab", "*ab", true),
            ("ab", "a*b*", true),
            ("", "*", true),
            ("", "", true),
            ("a", "", false),
            ("Web", "web", false),
            ("a", "*?", true),
            ("", "?", false),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn a_negated_pattern_alone_matches_nothing() {
        assert!(matches_list("a", "b,a"));
        assert!(!matches_list("a", "!b"));
        assert!(!matches_list("a", "*,!a"));
        assert!(matches_list("c", "*,!a"));
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"a".repeat(1000), &format!("{}b", "a*".repeat(200))));
    }
}
