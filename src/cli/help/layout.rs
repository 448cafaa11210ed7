//! Formats the help of a command in 80 columns.

use clap::{Arg, ArgAction, Command};

use super::catalogue::{HelpCatalogue, heading, is_shared, term, usage_label};
use super::overview::{COMMAND_GROUPS, HELP_TOPICS};
use crate::ui::{measure_text_width, wrap};

/// The width of all help.
pub(super) const WIDTH: usize = 80;
/// The widest term beside its description; a wider one has a line to itself.
const MAX_TERM_WIDTH: usize = 26;
/// The number of examples in the short help.
const SHORT_EXAMPLES: usize = 3;

const SHORT_HELP_FOOTER: &str = "`{} --help` shows all options and more examples.";
const NOUN_FOOTER: &str = "`{} COMMAND --help` shows the help of a command.";

/// Formats the most common options and the first examples.
pub(super) fn short_help(command: &Command, catalogue: Option<&HelpCatalogue>) -> String {
    let mut text = intro(command, catalogue, false);
    let arguments: Vec<Row> = command
        .get_positionals()
        .chain(options(command))
        .filter(|arg| !is_shared(arg) && !arg.is_hide_short_help_set())
        .map(|arg| argument_row(arg, catalogue, false))
        .collect();
    let commands = command_rows(command);
    if !commands.is_empty() {
        text += &section(&heading(catalogue, "Commands"), &commands);
    }
    if !arguments.is_empty() {
        text += &section(&heading(catalogue, "Options"), &arguments);
    }
    text += &examples(command, catalogue, SHORT_EXAMPLES);
    let footer = if command.has_subcommands() { NOUN_FOOTER } else { SHORT_HELP_FOOTER };
    text + &term(catalogue, footer).replace("{}", &path(command)) + "\n"
}

/// Formats everything: the options below their headings, notes, all examples, the global options.
pub(super) fn long_help(command: &Command, catalogue: Option<&HelpCatalogue>) -> String {
    let mut text = intro(command, catalogue, true);
    if is_root(command) {
        for (group, names) in COMMAND_GROUPS {
            let commands = names.iter().filter_map(|name| command.find_subcommand(name));
            let rows: Vec<Row> = commands.map(command_row).collect();
            text += &section(&heading(catalogue, group), &rows);
        }
        let topics = HELP_TOPICS.map(|topic| (topic.name.to_owned(), term(catalogue, topic.about)));
        text += &section(&heading(catalogue, "Topics"), &topics);
    } else if command.has_subcommands() {
        text += &section(&heading(catalogue, "Commands"), &command_rows(command));
    }
    let mut sections: Vec<(String, Vec<&Arg>)> = Vec::new();
    let (shared, own): (Vec<&Arg>, Vec<&Arg>) = options(command).partition(|arg| is_shared(arg));
    for arg in command.get_positionals().chain(own) {
        let name = match arg.get_help_heading().filter(|_| !arg.is_positional()) {
            Some(name) => name.to_owned(),
            None if arg.is_positional() => term(catalogue, "Arguments"),
            None => term(catalogue, "Options"),
        };
        match sections.iter_mut().find(|(known, _)| *known == name) {
            Some((_, args)) => args.push(arg),
            None => sections.push((name, vec![arg])),
        }
    }
    let write = |name: &str, args: &[&Arg]| {
        let rows: Vec<Row> = args.iter().map(|arg| argument_row(arg, catalogue, true)).collect();
        section(&(name.to_owned() + &term(catalogue, ":")), &rows)
    };
    for (name, args) in &sections {
        text += &write(name, args);
    }
    if let Some(notes) = command.get_after_long_help() {
        text += &format!("{}\n\n", paragraphs(&notes.to_string(), 0));
    }
    text += &examples(command, catalogue, usize::MAX);
    text += &write(&term(catalogue, "Global options"), &shared);
    text.trim_end().to_owned() + "\n"
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional())
}

/// A term with its description.
pub(super) type Row = (String, String);

fn is_root(command: &Command) -> bool {
    command.get_bin_name().is_none_or(|name| !name.contains(' '))
}

fn path(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).to_owned()
}

fn intro(command: &Command, catalogue: Option<&HelpCatalogue>, is_long: bool) -> String {
    let long = command.get_long_about().filter(|_| is_long);
    let about = long.or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let label = usage_label(catalogue);
    let indent = " ".repeat(measure_text_width(&label));
    let forms = usage(command).lines().flat_map(|form| wrap(form, WIDTH - indent.len())).collect::<Vec<_>>();
    format!("{}\n\n{label}{}\n\n", paragraphs(&about, 0), forms.join(&format!("\n{indent}")))
}

/// Returns the usage: the one that the command declares, else one made from its arguments.
pub(super) fn usage(command: &Command) -> String {
    if let Some(usage) = command.get_overridden_usage() {
        return usage.to_string();
    }
    let mut words = vec![path(command)];
    if options(command).any(|arg| !is_shared(arg) && !arg.is_required_set()) {
        words.push("[OPTIONS]".to_owned());
    }
    words.extend(options(command).filter(|arg| arg.is_required_set()).map(|arg| option_term(arg, false)));
    words.extend(command.get_positionals().map(|arg| match arg.is_required_set() {
        true => value_names(arg),
        false => format!("[{}]", value_names(arg)),
    }));
    if command.has_subcommands() {
        words.push("COMMAND".to_owned());
    }
    words.join(" ")
}

