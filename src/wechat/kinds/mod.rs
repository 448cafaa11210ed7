//! Every kind of message as a JSON object: what each must and may have, checked before anything is sent.
//! Pages: doc/service/api/customer/message/api_sendcustommessage, doc/service/api/notify/template/api_sendtemplatemessage,
//! doc/service/api/notify/notify/api_sendnewsubscribemsg, doc/service/api/notify/subscribe/api_templatesubscribe.

mod check;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::{Flaw, is_link};

use super::media::MediaType;
use super::message::{Content, Field, MiniProgram};
use check::{Checked, parts_of};

/// The type of a customer-service message other than a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Msgtype {
    /// A picture.
    Image,
    /// Something to listen to.
    Voice,
    /// A film.
    Video,
    /// Music at an address.
    Music,
    /// A card that opens an address.
    News,
    /// An article of the account's, by its media_id.
    Mpnews,
    /// A published article of the account's.
    Mpnewsarticle,
    /// A menu; a tap answers.
    Msgmenu,
    /// A coupon or membership card.
    Wxcard,
    /// A card that opens a mini-program.
    Miniprogrampage,
}

/// What a part of a message may be.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Text, or a number, with so many characters at most; 0 = no limit of ours.
    Text(usize),
    /// An http or https address.
    Link,
    /// The media_id of a file of that type, or `@` and the file's name.
    Media(MediaType),
    /// The media_id of something else.
    MediaId,
    /// An object with these parts.
    Object(&'static [Part]),
    /// A list of objects with these parts; so many at most, 0 = no limit of ours.
    List(&'static [Part], usize),
    /// An object of the fields of a template.
    Fields,
}

/// A part of a message.
#[derive(Clone, Copy, Debug)]
struct Part {
    name: &'static str,
    need: Need,
    rule: Rule,
}

/// Whether a part must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It must say something.
    Full,
    /// It may be left out.
    None,
}

const fn must(name: &'static str, rule: Rule) -> Part {
    Part { name, need: Need::Full, rule }
}

const fn may(name: &'static str, rule: Rule) -> Part {
    Part { name, need: Need::None, rule }
}

const TEXT: Rule = Rule::Text(0);
const THUMB: Part = must("thumb_media_id", Rule::Media(MediaType::Thumb));
/// The picture of a video may be left out: clients in wide use know none.
const POSTER: Part = may("thumb_media_id", Rule::Media(MediaType::Thumb));
const TITLE: Part = may("title", TEXT);
const DESCRIPTION: Part = may("description", TEXT);

/// The parts of a news card. The page does not say which may be left out; accounts were seen to send no more than a title.
const ARTICLE: &[Part] = &[must("title", TEXT), DESCRIPTION, may("url", Rule::Link), may("picurl", Rule::Link)];

const TEXT_PARTS: &[Part] = &[must("content", TEXT)];

/// An entry of a menu.
const ITEM: &[Part] = &[must("id", TEXT), must("content", TEXT)];

/// A customer-service message: WeChat's word, and what it is made of.
type Row = (Msgtype, &'static str, &'static [Part]);

#[rustfmt::skip]
const CUSTOM: [Row; 10] = [
    (Msgtype::Image, "image", &[must("media_id", Rule::Media(MediaType::Image))]),
    (Msgtype::Voice, "voice", &[must("media_id", Rule::Media(MediaType::Voice))]),
    (Msgtype::Video, "video", &[must("media_id", Rule::Media(MediaType::Video)), POSTER, TITLE, DESCRIPTION]),
    (Msgtype::Music, "music", &[TITLE, DESCRIPTION, must("musicurl", Rule::Link), must("hqmusicurl", Rule::Link), THUMB]),
    (Msgtype::News, "news", &[must("articles", Rule::List(ARTICLE, 1))]),
    (Msgtype::Mpnews, "mpnews", &[must("media_id", Rule::MediaId)]),
    (Msgtype::Mpnewsarticle, "mpnewsarticle", &[must("article_id", TEXT)]),
    (Msgtype::Msgmenu, "msgmenu", &[may("head_content", TEXT), must("list", Rule::List(ITEM, 0)), may("tail_content", TEXT)]),
    (Msgtype::Wxcard, "wxcard", &[must("card_id", TEXT), may("card_ext", TEXT)]),
    (Msgtype::Miniprogrampage, "miniprogrampage", &[TITLE, must("appid", TEXT), must("pagepath", TEXT), THUMB]),
];

impl Msgtype {
    /// WeChat's word for it.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    fn parts(self) -> &'static [Part] {
        self.row().2
    }

    fn row(self) -> &'static Row {
        // Each is in its own place, as a test holds.
        &CUSTOM[self as usize]
    }

    /// What a part of it that names a file is uploaded as; `None` where it names none.
    pub fn media(self, part: &str) -> Option<MediaType> {
        let found = self.parts().iter().find(|it| it.name == part)?;
        if let Rule::Media(kind) = found.rule { Some(kind) } else { None }
    }
}

const TEMPLATE: &[Part] = &[
    must("template_id", TEXT),
    may("url", Rule::Link),
    may("miniprogram", Rule::Object(&[must("appid", TEXT), may("pagepath", TEXT)])),
    must("data", Rule::Fields),
];
/// The others' mini-program page must be named.
const MINIPROGRAM: Part = may("miniprogram", Rule::Object(&[must("appid", TEXT), must("pagepath", TEXT)]));
const SUBSCRIBE: &[Part] =
    &[must("template_id", TEXT), may("page", Rule::Link), MINIPROGRAM, must("data", Rule::Fields)];
const ONCE: &[Part] = &[
    must("template_id", TEXT),
    must("scene", TEXT),
    must("title", Rule::Text(15)),
    must("data", Rule::Object(&[must("content", Rule::Object(&[must("value", Rule::Text(200)), may("color", TEXT)]))])),
    may("url", Rule::Link),
    MINIPROGRAM,
];

