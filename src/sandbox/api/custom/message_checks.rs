//! Checks the fields of each type of customer-service message.
//!
//! The page lists the fields, but not which of them may be missing, be empty or have another type,
//! nor their maximum length. Where clients in wide use leave a field out, it is optional here: the
//! picture of a video, and all fields of an article but the title. The rest follows the stricter
//! reading: a field that is not documented as optional must exist and not be empty, and an unknown
//! field is rejected (61451), which detects a misspelled one. A length without a documented number
//! is not checked, except for those of a menu.

use serde_json::{Map, Value};

use super::links::{self, is_web_url};
use crate::sandbox::api::templates::parse_mini_program;
use crate::sandbox::response::{ApiError, api_error, api_error_with};
use crate::sandbox::scenario::account_setup::ArticleConfig;
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::Message;
use crate::sandbox::state::media::AttachmentView;
use crate::sandbox::state::media::format::MediaKind;

/// The maximum length of a text in bytes of UTF-8. The page documents none; others have measured
/// it.
const MAX_TEXT_BYTES: usize = 2048;
/// The maximum number of menu entries, and of characters of one.
///
/// No page documents the numbers: these are what a phone can display.
const MAX_MENU_ENTRIES: usize = 10;
const MAX_MENU_ENTRY_CHARS: usize = 60;

/// Parses the type of a message and its fields: 40008 if the type does not exist.
pub(super) fn check_message(platform: &Platform, body: &Value, message: &mut Message) -> Result<(), ApiError> {
    let name = body["msgtype"].as_str().unwrap_or_default();
    let (kind, check) = CHECKERS.iter().find(|(kind, _)| *kind == name).ok_or_else(|| api_error(40008))?;
    let fields = match &body[*kind] {
        Value::Null => None,
        Value::Object(fields) => Some(fields),
        _ => return Err(api_error(47001)),
    };
    message.kind = kind;
    message.body = fields.cloned().map_or(Value::Null, Value::Object);
    check(&FieldReader { platform, kind, fields, now_ms: message.at_ms }, message)
}

type Checker = fn(&FieldReader<'_>, &mut Message) -> Result<(), ApiError>;

const CHECKERS: &[(&str, Checker)] = &[
    ("text", check_text),
    ("image", |reader, message| check_single_file(reader, message, MediaKind::Image)),
    ("voice", |reader, message| check_single_file(reader, message, MediaKind::Voice)),
    ("video", check_video),
    ("music", check_music),
    ("news", check_news),
    ("mpnews", check_mpnews),
    ("mpnewsarticle", check_mpnewsarticle),
    ("msgmenu", check_msgmenu),
    ("wxcard", check_wxcard),
    ("miniprogrampage", check_miniprogrampage),
];

/// Reads the part of a body that has the name of its type.
struct FieldReader<'a> {
    platform: &'a Platform,
    kind: &'static str,
    fields: Option<&'a Map<String, Value>>,
    now_ms: i64,
}

impl<'a> FieldReader<'a> {
    /// Rejects fields with other names.
    fn reject_unknown(&self, names: &[&str]) -> Result<(), ApiError> {
        let unknown = self.fields.and_then(|fields| fields.keys().find(|key| !names.contains(&key.as_str())));
        match unknown {
            None => Ok(()),
            Some(key) => Err(api_error_with(61451, format!("invalid parameter, {} has no field {key}", self.kind))),
        }
    }

    fn value(&self, name: &str) -> &'a Value {
        self.fields.and_then(|fields| fields.get(name)).unwrap_or(&Value::Null)
    }

    /// Returns a text that may be missing.
    fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.value(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(api_error(47001)),
        }
    }

    /// Returns a text to display; `None` if it is missing or empty.
    fn non_blank(&self, name: &str) -> Result<Option<String>, ApiError> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// Returns a text that must not be empty, or the error of that number.
    fn required(&self, name: &str, code: i64) -> Result<&'a str, ApiError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| api_error(code))
    }

    /// Returns a web address: 41010 if it is missing, 40066 if its scheme is not http or https.
    fn required_url(&self, name: &str) -> Result<String, ApiError> {
        let url = self.required(name, 41010)?;
        if is_web_url(url) { Ok(url.to_owned()) } else { Err(api_error(40066)) }
    }

    /// Returns a web address that may be missing or empty: 40066 if its scheme is not http or
    /// https.
    fn optional_url(&self, name: &str) -> Result<Option<String>, ApiError> {
        let url = self.non_blank(name)?;
        if url.as_deref().is_none_or(is_web_url) { Ok(url) } else { Err(api_error(40066)) }
    }

    /// Returns a file of one of these types that was uploaded in the last three days: 40007 for any
    /// other value.
    fn media_file(&self, name: &str, kinds: &[MediaKind]) -> Result<AttachmentView, ApiError> {
        let id = self.value(name).as_str().unwrap_or_default();
        let file = self.platform.media.get_unexpired(id, self.now_ms).filter(|file| kinds.contains(&file.kind));
        file.map(|file| file.view(id)).ok_or_else(|| api_error(40007))
    }
}

