//! Text and numbers in the form in which WeChat accepts them in a message.

use serde_json::Number;

/// Returns the text in a form that WeChat accepts.
///
/// Line ends become `\n`, and those at the end are removed, as are terminal escape sequences and
/// control characters: JSON could carry the latter only as `\u` escapes. If a line was overwritten
/// after a lone carriage return, as progress bars do, its last non-blank state is kept. In a text
/// without any `\n`, carriage returns count as line ends.
pub fn sanitize_text(text: &str) -> String {
    let text = console::strip_ansi_codes(text);
    let text = text.trim_end_matches(['\r', '\n']);
    let last = |line: &str| {
        let mut states = line.trim_end_matches('\r').rsplit('\r');
        states.find(|state| !state.trim().is_empty()).unwrap_or_default().to_owned()
    };
    let mut text = match text.contains('\n') {
        true => text.split('\n').map(last).collect::<Vec<_>>().join("\n"),
        false => text.replace('\r', "\n"),
    };
    text.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// Returns a number as it was written, because versions, amounts and IDs are text.
///
/// serde_json adds a plus to an exponent without a sign; this removes it.
pub fn number_text(number: &Number) -> String {
    number.to_string().replace("e+", "e").replace("E+", "E")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_are_removed_from_text() {
        let cases = [
            ("a\r\nb\n\n", "a\nb"),
            ("\u{1b}[31mred\u{1b}[0m\u{0}", "red"),
            ("\u{1b}[01;31m\u{1b}[Kerror:\u{1b}[m\u{1b}[K disk", "error: disk"),
            ("\u{1b}]8;;https://a.example\u{1b}\\here\u{1b}]8;;\u{1b}\\ \u{1b}]0;title\u{7}x", "here x"),
            ("\u{1b}[2K\u{1b}[1G\u{1b}(Bx\u{1b}[?25l", "x"),
            ("tab\tand\rreturn", "tab\tand\nreturn"),
            ("10%\r50%\r100%\n", "10%\n50%\n100%"),
            ("copy\n10%\r50%\r100%\r\ndone", "copy\n100%\ndone"),
            ("copy\n 90%\r    \r\ndone\n", "copy\n 90%\ndone"),
            ("a\r\n\r\nb\n\nc", "a\n\nb\n\nc"),
            ("a\n\r\u{7f}", "a"),
        ];
        for (raw, clean) in cases {
            assert_eq!(sanitize_text(raw), clean);
        }
    }
}
