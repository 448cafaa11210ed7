//! Renders Markdown for a terminal: paragraphs are wrapped, code is indented, tables are definition
//! lists, and each link names the page to which it leads.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::definition_list;
use crate::cli::HELP_TOPICS;
use crate::ui::{measure_text_width, wrap};

/// Renders a page of the documents in at most `width` columns. `path` is the path of the page in
/// the project, by which relative links are resolved.
pub(super) fn render(page: &str, path: &str, width: usize) -> String {
    let mut renderer = MarkdownRenderer { headings: headings(page), path, width, ..MarkdownRenderer::default() };
    for event in parser(page) {
        renderer.add(event);
    }
    renderer.text
}

fn parser(page: &str) -> Parser<'_> {
    Parser::new_ext(page, Options::ENABLE_TABLES)
}

/// Returns the headings of a page, each with its anchor.
fn headings(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut heading: Option<String> = None;
    for event in parser(page) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => *heading += &text,
            (Event::End(TagEnd::Heading(_)), Some(text)) => {
                found.push((anchor(text), std::mem::take(text)));
                heading = None;
            }
            _ => {}
        }
    }
    found
}

/// Returns the anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The text so far, and the block that is being read.
#[derive(Default)]
struct MarkdownRenderer<'p> {
    text: String,
    /// The text of the current paragraph, item, heading or cell.
    inline: String,
    /// The numbers of the next items of the lists around, `None` for a list of bullets.
    lists: Vec<Option<u64>>,
    /// The mark of an item that has no text yet.
    mark: Option<String>,
    /// The columns before the text of each item around.
    indents: Vec<usize>,
    rows: Vec<Vec<String>>,
    is_code: bool,
    is_table: bool,
    /// The destination of the link around, and where its text begins.
    link: Option<(String, usize)>,
    headings: Vec<(String, String)>,
    path: &'p str,
    width: usize,
}

