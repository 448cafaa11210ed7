//! `user sync`: who of the bound still follows the account.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::access_token::ApiSession;
use crate::context::AppContext;
use crate::exit::{CommandError, ErrorReport, ExitStatus};
use crate::i18n::join_list;
use crate::store::BoundOpenid;
use crate::t;
use crate::ui::{Progress, Ui};
use crate::wechat::followers::MAX_BATCH;

/// What is told of one person.
#[derive(Serialize)]
struct SyncEvent<'a> {
    event: &'static str,
    user: &'a str,
    openid: &'a str,
    /// Whether the person was seen to follow before; not where the openid is nobody's.
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

/// How many there are of each, in people; some may share a phone.
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

/// What WeChat said of an openid.
enum FollowResult {
    Follows(bool),
    /// The openid is none of this account.
    Invalid(ErrorReport),
}

pub(super) fn sync(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    let mut session = app.api_session()?;
    let bound = session.store.bound_openids(&session.account.app_id)?;
    let mut summary = SyncSummary { event: "synced", ..SyncSummary::default() };
    let progress = Progress::new(ui, &t!("sync-asking"), bound.len() as u64);
    for (n, part) in bound.chunks(MAX_BATCH).enumerate() {
        let said = query_batch(&mut session, part);
        let said = said.with_context(|| t!("sync-broken", done = n * MAX_BATCH, all = bound.len()))?;
        save_batch(ui, &mut session, &said, &mut summary)?;
        progress.increment_by(part.len());
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

/// All of them at once; one by one where WeChat refuses the lot for one of them, or forgets one.
fn query_batch<'b>(
    session: &mut ApiSession,
    part: &'b [BoundOpenid],
) -> anyhow::Result<Vec<(&'b BoundOpenid, FollowResult)>> {
    let openids: Vec<&str> = part.iter().map(|it| it.openid.as_str()).collect();
    let told = match session.call(|client, token| client.followers_batch(token, &openids))? {
        Err(error) if is_invalid_openid(&error) => Vec::new(),
        told => told?,
    };
    let mut said = Vec::new();
    for it in part {
        let one = match told.iter().find(|told| told.openid == it.openid) {
            Some(told) => FollowResult::Follows(told.subscribe),
            None => match session.call(|client, token| client.follower(token, &it.openid))? {
                Err(error) if is_invalid_openid(&error) => {
                    let cause = error.to_string();
                    let what = t!("sync-invalid", user = join_list(&it.users), openid = it.openid, cause = cause);
                    FollowResult::Invalid(ErrorReport { exit: ExitStatus::NotFound, message: what, hint: error.hint() })
                }
                told => FollowResult::Follows(told?.subscribe),
            },
        };
        said.push((it, one));
    }
    Ok(said)
}

fn is_invalid_openid(error: &crate::wechat::Error) -> bool {
    error.api_error().is_some_and(|refusal| refusal.errcode == 40003)
}

/// Marks who has left, takes the mark from who is back, and tells.
fn save_batch(
    ui: &mut Ui,
    session: &mut ApiSession,
    said: &[(&BoundOpenid, FollowResult)],
    summary: &mut SyncSummary,
) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for (it, said) in said {
        summary.asked += it.users.len();
        match said {
            FollowResult::Follows(follows) => {
                seen.push((it.openid.as_str(), *follows));
                *(if *follows { &mut summary.follow } else { &mut summary.do_not_follow }) += it.users.len();
            }
            FollowResult::Invalid(report) => {
                summary.invalid += it.users.len();
                if ui.json() {
                    for user in &it.users {
                        ui.print_result(&SyncEvent { event: "invalid", user, openid: &it.openid, has_followed: None })?;
                    }
                } else {
                    ui.error(report);
                }
            }
        }
    }
    let changed = session.store.update_follow_state(&session.account.app_id, &seen)?;
    summary.changed += changed.len();
    for it in &changed {
        let event = if it.follows { "followed" } else { "unfollowed" };
        ui.print_result(&SyncEvent { event, user: &it.user, openid: &it.openid, has_followed: Some(it.has_followed) })?;
    }
    Ok(())
}
