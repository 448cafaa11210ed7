//! The conversations: messages that arrived on the phones, and what the people wrote and did, in
//! order.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};

use serde::Serialize;
use serde_json::Value;

use super::media::AttachmentView;
use crate::sandbox::ids;

const DEDUPE_WINDOW_MS: i64 = 600_000;
/// The number of entries of all conversations that are kept. The statistics count all messages.
const MAX_ENTRIES: usize = 20_000;
/// The number of bytes that the kept entries may have, as received.
const MAX_BYTES: usize = 64 << 20;

/// A delivered message, as `/sandbox/inbox.json` shows it.
#[derive(Debug, Default, Serialize)]
pub(in crate::sandbox) struct Message {
    pub(in crate::sandbox) person: String,
    pub(in crate::sandbox) openid: String,
    #[serde(rename = "type")]
    pub(in crate::sandbox) kind: &'static str,
    /// The text of a text message; for other types, the text below the title.
    pub(in crate::sandbox) content: Option<String>,
    pub(in crate::sandbox) template_id: Option<String>,
    pub(in crate::sandbox) title: Option<String>,
    pub(in crate::sandbox) fields: Vec<Field>,
    /// The address that a tap opens.
    pub(in crate::sandbox) url: Option<String>,
    /// `appid:path` of the mini-program that a tap opens.
    pub(in crate::sandbox) miniprogram: Option<String>,
    /// The part of a customer-service message that has the name of its type, as sent.
    pub(in crate::sandbox) body: Value,
    /// The uploaded files of the message. The picture of a video or a card comes last.
    pub(in crate::sandbox) files: Vec<AttachmentView>,
    /// The customer-service account that the message names as its sender.
    pub(in crate::sandbox) kf_account: Option<String>,
    /// Only of a one-time message.
    pub(in crate::sandbox) scene: Option<u16>,
    /// RFC 3339, UTC.
    pub(in crate::sandbox) time: String,
    #[serde(skip)]
    pub(in crate::sandbox) at_ms: i64,
    /// A string, since it can exceed 2^53.
    pub(in crate::sandbox) msgid: Option<String>,
    pub(in crate::sandbox) client_msg_id: Option<String>,
    /// The number of times that the message was sent again and dropped.
    pub(in crate::sandbox) repeats: u32,
    /// The size of the call's body in bytes.
    #[serde(skip)]
    pub(in crate::sandbox) size: usize,
}

/// A line of a template message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(in crate::sandbox) struct Field {
    pub(in crate::sandbox) key: String,
    /// The text of the template before the value; may be empty.
    pub(in crate::sandbox) label: String,
    /// The value as sent; empty if none was sent.
    pub(in crate::sandbox) value: String,
    /// The text that the phone displays; `None` if it hides the line.
    pub(in crate::sandbox) shown: Option<String>,
}

/// An entry of a conversation.
#[derive(Debug)]
pub(in crate::sandbox) struct ConversationEntry {
    pub(in crate::sandbox) openid: String,
    /// Unix milliseconds.
    pub(in crate::sandbox) at_ms: i64,
    pub(in crate::sandbox) content: EntryContent,
}

/// The content of an entry.
#[derive(Debug)]
pub(in crate::sandbox) enum EntryContent {
    /// A message from the account.
    Message(Box<Message>),
    /// A text from the person.
    UserText(String),
    /// The person tapped the account's menu.
    Clicked,
    /// The person, a follower, scanned a QR code.
    Scanned,
    /// The phone says that the account's server gave no valid response.
    Unavailable,
    /// The person followed.
    Followed,
    /// The person unfollowed.
    Unfollowed,
}

/// The kept entries of all conversations.
#[derive(Debug)]
pub(in crate::sandbox) struct Inbox {
    entries: VecDeque<ConversationEntry>,
    bytes: usize,
    /// The number of entries removed before the first one.
    dropped: usize,
    /// Keyed by the hash of an openid and a `client_msg_id`.
    ///
    /// Two keys with the same hash would lose a message; with a million of them in ten minutes, the
    /// chance is one in thirty million.
    recent: HashMap<u64, RecentMessage>,
    order: VecDeque<(i64, u64)>,
    last_msgid: u64,
}

/// A message that is not delivered again.
#[derive(Debug)]
struct RecentMessage {
    /// The index of its entry, counted from the first entry ever.
    index: usize,
    msgid: u64,
}

impl Message {
    /// Returns the content that the person sees.
    pub(super) fn visible_content(&self) -> impl Hash {
        let text = (self.kind, &self.content, &self.template_id, &self.title, &self.fields);
        (text, &self.url, &self.miniprogram, &self.body, &self.kf_account)
    }
}

