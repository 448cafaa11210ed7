//! The manual pages: the sections that `clap_mangen` renders, followed by files, variables and
//! statuses.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::topics::{statuses, variables};
use crate::cli::Cli;

const MAN_FILES: [(&str, &str); 3] = [
    ("~/.config/wxbox/config.toml", "the config; below $XDG_CONFIG_HOME where that is set"),
    ("/etc/wxbox/config.toml", "the config of the whole machine, where the user has none"),
    ("~/.local/share/wxbox/wxbox.db", "the database; in $STATE_DIRECTORY or below $XDG_DATA_HOME where these are set"),
];

/// Returns the name and the text of every page, that of `wxbox` itself first.
///
/// # Errors
/// Never in practice: the pages are written to memory.
pub fn pages() -> io::Result<Vec<(String, String)>> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    collect_pages(&command, true, &mut pages)?;
    Ok(pages)
}

fn collect_pages(command: &Command, is_main: bool, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let man = Man::new(command.clone()).source(concat!("wxbox ", env!("CARGO_PKG_VERSION"))).manual("wxbox");
    pages.push((man.get_filename(), render_page(&man, command, is_main)?));
    for subcommand in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        collect_pages(subcommand, false, pages)?;
    }
    Ok(())
}

fn render_page(man: &Man, command: &Command, is_main: bool) -> io::Result<String> {
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    let mut extra = Roff::new();
    if is_main {
        let files = MAN_FILES.map(|(path, meaning)| (path.to_owned(), meaning.to_owned()));
        write_terms(&mut extra, "ENVIRONMENT", &variables());
        write_terms(&mut extra, "FILES", &files);
        write_terms(&mut extra, "EXIT STATUS", &statuses());
    }
    if let Some(text) = command.get_after_help() {
        write_examples(&mut extra, &text.to_string());
    }
    if !is_main {
        extra.control("SH", ["SEE ALSO"]);
        extra.text([bold("wxbox"), roman("(1)")]);
    }
    extra.to_writer(&mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn write_terms(roff: &mut Roff, heading: &str, rows: &[(String, String)]) {
    roff.control("SH", [heading]);
    for (term, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(term.as_str())]);
        roff.text([roman(meaning.as_str())]);
    }
}

/// Writes the lines below `Examples:`, without a paragraph after them.
fn write_examples(roff: &mut Roff, text: &str) {
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in text.lines().skip(1).take_while(|line| !line.is_empty()) {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}
