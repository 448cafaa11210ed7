//! Describes why pushes were rejected, and how to fix it.

use crate::clock::Timestamp;
use crate::i18n::{join_clauses, relative_time};
use crate::store::{self, Store};
use crate::t;
use crate::time_zone::format_local;
use crate::wechat::push::PushError;

/// The pushes that were rejected since the last accepted one, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRejectionReport {
    /// The most informative reason: if the signature matched, WeChat sent the push.
    pub error: PushError,
    /// The number of pushes that were rejected for it.
    pub count: i64,
    /// When the first one arrived.
    pub since: Timestamp,
    /// When the last one arrived.
    pub last_at: Timestamp,
}

impl PushRejectionReport {
    /// Reads the report of the account from the database; `None` if no push was rejected since the
    /// last accepted one.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn read(store: &Store, app_id: &str) -> store::Result<Option<Self>> {
        let rejected = store.rejected_pushes(app_id)?;
        let mut reports: Vec<Self> = rejected
            .into_iter()
            .filter_map(|rejected| {
                let error = PushError::from_name(&rejected.reason)?;
                Some(Self { error, count: rejected.count, since: rejected.since, last_at: rejected.last_at })
            })
            .collect();
        // The last one comes first; the sort is stable.
        reports.sort_by_key(|report| report.error == PushError::WrongSignature);
        Ok(reports.into_iter().next())
    }

    /// Returns the numbers and the reason.
    pub fn describe(&self, now: Timestamp) -> String {
        let (cause, ago) = (describe_rejection(self.error), relative_time(now.seconds_since(self.last_at)));
        t!("push-rejected", count = self.count, since = format_local(self.since), ago = ago, cause = cause)
    }

    /// Returns the fix: the settings to compare with WeChat's console, or with the sandbox's page.
    pub fn fix(&self, is_sandbox: bool) -> String {
        let place = console_place(is_sandbox);
        let (safe, plain) = match is_sandbox {
            true => (t!("sandbox-push-mode-safe"), t!("sandbox-push-mode-plain")),
            false => (t!("push-mode-safe"), t!("push-mode-plain")),
        };
        let fix = match self.error {
            PushError::WrongSignature => t!("push-wrong-signature-fix", place = place),
            PushError::NotEncrypted => t!("push-not-encrypted-fix", place = place, mode = safe),
            PushError::Encrypted => t!("push-encrypted-fix", place = place, mode = plain),
            PushError::Undecryptable => t!("push-undecryptable-fix", place = place),
            PushError::OtherAccount => t!("push-other-account-fix"),
            PushError::Stale => t!("push-stale-fix"),
            PushError::Malformed | PushError::TooLarge => return t!("push-malformed-fix"),
        };
        join_clauses([fix, t!("push-reload-fix")])
    }
}

/// Describes where the push settings are: in WeChat's console, or on the page of the sandbox.
pub fn console_place(is_sandbox: bool) -> String {
    if is_sandbox { t!("push-place-sandbox") } else { t!("push-place-console") }
}

/// Describes why a push is rejected, without a part of the push.
pub fn describe_rejection(error: PushError) -> String {
    match error {
        PushError::TooLarge => t!("push-too-large"),
        PushError::Malformed => t!("push-malformed"),
        PushError::WrongSignature => t!("push-wrong-signature"),
        PushError::Stale => t!("push-stale"),
        PushError::NotEncrypted => t!("push-not-encrypted"),
        PushError::Encrypted => t!("push-encrypted"),
        PushError::OtherAccount => t!("push-other-account"),
        PushError::Undecryptable => t!("push-undecryptable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RejectedPushes;

    #[test]
    fn reason_of_wechat_itself_is_reported_before_wrong_signatures() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        assert_eq!(PushRejectionReport::read(&store, "wx1").unwrap(), None);
        let rejected = |error: PushError, count, last_at| RejectedPushes {
            reason: error.to_string(),
            count,
            since: Timestamp(1),
            last_at: Timestamp(last_at),
        };
        let attack = rejected(PushError::WrongSignature, 9000, 90);
        store.add_rejected_pushes("wx1", std::slice::from_ref(&attack)).unwrap();
        assert_eq!(PushRejectionReport::read(&store, "wx1").unwrap().unwrap().error, PushError::WrongSignature);
        let known = [rejected(PushError::Encrypted, 2, 50), rejected(PushError::Undecryptable, 3, 60)];
        store.add_rejected_pushes("wx1", &known).unwrap();
        let unknown = RejectedPushes { reason: "of a later version".into(), ..attack };
        store.add_rejected_pushes("wx1", &[unknown]).unwrap();
        let report = PushRejectionReport::read(&store, "wx1").unwrap().unwrap();
        assert_eq!((report.error, report.count, report.last_at), (PushError::Undecryptable, 3, Timestamp(60)));
    }
}
