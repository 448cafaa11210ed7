//! The JSON schema of every kind of message: the fields that each must and may have, checked before
//! anything is sent.
//!
//! Pages: doc/service/api/customer/message/api_sendcustommessage,
//! doc/service/api/notify/template/api_sendtemplatemessage,
//! doc/service/api/notify/notify/api_sendnewsubscribemsg,
//! doc/service/api/notify/subscribe/api_templatesubscribe.

mod check;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::{SchemaError, is_web_url};

use super::media::MediaType;
use super::message::{Content, MiniProgram, TemplateField};
use check::{SchemaResult, check_fields};

/// The type of a customer-service message other than a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// An image.
    Image,
    /// A voice recording.
    Voice,
    /// A video.
    Video,
    /// Music at a URL.
    Music,
    /// A card that opens a URL.
    News,
    /// An article of the account, by its media_id.
    Mpnews,
    /// A published article of the account.
    Mpnewsarticle,
    /// A menu; tapping an entry sends a reply.
    Msgmenu,
    /// A coupon or membership card.
    Wxcard,
    /// A card that opens a mini-program.
    Miniprogrampage,
}

/// The type of a field's value.
#[derive(Clone, Copy, Debug)]
enum ValueType {
    /// Text or a number with at most this many characters; 0 means no limit.
    Text(usize),
    /// An http or https URL.
    Link,
    /// The media_id of a file of this type, or `@` and a file name.
    Media(MediaType),
    /// The media_id of anything else.
    MediaId,
    /// An object with these fields.
    Object(&'static [FieldSpec]),
    /// A list of at most this many objects with these fields; 0 means no limit.
    List(&'static [FieldSpec], usize),
    /// The fields of a template, with any names.
    Fields,
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
struct FieldSpec {
    name: &'static str,
    presence: Presence,
    value_type: ValueType,
}

/// Whether a field must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// The field must be present and not empty.
    NonEmpty,
    /// The field may be missing or empty.
    Optional,
}

const fn required(name: &'static str, rule: ValueType) -> FieldSpec {
    FieldSpec { name, presence: Presence::NonEmpty, value_type: rule }
}

const fn optional(name: &'static str, rule: ValueType) -> FieldSpec {
    FieldSpec { name, presence: Presence::Optional, value_type: rule }
}

const ANY_TEXT: ValueType = ValueType::Text(0);
const THUMB: FieldSpec = required("thumb_media_id", ValueType::Media(MediaType::Thumb));
/// A video may lack its thumbnail: widely used clients do not send one.
const POSTER: FieldSpec = optional("thumb_media_id", ValueType::Media(MediaType::Thumb));
const TITLE: FieldSpec = optional("title", ANY_TEXT);
const DESCRIPTION: FieldSpec = optional("description", ANY_TEXT);

/// The fields of a news card. The page does not say which are optional; some accounts send only a
/// title.
const ARTICLE_FIELDS: &[FieldSpec] =
    &[required("title", ANY_TEXT), DESCRIPTION, optional("url", ValueType::Link), optional("picurl", ValueType::Link)];

const TEXT_FIELDS: &[FieldSpec] = &[required("content", ANY_TEXT)];

const MENU_ITEM_FIELDS: &[FieldSpec] = &[required("id", ANY_TEXT), required("content", ANY_TEXT)];

/// The schema of a customer-service message: its type, WeChat's name for the type, and its fields.
type SchemaRow = (MessageType, &'static str, &'static [FieldSpec]);

#[rustfmt::skip]
const SCHEMAS: [SchemaRow; 10] = [
    (MessageType::Image, "image", &[required("media_id", ValueType::Media(MediaType::Image))]),
    (MessageType::Voice, "voice", &[required("media_id", ValueType::Media(MediaType::Voice))]),
    (MessageType::Video, "video", &[required("media_id", ValueType::Media(MediaType::Video)), POSTER, TITLE, DESCRIPTION]),
    (MessageType::Music, "music", &[TITLE, DESCRIPTION, required("musicurl", ValueType::Link), required("hqmusicurl", ValueType::Link), THUMB]),
    (MessageType::News, "news", &[required("articles", ValueType::List(ARTICLE_FIELDS, 1))]),
    (MessageType::Mpnews, "mpnews", &[required("media_id", ValueType::MediaId)]),
    (MessageType::Mpnewsarticle, "mpnewsarticle", &[required("article_id", ANY_TEXT)]),
    (MessageType::Msgmenu, "msgmenu", &[optional("head_content", ANY_TEXT), required("list", ValueType::List(MENU_ITEM_FIELDS, 0)), optional("tail_content", ANY_TEXT)]),
    (MessageType::Wxcard, "wxcard", &[required("card_id", ANY_TEXT), optional("card_ext", ANY_TEXT)]),
    (MessageType::Miniprogrampage, "miniprogrampage", &[TITLE, required("appid", ANY_TEXT), required("pagepath", ANY_TEXT), THUMB]),
];

impl MessageType {
    /// Returns WeChat's name for the type.
    pub fn as_str(self) -> &'static str {
        self.schema().1
    }

    fn fields(self) -> &'static [FieldSpec] {
        self.schema().2
    }

