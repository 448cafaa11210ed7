//! An address as it was copied, with all that may have come to it on its way here.

use crate::secret::{ExposeSecret, Secret};

/// What a terminal puts around a paste.
const BRACKETED_PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// `&` as a page writes it.
const ESCAPED_AMPERSANDS: [&str; 4] = ["&amp;", "&AMP;", "&#38;", "&#x26;"];
const QUOTES: [char; 9] = ['"', '\'', '`', '<', '>', '“', '”', '‘', '’'];

/// The query of an address, or the query alone, in each way to read what was copied; none where it is no address. A
/// blank may end the address, or a line break may have been put into it.
pub(super) fn candidate_queries(pasted: &str) -> Vec<Secret> {
    let text = normalize(pasted);
    let text = text.expose_secret().trim().trim_matches(QUOTES).trim();
    let text = text.find("://").map_or(text, |scheme| {
        let begin = text[..scheme].rfind(|c: char| !c.is_ascii_alphabetic());
        let begin = begin.map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        &text[begin..]
    });
    let first = text.split_whitespace().next().unwrap_or_default();
    let joined = Secret::from(text.split_whitespace().collect::<String>());
    let mut all: Vec<Secret> = Vec::new();
    for text in [first, joined.expose_secret()] {
        if let Some(query) = extract_query(text)
            && !all.iter().any(|other| other.expose_secret() == query)
        {
            all.push(query.into());
        }
    }
    all
}

/// Without what nobody sees, and with `&` as addresses have it.
fn normalize(pasted: &str) -> Secret {
    let text = BRACKETED_PASTE_MARKS.iter().fold(pasted.to_owned(), |text, mark| text.replace(mark, ""));
    let text: String = text.chars().filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c))).collect();
    ESCAPED_AMPERSANDS.iter().fold(text, |text, written| text.replace(written, "&")).into()
}

/// Joiners, marks of direction, soft hyphens, the mark at the beginning of files.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The query of one address, without what stands behind it: no character of another script belongs to an address of
/// WeChat's, and no code or state ends with a sign of punctuation.
fn extract_query(text: &str) -> Option<&str> {
    let text = text.split('#').next().unwrap_or_default();
    let query = match text.split_once('?') {
        Some((_, query)) => query,
        None if text.contains("://") => return None,
        None => text,
    };
    let end = query.find(|c: char| !c.is_ascii() || QUOTES.contains(&c)).unwrap_or(query.len());
    let query = query[..end].trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || "=&-_".contains(c)));
    query.contains('=').then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "code=051A_b-&state=abc";

    fn read(pasted: &str) -> Vec<String> {
        candidate_queries(pasted).iter().map(|query| query.expose_secret().to_owned()).collect()
    }

    #[test]
    fn the_query_is_found_in_whatever_was_copied() {
        for pasted in [
            "http://203.0.113.7:8080/callback/?QUERY",
            "  https://wx.example.com/callback/?QUERY#wechat_redirect \t",
            "\"http://203.0.113.7/?QUERY\"",
            "<http://203.0.113.7/?QUERY>",
            "“http://203.0.113.7/?QUERY”",
            "203.0.113.7/callback/?QUERY",
            "?QUERY",
            "QUERY",
            "\u{feff}http://203.0.113.7/?QUERY\u{200b}",
            "\u{1b}[200~http://203.0.113.7/?QUERY\u{1b}[201~",
            "看这里：http://203.0.113.7/?QUERY",
            "is it this? http://203.0.113.7/?QUERY",
            "http://203.0.113.7/?QUERY。",
            "http://203.0.113.7/?QUERY,",
            "(http://203.0.113.7/?QUERY)",
            "【http://203.0.113.7/?QUERY】请查收",
            "http://203.0.113.7/?QUERY）。",
        ] {
            assert_eq!(read(&pasted.replace("QUERY", QUERY)), [QUERY], "{pasted}");
            let page = pasted.replace("QUERY", &QUERY.replace('&', "&amp;"));
            assert_eq!(read(&page), [QUERY], "{page}");
        }
    }

    #[test]
    fn a_blank_ends_it_or_was_put_into_it() {
        let behind = format!("http://203.0.113.7/?{QUERY} is the address");
        assert_eq!(read(&behind), [QUERY.to_owned(), format!("{QUERY}istheaddress")]);
        assert_eq!(read("http://203.0.113.7/?code=05 1A_b-&sta\n  te=abc"), ["code=05", QUERY]);
        assert_eq!(read("http://203.0.113.7/call back/?code=051A_b-&state=abc"), [QUERY]);
    }

    #[test]
    fn what_is_no_address_gives_none() {
        for pasted in
            ["", "  ", "nonsense", "http://203.0.113.7/callback/", "http://203.0.113.7/callback/?", "http://a=b/", "。"]
        {
            assert!(candidate_queries(pasted).is_empty(), "{pasted}");
        }
    }
}
