//! The people of the sandbox, and the messages that each of them accepts at a given time.
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_sendcustommessage (when a message
//! may be sent)

use serde_json::{Value, json};

use super::scene_codes::Scene;
use crate::sandbox::ids;
use crate::sandbox::response::{ApiError, api_error};
use crate::sandbox::scenario::account_setup::PersonConfig;

const MESSAGE_WINDOW_MS: i64 = 48 * 3_600_000;
const MESSAGE_WINDOW_LIMIT: u32 = 5;
const INTERACTION_WINDOW_MS: i64 = 60_000;
const INTERACTION_WINDOW_LIMIT: u32 = 3;

/// A period in which the account may send texts to a person, and how many are left.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct MessageWindow {
    /// Unix milliseconds.
    pub(in crate::sandbox) until_ms: i64,
    pub(in crate::sandbox) remaining: u32,
}

/// A person with a phone.
#[derive(Debug)]
pub(in crate::sandbox) struct Person {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) openid: String,
    pub(in crate::sandbox) follows: bool,
    /// The name that the operator gave to this person.
    pub(in crate::sandbox) remark: String,
    /// The scene of the QR code that was scanned for the last follow.
    scene: Option<Scene>,
    /// The time of the last follow, in Unix milliseconds.
    followed_ms: i64,
    /// The time of the last message of either side, in Unix milliseconds.
    pub(in crate::sandbox) last_exchange_ms: i64,
    message_window: Option<MessageWindow>,
    /// Opened by following, by a tap on the account's menu, or by scanning a code.
    interaction_window: Option<MessageWindow>,
}

impl Person {
    /// Creates a person as configured.
    pub(in crate::sandbox) fn new(config: &PersonConfig, now_ms: i64) -> Self {
        let mut person = Self {
            name: config.name.clone(),
            openid: config.openid.clone().unwrap_or_else(ids::openid),
            follows: config.follows,
            remark: String::new(),
            scene: None,
            followed_ms: now_ms,
            last_exchange_ms: 0,
            message_window: None,
            interaction_window: None,
        };
        if config.wrote {
            person.send_message(now_ms);
        }
        person
    }

    /// Records that the person writes to the account. Only a follower can.
    pub(in crate::sandbox) fn send_message(&mut self, now_ms: i64) {
        if self.follows {
            self.message_window =
                Some(MessageWindow { until_ms: now_ms + MESSAGE_WINDOW_MS, remaining: MESSAGE_WINDOW_LIMIT });
            self.last_exchange_ms = now_ms;
        }
    }

    /// Records that the person follows the account, with the scene of the QR code if one was
    /// scanned.
    pub(in crate::sandbox) fn follow(&mut self, scene: Option<Scene>, now_ms: i64) {
        self.follows = true;
        self.scene = scene;
        self.followed_ms = now_ms;
        self.interact(now_ms);
    }

    /// Records that the person taps the account's menu or scans a code. Only a follower can.
    pub(in crate::sandbox) fn interact(&mut self, now_ms: i64) {
        if self.follows {
            self.interaction_window =
                Some(MessageWindow { until_ms: now_ms + INTERACTION_WINDOW_MS, remaining: INTERACTION_WINDOW_LIMIT });
        }
    }

    /// Records that the person unfollows: every window closes, and the operator's remark is
    /// deleted.
    pub(in crate::sandbox) fn unfollow(&mut self) {
        self.follows = false;
        self.remark.clear();
        self.message_window = None;
        self.interaction_window = None;
    }

    /// Returns the window that the next text is counted against.
    ///
    /// It is the one that ends first, unless it is used up.
    pub(in crate::sandbox) fn window(&self, now_ms: i64) -> Option<MessageWindow> {
        let open = || {
            [self.interaction_window, self.message_window]
                .into_iter()
                .flatten()
                .filter(move |window| now_ms < window.until_ms)
        };
        open().find(|window| window.remaining > 0).or_else(|| open().next())
    }

    /// Counts one text against an open window: 45015 if none is open, 45047 if all are used up.
    pub(in crate::sandbox) fn consume_reply(&mut self, now_ms: i64) -> Result<(), ApiError> {
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

    /// Returns the JSON in which the platform describes this person.
    pub(in crate::sandbox) fn to_json(&self, tags: &[u32]) -> Value {
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
            // Since 2021 the platform has not filled in these fields, but it still sends them.
            "nickname": "",
            "sex": 0,
            // The language of the person, not that of `lang`.
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