fn check_text(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    reader.reject_unknown(&["content"])?;
    let content = reader.required("content", 44004)?;
    if content.len() > MAX_TEXT_BYTES {
        return Err(api_error(45002));
    }
    links::check_links(content)?;
    message.content = Some(content.to_owned());
    Ok(())
}

/// Checks an image or a voice message: one file and nothing else.
fn check_single_file(reader: &FieldReader<'_>, message: &mut Message, kind: MediaKind) -> Result<(), ApiError> {
    reader.reject_unknown(&["media_id"])?;
    message.files.push(reader.media_file("media_id", &[kind])?);
    Ok(())
}

fn check_video(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    reader.reject_unknown(&["media_id", "thumb_media_id", "title", "description"])?;
    message.files.push(reader.media_file("media_id", &[MediaKind::Video])?);
    let picture = reader.value("thumb_media_id");
    if !picture.is_null() && picture.as_str() != Some("") {
        message.files.push(reader.media_file("thumb_media_id", &[MediaKind::Thumb])?);
    }
    message.title = reader.non_blank("title")?;
    message.content = reader.non_blank("description")?;
    Ok(())
}

fn check_music(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    reader.reject_unknown(&["title", "description", "musicurl", "hqmusicurl", "thumb_media_id"])?;
    message.url = Some(reader.required_url("musicurl")?);
    reader.required_url("hqmusicurl")?;
    message.files.push(reader.media_file("thumb_media_id", &[MediaKind::Thumb])?);
    message.title = reader.non_blank("title")?;
    message.content = reader.non_blank("description")?;
    Ok(())
}

fn check_news(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    reader.reject_unknown(&["articles"])?;
    let article = match reader.value("articles").as_array().map(Vec::as_slice) {
        None | Some([]) => return Err(api_error(44003)),
        Some([article]) => article.as_object().ok_or_else(|| api_error(47001))?,
        Some(_) => return Err(api_error(45008)),
    };
    let article = FieldReader { fields: Some(article), ..*reader };
    article.reject_unknown(&["title", "description", "url", "picurl"])?;
    message.title = Some(article.required("title", 61451)?.to_owned());
    message.url = article.optional_url("url")?;
    message.content = article.non_blank("description")?;
    article.optional_url("picurl")?;
    Ok(())
}

fn check_mpnews(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    check_published_article(reader, message, "media_id", 40007, |article| &article.media_id)
}

fn check_mpnewsarticle(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    check_published_article(reader, message, "article_id", 61451, |article| &article.article_id)
}

/// Checks that the field contains the id of one of the account's articles.
fn check_published_article(
    reader: &FieldReader<'_>,
    message: &mut Message,
    field: &str,
    code: i64,
    id: fn(&ArticleConfig) -> &String,
) -> Result<(), ApiError> {
    reader.reject_unknown(&[field])?;
    let wanted_id = reader.required(field, code)?;
    let articles = &reader.platform.scenario.articles;
    let article = articles.iter().find(|article| id(article) == wanted_id).ok_or_else(|| api_error(code))?;
    (message.title, message.content) = (Some(article.title.clone()), Some(article.digest.clone()));
    Ok(())
}

fn check_msgmenu(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    if !reader.platform.scenario.verified {
        return Err(api_error(40200));
    }
    reader.reject_unknown(&["head_content", "list", "tail_content"])?;
    message.content = reader.non_blank("head_content")?;
    reader.text("tail_content")?;
    let list = match reader.value("list") {
        Value::Array(list) if !list.is_empty() => list,
        Value::Array(_) | Value::Null => return Err(api_error(61451)),
        _ => return Err(api_error(47001)),
    };
    if list.len() > MAX_MENU_ENTRIES {
        return Err(api_error(45098));
    }
    for entry in list {
        let entry = FieldReader { fields: Some(entry.as_object().ok_or_else(|| api_error(47001))?), ..*reader };
        entry.reject_unknown(&["id", "content"])?;
        entry.required("id", 61451)?;
        if entry.required("content", 61451)?.chars().count() > MAX_MENU_ENTRY_CHARS {
            return Err(api_error(45099));
        }
    }
    Ok(())
}

fn check_wxcard(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    // An older page had `card_ext`, and clients still send it.
    reader.reject_unknown(&["card_id", "card_ext"])?;
    reader.text("card_ext")?;
    let id = reader.required("card_id", 41012)?;
    let card = reader.platform.scenario.cards.iter().find(|card| card.id == id).ok_or_else(|| api_error(61451))?;
    message.title = Some(card.title.clone());
    Ok(())
}

fn check_miniprogrampage(reader: &FieldReader<'_>, message: &mut Message) -> Result<(), ApiError> {
    reader.reject_unknown(&["title", "appid", "pagepath", "thumb_media_id"])?;
    reader.required("appid", 40166)?;
    reader.required("pagepath", 40165)?;
    message.miniprogram = parse_mini_program(&message.body)?;
    // The pages disagree about the type that the picture is uploaded as.
    message.files.push(reader.media_file("thumb_media_id", &[MediaKind::Thumb, MediaKind::Image])?);
    message.title = reader.non_blank("title")?;
    Ok(())
}