impl MarkdownRenderer<'_> {
    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => self.add_code(&text),
            Event::Text(text) => self.inline += &text,
            Event::Code(text) if self.is_table => self.inline += &text,
            Event::Code(text) => self.inline += &format!("`{text}`"),
            Event::SoftBreak | Event::HardBreak => self.inline.push(' '),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } => self.separate(),
            Tag::Table(_) => {
                self.separate();
                self.is_table = true;
            }
            Tag::TableRow => self.rows.push(Vec::new()),
            Tag::CodeBlock(_) => {
                self.flush();
                self.separate();
                self.is_code = true;
            }
            Tag::List(first) => {
                self.flush();
                self.separate();
                self.lists.push(first);
            }
            Tag::Item => {
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.indents.push(mark.len());
                self.mark = Some(mark);
            }
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.into_string(), self.inline.len())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::Paragraph => self.flush(),
            TagEnd::CodeBlock => self.is_code = false,
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.mark = None;
                self.indents.pop();
            }
            TagEnd::Link => self.end_link(),
            // The list needs no heading.
            TagEnd::TableHead => self.inline.clear(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    /// Writes an empty line before a block, unless the block belongs to an item of a list.
    fn separate(&mut self) {
        if self.indents.is_empty() && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Writes the text of a paragraph or of an item.
    fn flush(&mut self) {
        let inline = std::mem::take(&mut self.inline);
        if inline.trim().is_empty() {
            return;
        }
        let indent: usize = self.indents.iter().sum();
        let mark = self.mark.take().unwrap_or_default();
        for (number, line) in wrap(inline.trim(), self.width - indent).iter().enumerate() {
            let mark = if number == 0 { mark.as_str() } else { "" };
            self.text += &format!("{}{mark}{line}\n", " ".repeat(indent - mark.len()));
        }
    }

    /// Writes lines of code unchanged, so that they can be copied.
    fn add_code(&mut self, code: &str) {
        let indent = " ".repeat(self.indents.iter().sum::<usize>() + 2);
        for line in code.lines() {
            self.text += format!("{indent}{line}").trim_end();
            self.text.push('\n');
        }
    }

    /// Writes a heading, which is underlined unless it is below a section.
    fn end_heading(&mut self, level: HeadingLevel) {
        let heading = std::mem::take(&mut self.inline);
        let line = match level {
            HeadingLevel::H1 => "=",
            HeadingLevel::H2 => "-",
            _ => "",
        };
        let line = line.repeat(measure_text_width(&heading));
        self.text += &format!("{heading}\n");
        if !line.is_empty() {
            self.text += &format!("{line}\n");
        }
    }

    fn end_table(&mut self) {
        self.is_table = false;
        let rows = std::mem::take(&mut self.rows).into_iter().map(|cells| {
            let mut cells = cells.into_iter();
            let term = cells.next().unwrap_or_default();
            let rest: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
            (term, rest.join("  "))
        });
        self.text += &definition_list(&rows.collect::<Vec<_>>(), self.width);
    }

    /// Adds after the text of a link where it leads, unless the text is the destination.
    fn end_link(&mut self) {
        let Some((destination, start)) = self.link.take() else { return };
        let place = self.link_place(&destination);
        if !self.inline[start..].contains(place.trim_matches('`')) {
            self.inline += &format!(" ({place})");
        }
    }

    /// Returns the place of a link as a reader of the terminal finds it: an address, a help topic,
    /// a section of this page, or a file of the documents.
    fn link_place(&self, destination: &str) -> String {
        if destination.contains("://") {
            return destination.to_owned();
        }
        let (file, fragment) = destination.split_once('#').unwrap_or((destination, ""));
        if file.is_empty() {
            let section = self.headings.iter().find(|(anchor, _)| anchor == fragment);
            return section.map_or_else(String::new, |(_, heading)| format!("“{heading}”"));
        }
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        for part in file.split('/') {
            match part {
                ".." => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        let path = parts.join("/");
        let english = path.replacen("docs/zh-CN/", "docs/", 1);
        match HELP_TOPICS.iter().find(|topic| topic.pages.contains(&english.as_str())) {
            Some(topic) => format!("`wxbox help {}`", topic.name),
            None => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_wrapped_with_hanging_indents() {
        let page = "# Title\n\nSome **bold** words that\nare long.\n\n- **One.** A bullet that is long\n  enough.\n\
                    - Two\n\n1. A step\n   ```sh\n   wxbox  doctor\n   ```\n2. Next\n\n| a | b |\n| --- | --- |\n\
                    | `x` | y |\n| z | |\n\n## Section\n\nEnd.\n";
        let expected = "Title\n=====\n\nSome bold words that are\nlong.\n\n- One. A bullet that is\n  long enough.\n- Two\n\n\
                        1. A step\n     wxbox  doctor\n2. Next\n\n  x  y\n  z\n\nSection\n-------\n\nEnd.\n";
        assert_eq!(render(page, "docs/guides/a.md", 25), expected);
    }

    #[test]
    fn links_name_their_destination() {
        let cases = [
            ("[the page](binding.md#ports)", "the page (docs/guides/binding.md)"),
            ("[fields](../reference/json.md)", "fields (`wxbox help json`)"),
            ("[pass them on](#to-another-program)", "pass them on (“To another program”)"),
            ("[packaging/systemd](../../packaging/systemd)", "packaging/systemd"),
            ("<https://example.com/a>", "https://example.com/a"),
            ("[here](https://example.com/a)", "here (https://example.com/a)"),
        ];
        for (link, expected) in cases {
            let page = format!("{link}\n\n## To another program\n");
            let text = render(&page, "docs/guides/events.md", 80);
            assert_eq!(text.lines().next(), Some(expected), "{link}");
        }
        assert_eq!(render("[沙箱](../sandbox.md)", "docs/zh-CN/guides/events.md", 80), "沙箱 (`wxbox help sandbox`)\n");
    }
}
