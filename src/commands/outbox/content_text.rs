//! What a message says, for people.

use serde_json::{Map, Value};

use crate::t;
use crate::wechat::message::{Content, FileRef};

/// The content in lines.
pub(super) fn describe(content: Option<&Content>) -> String {
    let mut lines = Vec::new();
    match content {
        None => return t!("outbox-removed"),
        Some(Content::Text { content, .. }) => return content.clone(),
        Some(Content::Custom { branch, .. }) => flatten("", branch, &mut lines),
        Some(Content::Template { template_id, url: link, data, .. })
        | Some(Content::Subscribe { template_id, page: link, data, .. }) => {
            lines.push(t!("outbox-template", id = template_id));
            lines.extend(data.iter().map(|(key, field)| format!("{key}: {}", field["value"].as_str().unwrap_or(""))));
            lines.extend(link.clone());
        }
        Some(Content::OneTimeSubscription { template_id, title, content, url, .. }) => {
            lines.extend([t!("outbox-template", id = template_id), title.clone(), content.value.clone()]);
            lines.extend(url.clone());
        }
    }
    lines.join("\n")
}

/// Every text with the name of its part; a file by its own name.
fn flatten(at: &str, found: &Map<String, Value>, lines: &mut Vec<String>) {
    for (name, value) in found {
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        match value {
            Value::Object(found) => match serde_json::from_value::<FileRef>(value.clone()) {
                Ok(file) => lines.push(format!("{at}: {}", file.file)),
                Err(_) => flatten(&at, found, lines),
            },
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate().filter_map(|(n, item)| Some((n, item.as_object()?))) {
                    // Nearly always there is one.
                    let at = if items.len() == 1 { at.clone() } else { format!("{at}[{n}]") };
                    flatten(&at, item, lines);
                }
            }
            value => lines.push(format!("{at}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
        }
    }
}
