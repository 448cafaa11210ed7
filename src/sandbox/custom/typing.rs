//! "The other side is typing".
//!
//! developers.weixin.qq.com: doc/service/api/customer/message/api_typing

use std::collections::HashMap;

use crate::sandbox::answer::{self, Answer, refuse};
use crate::sandbox::platform::{Call, Platform};

/// How long it may be since the last message of either side.
const EXCHANGE_MS: i64 = 30_000;
/// How long a phone shows it. No page says.
const SHOWN_MS: i64 = 15_000;

/// On whose phones it is shown, by their places, and until when (Unix ms).
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Typing(HashMap<usize, i64>);

impl Typing {
    /// Whether the phone at that place shows it.
    pub(in crate::sandbox) fn shows(&self, place: usize, now_ms: i64) -> bool {
        self.0.get(&place).is_some_and(|until| now_ms < *until)
    }

    /// It is over: a message came, or it was called off.
    pub(super) fn ends(&mut self, place: usize) {
        self.0.remove(&place);
    }
}

impl Platform {
    /// `POST /cgi-bin/message/custom/typing`. Which kinds of account 40200 is for is not said: as with menus, a test
    /// account gets it.
    pub(in crate::sandbox) fn typing(&mut self, call: &mut Call<'_>) -> Answer {
        let body = call.json()?;
        let openid = body["touser"].as_str().unwrap_or_default();
        let place = self.place_of(openid).ok_or_else(|| refuse(40003))?;
        let person = self.people.get(place).ok_or_else(|| refuse(40003))?;
        call.to = Some(person.openid.clone());
        let begins = match body["command"].as_str() {
            Some("Typing") => true,
            Some("CancelTyping") => false,
            _ => return Err(refuse(45072)),
        };
        if !self.world.verified {
            return Err(refuse(40200));
        }
        if !person.follows || call.now_ms - person.exchanged_ms > EXCHANGE_MS {
            return Err(refuse(45080));
        }
        if !begins {
            self.typing.ends(place);
        } else if self.typing.shows(place, call.now_ms) {
            return Err(refuse(45081));
        } else {
            self.typing.0.insert(place, call.now_ms + SHOWN_MS);
        }
        Ok(answer::ok())
    }
}
