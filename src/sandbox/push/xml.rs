//! Writes the XML of pushes.

use std::fmt::Write as _;

/// A document below its root element `xml`, while it is written.
#[derive(Debug, Default)]
pub(super) struct XmlWriter(String);

impl XmlWriter {
    /// Adds an element with a text.
    ///
    /// Characters that XML does not allow are left out.
    pub(super) fn text(&mut self, tag: &str, text: &str) -> &mut Self {
        let is_allowed = |c: &char| matches!(c, '\t' | '\n' | '\r') || !(c.is_ascii_control() || is_noncharacter(*c));
        let text: String = text.chars().filter(is_allowed).collect();
        let _ = writeln!(self.0, "<{tag}><![CDATA[{}]]></{tag}>", text.replace("]]>", "]]]]><![CDATA[>"));
        self
    }

    /// Adds an element with a number.
    pub(super) fn number(&mut self, tag: &str, number: impl Into<i128>) -> &mut Self {
        let _ = writeln!(self.0, "<{tag}>{}</{tag}>", number.into());
        self
    }

    /// Adds an element that contains those that `write` adds.
    pub(super) fn nested(&mut self, tag: &str, write: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        let _ = writeln!(self.0, "<{tag}>{}</{tag}>", inner.0);
        self
    }

    /// Adds elements that are already written.
    pub(super) fn raw(&mut self, elements: &str) -> &mut Self {
        self.0.push_str(elements);
        self
    }

    /// Returns the elements without the root.
    pub(super) fn elements(self) -> String {
        self.0
    }

    /// Returns the document.
    pub(super) fn document(&self) -> String {
        format!("<xml>{}</xml>", self.0)
    }
}

/// Returns whether XML does not allow the character although it is no control character.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_can_be_read_back() {
        for (text, read) in [
            ("a]]>b", "a]]>b"),
            ("]]]]>>", "]]]]>>"),
            ("<b>&amp;\n中文 😀", "<b>&amp;\n中文 😀"),
            ("a\u{0}\u{1b}b\u{ffff}", "ab"),
            ("", ""),
        ] {
            let mut xml = XmlWriter::default();
            let document = xml.text("Content", text).document();
            let document = roxmltree::Document::parse(&document).unwrap();
            let element = document.root_element().first_element_child().unwrap();
            let parts = element.children().filter_map(|node| node.text());
            assert_eq!(parts.collect::<String>(), read, "{text:?}");
        }
    }
}
