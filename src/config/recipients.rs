//! The recipients of messages that name none: `send.to` and the variable `WXBOX_TO`.

use std::fmt;

use toml::de::DeValue;

const ALL: &str = "all";
const USER: &str = "user";
const TAG: &str = "tag";
const OPENID: &str = "openid";

/// A recipient of messages that name none. `Display` writes it as the config has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultRecipient {
    /// `luffy` or `user:luffy`
    User(String),
    /// `tag:ops`
    Tag(String),
    /// `openid:oLuffy…`
    Openid(String),
    /// `all`: everybody who is bound.
    All,
}

impl DefaultRecipient {
    /// Parses one recipient. Whether it exists is checked when it is used.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (make, name): (fn(String) -> Self, &str) = match text.split_once(':') {
            None if text == ALL => return Some(Self::All),
            Some((USER, name)) => (Self::User, name),
            Some((TAG, name)) => (Self::Tag, name),
            Some((OPENID, name)) if !name.contains(|c: char| !c.is_ascii_graphic()) => (Self::Openid, name),
            Some((OPENID, _)) => return None,
            _ => (Self::User, text),
        };
        let name = name.trim();
        (!name.is_empty() && !name.contains(char::is_control)).then(|| make(name.to_owned()))
    }

    /// Parses one recipient or a non-empty list of them.
    pub(super) fn parse_value(value: &DeValue<'_>) -> Option<Vec<Self>> {
        match value {
            DeValue::String(text) => Self::parse(text).map(|recipient| vec![recipient]),
            DeValue::Array(list) if !list.is_empty() => {
                list.iter().map(|item| item.get_ref().as_str().and_then(Self::parse)).collect()
            }
            _ => None,
        }
    }

    /// Parses recipients with commas between them, as `WXBOX_TO` has them.
    pub(super) fn parse_list(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(Self::parse).collect()
    }
}

impl fmt::Display for DefaultRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Without its prefix, such a name would be parsed as something else.
            Self::User(name) if Self::parse(name).as_ref() != Some(self) => write!(f, "{USER}:{name}"),
            Self::User(name) => f.write_str(name),
            Self::Tag(tag) => write!(f, "{TAG}:{tag}"),
            Self::Openid(openid) => write!(f, "{OPENID}:{openid}"),
            Self::All => f.write_str(ALL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_parsed_and_written_back() {
        let user = |name: &str| DefaultRecipient::User(name.to_owned());
        for (text, recipient) in [
            ("luffy", user("luffy")),
            (" user: monkey d. luffy ", user("monkey d. luffy")),
            ("user:all", user("all")),
            ("user:tag:x", user("tag:x")),
            ("host:db1", user("host:db1")),
            ("tag:ops", DefaultRecipient::Tag("ops".to_owned())),
            ("openid:oABC-_1", DefaultRecipient::Openid("oABC-_1".to_owned())),
            ("all", DefaultRecipient::All),
        ] {
            assert_eq!(DefaultRecipient::parse(text).as_ref(), Some(&recipient), "{text}");
            assert_eq!(DefaultRecipient::parse(&recipient.to_string()), Some(recipient), "{text}");
        }
        for text in ["", " ", "user:", "tag: ", "openid:", "openid:o 1", "lu\nffy"] {
            assert_eq!(DefaultRecipient::parse(text), None, "{text:?}");
        }
        let list = DefaultRecipient::parse_list("luffy, tag:ops").unwrap();
        assert_eq!(list, [user("luffy"), DefaultRecipient::Tag("ops".to_owned())]);
        assert_eq!((DefaultRecipient::parse_list("luffy,"), DefaultRecipient::parse_list("")), (None, None));
    }
}
