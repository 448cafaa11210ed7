//! The people, what they allow the account at a given time, and the API that lists them.
//!
//! developers.weixin.qq.com: doc/service/api/usermanage/userinfo/{api_getfans, api_userinfo,
//! api_batchuserinfo, api_updateremark};
//! doc/service/api/customer/message/api_sendcustommessage (when a message may be sent)

use serde_json::{Value, json};

use super::qrcode::Scene;
use crate::sandbox::call::Call;
use crate::sandbox::ids;
use crate::sandbox::response;
use crate::sandbox::response::{ApiResult, api_error};
use crate::sandbox::scenario::PersonConfig;
use crate::sandbox::state::Platform;

const MESSAGE_WINDOW_MS: i64 = 48 * 3_600_000;
const MESSAGE_WINDOW_LIMIT: u32 = 5;
const INTERACTION_WINDOW_MS: i64 = 60_000;
const INTERACTION_WINDOW_LIMIT: u32 = 3;
const MAX_BATCH: usize = 100;
/// Bytes. Of the pages that disagree the stricter one.
const MAX_REMARK_BYTES: usize = 29;

/// A time in which the account may send this person texts, and how many it still may.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct MessageWindow {
    /// Unix ms.
    pub(in crate::sandbox) until_ms: i64,
    pub(in crate::sandbox) remaining: u32,
}

/// Somebody with a phone.
#[derive(Debug)]
pub(in crate::sandbox) struct Person {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) openid: String,
    pub(in crate::sandbox) follows: bool,
    /// What the operator calls this person.
    remark: String,
    /// The code that was scanned for the last follow.
    scene: Option<Scene>,
    /// The last follow, Unix ms.
    followed_ms: i64,
    /// The last message of either side, Unix ms.
    pub(in crate::sandbox) last_exchange_ms: i64,
    message_window: Option<MessageWindow>,
    /// After following, a tap on the account's menu, or the scan of a code.
    interaction_window: Option<MessageWindow>,
}

impl Person {
    /// A person as the settings have them at the start.
    pub(in crate::sandbox) fn new(settings: &PersonConfig, now_ms: i64) -> Self {
        let mut person = Self {
            name: settings.name.clone(),
            openid: settings.openid.clone().unwrap_or_else(ids::openid),
            follows: settings.follows,
            remark: String::new(),
            scene: None,
            followed_ms: now_ms,
            last_exchange_ms: 0,
            message_window: None,
            interaction_window: None,
        };
        if settings.wrote {
            person.send_message(now_ms);
        }
        person
    }

    /// The person writes to the account. Only a follower can.
    pub(in crate::sandbox) fn send_message(&mut self, now_ms: i64) {
        if self.follows {
            self.message_window =
                Some(MessageWindow { until_ms: now_ms + MESSAGE_WINDOW_MS, remaining: MESSAGE_WINDOW_LIMIT });
            self.last_exchange_ms = now_ms;
        }
    }

    /// The person follows the account, by a code where there is a scene.
    pub(in crate::sandbox) fn follow(&mut self, scene: Option<Scene>, now_ms: i64) {
        self.follows = true;
        self.scene = scene;
        self.followed_ms = now_ms;
        self.interact(now_ms);
    }

    /// The person taps an item of the account's menu, or scans a code of it. Only a follower can.
    pub(in crate::sandbox) fn interact(&mut self, now_ms: i64) {
        if self.follows {
            self.interaction_window =
                Some(MessageWindow { until_ms: now_ms + INTERACTION_WINDOW_MS, remaining: INTERACTION_WINDOW_LIMIT });
        }
    }

    /// The person leaves: every window closes, and what the operator noted is gone.
    pub(in crate::sandbox) fn unfollow(&mut self) {
        self.follows = false;
        self.remark.clear();
        self.message_window = None;
        self.interaction_window = None;
    }

    /// The window that a text would be taken from: the one that ends first, unless it is used up.
    pub(in crate::sandbox) fn window(&self, now_ms: i64) -> Option<MessageWindow> {
        let open = || {
            [self.interaction_window, self.message_window]
                .into_iter()
                .flatten()
                .filter(move |window| now_ms < window.until_ms)
        };
        open().find(|window| window.remaining > 0).or_else(|| open().next())
    }

    /// Takes one text from the open window: 45015 without one, 45047 where it is used up.
    pub(in crate::sandbox) fn consume_reply(&mut self, now_ms: i64) -> Result<(), response::ApiError> {
        let mut open = false;
        for window in [&mut self.interaction_window, &mut self.message_window].into_iter().flatten() {
            if now_ms < window.until_ms {
                open = true;
                if window.remaining > 0 {
                    window.remaining -= 1;
                    self.last_exchange_ms = now_ms;
                    return Ok(());
                }
            }
        }
        Err(api_error(if open { 45047 } else { 45015 }))
    }
}

