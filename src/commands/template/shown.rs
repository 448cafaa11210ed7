//! A template as a result.

use std::fmt;

use serde::Serialize;

use crate::config::Config;
use crate::store::Template;
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Facts, facts};
use crate::wechat::template::{Piece, keys, pieces};
use crate::wechat::template_rules::{HIDDEN, Kind, rule};

/// A template as a result.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    pub(super) template_id: &'a str,
    pub(super) title: &'a str,
    content: &'a str,
    pub(super) keys: Vec<&'a str>,
    pub(super) alias: Option<&'a str>,
    /// The type of each key that has one.
    types: Vec<Option<&'static str>>,
    /// When WeChat gave the list.
    asked_at: Timestamp,
}

impl<'a> Shown<'a> {
    /// The template of a list that WeChat gave at that time.
    pub(super) fn new(it: &'a Template, config: &'a Config, asked_at: Timestamp) -> Self {
        let mut aliases = config.templates.iter().filter(|(_, own)| own.id.value == it.template_id);
        let keys = keys(&it.content);
        Self {
            template_id: &it.template_id,
            title: &it.title,
            content: &it.content,
            types: keys.iter().map(|key| Kind::of(key).map(Kind::name)).collect(),
            keys,
            alias: aliases.next().map(|(name, _)| name.as_str()),
            asked_at,
        }
    }

    /// The keys below each other, each with what its value must be.
    fn fields(&self) -> String {
        let about = |key: &str| match Kind::of(key) {
            Some(kind) => rule(kind),
            None if HIDDEN.contains(&key) => t!("template-field-hidden"),
            None => String::new(),
        };
        let rows: Vec<_> = self.keys.iter().map(|key| ((*key).to_owned(), about(key))).collect();
        facts(&rows).lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The card as the phone shows it, with a field's name where its value goes.
    fn card(&self) -> String {
        let text = pieces(self.content).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Key(key) => format!("‹{key}›"),
        });
        text.collect::<String>().replace("\r\n", "\n").trim_end().to_owned()
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Facts(vec![
            (t!("template-title"), self.title.into()),
            (t!("template-id"), self.template_id.into()),
            (t!("template-alias"), self.alias.unwrap_or("-").into()),
            (t!("template-asked-at"), self.asked_at.into()),
            (t!("template-fields"), self.fields().into()),
            (t!("template-content"), self.card().into()),
        ])
        .fmt(f)
    }
}
