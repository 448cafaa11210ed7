//! What arrived on the phones, in order, with what the people themselves said and did.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use super::random;

const REPEAT_MS: i64 = 600_000;

/// A message that the platform delivered, as `/sandbox/inbox.json` shows it.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) person: String,
    pub(super) openid: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The text of a text message.
    pub(super) content: Option<String>,
    pub(super) template_id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) fields: Vec<Field>,
    /// What a tap opens.
    pub(super) url: Option<String>,
    /// `appid:path` of the mini-program that a tap opens.
    pub(super) miniprogram: Option<String>,
    /// RFC 3339, UTC.
    pub(super) time: String,
    #[serde(skip)]
    pub(super) at_ms: i64,
    /// A string, since it can exceed 2^53.
    pub(super) msgid: Option<String>,
    pub(super) client_msg_id: Option<String>,
    /// How many times it was sent again and dropped.
    pub(super) repeats: u32,
}

/// A line of a template message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Field {
    pub(super) key: String,
    /// What the template says before the value; may be empty.
    pub(super) label: String,
    /// The value as it was sent; empty where it was not.
    pub(super) value: String,
    /// What the phone shows; nothing where it does not show the line.
    pub(super) shown: Option<String>,
}

/// One line of a conversation.
#[derive(Debug)]
pub(super) enum Entry {
    /// From the account: a place in the messages.
    Message(usize),
    /// From the person.
    Said { openid: String, text: String, at_ms: i64 },
    /// The person followed or left.
    Followed { openid: String, follows: bool, at_ms: i64 },
}

/// All conversations.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) messages: Vec<Message>,
    pub(super) entries: Vec<Entry>,
    /// (openid, client_msg_id) → place in the messages.
    recent: HashMap<(String, String), usize>,
    order: VecDeque<(i64, (String, String))>,
    last_msgid: u64,
}

impl Inbox {
    /// An empty one, whose message ids begin above 2^53, as the platform's do.
    pub(super) fn new() -> Self {
        Self {
            messages: Vec::new(),
            entries: Vec::new(),
            recent: HashMap::new(),
            order: VecDeque::new(),
            last_msgid: 3_400_000_000_000_000_000 + u64::from(random::number()),
        }
    }

    /// The next message id, larger than all before.
    pub(super) fn next_msgid(&mut self) -> u64 {
        self.last_msgid += 1 + u64::from(random::number() % 1_000_000);
        self.last_msgid
    }

    /// Puts a message on its phone.
    pub(super) fn deliver(&mut self, message: Message) {
        let at = self.messages.len();
        if let Some(id) = &message.client_msg_id {
            let key = (message.openid.clone(), id.clone());
            self.order.push_back((message.at_ms, key.clone()));
            self.recent.insert(key, at);
        }
        self.messages.push(message);
        self.entries.push(Entry::Message(at));
    }

    /// The message that went to `openid` under this id in the last ten minutes, counted as sent again.
    pub(super) fn repeat(&mut self, openid: &str, client_msg_id: &str, now_ms: i64) -> Option<&Message> {
        while let Some((at_ms, key)) = self.order.front() {
            if now_ms - at_ms < REPEAT_MS {
                break;
            }
            self.recent.remove(key);
            self.order.pop_front();
        }
        let at = *self.recent.get(&(openid.to_owned(), client_msg_id.to_owned()))?;
        let message = self.messages.get_mut(at)?;
        message.repeats += 1;
        Some(message)
    }

    /// Forgets every conversation; message ids go on.
    pub(super) fn clear(&mut self) {
        *self = Self { last_msgid: self.last_msgid, ..Self::new() };
    }

    /// The last lines of one conversation, oldest first.
    pub(super) fn conversation(&self, openid: &str, most: usize) -> Vec<&Entry> {
        let mut lines: Vec<&Entry> =
            self.entries.iter().rev().filter(|entry| self.whose(entry) == Some(openid)).take(most).collect();
        lines.reverse();
        lines
    }

    fn whose<'a>(&'a self, entry: &'a Entry) -> Option<&'a str> {
        match entry {
            Entry::Message(at) => self.messages.get(*at).map(|message| message.openid.as_str()),
            Entry::Said { openid, .. } | Entry::Followed { openid, .. } => Some(openid),
        }
    }
}
