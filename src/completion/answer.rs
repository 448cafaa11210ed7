//! The answer to a shell: the kind that it completes itself, or the candidates in its form.

use super::shell_line::{AnswerForm, Quote, ShellLine};
use crate::ui::{measure_text_width, sanitize};

/// The answer to a shell about the word at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CompletionAnswer {
    /// `values`, `nospace`, or what the shell completes: `files`, `directories`, `command`.
    kind: String,
    /// The text before the name of a file in its word: `--config=`, or nothing.
    file_prefix: String,
    pub(super) candidates: Vec<Candidate>,
}

/// A candidate for the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) value: String,
    /// The meaning of the word; may be empty.
    pub(super) description: String,
}

impl CompletionAnswer {
    /// Returns the answer that the shell completes the word itself, as `kind`.
    pub(super) fn by_shell(kind: &str, file_prefix: &str) -> Self {
        Self { kind: kind.to_owned(), file_prefix: file_prefix.to_owned(), candidates: Vec::new() }
    }

    /// Returns the answer with these candidates. If all of them are `KEY=`, the shell adds no
    /// space.
    pub(super) fn of(candidates: Vec<Candidate>) -> Self {
        let continues = candidates.iter().all(|candidate| candidate.value.ends_with('='));
        let kind = if continues { "nospace" } else { "values" };
        Self { kind: kind.to_owned(), file_prefix: String::new(), candidates }
    }

    /// Returns the first line, with the kind and the prefix, and a line for each candidate.
    pub(super) fn render(&self, line: &ShellLine) -> String {
        let head = format!("{} {}", self.kind, self.file_prefix);
        let lines = match &line.form {
            AnswerForm::Bash { columns, kept_chars, quote } => self.bash_lines(*columns, *kept_chars, *quote),
            AnswerForm::Zsh => self.lines(|value, text| {
                let value = value.replace('\\', r"\\").replace(':', r"\:");
                if text.is_empty() { value } else { format!("{value}:{}", text.replace('\\', r"\\")) }
            }),
            AnswerForm::Fish => {
                self.lines(|value, text| if text.is_empty() { value.to_owned() } else { format!("{value}\t{text}") })
            }
        };
        [head].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    }

    fn lines(&self, line: impl Fn(&str, &str) -> String) -> Vec<String> {
        self.candidates.iter().map(|candidate| line(&candidate.value, &candidate.description_line())).collect()
    }

    /// bash shows what it would insert, so the descriptions are added only when it lists several
    /// candidates. It then inserts what all lines begin with, which is never more than a value.
    fn bash_lines(&self, columns: Option<usize>, kept_chars: usize, quote: Quote) -> Vec<String> {
        let value = |candidate: &Candidate| {
            let end: String = candidate.value.chars().skip(kept_chars).collect();
            quote.apply(&end)
        };
        let values: Vec<String> = self.candidates.iter().map(value).collect();
        let is_bare = self.candidates.iter().all(|candidate| candidate.description.is_empty());
        let Some(columns) = columns.filter(|_| values.len() > 1 && !is_bare) else { return values };
        let width = values.iter().map(|value| measure_text_width(value)).max().unwrap_or(0);
        let listed = values.iter().zip(&self.candidates).map(|(value, candidate)| {
            let text = candidate.description_line();
            if text.is_empty() {
                return value.clone();
            }
            let gap = " ".repeat(width - measure_text_width(value) + 2);
            truncate(&format!("{value}{gap}({text})"), columns.saturating_sub(1))
        });
        let mut listed: Vec<String> = listed.collect();
        // A line that is longer than half of the terminal makes bash show one column.
        if let Some(first) = listed.first_mut() {
            let missing = (columns / 2 + 1).saturating_sub(measure_text_width(first));
            first.push_str(&" ".repeat(missing));
        }
        listed
    }
}

impl Candidate {
    /// Returns the description without line breaks, tabs and control characters.
    fn description_line(&self) -> String {
        sanitize(&self.description).replace(['\n', '\t'], " ").trim().to_owned()
    }
}

/// Cuts a text that is wider than `width` columns, and marks the cut.
fn truncate(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if measure_text_width(&cut) + measure_text_width(c.encode_utf8(&mut [0; 4])) >= width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(value: &str, description: &str) -> Candidate {
        Candidate { value: value.to_owned(), description: description.to_owned() }
    }

    fn render(answer: &CompletionAnswer, form: AnswerForm) -> String {
        answer.render(&ShellLine { words: Vec::new(), form })
    }

    #[test]
    fn each_shell_gets_its_form() {
        let answer = CompletionAnswer::of(vec![candidate("a:b\\c d", "x:\ty\u{1b}[1m\nz"), candidate("e", "")]);
        assert_eq!(render(&answer, AnswerForm::Zsh), "values \na\\:b\\\\c d:x: y\u{fffd}[1m z\ne");
        assert_eq!(render(&answer, AnswerForm::Fish), "values \na:b\\c d\tx: y\u{fffd}[1m z\ne");
        let bash = |columns, kept_chars| AnswerForm::Bash { columns, kept_chars, quote: Quote::None };
        assert_eq!(render(&answer, bash(None, 0)), "values \na:b\\\\c\\ d\ne");
        assert_eq!(render(&answer, bash(None, 2)), "values \nb\\\\c\\ d\n");
        let list = format!("values \na:b\\\\c\\ d  (x: y\u{fffd}[1m z){}\ne", " ".repeat(41 - 23));
        assert_eq!(render(&answer, bash(Some(80), 0)), list);
        assert_eq!(render(&answer, bash(Some(16), 0)), "values \na:b\\\\c\\ d  (x:…\ne");
    }

    #[test]
    fn single_candidate_has_no_description_in_bash() {
        let answer = CompletionAnswer::of(vec![candidate("41", "failed")]);
        let form = AnswerForm::Bash { columns: Some(80), kept_chars: 0, quote: Quote::None };
        assert_eq!(render(&answer, form), "values \n41");
    }

    #[test]
    fn keys_continue_and_files_keep_their_prefix() {
        let keys = CompletionAnswer::of(vec![candidate("host=", "Host"), candidate("size=", "")]);
        assert_eq!(render(&keys, AnswerForm::Fish), "nospace \nhost=\tHost\nsize=");
        let files = CompletionAnswer::by_shell("files", "--config=");
        assert_eq!(render(&files, AnswerForm::Zsh), "files --config=");
    }
}
