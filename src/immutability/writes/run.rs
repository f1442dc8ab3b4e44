//! What a container runs: the program that its command comes to, and the options that it is given.

use crate::immutability::manifest::{Container, Word};

/// A program and its options.
#[derive(Debug)]
pub(super) struct Run {
    /// Its name, without its folder; `None` is the image's own.
    pub(super) program: Option<String>,
    /// Whether the image's entry point starts it, which makes folders and more before it does.
    pub(super) entered: bool,
    /// What it is given.
    options: Vec<Word>,
}

impl Run {
    /// What a container runs, in whose image `entrypoint` are the names of the script that starts things, and words with
    /// these `endings` are given to its own program. An error is that this cannot be told.
    pub(super) fn of(
        container: &Container,
        entrypoint: &[String],
        endings: &[String],
    ) -> Result<Self, String> {
        let mut words: Vec<&Word> = container.command.iter().chain(&container.arguments).collect();
        let mut entered = container.command.is_empty();
        let starts = |word: &&Word| word.whole && entrypoint.iter().any(|script| script == base(&word.text));
        if words.first().is_some_and(starts) {
            words.remove(0);
            entered = true;
        }
        let own = |word: &Word| {
            word.text.starts_with('-') || endings.iter().any(|ending| word.text.ends_with(ending.as_str()))
        };
        let program = match words.first() {
            None => None,
            Some(word) if own(word) => None,
            Some(word) if !word.whole => {
                return Err(
                    "which program it runs stands in a variable that is not in the manifest".to_owned()
                );
            }
            Some(word) => Some(base(&word.text).to_owned()),
        };
        let options = words.into_iter().skip(usize::from(program.is_some())).cloned().collect();
        Ok(Self { program, entered, options })
    }

    /// Writes settings that follow an option (`-c name=value`) as options of their own (`--name=value`).
    pub(super) fn unfold(&mut self, setting: &str) {
        let mut unfolded: Vec<Word> = Vec::new();
        let mut words = std::mem::take(&mut self.options).into_iter();
        while let Some(word) = words.next() {
            let next = match word.text.strip_prefix(setting) {
                Some("") => words.next(),
                Some(rest) => Some(Word { text: rest.to_owned(), whole: word.whole }),
                None => {
                    unfolded.push(word);
                    continue;
                }
            };
            unfolded.extend(next.map(|next| Word { text: format!("--{}", next.text), whole: next.whole }));
        }
        self.options = unfolded;
    }

    /// The values that an option is given under any of its names, in their order; `None` is one that nobody can tell.
    pub(super) fn values<'r>(&'r self, names: &'r [String]) -> impl Iterator<Item = Option<&'r str>> {
        self.options.iter().enumerate().filter_map(move |(nth, word)| {
            names.iter().find_map(|name| {
                let rest = after(&word.text, name)?;
                let value = match rest.chars().next() {
                    None if !word.whole => return Some(None),
                    None => self.options.get(nth + 1).map(|next| (next.text.as_str(), next.whole)),
                    Some('=' | ' ') => Some((rest.get(1..).unwrap_or_default().trim(), word.whole)),
                    // `-Dvalue`
                    Some(_) if name.len() == 2 && !name.ends_with('-') => Some((rest, word.whole)),
                    Some(_) => return None,
                };
                let (text, whole) = value.unwrap_or(("", true));
                Some(whole.then(|| unquoted(text)))
            })
        })
    }

    /// Writes the names of long options in small letters, for programs that take them in any.
    pub(super) fn lower(&mut self) {
        for word in self.options.iter_mut().filter(|word| word.text.starts_with("--")) {
            let end = word.text.find(['=', ' ']).unwrap_or(word.text.len());
            if let Some(name) = word.text.get_mut(..end) {
                name.make_ascii_lowercase();
            }
        }
    }

