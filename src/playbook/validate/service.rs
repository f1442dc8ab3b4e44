//! `[[service]]`: a unit that shall run.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::ServiceEntry;
use crate::playbook::raw::RawService;

/// How to name a service.
const SERVICE: &str = "write the unit's name, such as `nginx`";

impl Check<'_, '_> {
    /// One `[[service]]`.
    pub(super) fn service(&mut self, raw: Spanned<RawService>) -> Option<ServiceEntry> {
        let entry = Entry { kind: "[[service]]", span: raw.span() };
        let raw = raw.into_inner();
        let name = self.required(&entry, "name", raw.name, SERVICE);
        let name = name.and_then(|name| self.askable("name", name, SERVICE));
        let name = name.and_then(|name| self.unit(name));
        let hosts = self.hosts(raw.hosts);
        Some(ServiceEntry { name: name?.into_inner(), hosts, place: self.place(&entry) })
    }

    /// A unit's name, of the alphabet that systemd.unit(5) gives. A glob would name what is loaded and nothing
    /// that is missed; an option is no name.
    fn unit(&mut self, name: Spanned<String>) -> Option<Spanned<String>> {
        let text = name.get_ref();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || ":-_.\\@".contains(letter);
        let odd = text.char_indices().find(|(at, letter)| !fits(*letter) || (*at == 0 && *letter == '-'));
        let Some((at, odd)) = odd else { return Some(name) };
        let help = match odd {
            '*' | '?' | '[' => "an entry names one service: write one for each",
            _ => SERVICE,
        };
        let span = self.within(&name, at..at + odd.len_utf8());
        self.mistakes.add(span, format!("`{odd}` in `name`"), "no unit is named so", help);
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn a_service_is_read_whole() {
        let playbook = right("[[service]]\nname = \"nginx\"\nhosts = \"web\"\n");
        let [service] = playbook.services.as_slice() else { panic!("{playbook:?}") };
        assert_eq!((service.name.as_str(), service.hosts.is_some(), service.place.line), ("nginx", true, 1));
    }

    #[test]
    fn a_service_has_a_name_that_can_be_asked_for() {
        wrong("[[service]]\n", "1:1", &["`[[service]]` without `name`", "the unit's name"]);
        wrong("[[service]]\nname = \"a\\nb\"\n", "2:8", &["control character in `name`", "the unit's name"]);
        wrong("[[service]]\nname = \"it's\"\n", "2:11", &["`'` in `name`", "the unit's name"]);
        wrong("[[service]]\nname = \"php*\"\n", "2:12", &["`*` in `name`", "write one for each"]);
        wrong("[[service]]\nname = \"-q\"\n", "2:9", &["`-` in `name`", "the unit's name"]);
        wrong("[[service]]\nname = \"a b\"\n", "2:10", &["` ` in `name`", "the unit's name"]);
    }
}
