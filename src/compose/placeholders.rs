//! Placeholders such as `{host}`: in the default values of a template's fields, and in the texts of
//! `run`.

use crate::clock::Timestamp;
use crate::time_zone::format_local_minute;

/// The values of placeholders, by name.
pub(crate) struct Placeholders(Vec<(&'static str, String)>);

impl Placeholders {
    /// Returns `{host}`, the name of this machine, and `{time}`, the current local time.
    pub(crate) fn of_machine() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self(vec![("host", host), ("time", format_local_minute(Timestamp::now()))])
    }

    /// Puts more placeholders before the present ones.
    pub(crate) fn after(self, values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(values.into_iter().chain(self.0).collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// Returns the value of a placeholder.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Replaces each known `{name}` in the text; other braces stay.
    pub(crate) fn substitute(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled += before;
            let value = after.split_once('}').and_then(|(name, rest_after)| Some((self.value(name)?, rest_after)));
            (filled, rest) = match value {
                Some((value, rest_after)) => (filled + value, rest_after),
                None => (filled + "{", after),
            };
        }
        filled + rest
    }

    /// Returns the names in `text` that look like placeholders and are unknown, without duplicates.
    pub(crate) fn unknown_in<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let word = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        let named = text.split('{').skip(1).filter_map(|after| Some(after.split_once('}')?.0)).filter(word);
        let mut unknown: Vec<&str> = named.filter(|name| self.value(name).is_none()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        Placeholders(vec![("status", "3".to_owned()), ("result", "failed".to_owned())])
    }

    #[test]
    fn known_placeholders_are_replaced_and_other_braces_kept() {
        let cases = [
            ("{result}, {status}", "failed, 3"),
            ("{{status}} {status}", "{3} 3"),
            ("{ status} {nothing} {", "{ status} {nothing} {"),
            ("{status", "{status"),
            ("{x{status}}", "{x3}"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(placeholders().substitute(text), expected, "{text}");
        }
    }

    #[test]
    fn unknown_placeholders_are_found() {
        let text = "{dration} {status} {\"a\": 1} {} {a b} {x{nme}} {dration} ${1} {";
        assert_eq!(placeholders().unknown_in(text), ["dration", "nme"]);
    }
}
