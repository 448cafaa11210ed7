//! The meaning of WeChat's error codes and the action that each requires, read from `errcodes.tsv`.

use crate::i18n::Lang;
use crate::variant_names::variant_names;

const ERRCODES_TSV: &str = include_str!("errcodes.tsv");

/// The action that an error code requires. The table in `delivery/outcome.rs` says what follows for
/// the message and for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No error.
    Done,
    /// Refresh the token, then retry once.
    Refresh,
    /// Retry with growing pauses.
    Backoff,
    /// Retry in a minute, and delay every other message to this person as well.
    Slow,
    /// The same message was sent to this person less than a minute ago: if this one is its repeat,
    /// it was delivered; otherwise retry in a minute.
    Duplicate,
    /// The quota of the message class is used up: retry after midnight in Beijing, when it resets.
    HoldClass,
    /// WeChat refuses this message permanently.
    Fail,
    /// WeChat refuses every message from this template to this person permanently.
    Decline,
    /// WeChat refuses every message to this person permanently.
    FailMark,
    /// WeChat refuses the message class: do not try it for other people.
    FailClass,
    /// WeChat refuses the account: nothing can be sent at present.
    StopRun,
}

/// A row of `errcodes.tsv`.
#[derive(Clone, Copy, Debug)]
pub struct ErrcodeEntry {
    /// The code.
    pub errcode: i64,
    /// WeChat's own text; may be empty.
    pub errmsg: &'static str,
    meaning_en: &'static str,
    meaning_zh: &'static str,
    remedy_en: &'static str,
    remedy_zh: &'static str,
    /// Whether the remedy addresses developers who call the API directly; wxbox applies such
    /// remedies itself where it can.
    for_developers: bool,
    /// The action that the code requires.
    pub action: Action,
}

impl ErrcodeEntry {
    /// Returns the meaning of the code.
    pub fn meaning(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh if !self.meaning_zh.is_empty() => self.meaning_zh,
            Lang::En | Lang::Zh => self.meaning_en,
        }
    }

    /// Returns the remedy, or `None` if no remedy is known.
    pub fn remedy(&self, lang: Lang) -> Option<&'static str> {
        let remedy = match lang {
            Lang::Zh if !self.remedy_zh.is_empty() => self.remedy_zh,
            Lang::En | Lang::Zh => self.remedy_en,
        };
        Some(remedy).filter(|remedy| !remedy.is_empty())
    }

    /// Returns the remedy if an administrator can apply it; error messages show this one.
    /// [`ErrcodeEntry::remedy`] also covers developers, for a person who looks the code up.
    pub fn advice(&self, lang: Lang) -> Option<&'static str> {
        self.remedy(lang).filter(|_| !self.for_developers)
    }

    /// Returns whether the code appears only on a page that the phone shows; no API call returns
    /// it.
    pub fn is_oauth_page_error(&self) -> bool {
        (10_000..20_000).contains(&self.errcode)
    }
}

// The names in the table and in the JSON of `explain`.
variant_names!(Action {
    Done = "done",
    Refresh = "refresh",
    Backoff = "backoff",
    Slow = "slow",
    Duplicate = "duplicate",
    HoldClass = "hold_day",
    Fail = "fail",
    Decline = "decline",
    FailMark = "fail_mark",
    FailClass = "stop_kind",
    StopRun = "stop_run",
});

/// Returns the row for `errcode`.
pub fn find(errcode: i64) -> Option<ErrcodeEntry> {
    // Not by lines: each response is looked up, and the table is long.
    let start = ERRCODES_TSV.find(&format!("\n{errcode}\t"))? + 1;
    ERRCODES_TSV[start..].lines().next().and_then(parse_row)
}

/// Returns all rows in the order of their codes.
pub fn entries() -> impl Iterator<Item = ErrcodeEntry> {
    ERRCODES_TSV.lines().skip(1).filter_map(parse_row)
}

/// Returns up to `limit` error codes that differ from `errcode` in at most two digits, the closest
/// first.
pub fn closest_codes(errcode: i64, limit: usize) -> Vec<ErrcodeEntry> {
    let typed = errcode.to_string();
    let distance = |entry: &ErrcodeEntry| {
        let slips = strsim::damerau_levenshtein(&typed, &entry.errcode.to_string());
        (slips, entry.errcode.abs_diff(errcode))
    };
    let mut candidates: Vec<ErrcodeEntry> =
        entries().filter(|entry| entry.action != Action::Done && distance(entry).0 <= 2).collect();
    candidates.sort_by_key(distance);
    candidates.truncate(limit);
    candidates
}

/// Returns the action for a code; an unknown code fails the message.
pub fn action(errcode: i64) -> Action {
    find(errcode).map_or(Action::Fail, |entry| entry.action)
}

