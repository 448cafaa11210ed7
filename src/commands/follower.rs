//! `wxbox follower` lists the followers that WeChat reports, with the people who are bound to them.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::access_token::ApiSession;
use crate::cli::{FollowerCommand as Command, FollowerRemark as RemarkArgs, FollowerShow as ShowArgs, Global};
use crate::clock::Timestamp;
use crate::config::CliOverrides;
use crate::context;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::t;
use crate::ui::{Cell, KeyValues, Progress, Table, Ui, format_time};
use crate::wechat;
use crate::wechat::followers::{Follower, FollowerPage, MAX_REMARK_CHARS};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    match command {
        Command::List => list(ui, &app),
        Command::Show(args) => show(ui, &app, args),
        Command::Remark(args) => remark(ui, &app, args),
    }
}

/// One follower of the list.
#[derive(Serialize)]
struct FollowerRow<'a> {
    openid: &'a str,
    users: Vec<String>,
}

impl fmt::Display for FollowerRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.openid)
    }
}

fn list(ui: &mut Ui, app: &AppContext) -> anyhow::Result<ExitStatus> {
    let mut session = app.api_session()?;
    let mut table = Table::new(&[t!("follower-list-openid"), t!("follower-list-users")]);
    let mut progress = None;
    let (mut listed, mut after) = (0, None);
    loop {
        let response = session.call(|client, token| client.followers(token, after.as_deref()));
        let page = with_progress_context(response, listed, progress.as_ref().map(|(_, total)| *total))?;
        let (bar, _) =
            progress.get_or_insert_with(|| (Progress::new(ui, &t!("follower-asking"), page.total), page.total));
        for openid in &page.openids {
            let users = session.store.users_bound_to(&session.account.app_id, openid)?;
            if ui.json() {
                ui.print(&FollowerRow { openid, users })?;
            } else {
                table.add_row(vec![openid.clone(), join_users(&users)]);
            }
        }
        ui.print_new_rows(&mut table)?;
        bar.increment_by(page.openids.len());
        listed += page.openids.len();
        // The requests per day are limited: request no page that will not be printed.
        if page.next.is_none() || ui.stdout_closed() {
            break;
        }
        after = page.next;
    }
    drop(progress);
    if listed == 0 {
        ui.note(&t!("follower-none"));
    }
    Ok(ExitStatus::Success)
}

/// Adds the progress of the list to an error.
fn with_progress_context(
    response: Result<Result<FollowerPage, wechat::Error>, crate::access_token::Error>,
    listed: usize,
    total: Option<u64>,
) -> anyhow::Result<FollowerPage> {
    let page = response.map_err(anyhow::Error::from).and_then(|page| Ok(page?));
    match total {
        Some(total) => page.with_context(|| t!("follower-list-broken", listed = listed, total = total)),
        None => page,
    }
}

/// Joins the names of the bound people for a table.
fn join_users(users: &[String]) -> String {
    if users.is_empty() { "-".to_owned() } else { users.join(",") }
}

/// A follower, with the field names of WeChat's API.
#[derive(Serialize)]
struct FollowerView {
    openid: String,
    users: Vec<String>,
    subscribe: bool,
    subscribe_time: Option<Timestamp>,
    subscribe_scene: Option<String>,
    qr_scene_str: Option<String>,
    remark: Option<String>,
    tagid_list: Vec<u64>,
    language: Option<String>,
    unionid: Option<String>,
}

impl FollowerView {
    fn new(follower: Follower, users: Vec<String>) -> Self {
        let seconds = follower.subscribe_time.and_then(|seconds| i64::try_from(seconds).ok());
        Self {
            openid: follower.openid,
            users,
            subscribe: follower.subscribe,
            subscribe_time: seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
            subscribe_scene: follower.subscribe_scene,
            qr_scene_str: follower.qr_scene_str,
            remark: follower.remark,
            tagid_list: follower.tagid_list,
            language: follower.language,
            unionid: follower.unionid,
        }
    }
}

