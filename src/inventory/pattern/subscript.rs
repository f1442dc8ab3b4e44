//! Subscripts of a pattern: places among the hosts of a group.

use crate::inventory::HostId;

/// `[0]`, `[-1]`, `[1:3]`: places among a term's hosts, from either end; both ends count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subscript {
    first: i64,
    last: Option<i64>,
    open_end: bool,
}

impl Subscript {
    /// Takes a subscript off the end of a term: `web[0]`, `web[-1]`, `web[1:]`, `web[1:2]`; `web-[01:05]` has
    /// none, since a name that ends in a separator goes on.
    pub(super) fn split(text: &str) -> (&str, Option<Self>) {
        let parsed = || {
            let (name, inside) = text.strip_suffix(']')?.rsplit_once('[')?;
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let (first, last, open_end) = match inside
                .split_once([':', '-'])
                .filter(|(first, _)| digits(first))
            {
                Some((first, "")) => (first, None, true),
                Some((first, last)) => (first, Some(last).filter(|last| digits(last))?.parse().ok(), false),
                None => (inside, None, false),
            };
            let plain = !name.is_empty() && !name.ends_with(['-', '.', '_']);
            let number = digits(first.strip_prefix('-').unwrap_or(first));
            (plain && number).then_some((name, Self { first: first.parse().ok()?, last, open_end }))
        };
        parsed().map_or((text, None), |(name, subscript)| (name, Some(subscript)))
    }

    pub(super) fn of<'h>(&self, hosts: &'h [HostId]) -> &'h [HostId] {
        let place = |at: i64| -> Option<usize> {
            let from_end = usize::try_from(at.checked_neg()?).ok();
            match usize::try_from(at) {
                Ok(at) => Some(at),
                Err(_) => hosts.len().checked_sub(from_end?),
            }
        };
        let Some(first) = place(self.first) else { return &[] };
        let last = match (self.last, self.open_end) {
            (Some(last), _) => place(last),
            (None, true) => hosts.len().checked_sub(1),
            (None, false) => Some(first),
        };
        let Some(last) = last else { return &[] };
        hosts.get(first..(last + 1).min(hosts.len()).max(first)).unwrap_or_default()
    }

    /// Whether it means one place, not a range of them.
    pub(super) fn is_one(self) -> bool {
        self.last.is_none() && !self.open_end
    }
}
