//! The line that a shell passes: its words, and the form in which the shell wants its answer.

/// The types of completion for which bash shows the candidates: TAB again, and TAB with the
/// settings `show-all-if-ambiguous` and `show-all-if-unmodified` of readline.
const LISTING_TYPES: [&str; 3] = ["63", "33", "64"];

/// A shell whose script asks wxbox for candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletingShell {
    /// It passes the type of the completion, its columns, the text to replace, and the line.
    Bash,
    /// It passes the words up to the cursor; the last one has no quotes.
    Zsh,
    /// It passes the words up to the cursor; the last one is as typed.
    Fish,
}

/// A line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShellLine {
    /// The words without quotes, that of the program first; the last one is at the cursor.
    pub(super) words: Vec<String>,
    pub(super) form: AnswerForm,
}

/// The form of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AnswerForm {
    /// Quoted for the line.
    Bash {
        /// The width of the terminal if bash lists the candidates, so that they may have
        /// descriptions.
        columns: Option<usize>,
        /// How many characters of the word stay: bash replaces only what follows a `=` or `:`.
        kept_chars: usize,
        quote: Quote,
    },
    /// `VALUE:DESCRIPTION`, in which a backslash escapes a colon.
    Zsh,
    /// `VALUE<TAB>DESCRIPTION`.
    Fish,
}

/// A quote that the word at the cursor is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

impl ShellLine {
    /// Reads the arguments of a request. Returns `None` if their number is wrong, because the
    /// script belongs to another version.
    pub(super) fn from_args(shell: CompletingShell, args: &[String]) -> Option<Self> {
        match shell {
            CompletingShell::Bash => {
                let [kind, columns, current, line] = args else { return None };
                let is_list = LISTING_TYPES.contains(&kind.as_str());
                let columns = is_list.then(|| columns.parse().unwrap_or(80));
                Some(Self::from_bash(columns, current, line))
            }
            CompletingShell::Zsh if args.len() > 1 => Some(Self { words: args.to_owned(), form: AnswerForm::Zsh }),
            CompletingShell::Fish if args.len() > 1 => {
                let (current, before) = args.split_last()?;
                let words = before.iter().cloned().chain([split(current).words.concat()]).collect();
                Some(Self { words, form: AnswerForm::Fish })
            }
            CompletingShell::Zsh | CompletingShell::Fish => None,
        }
    }

    fn from_bash(columns: Option<usize>, current: &str, line: &str) -> Self {
        let SplitLine { words, last_start, quote } = split(line);
        let kept = line[last_start..].strip_suffix(current).unwrap_or_default();
        let kept_chars = split(kept).words.concat().chars().count();
        Self { words, form: AnswerForm::Bash { columns, kept_chars, quote } }
    }
}

/// A line, split as a shell does.
struct SplitLine {
    words: Vec<String>,
    /// Where the last word begins, in bytes.
    last_start: usize,
    /// The quote that is open at the end.
    quote: Quote,
}

/// Splits a line into words and removes their quotes. The last word is empty if the line ends with
/// a space. Variables stay as they are.
fn split(line: &str) -> SplitLine {
    let mut split = SplitLine { words: Vec::new(), last_start: line.len(), quote: Quote::None };
    let mut word: Option<String> = None;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if split.quote == Quote::None && matches!(c, ' ' | '\t' | '\n') {
            split.words.extend(word.take());
            continue;
        }
        if word.is_none() {
            split.last_start = at;
        }
        let word = word.get_or_insert_default();
        match (split.quote, c) {
            (Quote::None, '\'') => split.quote = Quote::Single,
            (Quote::None, '"') => split.quote = Quote::Double,
            (Quote::Single, '\'') | (Quote::Double, '"') => split.quote = Quote::None,
            (Quote::None, '\\') => word.extend(chars.next().map(|(_, escaped)| escaped)),
            (Quote::Double, '\\') if chars.peek().is_some_and(|(_, next)| "\"$`\\".contains(*next)) => {
                word.extend(chars.next().map(|(_, escaped)| escaped));
            }
            _ => word.push(c),
        }
    }
    if word.is_none() {
        split.last_start = line.len();
    }
    split.words.push(word.unwrap_or_default());
    split
}

impl Quote {
    /// Quotes a text so that it can follow in the line.
    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::Single => text.replace('\'', r"'\''"),
            Self::Double => escape(text, |c| "\"$`\\".contains(c)),
            Self::None => escape(text, |c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"_@%+,./:=-".contains(c)),
        }
    }
}

fn escape(text: &str, is_special: impl Fn(char) -> bool) -> String {
    text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_split_as_by_a_shell() {
        for (line, words, quote) in [
            ("wxbox ", &["wxbox", ""][..], Quote::None),
            ("wxbox  user\tsh", &["wxbox", "user", "sh"], Quote::None),
            (r"wxbox send -u monkey\ d", &["wxbox", "send", "-u", "monkey d"], Quote::None),
            (r#"wxbox send -d a="x y" -u "monkey"#, &["wxbox", "send", "-d", "a=x y", "-u", "monkey"], Quote::Double),
            (r#"wxbox "a\"\b$" '"#, &["wxbox", "a\"\\b$", ""], Quote::Single),
            ("wxbox 'a'b\"c\"", &["wxbox", "abc"], Quote::None),
            (r"wxbox \", &["wxbox", ""], Quote::None),
        ] {
            let found = split(line);
            assert_eq!(found.words, words, "{line}");
            assert_eq!(found.quote, quote, "{line}");
        }
    }

    #[test]
    fn bash_replaces_what_follows_its_word_break() {
        for (current, line, kept, quote) in [
            ("lu", "wxbox send --user=lu", 7, Quote::None),
            ("lu", "wxbox send --user lu", 0, Quote::None),
            ("", "wxbox send -d host=", 5, Quote::None),
            ("monk", "wxbox send --user=\"monk", 7, Quote::Double),
            ("monk", "wxbox send -u 'monk", 0, Quote::Single),
            (r"monkey\ d", r"wxbox send -u monkey\ d", 0, Quote::None),
            ("", "wxbox send ", 0, Quote::None),
        ] {
            let ShellLine { form, .. } = ShellLine::from_bash(None, current, line);
            assert_eq!(form, AnswerForm::Bash { columns: None, kept_chars: kept, quote }, "{line}");
        }
    }

    #[test]
    fn quoted_text_is_the_same_word_again() {
        for text in
            ["luffy", "monkey d. luffy", "o'brien", "a\"b$c`d\\e", "路飞!", "-1", "~x", "#1", "a&b|c;d(e)<f>*?[g]{h}"]
        {
            for (quote, open) in [(Quote::None, ""), (Quote::Single, "'"), (Quote::Double, "\"")] {
                let line = format!("{open}{}{open}", quote.apply(text));
                assert_eq!(split(&line).words, [text], "{line}");
            }
        }
        assert_eq!(Quote::None.apply("host=db1,a:b@c/d.e"), "host=db1,a:b@c/d.e");
        assert_eq!(Quote::None.apply("a b"), r"a\ b");
    }
}