fn value_names(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let is_repeated = arg.get_num_args().is_some_and(|count| count.max_values() > 1);
    if arg.is_positional() && is_repeated { format!("{name}...") } else { name }
}

/// Returns `-u, --user NAME`.
fn option_term(arg: &Arg, is_aligned: bool) -> String {
    let mut term = match arg.get_short() {
        Some(short) if is_aligned => format!("-{short}, "),
        None if is_aligned => "    ".to_owned(),
        _ => String::new(),
    };
    term += &arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
    if matches!(arg.get_action(), ArgAction::Count) {
        term += "...";
    }
    if arg.get_num_args().is_some_and(|count| count.takes_values()) {
        let is_optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
        let value = value_names(arg);
        term += &if is_optional { format!(" [{value}]") } else { format!(" {value}") };
    }
    term
}

fn argument_row(arg: &Arg, catalogue: Option<&HelpCatalogue>, is_long: bool) -> Row {
    let name = if arg.is_positional() { value_names(arg) } else { option_term(arg, true) };
    let long = arg.get_long_help().filter(|_| is_long);
    let text = long.or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = text.split("\n\n").collect::<Vec<_>>().join(&term(catalogue, ". "));
    let takes_values = arg.get_num_args().is_some_and(|count| count.takes_values());
    let values = arg.get_possible_values();
    let values = if takes_values && !arg.is_hide_possible_values_set() { &values[..] } else { &[] };
    let explains_values = is_long && values.iter().any(|value| value.get_help().is_some());
    let names_values = values.iter().all(|value| text.contains(value.get_name()));
    let default = arg.get_default_values().first().filter(|_| takes_values && !arg.is_hide_default_value_set());
    let default = default.map(|value| value.to_string_lossy().into_owned());
    // A full-width stop includes its own gap.
    let gap = if text.ends_with('。') { "" } else { " " };
    if !explains_values && !names_values {
        let names = values.iter().map(|value| match value.get_name() {
            name if Some(name) == default.as_deref() => term(catalogue, "{} (default)").replace("{}", name),
            name => name.to_owned(),
        });
        text += &format!("{gap}[{}]", names.collect::<Vec<_>>().join(&term(catalogue, ", ")));
    } else if let Some(default) = default.filter(|_| values.is_empty() || explains_values) {
        text += &format!("{gap}{}", term(catalogue, "[default: {}]").replace("{}", &default));
    }
    if explains_values {
        for value in values {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            text += &format!("\n- {}{}{help}", value.get_name(), term(catalogue, ": "));
        }
    }
    (name, text)
}

fn command_row(command: &Command) -> Row {
    (command.get_name().to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default())
}

fn command_rows(command: &Command) -> Vec<Row> {
    command.get_subcommands().map(command_row).collect()
}

/// Formats a heading, and terms with their descriptions beside them.
fn section(heading: &str, rows: &[Row]) -> String {
    let widths = rows.iter().map(|(name, _)| measure_text_width(name)).filter(|width| *width <= MAX_TERM_WIDTH);
    let column = widths.max().unwrap_or(6) + 4;
    let mut text = format!("{heading}\n");
    for (name, description) in rows {
        let description = paragraphs(description, column);
        let gap = (column - 2).checked_sub(measure_text_width(name)).filter(|gap| *gap >= 2);
        text += &match gap {
            Some(gap) => format!("  {name}{}{}\n", " ".repeat(gap), description.trim_start()),
            None => format!("  {name}\n{description}\n"),
        };
    }
    text + "\n"
}

/// Wraps paragraphs to the width of the help.
fn paragraphs(text: &str, indent: usize) -> String {
    let lines = text.lines().flat_map(|line| wrap(line, WIDTH - indent));
    let margin = " ".repeat(indent);
    lines.map(|line| if line.is_empty() { line } else { format!("{margin}{line}") }).collect::<Vec<_>>().join("\n")
}

/// Formats the first examples, with their comments aligned. A comment follows the command after two
/// spaces.
fn examples(command: &Command, catalogue: Option<&HelpCatalogue>, count: usize) -> String {
    let Some(examples) = command.get_after_help().map(ToString::to_string) else { return String::new() };
    let rows: Vec<(&str, &str)> = examples.lines().take(count).map(split_example).collect();
    let commented = rows.iter().filter(|(_, comment)| !comment.is_empty());
    let widest = commented.clone().map(|(line, _)| measure_text_width(line)).max().unwrap_or(0);
    let is_aligned = commented.clone().all(|(_, comment)| widest + 4 + measure_text_width(comment) <= WIDTH);
    let mut text = format!("{}\n", heading(catalogue, "Examples"));
    for (line, comment) in rows {
        let gap = if is_aligned { widest.saturating_sub(measure_text_width(line)) + 2 } else { 2 };
        text += &format!("  {}\n", format!("{line}{}{comment}", " ".repeat(gap)).trim_end());
    }
    text + "\n"
}

/// Splits an example into the command and its comment. A line that continues a command is indented.
pub(super) fn split_example(line: &str) -> (&str, &str) {
    let indent = line.len() - line.trim_start().len();
    match line[indent..].find("  ") {
        Some(at) => (&line[..indent + at], line[indent + at..].trim_start()),
        None => (line, ""),
    }
}