impl Inbox {
    /// Creates an empty inbox, whose message ids start above 2^53, as those of the platform do.
    pub(in crate::sandbox) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            recent: HashMap::new(),
            order: VecDeque::new(),
            last_msgid: 3_400_000_000_000_000_000 + u64::from(ids::random_number()),
        }
    }

    /// Returns the next message id, which is larger than all before.
    pub(in crate::sandbox) fn next_msgid(&mut self) -> u64 {
        self.last_msgid += 1 + u64::from(ids::random_number() % 1_000_000);
        self.last_msgid
    }

    /// Adds an entry to the conversation with a person. Removes the oldest entries of all
    /// conversations at the limit.
    pub(in crate::sandbox) fn push(&mut self, openid: &str, at_ms: i64, content: EntryContent) {
        let entry = ConversationEntry { openid: openid.to_owned(), at_ms, content };
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while (self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES)
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }

    /// Delivers a message to its phone.
    pub(in crate::sandbox) fn deliver(&mut self, message: Message) {
        let msgid = message.msgid.as_ref().and_then(|id| id.parse().ok());
        if let (Some(id), Some(msgid)) = (&message.client_msg_id, msgid) {
            let key = self.recent.hasher().hash_one((&message.openid, id));
            self.order.push_back((message.at_ms, key));
            self.recent.insert(key, RecentMessage { index: self.dropped + self.entries.len(), msgid });
        }
        let (openid, at_ms) = (message.openid.clone(), message.at_ms);
        self.push(&openid, at_ms, EntryContent::Message(Box::new(message)));
    }

    /// Returns the id of the message with this `client_msg_id` in the last ten minutes, and counts
    /// a repeat.
    pub(in crate::sandbox) fn record_duplicate(
        &mut self,
        openid: &str,
        client_msg_id: &str,
        now_ms: i64,
    ) -> Option<u64> {
        while let Some((at_ms, key)) = self.order.front() {
            if now_ms - at_ms < DEDUPE_WINDOW_MS {
                break;
            }
            self.recent.remove(key);
            self.order.pop_front();
        }
        let key = self.recent.hasher().hash_one((openid, client_msg_id));
        let RecentMessage { index, msgid } = self.recent.get(&key)?;
        let entry = index.checked_sub(self.dropped).and_then(|position| self.entries.get_mut(position));
        if let Some(ConversationEntry { content: EntryContent::Message(message), .. }) = entry {
            message.repeats += 1;
        }
        Some(*msgid)
    }

    /// Deletes all conversations. Repeats of deleted messages are still dropped.
    pub(in crate::sandbox) fn clear(&mut self) {
        self.dropped += self.entries.len();
        self.entries.clear();
        self.bytes = 0;
    }

    /// Returns the kept messages, oldest first.
    pub(in crate::sandbox) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.entries.iter().filter_map(|entry| match &entry.content {
            EntryContent::Message(message) => Some(&**message),
            _ => None,
        })
    }

    /// Returns the last entries of one conversation, oldest first.
    pub(in crate::sandbox) fn conversation(&self, openid: &str, limit: usize) -> Vec<&ConversationEntry> {
        let mut entries: Vec<&ConversationEntry> =
            self.entries.iter().rev().filter(|entry| entry.openid == openid).take(limit).collect();
        entries.reverse();
        entries
    }
}

impl ConversationEntry {
    /// The approximate size in bytes.
    fn size(&self) -> usize {
        match &self.content {
            EntryContent::Message(message) => message.size,
            EntryContent::UserText(text) => text.len(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: usize) -> Message {
        Message {
            openid: "oLuffy".into(),
            kind: "template",
            msgid: Some(number.to_string()),
            client_msg_id: Some(number.to_string()),
            ..Message::default()
        }
    }

    #[test]
    fn duplicate_of_removed_message_is_recognized() {
        let mut inbox = Inbox::new();
        (0..MAX_ENTRIES + 3).for_each(|number| inbox.deliver(message(number)));
        assert_eq!(inbox.messages().count(), MAX_ENTRIES);
        assert_eq!(inbox.messages().next().unwrap().msgid.as_deref(), Some("3"));
        assert_eq!(inbox.record_duplicate("oLuffy", "2", 1), Some(2));
        assert_eq!(inbox.record_duplicate("oLuffy", "4", 1), Some(4));
        let repeats: Vec<u32> = inbox.messages().take(3).map(|message| message.repeats).collect();
        assert_eq!(repeats, [0, 1, 0]);
        assert_eq!(inbox.record_duplicate("oLuffy", "4", DEDUPE_WINDOW_MS), None);
        assert_eq!(inbox.recent.len() + inbox.order.len(), 0);
    }

    #[test]
    fn large_messages_displace_old_ones() {
        let mut inbox = Inbox::new();
        (0..70).for_each(|number| inbox.deliver(Message { size: 1 << 20, ..message(number) }));
        assert_eq!((inbox.messages().count(), inbox.bytes), (64, MAX_BYTES));
        inbox.push("oLuffy", 0, EntryContent::UserText("x".repeat(MAX_BYTES + 1)));
        assert_eq!((inbox.entries.len(), inbox.bytes), (0, 0), "the new entry is removed as well");
    }

    #[test]
    fn repeats_are_dropped_after_clearing() {
        let mut inbox = Inbox::new();
        inbox.deliver(message(1));
        inbox.clear();
        assert_eq!((inbox.messages().count(), inbox.record_duplicate("oLuffy", "1", 1)), (0, Some(1)));
        inbox.deliver(message(2));
        assert_eq!(inbox.record_duplicate("oLuffy", "2", 1), Some(2));
        assert_eq!(inbox.messages().map(|message| message.repeats).collect::<Vec<_>>(), [1]);
    }
}
