//! Words of a line, quotes taken off as a POSIX shell does it; a `#` outside quotes ends the line.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// One word and its place in the line, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// Whether a line may end in a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    Cut,
    Keep,
}

/// The words of a line.
///
/// # Errors
/// Where a quote opens that is not closed, or a backslash has nothing behind it.
pub(super) fn split(line: &str, comments: Comments) -> Result<Vec<Word>, Range<usize>> {
    let mut words = Vec::new();
    let mut characters = line.char_indices().peekable();
    while let Some(&(at, character)) = characters.peek() {
        if character.is_whitespace() {
            characters.next();
        } else if character == '#' && comments == Comments::Cut {
            break;
        } else {
            let (word, cut) = word(&mut characters, at, line.len(), comments)?;
            words.push(word);
            if cut {
                break;
            }
        }
    }
    Ok(words)
}

/// One word, and whether a comment follows it.
fn word(
    characters: &mut Peekable<CharIndices<'_>>,
    start: usize,
    end: usize,
    comments: Comments,
) -> Result<(Word, bool), Range<usize>> {
    let mut text = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '#' if comments == Comments::Cut => return Ok((Word { text, span: start..at }, true)),
            '\'' | '"' => quoted(characters, character, &mut text).ok_or(at..end)?,
            '\\' => text.push(characters.next().ok_or(at..end)?.1),
            blank if blank.is_whitespace() => return Ok((Word { text, span: start..at }, false)),
            other => text.push(other),
        }
    }
    Ok((Word { text, span: start..end }, false))
}

/// What stands up to the closing quote; `None` if there is none.
fn quoted(characters: &mut Peekable<CharIndices<'_>>, quote: char, text: &mut String) -> Option<()> {
    loop {
        match characters.next()?.1 {
            end if end == quote => return Some(()),
            '\\' if quote == '"' => match characters.next()?.1 {
                escaped @ ('"' | '\\') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_a_shells() {
        let texts = |line: &str| -> Vec<String> {
            split(line, Comments::Cut).unwrap().into_iter().map(|word| word.text).collect()
        };
        assert_eq!(texts("h x='a b' y=\"c\\\"d\\n\" z=e\\ f # g"), ["h", "x=a b", "y=c\"d\\n", "z=e f"]);
        assert_eq!(texts("a#b c"), ["a"]);
        assert_eq!(texts("x=a'b'\"c\""), ["x=abc"]);
        assert_eq!(texts("h x='' "), ["h", "x="]);
        assert_eq!(split("h x='a", Comments::Cut), Err(4..6));
        assert_eq!(split("h x\\", Comments::Cut), Err(3..4));
        assert_eq!(split("a #b", Comments::Keep).unwrap().len(), 2);
    }
}
