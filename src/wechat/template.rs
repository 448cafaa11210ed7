//! The account's templates and subscription templates.
//!
//! Pages: doc/service/api/notify/template/{api_getalltemplates, api_addtemplate,
//! api_deletetemplate}, doc/service/api/notify/notify/api_getwxapubnewtemplate.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::lenient_json::as_text;
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// The keys that the phone does not show; their values may be left out.
pub const HIDDEN_KEYS: [&str; 2] = ["first", "remark"];

/// A template of the account, as WeChat describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// WeChat's ID of the template.
    pub template_id: String,
    /// The title of the card.
    pub title: String,
    /// The lines of the card, with `{{key.DATA}}` in place of each value.
    pub content: String,
}

impl Client {
    /// Fetches all templates of the account, at most 25.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 48001 and 45009, among others.
    pub fn templates(&self, token: &Secret) -> Result<Vec<Template>> {
        self.list_at("/cgi-bin/template/get_all_private_template", token, "template_list", "template_id")
    }

    /// Fetches all subscription templates of the account.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 48001 and 45009, among others.
    pub fn subscriptions(&self, token: &Secret) -> Result<Vec<Template>> {
        self.list_at("/wxaapi/newtmpl/gettemplate", token, "data", "priTmplId")
    }

    fn list_at(&self, api: &'static str, token: &Secret, list: &str, id: &str) -> Result<Vec<Template>> {
        let response = self.get(api, &[("access_token", token.expose_secret())])?;
        let list = response.get(list).and_then(Value::as_array).ok_or_else(|| self.missing_field(list))?;
        let text =
            |template: &Value, name: &str| template.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let parse = |template: &Value| {
            let template_id = template.get(id).and_then(as_text)?.to_owned();
            Some(Template { template_id, title: text(template, "title"), content: text(template, "content") })
        };
        Ok(list.iter().filter_map(parse).collect())
    }

    /// Adds a template of the library to the account, with these keywords in this order, and
    /// returns its ID. Each call adds another one.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 40037 (unknown number), 40246 (the keywords), 40247 (a
    /// closed number of the library), 45026 (25 is the maximum), 45027, among others.
    pub fn add_template(&self, token: &Secret, short_id: &str, keywords: &[String]) -> Result<String> {
        let mut body = json!({"template_id_short": short_id});
        if !keywords.is_empty() {
            body["keyword_name_list"] = json!(keywords);
        }
        let response = self.post("/cgi-bin/template/api_add_template", token, body.to_string().as_bytes())?;
        let id = response.get("template_id").and_then(as_text);
        id.map(str::to_owned).ok_or_else(|| self.missing_field("template_id"))
    }

    /// Removes a template from the account.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcode 40037 if the account has no such template.
    pub fn remove_template(&self, token: &Secret, template_id: &str) -> Result<()> {
        let body = json!({"template_id": template_id}).to_string();
        self.expect_ok(&self.post("/cgi-bin/template/del_private_template", token, body.as_bytes())?)
    }
}

