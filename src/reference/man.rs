//! The manual pages: the sections that `clap_mangen` renders, followed by files, variables and
//! statuses.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::topics::{statuses, variables};
use crate::cli::{command_in, usage_text};
use crate::i18n::Lang;

/// The files with their meanings in both languages.
const MAN_FILES: [(&str, [&str; 2]); 3] = [
    (
        "~/.config/wxbox/config.toml",
        ["the config file; in $XDG_CONFIG_HOME if that is set", "配置文件；设置了 $XDG_CONFIG_HOME 时在该目录中"],
    ),
    (
        "/etc/wxbox/config.toml",
        ["the config file for users without their own", "本机的配置文件，用户没有自己的配置文件时使用"],
    ),
    (
        "~/.local/share/wxbox/wxbox.db",
        [
            "the database; in $STATE_DIRECTORY or $XDG_DATA_HOME if one of them is set",
            "数据库；设置了 $STATE_DIRECTORY 或 $XDG_DATA_HOME 时在该目录中",
        ],
    ),
];

/// The headings of the pages, and other texts that `clap_mangen` writes in English.
const CHINESE_TERMS: [(&str, &str); 13] = [
    (".SH NAME", ".SH 名称"),
    (".SH SYNOPSIS", ".SH 用法"),
    (".SH DESCRIPTION", ".SH 说明"),
    (".SH OPTIONS", ".SH 选项"),
    (".SH SUBCOMMANDS", ".SH 子命令"),
    (".SH ENVIRONMENT", ".SH 环境变量"),
    (".SH FILES", ".SH 文件"),
    (".SH \"EXIT STATUS\"", ".SH 退出码"),
    (".SH EXAMPLES", ".SH 示例"),
    (".SH NOTES", ".SH 补充说明"),
    (".SH \"SEE ALSO\"", ".SH 另请参阅"),
    ("Possible values:", "可选值："),
    ("[default: ", "[默认值："),
];

/// Returns the name and the text of every page in a language, that of `wxbox` itself first.
///
/// # Errors
/// Never in practice: the pages are written to memory.
pub fn pages(lang: Lang) -> io::Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    collect_pages(&command_in(lang), lang, true, &mut pages)?;
    Ok(pages)
}

fn collect_pages(command: &Command, lang: Lang, is_main: bool, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let usage = usage_text(command);
    let man = Man::new(command.clone().override_usage(usage));
    let man = man.source(concat!("wxbox ", env!("CARGO_PKG_VERSION"))).manual("wxbox");
    let page = render_page(&man, command, lang, is_main)?;
    let page = match lang {
        Lang::En => page,
        Lang::Zh => CHINESE_TERMS.iter().fold(page, |page, (english, chinese)| page.replace(english, chinese)),
    };
    pages.push((man.get_filename(), page));
    for subcommand in command.get_subcommands() {
        collect_pages(subcommand, lang, false, pages)?;
    }
    Ok(())
}

fn render_page(man: &Man, command: &Command, lang: Lang, is_main: bool) -> io::Result<String> {
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
        let files = MAN_FILES.map(|(path, meanings)| (path.to_owned(), meanings[lang as usize].to_owned()));
        write_terms(&mut extra, "ENVIRONMENT", &variables(lang));
        write_terms(&mut extra, "FILES", &files);
        write_terms(&mut extra, "EXIT STATUS", &statuses(lang));
    }
    if let Some(text) = command.get_after_long_help() {
        write_lines(&mut extra, "NOTES", &text.to_string());
    }
    if let Some(text) = command.get_after_help() {
        write_lines(&mut extra, "EXAMPLES", &text.to_string());
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

/// Writes lines that are not filled.
fn write_lines(roff: &mut Roff, heading: &str, text: &str) {
    roff.control("SH", [heading]);
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
