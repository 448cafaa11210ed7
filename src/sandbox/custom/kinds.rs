//! What each kind of a customer-service message must have.
//!
//! The page says which fields there are and not which of them may be left out, be empty, or be of another type; nor
//! how long they may be. Where clients in wide use leave a field out, it may be left out here: the picture of a video, and
//! of an article all but the title. The rest is decided for the stricter reading: a field that is not called optional
//! must be there and say something, and one that no page names is refused (61451), which finds a misspelt one.
//! Lengths without a number on the page are not checked, but for those of a menu.

use serde_json::{Map, Value};

use super::links;
use crate::sandbox::ArticleSettings;
use crate::sandbox::answer::{Refusal, refuse, refuse_with};
use crate::sandbox::inbox::Message;
use crate::sandbox::media::{Attached, Kind};
use crate::sandbox::platform::Platform;
use crate::sandbox::templates::mini_program;

/// In bytes of UTF-8; the page gives no number, this is what others measured.
const TEXT_BYTES: usize = 2048;
/// Entries of a menu, and characters of one. No page has the numbers: these are what a phone can show.
const MENU_ENTRIES: usize = 10;
const MENU_CHARS: usize = 60;

/// Reads the kind of a message and all that belongs to it: 40008 where there is no such kind.
pub(super) fn read(platform: &Platform, body: &Value, message: &mut Message) -> Result<(), Refusal> {
    let name = body["msgtype"].as_str().unwrap_or_default();
    let (kind, read) = KINDS.iter().find(|(kind, _)| *kind == name).ok_or_else(|| refuse(40008))?;
    let fields = match &body[*kind] {
        Value::Null => None,
        Value::Object(fields) => Some(fields),
        _ => return Err(refuse(47001)),
    };
    message.kind = kind;
    message.body = fields.cloned().map_or(Value::Null, Value::Object);
    read(&Branch { platform, kind, fields, now_ms: message.at_ms }, message)
}

type Read = fn(&Branch<'_>, &mut Message) -> Result<(), Refusal>;

const KINDS: &[(&str, Read)] = &[
    ("text", text),
    ("image", |branch, message| sole(branch, message, Kind::Image)),
    ("voice", |branch, message| sole(branch, message, Kind::Voice)),
    ("video", video),
    ("music", music),
    ("news", news),
    ("mpnews", mpnews),
    ("mpnewsarticle", mpnewsarticle),
    ("msgmenu", msgmenu),
    ("wxcard", wxcard),
    ("miniprogrampage", miniprogrampage),
];

/// The part of a body that is named like its kind.
struct Branch<'a> {
    platform: &'a Platform,
    kind: &'static str,
    fields: Option<&'a Map<String, Value>>,
    now_ms: i64,
}

impl<'a> Branch<'a> {
    /// Refuses fields of other names.
    fn only(&self, names: &[&str]) -> Result<(), Refusal> {
        let strange = self.fields.and_then(|fields| fields.keys().find(|key| !names.contains(&key.as_str())));
        match strange {
            None => Ok(()),
            Some(key) => Err(refuse_with(61451, format!("invalid parameter, {} has no field {key}", self.kind))),
        }
    }

    fn value(&self, name: &str) -> &'a Value {
        self.fields.and_then(|fields| fields.get(name)).unwrap_or(&Value::Null)
    }

    /// A text that may be missing.
    fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.value(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(refuse(47001)),
        }
    }

    /// The same for showing: nothing where it is empty.
    fn shown(&self, name: &str) -> Result<Option<String>, Refusal> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// A text that must say something, or the refusal of that number.
    fn needed(&self, name: &str, code: i64) -> Result<&'a str, Refusal> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| refuse(code))
    }

    /// An address: 41010 without one, 40066 where it is none of the web.
    fn address(&self, name: &str) -> Result<String, Refusal> {
        let url = self.needed(name, 41010)?;
        if is_web(url) { Ok(url.to_owned()) } else { Err(refuse(40066)) }
    }

    /// An address that may be missing or empty: 40066 where it is none of the web.
    fn maybe_address(&self, name: &str) -> Result<Option<String>, Refusal> {
        let url = self.shown(name)?;
        if url.as_deref().is_none_or(is_web) { Ok(url) } else { Err(refuse(40066)) }
    }

    /// A file of one of these kinds that was uploaded in the last three days, or 40007, whatever else stands there.
    fn file(&self, name: &str, kinds: &[Kind]) -> Result<Attached, Refusal> {
        let id = self.value(name).as_str().unwrap_or_default();
        let file = self.platform.media.valid(id, self.now_ms).filter(|file| kinds.contains(&file.kind));
        file.map(|file| file.attached(id)).ok_or_else(|| refuse(40007))
    }
}

/// Whether it is an address that a phone can open.
pub(in crate::sandbox) fn is_web(url: &str) -> bool {
    let web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    web && !url.contains(char::is_whitespace)
}

