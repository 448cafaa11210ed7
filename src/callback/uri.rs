//! The parts of an address, read as leniently as people and proxies treat it on its way.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Names and values of a query. An address that was copied out of a page has `&amp;` for `&`.
pub(super) fn parse_query(query: &str) -> impl Iterator<Item = (String, Cow<'_, str>)> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| (name.trim_start_matches("amp;").to_owned(), value))
}

/// The first value of that name.
pub(super) fn first_param<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    parse_query(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Whether two paths are the same: proxies add a slash at the end, take it away, and double others.
pub(super) fn is_same_path(one: &str, other: &str) -> bool {
    let parts = |path| {
        let bytes: Vec<u8> = percent_decode_str(path).collect();
        let parts = bytes.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
        parts.map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    parts(one) == parts(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_make_no_other_path() {
        for same in ["/a/b", "/a/b/", "//a/b", "/a//b//", "/%61/b", "a/b"] {
            assert!(is_same_path(same, "/a/b/"), "{same}");
        }
        for other in ["", "/", "/a", "/ab", "/a/b/c", "/a/b;x=1", "/A/b", "/a/%2562"] {
            assert!(!is_same_path(other, "/a/b/"), "{other}");
        }
        assert!(is_same_path("", "/"));
    }

    #[test]
    fn a_query_out_of_a_page_is_understood() {
        let query = "code=1&amp;state=a%20b&amp;amp;x=2";
        assert_eq!(
            ["code", "state", "x"].map(|name| first_param(query, name).unwrap().into_owned()),
            ["1", "a b", "2"]
        );
        assert_eq!(first_param(query, "amp;state"), None);
    }
}