/// The names of the kinds that have no `msgtype` of WeChat's.
const NAMED: [&str; 3] = ["template", "subscribe", "subscribe_once"];

/// A message as somebody wrote it down.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// What it says. A file is still named by `@` and its path.
    pub content: Content,
    /// The recipient that it names.
    pub touser: Option<String>,
}

/// Reads a message: a body as WeChat takes it, `touser` left out or not. Where there is no `msgtype`, one with a
/// `scene` is a one-time subscription, one with a `page` a subscription notification, and one with a `template_id` a
/// template message; `msgtype` may say so too.
///
/// # Errors
/// The first part that is missing, unknown or not what it must be.
pub fn read(mut message: Map<String, Value>) -> Result<Written, Flaw> {
    let touser = take_text(&mut message, "touser")?;
    let msgtype = take_text(&mut message, "msgtype")?;
    let kind = match &msgtype {
        Some(name) => name.as_str(),
        None if message.contains_key("scene") => "subscribe_once",
        None if message.contains_key("page") => "subscribe",
        None if message.contains_key("template_id") => "template",
        None => return Err(Flaw::no_kind()),
    };
    let content = match kind {
        "text" => text(message)?,
        "template" => template(kind, TEMPLATE, message)?,
        "subscribe" => template(kind, SUBSCRIBE, message)?,
        "subscribe_once" => once(message)?,
        name => match CUSTOM.iter().find(|row| row.1 == name) {
            Some((msgtype, ..)) => custom(*msgtype, message)?,
            None => return Err(Flaw::unknown_kind(name, kinds())),
        },
    };
    Ok(Written { content, touser })
}

/// A news card.
///
/// # Errors
/// The first part that is missing, unknown or not what it must be.
pub fn news(article: Map<String, Value>) -> Result<Content, Flaw> {
    let article = parts_of("news", "", ARTICLE, article)?;
    let branch = Map::from_iter([("articles".to_owned(), Value::Array(vec![Value::Object(article)]))]);
    Ok(Content::Custom { msgtype: Msgtype::News, branch, kf_account: None })
}

/// The words for all kinds.
fn kinds() -> impl Iterator<Item = &'static str> {
    ["text"].into_iter().chain(CUSTOM.iter().map(|row| row.1)).chain(NAMED)
}

fn take_text(message: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, Flaw> {
    match message.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Flaw::not_text(name)),
    }
}

/// The branch that is called as the kind, and who it is from; nothing else.
fn branch(
    kind: &'static str,
    parts: &'static [Part],
    message: Map<String, Value>,
) -> Checked<(Map<String, Value>, Option<String>)> {
    const ACCOUNT: &[Part] = &[must("kf_account", TEXT)];
    let own = [must(kind, Rule::Object(parts)), may("customservice", Rule::Object(ACCOUNT))];
    let mut whole = parts_of(kind, "", &own, message)?;
    let account = whole.get("customservice").and_then(|it| it["kf_account"].as_str()).map(str::to_owned);
    let branch = match whole.get_mut(kind).map(Value::take) {
        Some(Value::Object(branch)) => branch,
        _ => Map::new(),
    };
    Ok((branch, account))
}

fn text(message: Map<String, Value>) -> Checked<Content> {
    let (mut branch, kf_account) = branch("text", TEXT_PARTS, message)?;
    Ok(Content::Text { content: string(&mut branch, "content"), kf_account })
}

fn custom(msgtype: Msgtype, message: Map<String, Value>) -> Checked<Content> {
    let (branch, kf_account) = branch(msgtype.as_str(), msgtype.parts(), message)?;
    Ok(Content::Custom { msgtype, branch, kf_account })
}

fn template(kind: &str, parts: &'static [Part], message: Map<String, Value>) -> Checked<Content> {
    let mut parts = parts_of(kind, "", parts, message)?;
    let template_id = string(&mut parts, "template_id");
    let miniprogram = miniprogram(&mut parts);
    let data = match parts.get_mut("data").map(Value::take) {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    Ok(if kind == "subscribe" {
        Content::Subscribe { template_id, page: optional(&mut parts, "page"), miniprogram, data }
    } else {
        Content::Template { template_id, url: optional(&mut parts, "url"), miniprogram, data }
    })
}

fn once(message: Map<String, Value>) -> Checked<Content> {
    let mut parts = parts_of("subscribe_once", "", ONCE, message)?;
    let field = &parts["data"]["content"];
    let content = Field {
        value: field["value"].as_str().unwrap_or_default().to_owned(),
        color: field["color"].as_str().map(str::to_owned),
    };
    Ok(Content::Once {
        template_id: string(&mut parts, "template_id"),
        scene: string(&mut parts, "scene"),
        title: string(&mut parts, "title"),
        content,
        url: optional(&mut parts, "url"),
        miniprogram: miniprogram(&mut parts),
    })
}

fn miniprogram(parts: &mut Map<String, Value>) -> Option<MiniProgram> {
    let target = parts.get("miniprogram")?;
    let text = |name: &str| target[name].as_str().map(str::to_owned);
    Some(MiniProgram { appid: text("appid").unwrap_or_default(), pagepath: text("pagepath") })
}

fn optional(parts: &mut Map<String, Value>, name: &str) -> Option<String> {
    match parts.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn string(parts: &mut Map<String, Value>, name: &str) -> String {
    optional(parts, name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_in_its_place() {
        for (at, (msgtype, name, _)) in CUSTOM.iter().enumerate() {
            assert_eq!((*msgtype as usize, serde_json::to_value(msgtype).unwrap()), (at, (*name).into()));
        }
    }
}