    /// The first word that names a path and is no value of one of these options. A `script` at the end is what is run,
    /// and what follows a module is given to that.
    pub(super) fn unfollowed(&self, options: &[&String], script: bool) -> Option<&str> {
        let mut words = self.options.iter().peekable();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if script && (text == "-m" || words.peek().is_none() && !text.starts_with('-')) {
                return None;
            }
            let followed = options.iter().find_map(|name| match after(text, name)? {
                "" => Some(true),
                rest => {
                    let short = name.len() == 2 && !name.ends_with('-');
                    (short || rest.starts_with(['=', ' '])).then_some(false)
                }
            });
            match followed {
                Some(true) => {
                    words.next();
                }
                None if names_path(text) => return Some(text),
                Some(false) | None => {}
            }
        }
        None
    }

    /// Whether it is told to run something, and that is no script: `python -c …`, `node -e …`, or its prompt alone.
    pub(super) fn has_no_script(&self) -> bool {
        let told = self.program.is_some() || !self.options.is_empty();
        let mut words = self.options.iter().map(|word| word.text.as_str());
        // What follows a script is the script's own.
        let before = words.clone().take_while(|word| word.starts_with('-') && *word != "-m");
        let given = before.into_iter().any(|word| {
            matches!(word, "-c" | "-e" | "-p" | "-pe" | "--eval" | "--print") || word.starts_with("--eval=")
        });
        told && (given || words.all(|word| word.starts_with('-') && word != "-m"))
    }

    /// Leaves out what belongs to the script that it runs, which is its first operand or has one of these endings.
    pub(super) fn cut(&mut self, endings: &[String]) {
        let is_script = |word: &&Word| endings.iter().any(|ending| word.text.ends_with(ending.as_str()));
        let (operand, script) = (self.operands().next(), self.options.iter().find(is_script));
        let place = |word: &Word| self.options.iter().position(|known| std::ptr::eq(known, word));
        let first = operand.into_iter().chain(script).filter_map(place).min();
        self.options.truncate(first.map_or(self.options.len(), |first| first + 1));
    }

    /// The first word, if it is no option.
    pub(super) fn leading(&self) -> Option<&Word> {
        self.options.first().filter(|word| !word.text.starts_with('-'))
    }

    /// The words that are neither options nor, as far as that can be told, their values.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Word> {
        let before = std::iter::once(None).chain(self.options.iter().map(Some));
        self.options.iter().zip(before).filter_map(|(word, before)| {
            let is_value = before.is_some_and(|before| {
                before.text.starts_with('-') && !before.text.contains(['=', ' ']) && before.whole
            });
            (!word.text.starts_with('-') && !is_value).then_some(word)
        })
    }
}

/// Whether a word of a command has the path of a file in it; devices are no files.
fn names_path(word: &str) -> bool {
    // `-vs/x` are two options, and the value of the second.
    let bundled = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).and_then(|rest| {
        let at = rest.find('/')?;
        rest.get(..at)?.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| rest.get(at..))?
    });
    let mut parts =
        bundled.into_iter().chain(word.split([' ', ',', ':', ';', '=', '\'', '"', '|', '>', '<']));
    parts.any(|part| {
        part.len() > 1 && part.starts_with('/') && !part.starts_with("//") && !part.starts_with("/dev/")
    })
}

/// What follows an option's name; programs that have long options take `_` in their names for `-`.
fn after<'w>(word: &'w str, name: &str) -> Option<&'w str> {
    let head = word.get(..name.len())?;
    let alike = head == name || name.starts_with("--") && head.replace('_', "-") == name;
    alike.then(|| word.get(name.len()..)).flatten()
}

fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

