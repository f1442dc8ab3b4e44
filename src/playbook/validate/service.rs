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
        let hosts = self.hosts(raw.hosts);
        Some(ServiceEntry { name: name?.into_inner(), hosts, place: self.place(&entry) })
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
    }
}
