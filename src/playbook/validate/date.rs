//! Dates: TOML's own (`2026-12-31`) and the same as a text. A day counts whole and in UTC, so a time of
//! day has no meaning here and is refused.

use jiff::civil::Date;
use toml::value::Datetime;

use super::fields::Check;
use crate::playbook::raw::Any;

impl Check<'_, '_> {
    /// The day that stands there.
    pub(super) fn date(&mut self, key: &str, value: &Any) -> Option<Date> {
        let (title, label, help) = match read(value.get_ref()) {
            Ok(date) => return Some(date),
            Err(Wrong::Time(day)) => (
                format!("`{key}` is a day, not a moment"),
                "this has a time of day",
                match day {
                    Some(day) => format!("write `{key} = {day}`: the day counts whole, in UTC"),
                    None => format!("write a day: `{key} = 2026-12-31`"),
                },
            ),
            Err(Wrong::NoSuchDay) => (
                format!("bad date in `{key}`"),
                "there is no such day",
                format!("write it as `{key} = 2026-12-31`"),
            ),
            Err(Wrong::NoDate) => (
                format!("bad date in `{key}`"),
                "this is no date",
                format!("write it as `{key} = 2026-12-31`"),
            ),
        };
        self.mistakes.add(value.span(), title, label, help);
        None
    }

    /// The days from and until which something holds, in that order.
    pub(super) fn dates(&mut self, from: Option<&Any>, until: Option<&Any>) -> (Option<Date>, Option<Date>) {
        let first = from.and_then(|value| Some((value.span(), self.date("from", value)?)));
        let last = until.and_then(|value| Some((value.span(), self.date("until", value)?)));
        let days = (first.as_ref().map(|(_, day)| *day), last.as_ref().map(|(_, day)| *day));
        if let (Some((from, first)), Some((until, last))) = (first, last)
            && first > last
        {
            let help = "both days are inclusive: `until` is the same day or a later one";
            let other = Some((from, "it begins here"));
            self.mistakes.add_with(until, "`until` is before `from`", "and ends before that", help, other);
        }
        days
    }
}

/// Why a value is no day.
enum Wrong {
    NoDate,
    NoSuchDay,
    /// It has a time of day; with the day, if it has one.
    Time(Option<Date>),
}

fn read(value: &toml::Value) -> Result<Date, Wrong> {
    match value {
        toml::Value::Datetime(moment) => moment_to_day(moment),
        toml::Value::String(text) => text_to_day(text),
        _ => Err(Wrong::NoDate),
    }
}

fn moment_to_day(moment: &Datetime) -> Result<Date, Wrong> {
    let day = moment.date.map(|date| {
        let number = |part: u8| i8::try_from(part).unwrap_or_default();
        Date::new(i16::try_from(date.year).unwrap_or(i16::MAX), number(date.month), number(date.day))
    });
    match (day, moment.time) {
        (Some(Ok(day)), None) => Ok(day),
        (Some(Err(_)), _) => Err(Wrong::NoSuchDay),
        (day, _) => Err(Wrong::Time(day.and_then(Result::ok))),
    }
}

/// The strict form alone, as TOML has it: `20261231` and `2026-12-31T00:00` mean no day here.
fn text_to_day(text: &str) -> Result<Date, Wrong> {
    let shaped = |text: &str| {
        text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    let Some(day) = text.get(..10).filter(|day| shaped(day)) else { return Err(Wrong::NoDate) };
    let date = day.parse::<Date>();
    match (date, text.get(10..).unwrap_or_default()) {
        (Ok(date), "") => Ok(date),
        (Ok(date), rest) if rest.starts_with(['T', 't', ' ']) => Err(Wrong::Time(Some(date))),
        (Ok(_), _) => Err(Wrong::NoDate),
        (Err(_), _) => Err(Wrong::NoSuchDay),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::playbook::fixture::{right, wrong};

    fn waiver(until: &str) -> String {
        format!("[[waiver]]\nrule = \"gap\"\njustification = \"canary\"\nuntil = {until}\n")
    }

    #[test]
    fn a_day_is_written_bare_or_as_a_text() {
        assert_eq!(right(&waiver("2026-12-31")).waivers[0].until, date(2026, 12, 31));
        assert_eq!(right(&waiver("\"2028-02-29\"")).waivers[0].until, date(2028, 2, 29));
    }

    #[test]
    fn a_moment_is_no_day() {
        let day = ["`until` is a day, not a moment", "write `until = 2026-12-31`"];
        wrong(&waiver("2026-12-31T23:59:59Z"), "4:9", &day);
        wrong(&waiver("2026-12-31 23:59:59"), "4:9", &day);
        wrong(&waiver("\"2026-12-31T23:59\""), "4:9", &day);
        wrong(&waiver("23:59:59"), "4:9", &["a day, not a moment", "write a day"]);
    }

    #[test]
    fn what_is_no_day_is_told() {
        let words = ["bad date in `until`", "write it as `until = 2026-12-31`"];
        for text in [
            "\"soon\"",
            "\"20261231\"",
            "\"2026-12-31x\"",
            "\"31.12.2026\"",
            "\"\"",
            "20261231",
            "true",
            "[]",
        ] {
            wrong(&waiver(text), "4:9", &words);
        }
        wrong(&waiver("\"2026-02-30\""), "4:9", &["there is no such day", "until = 2026-12-31"]);
    }

    #[test]
    fn until_is_not_before_from() {
        let upgrade = |from: &str, until: &str| {
            format!("[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\nfrom = {from}\nuntil = {until}\n")
        };
        let words = ["`until` is before `from`", "it begins here", "the same day or a later one"];
        wrong(&upgrade("2026-11-20", "2026-11-19"), "5:9", &words);
        wrong(&upgrade("\"2026-11-20\"", "2026-11-31"), "5:9", &["invalid date"]);
        right(&upgrade("2026-11-20", "2026-11-20"));
    }
}
