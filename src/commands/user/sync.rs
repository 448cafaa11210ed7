//! `user sync`: who of the bound still follows the account.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::app::App;
use crate::error::{Exit, Failure, Report};
use crate::store::Bound;
use crate::t;
use crate::token::Session;
use crate::ui::{Progress, Ui};
use crate::wechat::people::BATCH;
use crate::words::listed;

/// What is told of one person.
#[derive(Serialize)]
struct Change<'a> {
    event: &'static str,
    user: &'a str,
    openid: &'a str,
    /// Whether the person was seen to follow before; not where the openid is nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_followed: Option<bool>,
}

impl fmt::Display for Change<'_> {
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
struct Summary {
    event: &'static str,
    asked: usize,
    follow: usize,
    do_not_follow: usize,
    invalid: usize,
    changed: usize,
}

impl fmt::Display for Summary {
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
enum Said {
    Follows(bool),
    /// The openid is none of this account.
    Invalid(Report),
}

pub(super) fn sync(ui: &mut Ui, app: &App) -> anyhow::Result<Exit> {
    let mut session = app.session()?;
    let bound = session.store.bound(&session.account.app_id)?;
    let mut summary = Summary { event: "synced", ..Summary::default() };
    let progress = Progress::begin(ui, &t!("sync-asking"), bound.len() as u64);
    for (n, part) in bound.chunks(BATCH).enumerate() {
        let said = ask(&mut session, part);
        let said = said.with_context(|| t!("sync-broken", done = n * BATCH, all = bound.len()))?;
        keep(ui, &mut session, &said, &mut summary)?;
        progress.steps(part.len());
    }
    drop(progress);
    ui.done(&summary)?;
    let exit = match summary.invalid {
        0 => return Ok(Exit::Done),
        all if all == summary.asked => Exit::NoSuch,
        _ => Exit::Mixed,
    };
    if ui.json() {
        return Err(Failure { exit, what: t!("sync-invalid-some", count = summary.invalid), hint: None }.into());
    }
    Ok(exit)
}

/// All of them at once; one by one where WeChat refuses the lot for one of them, or forgets one.
fn ask<'b>(session: &mut Session, part: &'b [Bound]) -> anyhow::Result<Vec<(&'b Bound, Said)>> {
    let openids: Vec<&str> = part.iter().map(|it| it.openid.as_str()).collect();
    let told = match session.call(|client, token| client.followers_among(token, &openids))? {
        Err(error) if is_about_openid(&error) => Vec::new(),
        told => told?,
    };
    let mut said = Vec::new();
    for it in part {
        let one = match told.iter().find(|told| told.openid == it.openid) {
            Some(told) => Said::Follows(told.subscribe),
            None => match session.call(|client, token| client.follower(token, &it.openid))? {
                Err(error) if is_about_openid(&error) => {
                    let cause = error.to_string();
                    let what = t!("sync-invalid", user = listed(&it.users), openid = it.openid, cause = cause);
                    Said::Invalid(Report { exit: Exit::NoSuch, what, hint: error.hint() })
                }
                told => Said::Follows(told?.subscribe),
            },
        };
        said.push((it, one));
    }
    Ok(said)
}

fn is_about_openid(error: &crate::wechat::Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.errcode == 40003)
}

/// Marks who has left, takes the mark from who is back, and tells.
fn keep(ui: &mut Ui, session: &mut Session, said: &[(&Bound, Said)], summary: &mut Summary) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for (it, said) in said {
        summary.asked += it.users.len();
        match said {
            Said::Follows(follows) => {
                seen.push((it.openid.as_str(), *follows));
                *(if *follows { &mut summary.follow } else { &mut summary.do_not_follow }) += it.users.len();
            }
            Said::Invalid(report) => {
                summary.invalid += it.users.len();
                if ui.json() {
                    for user in &it.users {
                        ui.done(&Change { event: "invalid", user, openid: &it.openid, has_followed: None })?;
                    }
                } else {
                    ui.error(report);
                }
            }
        }
    }
    let changed = session.store.keep_following(&session.account.app_id, &seen)?;
    summary.changed += changed.len();
    for it in &changed {
        let event = if it.follows { "followed" } else { "unfollowed" };
        ui.done(&Change { event, user: &it.user, openid: &it.openid, has_followed: Some(it.has_followed) })?;
    }
    Ok(())
}
