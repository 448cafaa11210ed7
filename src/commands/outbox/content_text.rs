//! The content of a message as text: all its lines for `outbox show`, its beginning for tables.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::context::AppContext;
use crate::i18n::join_list;
use crate::store::{Store, TemplateKind};
use crate::t;
use crate::ui::truncate;
use crate::wechat::message::{Content, FileRef};
use crate::wechat::template::keys;

/// The maximum width of the beginning of a content, in columns.
const MAX_BEGINNING_WIDTH: usize = 100;

/// The templates of the account, as far as they are known without asking WeChat, by their ID.
pub(super) struct KnownTemplates(HashMap<String, KnownTemplate>);

struct KnownTemplate {
    title: String,
    /// The keys of the fields in the order of the card.
    keys: Vec<String>,
}

impl KnownTemplates {
    /// Reads the cached lists. A template that is in none of them has its alias as the title.
    pub(super) fn read(app: &AppContext, store: &Store, app_id: &str) -> anyhow::Result<Self> {
        let aliases = app.config.templates.iter().map(|(alias, template)| {
            let known = KnownTemplate { title: alias.clone(), keys: Vec::new() };
            (template.id.value.clone(), known)
        });
        let mut templates: HashMap<_, _> = aliases.collect();
        for kind in [TemplateKind::Subscription, TemplateKind::Template] {
            let list = store.templates(app_id, kind)?.map(|list| list.templates).unwrap_or_default();
            templates.extend(list.into_iter().map(|template| {
                let keys = keys(&template.content).into_iter().map(str::to_owned).collect();
                (template.template_id, KnownTemplate { title: template.title, keys })
            }));
        }
        Ok(Self(templates))
    }

    fn title<'a>(&'a self, template_id: &'a str) -> &'a str {
        self.0.get(template_id).map_or(template_id, |template| &template.title)
    }

    /// Returns the fields of a message with their values in the order of the card; fields that it
    /// does not have are last.
    fn fields<'a>(&self, template_id: &str, data: &'a Map<String, Value>) -> Vec<(&'a str, &'a str)> {
        let keys = self.0.get(template_id).map_or(&[][..], |template| &template.keys);
        let fields = data.iter().map(|(key, field)| (key.as_str(), field["value"].as_str().unwrap_or("")));
        let mut fields: Vec<_> = fields.collect();
        fields.sort_by_key(|(key, _)| keys.iter().position(|known| known == key).unwrap_or(usize::MAX));
        fields
    }
}

/// Returns the beginning of a content in one line.
pub(super) fn content_beginning(content: &Content, templates: &KnownTemplates) -> String {
    let text = match content {
        Content::Text { content, .. } => content.clone(),
        Content::Custom { branch, .. } => {
            let mut lines = Vec::new();
            flatten("", branch, &mut lines);
            join_list(lines)
        }
        Content::Template { template_id, data, .. } | Content::Subscribe { template_id, data, .. } => {
            let fields = templates.fields(template_id, data);
            let values = fields.into_iter().map(|(_, value)| value).filter(|value| !value.trim().is_empty());
            titled(templates.title(template_id), &join_list(values))
        }
        Content::OneTimeSubscription { title, content, .. } => titled(title, &content.value),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    truncate(&line, MAX_BEGINNING_WIDTH, "…")
}

fn titled(title: &str, text: &str) -> String {
    if text.is_empty() { title.to_owned() } else { t!("ui-cause", what = title, cause = text) }
}

/// Describes the content in lines of text.
pub(super) fn describe_content(content: Option<&Content>, templates: &KnownTemplates) -> String {
    let mut lines = Vec::new();
    match content {
        None => return t!("outbox-removed"),
        Some(Content::Text { content, .. }) => return content.clone(),
        Some(Content::Custom { branch, .. }) => flatten("", branch, &mut lines),
        Some(Content::Template { template_id, url: link, data, .. })
        | Some(Content::Subscribe { template_id, page: link, data, .. }) => {
            lines.push(t!("outbox-template", id = template_id));
            let fields = templates.fields(template_id, data);
            lines.extend(fields.into_iter().map(|(key, value)| format!("{key}: {value}")));
            lines.extend(link.clone());
        }
        Some(Content::OneTimeSubscription { template_id, title, content, url, .. }) => {
            lines.extend([t!("outbox-template", id = template_id), title.clone(), content.value.clone()]);
            lines.extend(url.clone());
        }
    }
    lines.join("\n")
}

/// Adds a line `path: text` for every text, and the file name for a file.
fn flatten(path: &str, object: &Map<String, Value>, lines: &mut Vec<String>) {
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(object) => match serde_json::from_value::<FileRef>(value.clone()) {
                Ok(file) => lines.push(format!("{path}: {}", file.file)),
                Err(_) => flatten(&path, object, lines),
            },
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate().filter_map(|(n, item)| Some((n, item.as_object()?))) {
                    // The index is left out for a single item, which is the usual case.
                    let path = if items.len() == 1 { path.clone() } else { format!("{path}[{n}]") };
                    flatten(&path, item, lines);
                }
            }
            value => lines.push(format!("{path}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
}
