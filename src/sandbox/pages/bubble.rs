//! One line of a conversation, drawn as the phone draws it.

use maud::{Markup, html};

use super::{avatar, message};
use crate::i18n::Lang;
use crate::sandbox::state::Platform;
use crate::sandbox::state::inbox::ConversationEntry;
use crate::sandbox::time::rfc3339;
use crate::t_in;

/// A silence longer than this is followed by the time.
const TIMESTAMP_GAP_MS: i64 = 300_000;
const BEIJING_OFFSET_MS: i64 = 8 * 3_600_000;

/// A conversation, oldest line first.
pub(super) fn conversation(
    platform: &Platform,
    at: usize,
    lines: &[&ConversationEntry],
    lang: Lang,
    now_ms: i64,
) -> Markup {
    let times: Vec<i64> = lines.iter().map(|entry| entry.at_ms()).collect();
    html! {
        @for (index, entry) in lines.iter().enumerate() {
            @let at_ms = times[index];
            @if index == 0 || at_ms - times[index - 1] > TIMESTAMP_GAP_MS { p.time title=(rfc3339(at_ms)) { (format_time(at_ms, now_ms)) } }
            @match entry {
                ConversationEntry::Message(message) => (message::message(platform, at, message, lang)),
                ConversationEntry::UserText { text, .. } => div.line.own {
                    div.bubble { (text) }
                    @if let Some(person) = platform.people.get(at) { (avatar(&person.name, at + 1)) }
                },
                ConversationEntry::Clicked { .. } => p.time { (t_in!(lang, "sandbox-note-clicked")) },
                ConversationEntry::Followed { follows: true, .. } => p.time { (t_in!(lang, "sandbox-note-followed")) },
                ConversationEntry::Followed { follows: false, .. } => p.time { (t_in!(lang, "sandbox-note-left")) },
            }
        }
    }
}

/// The time of day in China, with the day where it is not today.
pub(super) fn format_time(at_ms: i64, now_ms: i64) -> String {
    let text = rfc3339(at_ms + BEIJING_OFFSET_MS);
    let today = rfc3339(now_ms + BEIJING_OFFSET_MS);
    if text[..10] == today[..10] { text[11..16].to_owned() } else { text[5..16].replace('T', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_china() {
        let noon = 1_700_000_000_000; // 2023-11-14T22:13:20Z
        assert_eq!(format_time(noon, noon), "06:13");
        assert_eq!(format_time(noon, noon + 86_400_000), "11-15 06:13");
    }
}