impl Person {
    /// What the platform tells of this person.
    fn to_json(&self, tags: &[u32]) -> Value {
        if !self.follows {
            return json!({"subscribe": 0, "openid": self.openid, "tagid_list": []});
        }
        let (number, text) = match &self.scene {
            Some(Scene::Number(number)) => (*number, ""),
            Some(Scene::Text(text)) => (0, text.as_str()),
            None => (0, ""),
        };
        json!({
            "subscribe": 1,
            "openid": self.openid,
            // Who the person is has not been told since 2021; the fields are still there.
            "nickname": "",
            "sex": 0,
            // The person's own, whatever `lang` asks for.
            "language": "zh_CN",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": "",
            "subscribe_time": self.followed_ms / 1000,
            "remark": self.remark,
            "groupid": 0,
            "tagid_list": tags,
            "subscribe_scene": "ADD_SCENE_QR_CODE",
            "qr_scene": number,
            "qr_scene_str": text,
        })
    }
}

impl Platform {
    /// The person of that openid.
    pub(in crate::sandbox) fn person_mut(&mut self, openid: &str) -> Option<&mut Person> {
        let at = self.person_index(openid)?;
        self.people.get_mut(at)
    }

    /// What the platform tells of the person of that openid: 40003 where there is none.
    fn user_info_json(&self, openid: &str) -> Result<Value, response::ApiError> {
        let place = self.person_index(openid).ok_or_else(|| api_error(40003))?;
        let person = self.people.get(place).ok_or_else(|| api_error(40003))?;
        Ok(person.to_json(&self.tags.tags_of(place)))
    }

    /// `GET /cgi-bin/user/get`: the followers, page by page, until a page is empty.
    pub(in crate::sandbox) fn user_get(&mut self, call: &mut Call<'_>) -> ApiResult {
        let after = call.param("next_openid");
        let start = match after.as_str() {
            "" => 0,
            openid => self.person_index(openid).ok_or_else(|| api_error(40003))? + 1,
        };
        let total = self.people.iter().filter(|person| person.follows).count();
        let page: Vec<&str> = self
            .people
            .iter()
            .skip(start)
            .filter(|person| person.follows)
            .take(self.scenario.followers_a_page)
            .map(|person| person.openid.as_str())
            .collect();
        let Some(last) = page.last() else {
            return Ok(json!({"total": total, "count": 0, "next_openid": ""}));
        };
        Ok(json!({"total": total, "count": page.len(), "data": {"openid": page}, "next_openid": last}))
    }

    /// `GET /cgi-bin/user/info`: nothing of who the person is, only how they came to follow.
    pub(in crate::sandbox) fn user_info(&mut self, call: &mut Call<'_>) -> ApiResult {
        let openid = call.param("openid");
        let info = self.user_info_json(&openid)?;
        call.openid = Some(openid);
        Ok(info)
    }

    /// `POST /cgi-bin/user/info/batchget`: all of them, or 40003 where one is nobody.
    pub(in crate::sandbox) fn user_info_batch(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let list = body["user_list"].as_array().ok_or_else(|| api_error(47001))?;
        if list.is_empty() || list.len() > MAX_BATCH {
            return Err(api_error(40032));
        }
        let info = |asked: &Value| self.user_info_json(asked["openid"].as_str().unwrap_or_default());
        let list: Vec<Value> = list.iter().map(info).collect::<Result<_, _>>()?;
        Ok(json!({"user_info_list": list}))
    }

    /// `POST /cgi-bin/user/info/updateremark`
    pub(in crate::sandbox) fn user_remark(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let remark = body["remark"].as_str().ok_or_else(|| api_error(47001))?;
        let person = self.person_mut(body["openid"].as_str().unwrap_or_default()).ok_or_else(|| api_error(40003))?;
        call.openid = Some(person.openid.clone());
        if !person.follows {
            return Err(api_error(43004));
        }
        if remark.len() > MAX_REMARK_BYTES {
            return Err(api_error(40092));
        }
        remark.clone_into(&mut person.remark);
        Ok(response::ok())
    }

    /// `GET /cgi-bin/get_api_domain_ip` and `/cgi-bin/getcallbackip`: the sandbox is always this machine.
    pub(in crate::sandbox) fn server_addresses(&mut self, _: &mut Call<'_>) -> ApiResult {
        Ok(Value::from_iter([("ip_list", json!(["127.0.0.1"]))]))
    }
}
