//! `driftless explain`: what a rule means, why it matters, what to do instead. Nothing is asked of any host.

use std::io::{self, IsTerminal as _};

use clap::Args as ClapArgs;
use driftless::diagnostic::{nearest, plain};
use driftless::report::past::Form;
use driftless::report::{explain, write};
use driftless::rules;

use super::args::Colour;
use super::failure::Failure;
use super::past::table_or_json;
use super::report::look;

/// `driftless explain`
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit status: 0 it was explained; 1 there is no such rule.")]
pub(super) struct Explain {
    /// The rule's name, as reports and playbooks have it [default: all of them, one a line]
    #[arg(value_name = "RULE")]
    pub(super) rule: Option<String>,

    /// `table` or `json`
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = table_or_json, env = "DRIFTLESS_OUTPUT")]
    pub(super) output: Form,

    /// Colour on terminals, always or never; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, env = "DRIFTLESS_COLOR")]
    pub(super) color: Colour,
}

/// Explains a rule, or lists them all; gives the exit status.
pub(super) fn run(args: &Explain) -> Result<u8, Failure> {
    let look = look(args.color);
    let width = usize::from(look.width);
    let text = match (&args.rule, args.output) {
        (Some(name), format) => {
            let rule = rules::find(name).ok_or_else(|| unknown(name))?;
            match format {
                Form::Json => explain::json(&[rule]),
                Form::Table => explain::one(rule, &look, width),
            }
        }
        (None, Form::Json) => explain::json(rules::ALL),
        // What goes into a pipe keeps a line a rule, for grep(1).
        (None, Form::Table) => explain::list(&look, io::stdout().is_terminal().then_some(width)),
    };
    write::to_stdout(&text).map_err(|error| Failure::stdout(&error))?;
    Ok(0)
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::new(format!("there is no rule `{}`", plain(name)));
    // A finding's key begins with its rule: whoever pastes one means that.
    let meant = name.split('/').next().filter(|rule| rules::find(rule).is_some());
    match meant.or_else(|| nearest(&name.to_lowercase().replace('_', "-"), rules::known_ids())) {
        Some(near) => failure.hint(format!("did you mean `{near}`? `driftless explain` lists all of them")),
        None => failure.hint("`driftless explain` lists all of them"),
    }
}
