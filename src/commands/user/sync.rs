//! `user sync` updates which bound people still follow the account.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::access_token::ApiSession;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::store::BoundOpenid;
use crate::t;
use crate::ui::{Progress, Ui};
use crate::wechat::followers::MAX_BATCH;

/// The change of one person.
#[derive(Serialize)]
struct SyncEvent<'a> {
    event: &'static str,
    user: &'a str,
    openid: &'a str,
    /// Whether the person followed the account before; missing for an invalid openid.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_followed: Option<bool>,
}

impl fmt::Display for SyncEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match (self.event, self.has_followed == Some(true)) {
            ("followed", true) => t!("sync-followed-again", user = self.user),
            ("followed", false) => t!("sync-followed", user = self.user),
            (_, true) => t!("sync-unfollowed", user = self.user),
            (_, false) => t!("sync-not-followed", user = self.user),
        })
    }
}

/// The number of people with each result; several may share an openid.
#[derive(Default, Serialize)]
struct SyncSummary {
    event: &'static str,
    asked: usize,
    follow: usize,
    do_not_follow: usize,
    invalid: usize,
    changed: usize,
}

impl fmt::Display for SyncSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!(
            "sync-done",
            asked = self.asked,
            follow = self.follow,
            not = self.do_not_follow,
            invalid = self.invalid,
            changed = self.changed,
        ))
    }
}

/// The result for an openid.
enum FollowResult {
    Follows(bool),
    /// The openid does not belong to this account.
    Invalid(CommandError),
}

pub(super) fn sync(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    let mut session = app.api_session()?;
    let bound = session.store.bound_openids(&session.account.app_id)?;
    let mut summary = SyncSummary { event: "synced", ..SyncSummary::default() };
    let progress = Progress::new(ui, &t!("sync-asking"), bound.len() as u64);
    for (n, batch) in bound.chunks(MAX_BATCH).enumerate() {
        let results = query_batch(&mut session, batch);
        let results = results.with_context(|| t!("sync-broken", done = n * MAX_BATCH, all = bound.len()))?;
        save_batch(ui, &mut session, &results, &mut summary)?;
        progress.increment_by(batch.len());
    }
    drop(progress);
    ui.print_result(&summary)?;
    let exit = match summary.invalid {
        0 => return Ok(ExitStatus::Success),
        all if all == summary.asked => ExitStatus::NotFound,
        _ => ExitStatus::Mixed,
    };
    if ui.json() {
        return Err(CommandError { exit, message: t!("sync-invalid-some", count = summary.invalid), hint: None }.into());
    }
    Ok(exit)
}

/// Queries a batch in one request. If WeChat refuses the batch because of one openid, or omits an
/// openid, these openids are queried one by one.
fn query_batch<'b>(
    session: &mut ApiSession,
    batch: &'b [BoundOpenid],
) -> anyhow::Result<Vec<(&'b BoundOpenid, FollowResult)>> {
    let openids: Vec<&str> = batch.iter().map(|bound| bound.openid.as_str()).collect();
    let followers = match session.call(|client, token| client.followers_batch(token, &openids))? {
        Err(error) if is_invalid_openid(&error) => Vec::new(),
        followers => followers?,
    };
    let mut results = Vec::new();
    for bound in batch {
        let result = match followers.iter().find(|follower| follower.openid == bound.openid) {
            Some(follower) => FollowResult::Follows(follower.subscribe),
            None => match session.call(|client, token| client.follower(token, &bound.openid))? {
                Err(error) if is_invalid_openid(&error) => {
                    let cause = error.to_string();
                    let message =
                        t!("sync-invalid", user = join_list(&bound.users), openid = bound.openid, cause = cause);
                    FollowResult::Invalid(CommandError { exit: ExitStatus::NotFound, message, hint: error.hint() })
                }
                follower => FollowResult::Follows(follower?.subscribe),
            },
        };
        results.push((bound, result));
    }
    Ok(results)
}

fn is_invalid_openid(error: &crate::wechat::Error) -> bool {
    error.api_error().is_some_and(|refusal| refusal.errcode == 40003)
}

/// Saves the results, and prints each change.
fn save_batch(
    ui: &mut Ui,
    session: &mut ApiSession,
    results: &[(&BoundOpenid, FollowResult)],
    summary: &mut SyncSummary,
) -> anyhow::Result<()> {
    let mut follow_states = Vec::new();
    for (bound, results) in results {
        summary.asked += bound.users.len();
        match results {
            FollowResult::Follows(follows) => {
                follow_states.push((bound.openid.as_str(), *follows));
                *(if *follows { &mut summary.follow } else { &mut summary.do_not_follow }) += bound.users.len();
            }
            FollowResult::Invalid(error) => {
                summary.invalid += bound.users.len();
                if ui.json() {
                    for user in &bound.users {
                        ui.print_result(&SyncEvent {
                            event: "invalid",
                            user,
                            openid: &bound.openid,
                            has_followed: None,
                        })?;
                    }
                } else {
                    ui.error(error);
                }
            }
        }
    }
    let changed = session.store.update_follow_state(&session.account.app_id, &follow_states)?;
    summary.changed += changed.len();
    for bound in &changed {
        let event = if bound.follows { "followed" } else { "unfollowed" };
        ui.print_result(&SyncEvent {
            event,
            user: &bound.user,
            openid: &bound.openid,
            has_followed: Some(bound.has_followed),
        })?;
    }
    Ok(())
}
