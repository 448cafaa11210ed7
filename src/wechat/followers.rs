//! The account's followers.
//!
//! Pages: doc/service/api/usermanage/userinfo/{api_getfans, api_userinfo, api_batchuserinfo,
//! api_updateremark}.

use serde_json::{Value, json};

use super::lenient_json::parse_number;
use super::oauth::{is_openid, parse_openid};
use super::{Client, Result};
use crate::secret::{ExposeSecret, Secret};

/// The maximum number of people in one [`Client::followers_batch`] call.
pub const MAX_BATCH: usize = 100;

/// The maximum number of characters in a remark.
///
/// The pages disagree (30 bytes, 30 characters). All of them reject more than this; WeChat itself
/// rejects a remark that is too long for its own limit (40092).
pub const MAX_REMARK_CHARS: usize = 30;

/// A page of the account's followers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowerPage {
    /// The number of all followers.
    pub total: u64,
    /// At most 10,000 openids, in WeChat's order.
    pub openids: Vec<String>,
    /// The openid to pass to [`Client::followers`] for the next page; `None` on the last page.
    pub next: Option<String>,
}

/// WeChat's data about a person: how the person came to follow, but no identity. WeChat has not
/// returned names and pictures since December 2021.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    pub openid: String,
    /// Whether the person follows the account; if not, only the unionid is known.
    pub subscribe: bool,
    /// The time of the last follow, in Unix seconds.
    pub subscribe_time: Option<u64>,
    /// `ADD_SCENE_QR_CODE` and others; WeChat adds new ones.
    pub subscribe_scene: Option<String>,
    /// The scene of the QR code that the person scanned to follow.
    pub qr_scene_str: Option<String>,
    /// The name that the operator has given the person.
    pub remark: Option<String>,
    /// The IDs of the account's tags on the person.
    pub tagid_list: Vec<u64>,
    /// The language of the person's WeChat, such as `zh_CN`.
    pub language: Option<String>,
    /// The person's ID across the accounts of one Open Platform account.
    pub unionid: Option<String>,
}

impl Client {
    /// Fetches the page of followers after the openid `after`.
    ///
    /// The last page with followers is followed by an empty one. A verified account may call this
    /// 500 times a day, a test account 100 times.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 45009, 48001 and 268487002 (busy), among others.
    pub fn followers(&self, token: &Secret, after: Option<&str>) -> Result<FollowerPage> {
        let mut query = vec![("access_token", token.expose_secret())];
        query.extend(after.map(|openid| ("next_openid", openid)));
        let response = self.get("/cgi-bin/user/get", &query)?;
        let total = response.get("total").and_then(parse_number).ok_or_else(|| self.missing_field("total"))?;
        // An empty page has no `data` at all.
        let listed = response.get("data").and_then(|data| data.get("openid")).and_then(Value::as_array);
        let openids: Option<Vec<String>> =
            listed.into_iter().flatten().map(|openid| parse_openid(openid).map(str::to_owned)).collect();
        let mut openids = openids.ok_or_else(|| self.missing_field("data.openid"))?;
        if openids.is_empty() && response.get("count").and_then(parse_number).is_some_and(|count| count > 0) {
            return Err(self.missing_field("data.openid"));
        }
        // A page that contains `after` starts again with people who were already listed.
        if let Some(at) = openids.iter().position(|openid| Some(openid.as_str()) == after) {
            openids.drain(..=at);
        }
        // A next openid equal to `after` would loop forever.
        let next =
            text_field(&response, "next_openid").filter(|next| !openids.is_empty() && Some(next.as_str()) != after);
        if next.as_deref().is_some_and(|next| !is_openid(next)) {
            return Err(self.missing_field("next_openid"));
        }
        Ok(FollowerPage { total, openids, next })
    }

    /// Fetches WeChat's data about one person.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcode 40003 for an openid that never belonged to the account.
    pub fn follower(&self, token: &Secret, openid: &str) -> Result<Follower> {
        let query = [("access_token", token.expose_secret()), ("openid", openid)];
        let response = self.get("/cgi-bin/user/info", &query)?;
        parse_follower(&response).ok_or_else(|| self.missing_field("subscribe"))
    }

    /// Fetches WeChat's data about at most [`MAX_BATCH`] people, in WeChat's order.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcode 40003 for all of them if one openid does not belong to
    /// the account.
    pub fn followers_batch(&self, token: &Secret, openids: &[&str]) -> Result<Vec<Follower>> {
        let list: Vec<Value> = openids.iter().map(|openid| json!({"openid": openid})).collect();
        let body = json!({"user_list": list}).to_string();
        let response = self.post("/cgi-bin/user/info/batchget", token, body.as_bytes())?;
        let list = response.get("user_info_list").and_then(Value::as_array);
        let list = list.ok_or_else(|| self.missing_field("user_info_list"))?;
        Ok(list.iter().filter_map(parse_follower).collect())
    }

    /// Sets the operator's name for a person; an empty remark removes it.
    ///
    /// # Errors
    /// Any [`Error`](super::Error); errcodes 40003, 40092 (the remark), 43004 (the person does not
    /// follow).
    pub fn set_remark(&self, token: &Secret, openid: &str, remark: &str) -> Result<()> {
        let body = json!({"openid": openid, "remark": remark}).to_string();
        self.expect_ok(&self.post("/cgi-bin/user/info/updateremark", token, body.as_bytes())?)
    }
}

fn parse_follower(person: &Value) -> Option<Follower> {
    let subscribe = match person.get("subscribe")? {
        Value::Bool(yes) => *yes,
        number => parse_number(number)? != 0,
    };
    let tags = person.get("tagid_list").and_then(Value::as_array).into_iter().flatten();
    Some(Follower {
        openid: person.get("openid").and_then(parse_openid)?.to_owned(),
        subscribe,
        subscribe_time: person.get("subscribe_time").and_then(parse_number).filter(|seconds| *seconds > 0),
        subscribe_scene: text_field(person, "subscribe_scene"),
        qr_scene_str: text_field(person, "qr_scene_str"),
        remark: text_field(person, "remark"),
        tagid_list: tags.filter_map(parse_number).collect(),
        language: text_field(person, "language"),
        unionid: text_field(person, "unionid"),
    })
}

/// Returns the text of a field unless it is empty.
fn text_field(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follower_is_parsed_from_numbers_or_text() {
        let full = json!({
            "subscribe": "1", "openid": "oA", "language": "zh_CN", "subscribe_time": "1434093047", "unionid": "u",
            "remark": "", "groupid": 0, "tagid_list": [128, "2"], "subscribe_scene": "ADD_SCENE_QR_CODE",
            "qr_scene": 98765, "qr_scene_str": "", "nickname": "", "sex": 0,
        });
        let expected = Follower {
            openid: "oA".into(),
            subscribe: true,
            subscribe_time: Some(1_434_093_047),
            subscribe_scene: Some("ADD_SCENE_QR_CODE".into()),
            tagid_list: vec![128, 2],
            language: Some("zh_CN".into()),
            unionid: Some("u".into()),
            ..Follower::default()
        };
        assert_eq!(parse_follower(&full), Some(expected));
        let gone = Follower { openid: "oA".into(), ..Follower::default() };
        for subscribe in [json!(0), json!("0"), json!(false)] {
            assert_eq!(parse_follower(&json!({"subscribe": subscribe, "openid": "oA"})), Some(gone.clone()));
        }
        for lacking in [json!({"openid": "oA"}), json!({"subscribe": "x", "openid": "oA"}), json!({"subscribe": 1})] {
            assert_eq!(parse_follower(&lacking), None, "{lacking}");
        }
    }
}
