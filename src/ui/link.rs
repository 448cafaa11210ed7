//! Hyperlinks (OSC 8) in results on a terminal that shows them. A terminal that does not support
//! them shows the text.

use url::Url;

use super::sanitize::single_line;

/// A text of a result that leads to an address. The address can hold no control character, because
/// a [`Url`] has them percent-encoded.
#[derive(Clone, Debug)]
pub struct Link {
    text: String,
    url: Url,
}

impl Link {
    /// Creates a link; `text` must be a part of the result.
    pub fn new(text: impl Into<String>, url: Url) -> Self {
        Self { text: text.into(), url }
    }

    /// Makes the first occurrence of the text in sanitized output a link. A text that was broken
    /// into lines stays as it is.
    pub(super) fn apply(&self, output: &str) -> String {
        let (text, url) = (single_line(&self.text), self.url.as_str());
        let is_safe = url.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || !is_safe {
            return output.to_owned();
        }
        output.replacen(&text, &format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\"), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_link_without_control_characters() {
        let url = Url::parse("https://example.com/a b\u{1b}]8;;x\u{7}路").unwrap();
        let linked = Link::new("see", url).apply("to see and see");
        assert_eq!(
            linked,
            "to \u{1b}]8;;https://example.com/a%20b%1B]8;;x%07%E8%B7%AF\u{1b}\\see\u{1b}]8;;\u{1b}\\ and see"
        );
        let url = Url::parse("https://example.com/").unwrap();
        assert_eq!(Link::new("gone", url.clone()).apply("text"), "text");
        assert_eq!(Link::new("", url).apply("text"), "text");
    }
}
