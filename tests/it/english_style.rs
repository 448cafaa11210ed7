//! The style of English texts, as far as a test can check it: docs/style-guide.md has the rules.

use clap::Command;
use regex::Regex;
use wxbox::cli::command_in;
use wxbox::i18n::{EN, Lang};

use crate::i18n::{parse_messages, strip_placeholders};
use crate::support::files::read_project_file;

/// The maximum number of words in a sentence of the program, without the text in parentheses.
const MAX_SENTENCE_WORDS: usize = 28;

/// Metaphors, archaic words and British spellings, and pronouns for which a noun exists.
const DENIED: &str = r"\b(mend\w*|heed\w*|anew|alike|likewise|whoever|whatever|shall|nobody|somebody|of ours|so many|colours?|authoris\w+|meanwhile|whom)\b";

/// Returns every text of the catalogue and of the help with its name.
fn program_texts() -> Vec<(String, String)> {
    fn below(command: &Command, texts: &mut Vec<(String, String)>) {
        let name = command.get_bin_name().unwrap_or("wxbox").to_owned();
        let about = command.get_long_about().or(command.get_about());
        let args = command.get_arguments().filter_map(|arg| arg.get_long_help().or(arg.get_help()));
        let notes = command.get_after_long_help();
        let all = about.into_iter().chain(args).chain(notes);
        texts.extend(all.map(|text| (name.clone(), text.to_string())));
        command.get_subcommands().for_each(|child| below(child, texts));
    }
    let mut texts: Vec<(String, String)> =
        parse_messages(EN).into_iter().map(|(id, text)| (id.to_owned(), text)).collect();
    below(&command_in(Lang::En), &mut texts);
    texts
}

#[test]
fn texts_use_plain_words() {
    let denied = Regex::new(DENIED).unwrap();
    let found: Vec<_> = program_texts().into_iter().filter(|(_, text)| denied.is_match(text)).collect();
    assert_eq!(found, []);
}

/// In "who has left is marked", the clause lacks its noun.
#[test]
fn no_clause_without_a_noun_is_a_subject() {
    let clause = Regex::new(r"(?:^|[.;:] )(?:[Ww]ho|[Ww]hat|[Ww]hose) [^?]*$").unwrap();
    // These texts are a label of a table and the title of an article.
    let titles = ["explain-remedy", "sandbox-world-article"];
    let texts = program_texts().into_iter().filter(|(name, _)| !titles.contains(&name.as_str()));
    let found: Vec<_> = texts.filter(|(_, text)| clause.is_match(text)).collect();
    assert_eq!(found, []);
}

/// An error or a hint is lower case without a full stop; a text for the phone or a prompt is a
/// sentence.
#[test]
fn errors_and_hints_have_no_full_stop() {
    let one_sentence = Regex::new(r"^[a-z][^\n]*[^.…]\.$").unwrap();
    let messages = parse_messages(EN);
    let found: Vec<_> =
        messages.iter().filter(|(_, text)| one_sentence.is_match(text) && !text.contains(". ")).collect();
    assert_eq!(found, Vec::<&(&str, String)>::new());
    let hints = messages.iter().filter(|(id, _)| id.ends_with("-hint") && *id != "outbox-hint");
    let capital: Vec<_> = hints.filter(|(_, text)| text.starts_with(|c: char| c.is_ascii_uppercase())).collect();
    assert_eq!(capital, Vec::<&(&str, String)>::new());
}

#[test]
fn sentences_are_short() {
    let parentheses = Regex::new(r"\([^)]*\)|（[^）]*）").unwrap();
    let end = Regex::new(r"[.;:?!] |\n").unwrap();
    let mut found = Vec::new();
    for (name, text) in program_texts() {
        let text = strip_placeholders(&parentheses.replace_all(&text, ""));
        let long = end.split(&text).filter(|sentence| sentence.split_whitespace().count() > MAX_SENTENCE_WORDS);
        found.extend(long.map(|sentence| format!("{name}: {sentence}")));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn markdown_of_the_project_fits_100_columns() {
    for name in ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let mut is_code = false;
        for (number, line) in read_project_file(name).lines().enumerate() {
            is_code ^= line.starts_with("```");
            let is_long = line.chars().count() > 100 && !is_code && !line.starts_with('|');
            assert!(!is_long, "{name}:{}: more than 100 columns", number + 1);
        }
    }
}
