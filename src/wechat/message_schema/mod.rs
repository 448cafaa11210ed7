//! The JSON schema of every kind of message: the fields that each must and may have, checked before
//! anything is sent.
//!
//! Pages: doc/service/api/customer/message/api_sendcustommessage,
//! doc/service/api/notify/template/api_sendtemplatemessage,
//! doc/service/api/notify/notify/api_sendnewsubscribemsg,
//! doc/service/api/notify/subscribe/api_templatesubscribe.

pub(crate) mod check;

use serde::{Deserialize, Serialize};

use super::media::MediaType;

/// The type of a customer-service message other than a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    Image,
    Voice,
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
pub(super) enum ValueType {
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
pub(super) struct FieldSpec {
    name: &'static str,
    presence: Presence,
    value_type: ValueType,
}

/// Whether a field must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// The field must be present and not empty.
    NonEmpty,
    /// The field may be missing or empty.
    Optional,
}

pub(super) const fn required(name: &'static str, value_type: ValueType) -> FieldSpec {
    FieldSpec { name, presence: Presence::NonEmpty, value_type }
}

pub(super) const fn optional(name: &'static str, value_type: ValueType) -> FieldSpec {
    FieldSpec { name, presence: Presence::Optional, value_type }
}

pub(super) const ANY_TEXT: ValueType = ValueType::Text(0);
const THUMB: FieldSpec = required("thumb_media_id", ValueType::Media(MediaType::Thumb));
/// A video may lack its thumbnail: widely used clients do not send one.
const POSTER: FieldSpec = optional("thumb_media_id", ValueType::Media(MediaType::Thumb));
const TITLE: FieldSpec = optional("title", ANY_TEXT);
const DESCRIPTION: FieldSpec = optional("description", ANY_TEXT);

/// The fields of a news card. The page does not say which are optional; some accounts send only a
/// title.
pub(super) const ARTICLE_FIELDS: &[FieldSpec] =
    &[required("title", ANY_TEXT), DESCRIPTION, optional("url", ValueType::Link), optional("picurl", ValueType::Link)];

pub(super) const TEXT_FIELDS: &[FieldSpec] = &[required("content", ANY_TEXT)];

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
    /// Returns every type in order.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        SCHEMAS.iter().map(|row| row.0)
    }

    /// Returns WeChat's name for the type.
    pub fn as_str(self) -> &'static str {
        self.schema().1
    }

    pub(super) fn fields(self) -> &'static [FieldSpec] {
        self.schema().2
    }

    fn schema(self) -> &'static SchemaRow {
        // The rows are in the order of the variants; a test checks it.
        &SCHEMAS[self as usize]
    }

    /// Returns the media type of the file that a field refers to, or `None` if it refers to none.
    pub fn media_type(self, name: &str) -> Option<MediaType> {
        let field = self.fields().iter().find(|field| field.name == name)?;
        if let ValueType::Media(kind) = field.value_type { Some(kind) } else { None }
    }
}

pub(super) const TEMPLATE_FIELDS: &[FieldSpec] = &[
    required("template_id", ANY_TEXT),
    optional("url", ValueType::Link),
    optional("miniprogram", ValueType::Object(&[required("appid", ANY_TEXT), optional("pagepath", ANY_TEXT)])),
    required("data", ValueType::Fields),
];
/// The mini-program page of the other two kinds; unlike a template message they require `pagepath`.
const MINIPROGRAM: FieldSpec =
    optional("miniprogram", ValueType::Object(&[required("appid", ANY_TEXT), required("pagepath", ANY_TEXT)]));
pub(super) const SUBSCRIBE_FIELDS: &[FieldSpec] = &[
    required("template_id", ANY_TEXT),
    optional("page", ValueType::Link),
    MINIPROGRAM,
    required("data", ValueType::Fields),
];
pub(super) const ONE_TIME_FIELDS: &[FieldSpec] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_in_order_of_message_types() {
        for (at, (msgtype, name, _)) in SCHEMAS.iter().enumerate() {
            assert_eq!((*msgtype as usize, serde_json::to_value(msgtype).unwrap()), (at, (*name).into()));
        }
    }
}
