//! What WeChat's error codes mean and what to do about them: `errcodes.tsv`, read as data.

use crate::words::Lang;

const TABLE: &str = include_str!("errcodes.tsv");

/// What follows from a code for the message at hand and for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Done: no error.
    Done,
    /// A new token, then once more.
    Refresh,
    /// Again, with growing pauses.
    Backoff,
    /// Again after midnight, Beijing time.
    HoldDay,
    /// This message is refused for good.
    Fail,
    /// This message is refused for good, and so would be every other to this person.
    FailMark,
    /// This API or template is refused: nobody else need be tried with it.
    StopKind,
    /// The account is refused: nothing at all can be sent now.
    StopRun,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub errcode: i64,
    /// WeChat's own words; may be empty.
    pub official: &'static str,
    meaning_en: &'static str,
    meaning_zh: &'static str,
    /// What to do, in English; may be empty.
    pub remedy: &'static str,
    /// What follows from it.
    pub action: Action,
}

impl Entry {
    /// What the code means.
    pub fn meaning(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh if !self.meaning_zh.is_empty() => self.meaning_zh,
            Lang::En | Lang::Zh => self.meaning_en,
        }
    }
}

/// The table's row for `errcode`.
pub fn find(errcode: i64) -> Option<Entry> {
    entries().find(|entry| entry.errcode == errcode)
}

/// All rows, by code.
pub fn entries() -> impl Iterator<Item = Entry> {
    TABLE.lines().skip(1).filter_map(parse)
}

/// What follows from a code; one that the table does not know is a refusal.
pub fn action(errcode: i64) -> Action {
    find(errcode).map_or(Action::Fail, |entry| entry.action)
}

fn parse(line: &'static str) -> Option<Entry> {
    let mut fields = line.split('\t');
    let errcode = fields.next()?.parse().ok()?;
    let official = fields.next()?;
    let (meaning_en, meaning_zh, remedy) = (fields.next()?, fields.next()?, fields.next()?);
    let action = match fields.nth(2)? {
        "done" => Action::Done,
        "refresh" => Action::Refresh,
        "backoff" => Action::Backoff,
        "hold_day" => Action::HoldDay,
        "fail" => Action::Fail,
        "fail_mark" => Action::FailMark,
        "stop_kind" => Action::StopKind,
        "stop_run" => Action::StopRun,
        _ => return None,
    };
    Some(Entry { errcode, official, meaning_en, meaning_zh, remedy, action })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_once() {
        let codes: Vec<i64> = entries().map(|entry| entry.errcode).collect();
        assert_eq!(codes.len(), TABLE.lines().count() - 1);
        assert!(codes.is_sorted_by(|a, b| a < b), "codes are unique and in order");
        assert!(entries().all(|entry| !entry.meaning(Lang::En).is_empty() && !entry.meaning(Lang::Zh).is_empty()));
    }

    #[test]
    fn actions_of_the_codes_that_matter_most() {
        let cases = [
            (0, Action::Done),
            (-1, Action::Backoff),
            (40001, Action::Refresh),
            (40003, Action::Fail),
            (40037, Action::StopKind),
            (40164, Action::StopRun),
            (43004, Action::FailMark),
            (45009, Action::HoldDay),
            (999_999, Action::Fail),
        ];
        for (code, expected) in cases {
            assert_eq!(action(code), expected, "{code}");
        }
    }
}