/// A piece of a template's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that every message shows.
    Text(&'a str),
    /// The key of a value.
    Key(&'a str),
}

/// Splits a content into pieces. `{{key.DATA}}` is a key, with any spaces around its parts and
/// `DATA` in any case; everything else is text.
pub fn parse_template(content: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(end) = rest.find("}}") {
        // The innermost braces count, because the text before a key may contain braces.
        let key = rest[..end].rfind("{{").and_then(|start| Some((start, parse_key(&rest[start + 2..end])?)));
        match key {
            Some((start, key)) => {
                found.extend(Some(&rest[..start]).filter(|text| !text.is_empty()).map(Piece::Text));
                found.push(Piece::Key(key));
            }
            None => found.push(Piece::Text(&rest[..end + 2])),
        }
        rest = &rest[end + 2..];
    }
    found.extend(Some(rest).filter(|text| !text.is_empty()).map(Piece::Text));
    found
}

fn parse_key(inside: &str) -> Option<&str> {
    let (key, suffix) = inside.rsplit_once('.')?;
    let key = key.trim();
    (suffix.trim().eq_ignore_ascii_case("DATA") && !key.is_empty()).then_some(key)
}

/// A placeholder that the phone does not show as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateProblem<'a> {
    /// `{{b. DATA}}`, `｛｛b.DATA｝｝`: it looks like a key, but the phone was seen to show it empty or
    /// literally.
    MisspelledKey(&'a str),
    /// A value at the beginning of the message, which was seen to be missing on the phone.
    LeadingKey(&'a str),
}

/// Returns the problems of a content that other users have reported, in order.
pub fn find_problems(content: &str) -> Vec<TemplateProblem<'_>> {
    let compile = |pattern: &str| Regex::new(pattern).ok();
    let (Some(placeholder), Some(well_formed)) =
        (compile("[{｛]{2}[^{}｛｝\n]*[.．。][^{}｛｝\n]*[}｝]{2}"), compile(r"^\{\{[^\s.．。]+\.DATA\}\}$"))
    else {
        return Vec::new();
    };
    let places = placeholder.find_iter(content).map(|found| found.as_str());
    let misspelled = places.filter(|place| !well_formed.is_match(place)).map(TemplateProblem::MisspelledKey);
    let leading = match parse_template(content.trim_start()).first() {
        Some(Piece::Key(key)) if !HIDDEN_KEYS.contains(key) => Some(TemplateProblem::LeadingKey(key)),
        _ => None,
    };
    leading.into_iter().chain(misspelled).collect()
}

/// Returns the keys of a content, each once, in order.
pub fn keys(content: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    for piece in parse_template(content) {
        if let Piece::Key(key) = piece
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parsed_from_old_and_new_template_contents() {
        let cases: &[(&str, &[&str])] = &[
            ("{{first.DATA}}\n领奖金额:{{keyword1.DATA}}\n{{remark.DATA}}", &["first", "keyword1", "remark"]),
            ("时间：{{time3.DATA}}\n{{ thing1 . data }}", &["time3", "thing1"]),
            ("{{a.DATA}}{{b.DATA}} {{a.DATA}}", &["a", "b"]),
            ("{{{a.DATA}}}", &["a"]),
            ("{{x {{a.DATA}}", &["a"]),
            ("{{.DATA}} {{a}} {{a.b}} }} {{a.DATA", &[]),
            ("", &[]),
        ];
        for (content, expected) in cases {
            assert_eq!(keys(content), *expected, "{content}");
        }
    }

    #[test]
    fn leading_and_misspelled_keys_are_found() {
        use TemplateProblem::{LeadingKey, MisspelledKey};
        let cases: &[(&str, &[TemplateProblem<'_>])] = &[
            ("{{first.DATA}}\nHost: {{host.DATA}}\n{{remark.DATA}}", &[]),
            ("Host: {{host.DATA}} {x} {{y}} ｛｝", &[]),
            ("{{a.DATA}}\n日期：{{b. DATA}}", &[LeadingKey("a"), MisspelledKey("{{b. DATA}}")]),
            ("日期：{{ b.DATA }}{{c.data}}", &[MisspelledKey("{{ b.DATA }}"), MisspelledKey("{{c.data}}")]),
            ("日期：｛｛a.DATA｝｝，{{b．DATA}}", &[MisspelledKey("｛｛a.DATA｝｝"), MisspelledKey("{{b．DATA}}")]),
        ];
        for (content, expected) in cases {
            assert_eq!(find_problems(content), *expected, "{content}");
        }
    }

    #[test]
    fn parsed_template_keeps_all_text() {
        use Piece::{Key, Text};
        assert_eq!(
            parse_template("{x}} Host: {{host.DATA}}!\n"),
            [Text("{x}}"), Text(" Host: "), Key("host"), Text("!\n")]
        );
    }
}
