//! How the two streams want to be written to, by the command line and the environment: colours, movement, symbols.

use std::env::var;

use super::ColorMode;

/// What may be done on the two streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TerminalCapabilities {
    /// Results have colours.
    pub(super) color_out: bool,
    /// What else is said has colours.
    pub(super) color_err: bool,
    /// The terminal knows colours, so that a QR code can say what is black.
    pub(super) supports_color: bool,
    /// Nothing moves: no spinner, no bar, and a question is a line and its answer the next.
    pub(super) no_animation: bool,
    /// Somebody has the screen read out: nothing is drawn.
    pub(super) screen_reader: bool,
    /// The terminal shows ASCII alone: symbols of ours are written with its signs.
    pub(super) ascii_only: bool,
}

impl TerminalCapabilities {
    /// For streams of which these are terminals.
    pub(super) fn detect(color: ColorMode, out_terminal: bool, err_terminal: bool) -> Self {
        let set = |name: &str| var(name).ok().filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let read_out = is_truthy(set("WXBOX_ACCESSIBLE"));
        let (color_out, color_err) = match color {
            ColorMode::Always => (true, true),
            ColorMode::Never => (false, false),
            ColorMode::Auto if set("NO_COLOR").is_some() => (false, false),
            ColorMode::Auto if is_truthy(set("CLICOLOR_FORCE")) => (true, true),
            ColorMode::Auto => (out_terminal && !dumb, err_terminal && !dumb),
        };
        let ascii = !is_utf8(set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")));
        Self {
            color_out,
            color_err,
            supports_color: err_terminal && !dumb,
            no_animation: dumb || read_out,
            screen_reader: read_out,
            ascii_only: ascii,
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
    fn a_locale_without_utf_8_has_no_symbols() {
        for (locale, utf8) in [
            (None, false),
            (Some("C"), false),
            (Some("zh_CN.GB18030"), false),
            (Some("C.UTF-8"), true),
            (Some("de_DE.utf8@euro"), true),
        ] {
            assert_eq!(is_utf8(locale.map(str::to_owned)), utf8, "{locale:?}");
        }
    }
}
