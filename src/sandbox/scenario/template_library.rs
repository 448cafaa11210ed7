//! The template library: the templates that the account can add to its own.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::error::{ScenarioError, reject_duplicate, require};

/// A template of the library.
///
/// A real test account has no template to add. The sandbox provides some, since the endpoints would
/// be useless without them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryTemplate {
    /// The number of the template, in digits.
    pub number: String,
    /// The title of the card.
    pub title: String,
    /// The lines that can be chosen.
    pub keywords: Vec<Keyword>,
}

/// A line that a template can have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyword {
    /// The text before the value.
    pub name: String,
    /// The type of the value, such as `thing`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl LibraryTemplate {
    /// Returns the content of a template with these keywords in this order.
    ///
    /// `None` unless each of them exists and occurs once.
    pub(in crate::sandbox) fn build_content(&self, names: &[Value]) -> Option<String> {
        let index_of =
            |name: &Value| self.keywords.iter().position(|keyword| Some(keyword.name.as_str()) == name.as_str());
        self.content_at(&names.iter().map(index_of).collect::<Option<Vec<usize>>>()?)
    }

    /// Returns the content of a template with the keywords at these indices.
    pub(in crate::sandbox) fn content_at(&self, indices: &[usize]) -> Option<String> {
        if indices.iter().collect::<HashSet<_>>().len() < indices.len() {
            return None;
        }
        let line = |index: &usize| {
            let keyword = self.keywords.get(*index)?;
            Some(format!("{}:{{{{{}{}.DATA}}}}", keyword.name, keyword.kind, index + 1))
        };
        let lines: Option<Vec<String>> = indices.iter().map(line).collect();
        lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
    }
}

/// Returns the library of a scenario without one.
pub(super) fn default_library() -> Vec<LibraryTemplate> {
    let template = |number: &str, title: &str, keywords: &[(&str, &str)]| LibraryTemplate {
        number: number.into(),
        title: title.into(),
        keywords: keywords.iter().map(|(name, kind)| Keyword { name: (*name).into(), kind: (*kind).into() }).collect(),
    };
    let alert = [("服务器", "character_string"), ("告警内容", "thing"), ("告警时间", "time"), ("告警级别", "phrase")];
    let backup = [("备份名称", "thing"), ("文件大小", "character_string"), ("完成时间", "date"), ("负责人", "name")];
    vec![template("43216", "服务器告警通知", &alert), template("50123", "备份完成通知", &backup)]
}

/// Checks that every number and type is one that WeChat could have.
pub(super) fn check_library(library: &[LibraryTemplate]) -> Result<(), ScenarioError> {
    let mut seen = HashSet::new();
    for LibraryTemplate { number, keywords, .. } in library {
        require(!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()), "library.number", number)?;
        reject_duplicate(seen.insert(number), "library.number", number)?;
        for Keyword { kind, .. } in keywords {
            let valid = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            require(valid, "library.keywords.type", kind)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::Scenario;

    #[test]
    fn invalid_values_are_rejected() {
        let one = "[[library]]\nnumber = \"1\"\ntitle = \"\"\nkeywords = [{ name = \"a\", type = \"thing\" }]\n";
        assert!(Scenario::from_toml(one).is_ok());
        let cases = [
            (one.replace("\"1\"", "\"TM1\""), "library.number"),
            (one.repeat(2), "library.number"),
            (one.replace("thing", "thing1"), "library.keywords.type"),
        ];
        for (text, key) in cases {
            let error = Scenario::from_toml(&text).unwrap_err().to_string();
            assert!(error.contains(key), "{text}: {error}");
        }
    }

    #[test]
    fn template_has_chosen_keywords_in_order() {
        let library = default_library();
        let content = |names: Value| library[0].build_content(names.as_array().unwrap());
        let expected = "告警时间:{{time3.DATA}}\n服务器:{{character_string1.DATA}}";
        assert_eq!(content(json!(["告警时间", "服务器"])).as_deref(), Some(expected));
        for wrong in [json!([]), json!(["告警时间", "告警时间"]), json!(["时间"]), json!([3])] {
            assert_eq!(content(wrong.clone()), None, "{wrong}");
        }
    }
}