fn parse_row(line: &'static str) -> Option<ErrcodeEntry> {
    let mut fields = line.split('\t');
    let errcode = fields.next()?.parse().ok()?;
    let errmsg = fields.next()?;
    let (meaning_en, meaning_zh, remedy) = (fields.next()?, fields.next()?, fields.next()?);
    let action = Action::from_name(fields.next()?)?;
    let remedy_zh = fields.next()?;
    let for_developers = match fields.next()? {
        "developer" => true,
        "administrator" => false,
        _ => return None,
    };
    Some(ErrcodeEntry { errcode, errmsg, meaning_en, meaning_zh, remedy_en: remedy, remedy_zh, for_developers, action })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_once() {
        let codes: Vec<i64> = entries().map(|entry| entry.errcode).collect();
        assert_eq!(codes.len(), ERRCODES_TSV.lines().count() - 1);
        assert!(codes.is_sorted_by(|a, b| a < b), "codes are unique and in order");
        assert!(entries().all(|entry| !entry.meaning(Lang::En).is_empty() && !entry.meaning(Lang::Zh).is_empty()));
    }

    #[test]
    fn each_code_is_found_and_no_part_of_one() {
        for entry in entries() {
            assert_eq!(find(entry.errcode).map(|found| found.meaning_en), Some(entry.meaning_en));
        }
        assert!(find(40001).is_some() && find(4000).is_none() && find(1).is_none());
    }

    #[test]
    fn what_helps_is_said_in_both_languages_or_in_none() {
        for entry in entries() {
            assert_eq!(entry.remedy_en.is_empty(), entry.remedy_zh.is_empty(), "{}", entry.errcode);
        }
        let entry = find(40164).unwrap();
        assert!(entry.remedy(Lang::Zh).is_some_and(|text| text.contains("白名单")));
        assert!(entry.remedy(Lang::En).is_some_and(|text| text.contains("IP allow-list")));
        assert_eq!(find(0).and_then(|entry| entry.remedy(Lang::Zh)), None);
    }

    /// A hint begins in lower case, which would spoil a name.
    #[test]
    fn no_advice_begins_with_a_name() {
        for entry in entries() {
            let advice = entry.advice(Lang::En).unwrap_or_default();
            let begins_with_name =
                ["WeChat", "AppID", "AppSecret", "Token"].iter().any(|name| advice.starts_with(name));
            assert!(!begins_with_name, "{}: {advice}", entry.errcode);
        }
    }

    #[test]
    fn advice_for_developers_is_shown_to_those_alone_who_look_the_code_up() {
        for entry in entries() {
            assert!(!entry.for_developers || entry.remedy(Lang::En).is_some(), "{}", entry.errcode);
            let (Some(advice), Some(zh)) = (entry.advice(Lang::En), entry.advice(Lang::Zh)) else { continue };
            for word in ["retry with", "multipart", "cached token", "UTF-8", "JSON", "Send at most", "growing"] {
                assert!(!advice.contains(word) && !zh.contains(word), "{}: {advice}", entry.errcode);
            }
        }
        for code in [-1, 40001, 40014, 42001, 40033, 41005, 47002] {
            let entry = find(code).unwrap();
            assert!(entry.remedy(Lang::En).is_some() && entry.advice(Lang::En).is_none(), "{code}");
        }
        assert_eq!(find(40164).unwrap().advice(Lang::En), find(40164).unwrap().remedy(Lang::En));
    }

    #[test]
    fn a_slip_of_the_finger_is_near() {
        let codes = |typed| closest_codes(typed, 3).iter().map(|entry| entry.errcode).collect::<Vec<_>>();
        for (typed, meant) in [(4001, 40001), (400001, 40001), (44013, 44003), (41064, 40164), (-2, -1), (47103, 47003)]
        {
            assert!(codes(typed).contains(&meant), "{typed}: {:?}", codes(typed));
        }
        assert_eq!(codes(99_999_999), Vec::<i64>::new());
        assert_eq!(closest_codes(40000, 3).len(), 3);
        assert!(!codes(450).contains(&0), "success is no error code: {:?}", codes(450));
    }

    #[test]
    fn actions_of_the_codes_that_matter_most() {
        let cases = [
            (0, Action::Done),
            (-1, Action::Backoff),
            (40001, Action::Refresh),
            (40003, Action::Fail),
            (40037, Action::FailClass),
            (40164, Action::StopRun),
            (43004, Action::FailMark),
            (45009, Action::HoldClass),
            (999_999, Action::Fail),
        ];
        for (code, expected) in cases {
            assert_eq!(action(code), expected, "{code}");
        }
    }
}