    fn schema(self) -> &'static SchemaRow {
        // The rows are in the order of the variants; a test checks it.
        &SCHEMAS[self as usize]
    }

    /// Returns the media type of the file that a field refers to, or `None` if it refers to none.
    pub fn media_type(self, part: &str) -> Option<MediaType> {
        let found = self.fields().iter().find(|it| it.name == part)?;
        if let ValueType::Media(kind) = found.value_type { Some(kind) } else { None }
    }
}

const TEMPLATE_FIELDS: &[FieldSpec] = &[
    required("template_id", ANY_TEXT),
    optional("url", ValueType::Link),
    optional("miniprogram", ValueType::Object(&[required("appid", ANY_TEXT), optional("pagepath", ANY_TEXT)])),
    required("data", ValueType::Fields),
];
/// The mini-program page of the other two kinds; unlike a template message they require `pagepath`.
const MINIPROGRAM: FieldSpec =
    optional("miniprogram", ValueType::Object(&[required("appid", ANY_TEXT), required("pagepath", ANY_TEXT)]));
const SUBSCRIBE_FIELDS: &[FieldSpec] = &[
    required("template_id", ANY_TEXT),
    optional("page", ValueType::Link),
    MINIPROGRAM,
    required("data", ValueType::Fields),
];
const ONE_TIME_FIELDS: &[FieldSpec] = &[
    required("template_id", ANY_TEXT),
    required("scene", ANY_TEXT),
    required("title", ValueType::Text(15)),
    required(
        "data",
        ValueType::Object(&[required(
            "content",
            ValueType::Object(&[required("value", ValueType::Text(200)), optional("color", ANY_TEXT)]),
        )]),
    ),
    optional("url", ValueType::Link),
    MINIPROGRAM,
];

/// The names of the kinds without a `msgtype` of WeChat's.
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
        name => match SCHEMAS.iter().find(|row| row.1 == name) {
            Some((msgtype, ..)) => parse_custom(*msgtype, message)?,
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
    ["text"].into_iter().chain(SCHEMAS.iter().map(|row| row.1)).chain(OTHER_KINDS)
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
    parts: &'static [FieldSpec],
    message: Map<String, Value>,
) -> SchemaResult<(Map<String, Value>, Option<String>)> {
    const ACCOUNT: &[FieldSpec] = &[required("kf_account", ANY_TEXT)];
    let fields = [required(kind, ValueType::Object(parts)), optional("customservice", ValueType::Object(ACCOUNT))];
    let mut message_fields = check_fields(kind, "", &fields, message)?;
    let account = message_fields.get("customservice").and_then(|it| it["kf_account"].as_str()).map(str::to_owned);
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

fn parse_template(kind: &str, parts: &'static [FieldSpec], message: Map<String, Value>) -> SchemaResult<Content> {
    let mut parts = check_fields(kind, "", parts, message)?;
    let template_id = take_or_empty(&mut parts, "template_id");
    let miniprogram = take_miniprogram(&mut parts);
    let data = match parts.get_mut("data").map(Value::take) {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    Ok(if kind == "subscribe" {
        Content::Subscribe { template_id, page: take_optional(&mut parts, "page"), miniprogram, data }
    } else {
        Content::Template { template_id, url: take_optional(&mut parts, "url"), miniprogram, data }
    })
}

fn parse_one_time(message: Map<String, Value>) -> SchemaResult<Content> {
    let mut parts = check_fields("subscribe_once", "", ONE_TIME_FIELDS, message)?;
    let field = &parts["data"]["content"];
    let content = TemplateField {
        value: field["value"].as_str().unwrap_or_default().to_owned(),
        color: field["color"].as_str().map(str::to_owned),
    };
    Ok(Content::OneTimeSubscription {
        template_id: take_or_empty(&mut parts, "template_id"),
        scene: take_or_empty(&mut parts, "scene"),
        title: take_or_empty(&mut parts, "title"),
        content,
        url: take_optional(&mut parts, "url"),
        miniprogram: take_miniprogram(&mut parts),
    })
}

fn take_miniprogram(parts: &mut Map<String, Value>) -> Option<MiniProgram> {
    let target = parts.get("miniprogram")?;
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    Some(MiniProgram { appid: text("appid").unwrap_or_default(), pagepath: text("pagepath") })
}

fn take_optional(parts: &mut Map<String, Value>, name: &str) -> Option<String> {
    match parts.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn take_or_empty(parts: &mut Map<String, Value>, name: &str) -> String {
    take_optional(parts, name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_in_its_place() {
        for (at, (msgtype, name, _)) in SCHEMAS.iter().enumerate() {
            assert_eq!((*msgtype as usize, serde_json::to_value(msgtype).unwrap()), (at, (*name).into()));
        }
    }
}
