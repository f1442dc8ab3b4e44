//! One value of a file of settings, as the flag that it stands for takes it.

use std::error::Error as _;
use std::ops::Range;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::DeValue;

use super::path::resolved;

/// Why a value cannot be taken: where, and in what words.
pub(super) struct Refused {
    pub(super) span: Range<usize>,
    pub(super) why: String,
}

/// What a flag is given; a list is one value each.
pub(super) fn texts(arg: &Arg, value: &Spanned<DeValue<'_>>, folder: &Path) -> Result<Vec<String>, Refused> {
    let refuse = |value: &Spanned<DeValue<'_>>, expected: &str| {
        let found = value.get_ref().type_str();
        Refused { span: value.span(), why: format!("expected {expected}, and this is a {found}") }
    };
    let one = |value: &Spanned<DeValue<'_>>, expected| match scalar(value.get_ref()) {
        Some(text) => Ok(resolved(arg, &text, folder)),
        None => Err(refuse(value, expected)),
    };
    match (arg.get_action(), value.get_ref()) {
        (ArgAction::SetTrue, DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
        (ArgAction::SetTrue, _) => Err(refuse(value, "true or false")),
        (ArgAction::Count, DeValue::Boolean(on)) => Ok(vec![u8::from(*on).to_string()]),
        (ArgAction::Count, DeValue::Integer(_)) => Ok(vec![one(value, "")?]),
        (ArgAction::Count, _) => Err(refuse(value, "how many times, such as 1")),
        (ArgAction::Append, DeValue::Array(list)) => {
            list.iter().map(|value| one(value, "a text in quotes, or a number")).collect()
        }
        (ArgAction::Append, _) => Ok(vec![one(value, "a list of texts in quotes")?]),
        _ => Ok(vec![one(value, "one text in quotes, or a number")?]),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string().replace('_', "")),
        DeValue::Float(number) => Some(number.to_string().replace('_', "")),
        _ => None,
    }
}

/// Whether the flag's own parser takes the values; `command` is lenient, and knows no variable.
pub(super) fn judge(command: &mut Command, arg: &Arg, values: &[String]) -> Result<(), String> {
    let Some(long) = arg.get_long().filter(|_| !matches!(arg.get_action(), ArgAction::SetTrue)) else {
        return Ok(());
    };
    if matches!(arg.get_action(), ArgAction::Count) {
        let fits = values.iter().all(|value| value.parse::<u8>().is_ok());
        return if fits { Ok(()) } else { Err("expected how many times, such as 1".to_owned()) };
    }
    for value in values {
        let typed = ["driftless".to_owned(), format!("--{long}={value}")];
        let Err(error) = command.try_get_matches_from_mut(typed) else { continue };
        match error.kind() {
            // What goes with it is another's concern.
            ErrorKind::MissingRequiredArgument
            | ErrorKind::ArgumentConflict
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {}
            _ => return Err(words(&error)),
        }
    }
    Ok(())
}

/// What the parser says, without the command line around it.
fn words(error: &clap::Error) -> String {
    let possible = error.context().find_map(|(kind, value)| match (kind, value) {
        (ContextKind::ValidValue, ContextValue::Strings(all)) if !all.is_empty() => Some(all.join(", ")),
        _ => None,
    });
    match (error.source(), possible) {
        (Some(source), _) => source.to_string(),
        (None, Some(possible)) => format!("one of these is taken: {possible}"),
        (None, None) => "this is not taken".to_owned(),
    }
}
