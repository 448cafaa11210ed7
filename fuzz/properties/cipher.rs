//! The encryption of pushes: an encrypted push is decrypted unchanged, but not with another key,
//! for another account or with a changed bit.

use wxbox::clock::Timestamp;
use wxbox::wechat::push::{PushError, PushQuery, PushSettings};

use super::push::{between, settings, sign};

const APP_ID: &str = "wx0123456789abcdef";

fn open(settings: &PushSettings, encrypted: &str, msg_signature: &str) -> Result<Vec<(String, String)>, PushError> {
    let signature = sign(&["1", "n"]);
    let query = format!("signature={signature}&timestamp=1&nonce=n&msg_signature={msg_signature}");
    let body = format!("<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    let message = settings.open(&PushQuery::parse(&query), body.as_bytes(), Timestamp(0))?;
    Ok(message.fields.into_iter().map(|(name, value)| (name, value.to_string())).collect())
}

/// The first two bytes select a bit, the next one the random bytes; the rest is the content.
pub fn check_cipher(bytes: &[u8]) {
    let Some((&[high, low, random], content)) = bytes.split_first_chunk::<3>() else { return };
    let content = String::from_utf8_lossy(content).replace("]]>", "");
    let content: String =
        content.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    let xml = format!(
        "<xml><FromUserName>o</FromUserName><CreateTime>1</CreateTime><Content><![CDATA[{content}]]></Content></xml>"
    );
    if xml.len() > 40_000 {
        return;
    }
    let own = settings(APP_ID, &[0]);
    let sealed = own.seal_reply(&xml, "1", "n", [random; 16]);
    let encrypted = between(&sealed, "<Encrypt><![CDATA[", "]]>").unwrap();
    let signature = between(&sealed, "<MsgSignature><![CDATA[", "]]>").unwrap();
    assert_eq!(signature, sign(&["1", "n", encrypted]));
    let fields = open(&own, encrypted, signature).expect("what was encrypted is read again");
    let text = fields.iter().find(|(name, _)| name == "Content").map(|(_, value)| value.clone());
    assert_eq!(text, Some(serde_json::Value::from(content).to_string()));
    // A key that was replaced is still tried.
    assert_eq!(open(&settings(APP_ID, &[1, 0]), encrypted, signature), Ok(fields));
    assert!(open(&settings(APP_ID, &[1]), encrypted, signature).is_err(), "accepted with another key");
    let other = open(&settings("wx_other", &[0]), encrypted, signature);
    assert_eq!(other, Err(PushError::OtherAccount), "accepted for another account");
    let mut changed = encrypted.as_bytes().to_vec();
    let at = usize::from(u16::from_be_bytes([high, low])) % (changed.len() * 7);
    changed[at / 7] ^= 1 << (at % 7);
    let changed = String::from_utf8(changed).unwrap();
    assert!(open(&own, &changed, signature).is_err(), "accepted with a changed bit");
    // A person who can sign still needs the key to encrypt a whole text.
    drop(open(&own, &changed, &sign(&["1", "n", &changed])));
}
