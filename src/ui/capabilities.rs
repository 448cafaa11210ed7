//! The capabilities of the terminal: colors, animation and symbols, as the command line and the
//! environment define them.

use std::env::var;

use supports_hyperlinks::supports_hyperlinks;

/// When colors are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorMode {
    /// On a terminal, unless `NO_COLOR` is set; with `CLICOLOR_FORCE` everywhere.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// The capabilities of the output streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TerminalCapabilities {
    /// Whether results are colored.
    pub(super) color_out: bool,
    /// Whether results have hyperlinks: only where they may have colors, and never outside of a
    /// terminal.
    pub(super) links_out: bool,
    /// Whether output on stderr is colored.
    pub(super) color_err: bool,
    /// Whether the terminal supports colors, so that a QR code can set black and white.
    pub(super) supports_color: bool,
    /// Whether nothing may move: no spinner, no progress bar, and a prompt does not move the
    /// cursor.
    pub(super) no_animation: bool,
    /// Whether a screen reader is used: nothing is drawn.
    pub(super) screen_reader: bool,
    /// Whether the terminal shows ASCII only: symbols are replaced.
    pub(super) ascii_only: bool,
}

impl TerminalCapabilities {
    /// Detects the capabilities; the arguments are `true` for streams that are terminals.
    pub(super) fn detect(color: ColorMode, out_terminal: bool, err_terminal: bool) -> Self {
        let set = |name: &str| var(name).ok().filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let screen_reader = is_truthy(set("WXBOX_ACCESSIBLE"));
        let (color_out, color_err) = match color {
            ColorMode::Always => (true, true),
            ColorMode::Never => (false, false),
            ColorMode::Auto if set("NO_COLOR").is_some() => (false, false),
            ColorMode::Auto if is_truthy(set("CLICOLOR_FORCE")) => (true, true),
            ColorMode::Auto => (out_terminal && !dumb, err_terminal && !dumb),
        };
        let ascii_only = !is_utf8(set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")));
        Self {
            color_out,
            links_out: color_out && out_terminal && !dumb && !screen_reader && supports_hyperlinks(),
            color_err,
            supports_color: err_terminal && !dumb,
            no_animation: dumb || screen_reader,
            screen_reader,
            ascii_only,
        }
    }
}

fn is_truthy(value: Option<String>) -> bool {
    value.is_some_and(|value| value != "0")
}

fn is_utf8(locale: Option<String>) -> bool {
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    let encoding = locale.split('@').next().unwrap_or_default();
    encoding.ends_with("utf-8") || encoding.ends_with("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_locale_is_detected() {
        for (locale, expected) in [
            (None, false),
            (Some("C"), false),
            (Some("zh_CN.GB18030"), false),
            (Some("C.UTF-8"), true),
            (Some("de_DE.utf8@euro"), true),
        ] {
            assert_eq!(is_utf8(locale.map(str::to_owned)), expected, "{locale:?}");
        }
    }
}