fn text(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    branch.only(&["content"])?;
    let content = branch.needed("content", 44004)?;
    if content.len() > TEXT_BYTES {
        return Err(refuse(45002));
    }
    links::check(content)?;
    message.content = Some(content.to_owned());
    Ok(())
}

/// An image or a voice message: one file and nothing else.
fn sole(branch: &Branch<'_>, message: &mut Message, kind: Kind) -> Result<(), Refusal> {
    branch.only(&["media_id"])?;
    message.files.push(branch.file("media_id", &[kind])?);
    Ok(())
}

fn video(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    branch.only(&["media_id", "thumb_media_id", "title", "description"])?;
    message.files.push(branch.file("media_id", &[Kind::Video])?);
    let picture = branch.value("thumb_media_id");
    if !picture.is_null() && picture.as_str() != Some("") {
        message.files.push(branch.file("thumb_media_id", &[Kind::Thumb])?);
    }
    message.title = branch.shown("title")?;
    message.content = branch.shown("description")?;
    Ok(())
}

fn music(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    branch.only(&["title", "description", "musicurl", "hqmusicurl", "thumb_media_id"])?;
    message.url = Some(branch.address("musicurl")?);
    branch.address("hqmusicurl")?;
    message.files.push(branch.file("thumb_media_id", &[Kind::Thumb])?);
    message.title = branch.shown("title")?;
    message.content = branch.shown("description")?;
    Ok(())
}

fn news(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    branch.only(&["articles"])?;
    let article = match branch.value("articles").as_array().map(Vec::as_slice) {
        None | Some([]) => return Err(refuse(44003)),
        Some([article]) => article.as_object().ok_or_else(|| refuse(47001))?,
        Some(_) => return Err(refuse(45008)),
    };
    let article = Branch { fields: Some(article), ..*branch };
    article.only(&["title", "description", "url", "picurl"])?;
    message.title = Some(article.needed("title", 61451)?.to_owned());
    message.url = article.maybe_address("url")?;
    message.content = article.shown("description")?;
    article.maybe_address("picurl")?;
    Ok(())
}

fn mpnews(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    published(branch, message, "media_id", 40007, |article| &article.media_id)
}

fn mpnewsarticle(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    published(branch, message, "article_id", 61451, |article| &article.article_id)
}

/// One of the account's articles, by the id that the field holds.
fn published(
    branch: &Branch<'_>,
    message: &mut Message,
    field: &str,
    code: i64,
    id: fn(&ArticleSettings) -> &String,
) -> Result<(), Refusal> {
    branch.only(&[field])?;
    let wanted = branch.needed(field, code)?;
    let articles = &branch.platform.world.articles;
    let article = articles.iter().find(|article| id(article) == wanted).ok_or_else(|| refuse(code))?;
    (message.title, message.content) = (Some(article.title.clone()), Some(article.digest.clone()));
    Ok(())
}

fn msgmenu(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    if !branch.platform.world.verified {
        return Err(refuse(40200));
    }
    branch.only(&["head_content", "list", "tail_content"])?;
    message.content = branch.shown("head_content")?;
    branch.text("tail_content")?;
    let list = match branch.value("list") {
        Value::Array(list) if !list.is_empty() => list,
        Value::Array(_) | Value::Null => return Err(refuse(61451)),
        _ => return Err(refuse(47001)),
    };
    if list.len() > MENU_ENTRIES {
        return Err(refuse(45098));
    }
    for entry in list {
        let entry = Branch { fields: Some(entry.as_object().ok_or_else(|| refuse(47001))?), ..*branch };
        entry.only(&["id", "content"])?;
        entry.needed("id", 61451)?;
        if entry.needed("content", 61451)?.chars().count() > MENU_CHARS {
            return Err(refuse(45099));
        }
    }
    Ok(())
}

fn wxcard(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    // An older page had `card_ext`, and clients still send it.
    branch.only(&["card_id", "card_ext"])?;
    branch.text("card_ext")?;
    let id = branch.needed("card_id", 41012)?;
    let card = branch.platform.world.cards.iter().find(|card| card.id == id).ok_or_else(|| refuse(61451))?;
    message.title = Some(card.title.clone());
    Ok(())
}

fn miniprogrampage(branch: &Branch<'_>, message: &mut Message) -> Result<(), Refusal> {
    branch.only(&["title", "appid", "pagepath", "thumb_media_id"])?;
    branch.needed("appid", 40166)?;
    branch.needed("pagepath", 40165)?;
    message.miniprogram = mini_program(&message.body)?;
    // The pages disagree about what the picture is uploaded as.
    message.files.push(branch.file("thumb_media_id", &[Kind::Thumb, Kind::Image])?);
    message.title = branch.shown("title")?;
    Ok(())
}
