//! Reads the response to a push: an acceptance, or a reply to the person.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/Passive_user_reply_message

use roxmltree::{Document, Node};

use super::cipher::sign;
use super::problem::PushProblem;
use super::queued::QueuedPush;
use super::settings::PushMode;

/// The types of replies, each with the element that it must have.
const REPLY_TYPES: &[(&str, &str)] = &[
    ("text", "Content"),
    ("image", "Image"),
    ("voice", "Voice"),
    ("video", "Video"),
    ("music", "Music"),
    ("news", "Articles"),
];

/// Reads the body of a response with status 200. Returns the text of a reply to the person; `None`
/// without a reply, and for the other types of replies, which the sandbox accepts and does not
/// show.
///
/// It is not documented whether white space around `success` is accepted: here it is not.
pub(in crate::sandbox) fn parse_reply(push: &QueuedPush, body: &[u8]) -> Result<Option<String>, PushProblem> {
    if matches!(body, b"" | b"success") {
        return Ok(None);
    }
    let text = std::str::from_utf8(body).map_err(|_| PushProblem::Body)?;
    // A document with a DTD is rejected.
    let document = Document::parse(text.trim()).map_err(|_| PushProblem::Body)?;
    let root = document.root_element();
    let Some(encrypted) = child_text(root, "Encrypt") else {
        if push.settings.mode == PushMode::Safe {
            return Err(PushProblem::ReplyEncryption);
        }
        return check_reply(push, root);
    };
    let key = push.settings.encryption_key().ok_or(PushProblem::ReplyEncryption)?;
    let part = |tag| child_text(root, tag).unwrap_or_default();
    let signature = sign(&[&push.settings.token, &part("TimeStamp"), &part("Nonce"), &encrypted]);
    if part("MsgSignature") != signature {
        return Err(PushProblem::ReplyEncryption);
    }
    let plain = key.decrypt(&encrypted, &push.header.app_id).ok_or(PushProblem::ReplyEncryption)?;
    let document = Document::parse(plain.trim()).map_err(|_| PushProblem::Body)?;
    check_reply(push, document.root_element())
}

fn check_reply(push: &QueuedPush, root: Node<'_, '_>) -> Result<Option<String>, PushProblem> {
    let part = |tag| child_text(root, tag).ok_or(PushProblem::Reply);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_addressed = part("ToUserName")? == push.header.openid && part("FromUserName")? == push.header.original_id;
    if root.tag_name().name() != "xml" || !is_addressed || !is_number(&part("CreateTime")?) {
        return Err(PushProblem::Reply);
    }
    let kind = part("MsgType")?;
    let (_, element) = REPLY_TYPES.iter().find(|(name, _)| *name == kind).ok_or(PushProblem::Reply)?;
    let content = part(element)?;
    match kind.as_str() {
        "text" if content.is_empty() => Err(PushProblem::Reply),
        "text" => Ok(Some(content)),
        _ => Ok(None),
    }
}

/// Returns the text of the child of that name. A text may have several CDATA sections.
fn child_text(parent: Node<'_, '_>, tag: &str) -> Option<String> {
    let child = parent.children().find(|node| node.has_tag_name(tag))?;
    Some(child.children().filter(Node::is_text).filter_map(|node| node.text()).collect())
}
