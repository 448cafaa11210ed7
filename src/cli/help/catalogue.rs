//! The catalogue of help texts in a language other than English.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Arg, Command};

use crate::i18n::Lang;

/// The Chinese help texts: a table for each command, with its description (`about`), its arguments
/// by their ID, their values (`ID=VALUE`), its `notes` and `examples`; and the table `terms`.
pub const HELP_ZH: &str = include_str!("../../i18n/help-zh-CN.toml");

static CHINESE: LazyLock<HelpCatalogue> =
    LazyLock::new(|| HelpCatalogue { tables: toml::from_str(HELP_ZH).unwrap_or_default() });

/// The texts of a language.
#[derive(Debug)]
pub(super) struct HelpCatalogue {
    tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// Returns the translation of a term, which is the term itself in English.
pub(super) fn term(catalogue: Option<&HelpCatalogue>, term: &str) -> String {
    let translated = catalogue.and_then(|catalogue| catalogue.tables.get("terms")?.get(term));
    translated.map_or(term, String::as_str).to_owned()
}

impl HelpCatalogue {
    /// Returns the catalogue of a language, or `None` for English.
    pub(super) fn load(lang: Lang) -> Option<&'static Self> {
        match lang {
            Lang::En => None,
            Lang::Zh => Some(&CHINESE),
        }
    }

    fn text(&'static self, table: &str, key: &str) -> Option<&'static String> {
        self.tables.get(table)?.get(key)
    }

    /// Replaces the texts of a command and of the commands below it. A text that the catalogue
    /// lacks stays English; a test checks that none is missing.
    pub(super) fn translate(&'static self, command: Command, words: &mut Vec<String>) -> Command {
        let table = if words.is_empty() { "wxbox".to_owned() } else { words.join(" ") };
        let command = match self.text(&table, "about") {
            Some(about) => {
                let short = about.split("\n\n").next().unwrap_or(about);
                command.about(short.to_owned()).long_about(about.clone())
            }
            None => command,
        };
        let command = match self.text(&table, "notes") {
            Some(notes) => command.after_long_help(notes.trim_end().to_owned()),
            None => command,
        };
        let command = match self.text(&table, "examples") {
            Some(examples) => command.after_help(examples.trim_end().to_owned()),
            None => command,
        };
        let command = command.mut_args(|arg| self.translate_arg(&table, arg));
        command.mut_subcommands(|subcommand| {
            words.push(subcommand.get_name().to_owned());
            let subcommand = self.translate(subcommand, words);
            words.pop();
            subcommand
        })
    }

    fn translate_arg(&'static self, table: &str, arg: Arg) -> Arg {
        let id = arg.get_id().as_str().to_owned();
        let heading = arg.get_help_heading().and_then(|heading| self.text("terms", heading));
        let arg = match heading {
            Some(heading) => arg.help_heading(heading.as_str()),
            None => arg,
        };
        // The texts of the global options are in the table of the root.
        let text = self.text(table, &id).or_else(|| self.text("wxbox", &id).filter(|_| is_shared(&arg)));
        let arg = match text {
            Some(text) => {
                let short = text.split("\n\n").next().unwrap_or(text);
                arg.help(short.to_owned()).long_help(text.clone())
            }
            None => arg,
        };
        let values = arg.get_possible_values();
        if arg.is_hide_possible_values_set() || values.iter().all(|value| value.get_help().is_none()) {
            return arg;
        }
        let translated: Vec<PossibleValue> = values
            .into_iter()
            .map(|value| match self.text(table, &format!("{id}={}", value.get_name())) {
                Some(text) => value.help(text.clone()),
                None => value,
            })
            .collect();
        arg.value_parser(translated)
    }
}

/// Returns a heading of the help, with its colon.
pub(super) fn heading(catalogue: Option<&HelpCatalogue>, name: &str) -> String {
    term(catalogue, name) + &term(catalogue, ":")
}

/// Returns the label before a usage line, with the gap after it.
pub(super) fn usage_label(catalogue: Option<&HelpCatalogue>) -> String {
    let label = heading(catalogue, "Usage");
    // A full-width colon includes its own gap.
    if label.ends_with('：') { label } else { label + " " }
}

/// Returns whether an argument belongs to every command.
pub(super) fn is_shared(arg: &Arg) -> bool {
    arg.is_global_set() || ["help", "version"].contains(&arg.get_id().as_str())
}
