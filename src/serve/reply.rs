//! The reply to a person whom a scan has bound, as the response to the push.
//!
//! Page: doc/service/guide/product/message/Passive_user_reply_message.

use anyhow::Context as _;

use crate::i18n::Lang;
use crate::random::random_bytes;
use crate::wechat::push::PushMessage;
use crate::{t, t_in};

/// Returns the XML of the reply “bound as NAME”.
pub fn bound_reply(message: &PushMessage, user: &str, lang: Lang) -> String {
    let account = message.fields.get("ToUserName").and_then(|name| name.as_str()).unwrap_or_default();
    let text = t_in!(lang, "serve-bound-reply", name = user);
    format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{}</CreateTime>\
         <MsgType><![CDATA[text]]></MsgType><Content>{}</Content></xml>",
        cdata(&message.openid),
        cdata(account),
        message.created_at,
        cdata(&text)
    )
}

/// Returns the text as a CDATA section, without the characters that XML cannot hold.
fn cdata(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// Returns the random bytes that an encrypted reply begins with.
///
/// # Errors
/// The operating system provides no randomness.
pub fn random_prefix() -> anyhow::Result<[u8; 16]> {
    random_bytes().with_context(|| t!("callback-no-randomness"))
}
