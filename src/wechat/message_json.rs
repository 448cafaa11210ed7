//! Parses a message of any kind from JSON.

use serde_json::{Map, Value};

use super::message::{Content, MiniProgram, TemplateField};
use super::message_schema::check::{SchemaError, SchemaResult, check_fields};
use super::message_schema::{
    ANY_TEXT, ARTICLE_FIELDS, FieldSpec, MessageType, ONE_TIME_FIELDS, SUBSCRIBE_FIELDS, TEMPLATE_FIELDS, TEXT_FIELDS,
    ValueType, optional, required,
};

/// The names of the kinds for which WeChat has no `msgtype`.
const OTHER_KINDS: [&str; 3] = ["template", "subscribe", "subscribe_once"];

/// A message parsed from JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedMessage {
    /// The content. Files are still `@` and a path.
    pub content: Content,
    /// The recipient, if the JSON names one.
    pub touser: Option<String>,
}

/// Parses a request body as WeChat accepts it, with or without `touser`.
///
/// Without a `msgtype`, a message with a `scene` is a one-time subscription, one with a `page` a
/// subscription notification, and one with a `template_id` a template message; `msgtype` may name
/// these kinds too.
///
/// # Errors
/// The first field that is missing, unknown or invalid.
pub fn parse(mut message: Map<String, Value>) -> Result<ParsedMessage, SchemaError> {
    let touser = take_text(&mut message, "touser")?;
    let msgtype = take_text(&mut message, "msgtype")?;
    let kind = match &msgtype {
        Some(name) => name.as_str(),
        None if message.contains_key("scene") => "subscribe_once",
        None if message.contains_key("page") => "subscribe",
        None if message.contains_key("template_id") => "template",
        None => return Err(SchemaError::missing_kind()),
    };
    let content = match kind {
        "text" => parse_text(message)?,
        "template" => parse_template(kind, TEMPLATE_FIELDS, message)?,
        "subscribe" => parse_template(kind, SUBSCRIBE_FIELDS, message)?,
        "subscribe_once" => parse_one_time(message)?,
        name => match MessageType::all().find(|msgtype| msgtype.as_str() == name) {
            Some(msgtype) => parse_custom(msgtype, message)?,
            None => return Err(SchemaError::unknown_kind(name, kind_names())),
        },
    };
    Ok(ParsedMessage { content, touser })
}

/// Parses a news card.
///
/// # Errors
/// The first field that is missing, unknown or invalid.
pub fn parse_news(article: Map<String, Value>) -> Result<Content, SchemaError> {
    let article = check_fields("news", "", ARTICLE_FIELDS, article)?;
    let branch = Map::from_iter([("articles".to_owned(), Value::Array(vec![Value::Object(article)]))]);
    Ok(Content::Custom { msgtype: MessageType::News, branch, kf_account: None })
}

fn kind_names() -> impl Iterator<Item = &'static str> {
    ["text"].into_iter().chain(MessageType::all().map(MessageType::as_str)).chain(OTHER_KINDS)
}

fn take_text(message: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, SchemaError> {
    match message.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SchemaError::not_text(name)),
    }
}

/// Returns the object that is named after the kind and the customer-service account; rejects any
/// other field.
fn payload(
    kind: &'static str,
    fields: &'static [FieldSpec],
    message: Map<String, Value>,
) -> SchemaResult<(Map<String, Value>, Option<String>)> {
    const ACCOUNT: &[FieldSpec] = &[required("kf_account", ANY_TEXT)];
    let fields = [required(kind, ValueType::Object(fields)), optional("customservice", ValueType::Object(ACCOUNT))];
    let mut message_fields = check_fields(kind, "", &fields, message)?;
    let account =
        message_fields.get("customservice").and_then(|account| account["kf_account"].as_str()).map(str::to_owned);
    let branch = match message_fields.get_mut(kind).map(Value::take) {
        Some(Value::Object(branch)) => branch,
        _ => Map::new(),
    };
    Ok((branch, account))
}

fn parse_text(message: Map<String, Value>) -> SchemaResult<Content> {
    let (mut branch, kf_account) = payload("text", TEXT_FIELDS, message)?;
    Ok(Content::Text { content: take_or_empty(&mut branch, "content"), kf_account })
}

fn parse_custom(msgtype: MessageType, message: Map<String, Value>) -> SchemaResult<Content> {
    let (branch, kf_account) = payload(msgtype.as_str(), msgtype.fields(), message)?;
    Ok(Content::Custom { msgtype, branch, kf_account })
}

fn parse_template(kind: &str, fields: &'static [FieldSpec], message: Map<String, Value>) -> SchemaResult<Content> {
    let mut fields = check_fields(kind, "", fields, message)?;
    let template_id = take_or_empty(&mut fields, "template_id");
    let miniprogram = take_miniprogram(&mut fields);
    let data = match fields.get_mut("data").map(Value::take) {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    Ok(if kind == "subscribe" {
        Content::Subscribe { template_id, page: take_optional(&mut fields, "page"), miniprogram, data }
    } else {
        Content::Template { template_id, url: take_optional(&mut fields, "url"), miniprogram, data }
    })
}

fn parse_one_time(message: Map<String, Value>) -> SchemaResult<Content> {
    let mut fields = check_fields("subscribe_once", "", ONE_TIME_FIELDS, message)?;
    let field = &fields["data"]["content"];
    let content = TemplateField {
        value: field["value"].as_str().unwrap_or_default().to_owned(),
        color: field["color"].as_str().map(str::to_owned),
    };
    Ok(Content::OneTimeSubscription {
        template_id: take_or_empty(&mut fields, "template_id"),
        scene: take_or_empty(&mut fields, "scene"),
        title: take_or_empty(&mut fields, "title"),
        content,
        url: take_optional(&mut fields, "url"),
        miniprogram: take_miniprogram(&mut fields),
    })
}

fn take_miniprogram(fields: &mut Map<String, Value>) -> Option<MiniProgram> {
    let target = fields.get("miniprogram")?;
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    Some(MiniProgram { appid: text("appid").unwrap_or_default(), pagepath: text("pagepath") })
}

fn take_optional(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn take_or_empty(fields: &mut Map<String, Value>, name: &str) -> String {
    take_optional(fields, name).unwrap_or_default()
}