/// The name of a program without its folder.
pub(super) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::fixture::container;

    fn run(lines: &str) -> Run {
        Run::of(&container(lines), &["entry.sh".to_owned()], &[".conf".to_owned()]).unwrap()
    }

    #[test]
    fn the_program_is_what_the_entry_point_is_given() {
        for (lines, program, entered) in [
            ("image: a", None, true),
            ("args: [-x, z]", None, true),
            ("args: [/etc/a.conf]", None, true),
            ("args: [/usr/bin/b, -x]", Some("b"), true),
            ("command: [/usr/bin/b]\nargs: [-x]", Some("b"), false),
            ("command: [/usr/local/bin/entry.sh]\nargs: [b]", Some("b"), true),
            ("command: [entry.sh, -x]", None, true),
            ("command: [entry.sh]", None, true),
            ("args: [entry.sh, sh, -c, x]", Some("sh"), true),
            ("command: [sh, -c, entry.sh]", Some("sh"), false),
        ] {
            let run = run(lines);
            assert_eq!((run.program.as_deref(), run.entered), (program, entered), "{lines}");
        }
        let unknown = container("command: [$(PROGRAM)]");
        assert!(Run::of(&unknown, &[], &[]).is_err());
    }

    #[test]
    fn an_option_is_read_in_all_its_forms() {
        let names = ["--data-dir".to_owned(), "-D".to_owned()];
        for (args, values) in [
            ("[--data-dir, /a]", vec![Some("/a")]),
            ("[--data-dir=/a]", vec![Some("/a")]),
            ("[--data_dir=/a, -D, /b]", vec![Some("/a"), Some("/b")]),
            ("['--data-dir \"/a\"']", vec![Some("/a")]),
            ("[-D/a]", vec![Some("/a")]),
            ("[--data-dirs=/a, --data]", vec![]),
            ("[--data-dir, '']", vec![Some("")]),
            ("[--data-dir, '\"\"']", vec![Some("")]),
            ("[--data-dir]", vec![Some("")]),
            ("[--data-dir=$(X)]", vec![None]),
            ("[--data-dir, $(X)/y]", vec![None]),
        ] {
            let run = run(&format!("args: {args}"));
            assert_eq!(run.values(&names).collect::<Vec<_>>(), values, "{args}");
        }
        let mut run = run("args: [postgres, -c, 'data_dir=/a', -c, fsync=on, -cdata_dir=/b, -x]");
        run.unfold("-c");
        assert_eq!(run.values(&names).collect::<Vec<_>>(), [Some("/a"), Some("/b")]);
    }

    #[test]
    fn a_path_that_no_option_accounts_for_is_found() {
        let options = ["--dir".to_owned(), "-s".to_owned()];
        let options: Vec<&String> = options.iter().collect();
        for (args, found) in [
            ("[--dir, /x, -s, /y, -s/z, --dir=/x]", None),
            ("[--log-dir, /x]", Some("/x")),
            ("[-vs, /x]", Some("/x")),
            ("[-vs/x]", Some("-vs/x")),
            ("[--log-dir=/x]", Some("--log-dir=/x")),
            ("[--archive-command=cp %p /a/%f]", Some("--archive-command=cp %p /a/%f")),
            ("[--log=/dev/stdout, --url=http://a/b, --ratio=1/2, -g, daemon off;]", None),
        ] {
            let mut run = run(&format!("args: {args}"));
            run.lower();
            assert_eq!(run.unfollowed(&options, false), found, "{args}");
        }
        assert_eq!(run("args: [-u, --x, /app/main]").unfollowed(&options, true), None);
        assert_eq!(run("args: [-m, a, --x, /y]").unfollowed(&options, true), None);
        let mut run = run("args: [--DIR, /x, '--Log \"A\"']");
        run.lower();
        assert_eq!(run.values(&["--dir".to_owned()]).collect::<Vec<_>>(), [Some("/x")]);
    }

    #[test]
    fn operands_are_what_is_neither_option_nor_value() {
        let run = run("args: [a.conf, --pass, $(PASS), --x=y, b, $(MORE)]");
        let told: Vec<_> = run.operands().map(|word| (word.text.as_str(), word.whole)).collect();
        assert_eq!(told, [("a.conf", true), ("b", true), ("", false)]);
    }
}