impl fmt::Display for FollowerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = match (self.subscribe, self.subscribe_time) {
            (false, _) => t!("follower-show-not"),
            (true, None) => t!("follower-show-yes"),
            (true, Some(time)) => t!("follower-show-since", time = format_time(time, f)),
        };
        let tags: Vec<String> = self.tagid_list.iter().map(u64::to_string).collect();
        let mut rows = vec![
            (t!("follower-show-openid"), Cell::from(self.openid.as_str())),
            (t!("follower-show-users"), join_users(&self.users).into()),
            (t!("follower-show-follows"), follows.into()),
        ];
        let optional = [
            (t!("follower-show-scene"), &self.subscribe_scene),
            (t!("follower-show-qr"), &self.qr_scene_str),
            (t!("follower-show-remark"), &self.remark),
            (t!("follower-show-tags"), &Some(join_list(&tags)).filter(|tags| !tags.is_empty())),
            (t!("follower-show-language"), &self.language),
            (t!("follower-show-unionid"), &self.unionid),
        ];
        rows.extend(optional.into_iter().filter_map(|(label, value)| Some((label, value.clone()?.into()))));
        KeyValues(rows).fmt(f)
    }
}

fn show(ui: &mut Ui, app: &AppContext, args: &ShowArgs) -> anyhow::Result<ExitStatus> {
    let openid = context::parse_openid_argument(&args.openid)?;
    let mut session = app.api_session()?;
    let follower = session.call(|client, token| client.follower(token, openid))?;
    let follower = follower.map_err(|error| api_error(openid, error))?;
    session.store.set_follows(&session.account.app_id, openid, follower.subscribe)?;
    let users = bound_users(&session, openid)?;
    ui.print(&FollowerView::new(follower, users))?;
    Ok(ExitStatus::Success)
}

/// The remark that was set.
#[derive(Serialize)]
struct RemarkView<'a> {
    openid: &'a str,
    users: Vec<String>,
    remark: &'a str,
}

impl fmt::Display for RemarkView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipient = if self.users.is_empty() { self.openid.to_owned() } else { join_list(&self.users) };
        f.write_str(&match self.remark {
            "" => t!("follower-unremarked", who = recipient),
            remark => t!("follower-remarked", who = recipient, remark = remark),
        })
    }
}

fn remark(ui: &mut Ui, app: &AppContext, args: &RemarkArgs) -> anyhow::Result<ExitStatus> {
    let openid = context::parse_openid_argument(&args.openid)?;
    let remark = args.text.trim();
    let length = remark.chars().count();
    if length > MAX_REMARK_CHARS {
        return Err(CommandError::usage(t!("follower-remark-long", length = length, limit = MAX_REMARK_CHARS)).into());
    }
    if remark.chars().any(char::is_control) {
        return Err(CommandError::usage(t!("follower-remark-control")).into());
    }
    let mut session = app.api_session()?;
    let response = session.call(|client, token| client.set_remark(token, openid, remark))?;
    response.map_err(|error| api_error(openid, error))?;
    let users = bound_users(&session, openid)?;
    ui.print_result(&RemarkView { openid, users, remark })?;
    Ok(ExitStatus::Success)
}

fn bound_users(session: &ApiSession, openid: &str) -> anyhow::Result<Vec<String>> {
    Ok(session.store.users_bound_to(&session.account.app_id, openid)?)
}

/// Returns an error of the command line if WeChat has no such follower or rejects the remark.
fn api_error(openid: &str, error: wechat::Error) -> anyhow::Error {
    let message = || t!("follower-refused", openid = openid, cause = error.to_string());
    match error.api_error().map(|refusal| refusal.errcode) {
        Some(40003 | 43004) => CommandError::not_found(message()).hint(error.hint()).into(),
        Some(40092) => CommandError::usage(message()).hint(error.hint()).into(),
        _ => error.into(),
    }
}
