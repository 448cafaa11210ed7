//! Parses addresses leniently, because people and proxies change them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns the parameters of a query. An address that was copied from HTML has `&amp;` for `&`.
pub(super) fn parse_query(query: &str) -> impl Iterator<Item = (String, Cow<'_, str>)> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| (name.trim_start_matches("amp;").to_owned(), value))
}

/// Returns the first value of the parameter `name`.
pub(super) fn first_param<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    parse_query(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Compares two paths. Proxies add or remove a trailing slash and double others.
pub(super) fn is_same_path(one: &str, other: &str) -> bool {
    segments(one) == segments(other)
}

/// Returns whether `path` is `root` or below it, compared in the same way.
pub(super) fn is_same_or_below(path: &str, root: &str) -> bool {
    segments(path).starts_with(&segments(root))
}

/// Returns the decoded segments of a path that are not empty.
fn segments(path: &str) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    bytes.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_slashes_are_ignored() {
        for same in ["/a/b", "/a/b/", "//a/b", "/a//b//", "/%61/b", "a/b"] {
            assert!(is_same_path(same, "/a/b/"), "{same}");
        }
        for other in ["", "/", "/a", "/ab", "/a/b/c", "/a/b;x=1", "/A/b", "/a/%2562"] {
            assert!(!is_same_path(other, "/a/b/"), "{other}");
        }
        assert!(is_same_path("", "/"));
    }

    #[test]
    fn path_below_root_is_recognized() {
        for below in ["/a/b", "/a/b/", "//a/b/0123", "/%61/b/c/d"] {
            assert!(is_same_or_below(below, "/a/b/"), "{below}");
        }
        for other in ["/", "/a", "/a/bc", "/b/a/b"] {
            assert!(!is_same_or_below(other, "/a/b/"), "{other}");
        }
    }

    #[test]
    fn query_copied_from_html_is_parsed() {
        let query = "code=1&amp;state=a%20b&amp;amp;x=2";
        assert_eq!(
            ["code", "state", "x"].map(|name| first_param(query, name).unwrap().into_owned()),
            ["1", "a b", "2"]
        );
        assert_eq!(first_param(query, "amp;state"), None);
    }
}
