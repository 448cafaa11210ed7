//! `wxbox follower …`: who follows the account, as WeChat knows it, beside who is bound.

use std::fmt;

use anyhow::Context as _;
use serde::Serialize;

use crate::app::{self, App};
use crate::cli::{Follower as Command, FollowerRemark as RemarkArgs, FollowerShow as ShowArgs, Global};
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::t;
use crate::time::Timestamp;
use crate::token::Session;
use crate::ui::{Cell, Facts, Progress, Table, Ui, when};
use crate::wechat;
use crate::wechat::people::{Follower, Page, REMARK_LIMIT};
use crate::words::listed;

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    match command {
        Command::List => list(ui, &app),
        Command::Show(args) => show(ui, &app, args),
        Command::Remark(args) => remark(ui, &app, args),
    }
}

/// A line of the list.
#[derive(Serialize)]
struct Line<'a> {
    openid: &'a str,
    users: Vec<String>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.openid)
    }
}

fn list(ui: &mut Ui, app: &App) -> anyhow::Result<Exit> {
    let mut session = app.session()?;
    let mut table = Table::new(&[t!("follower-list-openid"), t!("follower-list-users")]);
    let mut progress = None;
    let (mut listed, mut after) = (0, None);
    loop {
        let asked = session.call(|client, token| client.followers(token, after.as_deref()));
        let page = page(asked, listed, progress.as_ref().map(|(_, total)| *total))?;
        let (bar, _) =
            progress.get_or_insert_with(|| (Progress::begin(ui, &t!("follower-asking"), page.total), page.total));
        for openid in &page.openids {
            let users = session.store.users_of(&session.account.app_id, openid)?;
            if ui.json() {
                ui.data(&Line { openid, users })?;
            } else {
                table.row(vec![openid.clone(), bound(&users)]);
            }
        }
        ui.table_part(&mut table)?;
        bar.steps(page.openids.len());
        listed += page.openids.len();
        // The calls of a day are few: none is made for somebody who has gone.
        if page.next.is_none() || ui.closed() {
            break;
        }
        after = page.next;
    }
    drop(progress);
    if listed == 0 {
        ui.whisper(&t!("follower-none"));
    }
    Ok(Exit::Done)
}

/// A page, or how far the list has come without it.
fn page(
    asked: Result<Result<Page, wechat::Error>, crate::token::Error>,
    listed: usize,
    total: Option<u64>,
) -> anyhow::Result<Page> {
    let page = asked.map_err(anyhow::Error::from).and_then(|page| Ok(page?));
    match total {
        Some(total) => page.with_context(|| t!("follower-list-broken", listed = listed, total = total)),
        None => page,
    }
}

/// Who is bound, as people read it.
fn bound(users: &[String]) -> String {
    if users.is_empty() { "-".to_owned() } else { users.join(",") }
}

/// A person as a result, with WeChat's names of what it tells.
#[derive(Serialize)]
struct Shown {
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

impl Shown {
    fn new(it: Follower, users: Vec<String>) -> Self {
        let seconds = it.subscribe_time.and_then(|seconds| i64::try_from(seconds).ok());
        Self {
            openid: it.openid,
            users,
            subscribe: it.subscribe,
            subscribe_time: seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000))),
            subscribe_scene: it.subscribe_scene,
            qr_scene_str: it.qr_scene_str,
            remark: it.remark,
            tagid_list: it.tagid_list,
            language: it.language,
            unionid: it.unionid,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = match (self.subscribe, self.subscribe_time) {
            (false, _) => t!("follower-show-not"),
            (true, None) => t!("follower-show-yes"),
            (true, Some(time)) => t!("follower-show-since", time = when(time, f)),
        };
        let tags: Vec<String> = self.tagid_list.iter().map(u64::to_string).collect();
        let mut rows = vec![
            (t!("follower-show-openid"), Cell::from(self.openid.as_str())),
            (t!("follower-show-users"), bound(&self.users).into()),
            (t!("follower-show-follows"), follows.into()),
        ];
        let known = [
            (t!("follower-show-scene"), &self.subscribe_scene),
            (t!("follower-show-qr"), &self.qr_scene_str),
            (t!("follower-show-remark"), &self.remark),
            (t!("follower-show-tags"), &Some(listed(&tags)).filter(|tags| !tags.is_empty())),
            (t!("follower-show-language"), &self.language),
            (t!("follower-show-unionid"), &self.unionid),
        ];
        rows.extend(known.into_iter().filter_map(|(label, value)| Some((label, value.clone()?.into()))));
        Facts(rows).fmt(f)
    }
}

fn show(ui: &mut Ui, app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let openid = app::openid(&args.openid)?;
    let mut session = app.session()?;
    let told = session.call(|client, token| client.follower(token, openid))?;
    let told = told.map_err(|error| refused(openid, error))?;
    session.store.note_following(&session.account.app_id, openid, told.subscribe)?;
    let users = users(&session, openid)?;
    ui.data(&Shown::new(told, users))?;
    Ok(Exit::Done)
}

/// What was done.
#[derive(Serialize)]
struct Remarked<'a> {
    openid: &'a str,
    users: Vec<String>,
    remark: &'a str,
}

impl fmt::Display for Remarked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.users.is_empty() { self.openid.to_owned() } else { listed(&self.users) };
        f.write_str(&match self.remark {
            "" => t!("follower-unremarked", who = who),
            remark => t!("follower-remarked", who = who, remark = remark),
        })
    }
}

fn remark(ui: &mut Ui, app: &App, args: &RemarkArgs) -> anyhow::Result<Exit> {
    let openid = app::openid(&args.openid)?;
    let remark = args.text.trim();
    let length = remark.chars().count();
    if length > REMARK_LIMIT {
        return Err(Failure::usage(t!("follower-remark-long", length = length, limit = REMARK_LIMIT)).into());
    }
    if remark.chars().any(char::is_control) {
        return Err(Failure::usage(t!("follower-remark-control")).into());
    }
    let mut session = app.session()?;
    let done = session.call(|client, token| client.set_remark(token, openid, remark))?;
    done.map_err(|error| refused(openid, error))?;
    let users = users(&session, openid)?;
    ui.done(&Remarked { openid, users, remark })?;
    Ok(Exit::Done)
}

fn users(session: &Session, openid: &str) -> anyhow::Result<Vec<String>> {
    Ok(session.store.users_of(&session.account.app_id, openid)?)
}

/// Where WeChat has no such follower, or takes no such remark, the command line is what is wrong.
fn refused(openid: &str, error: wechat::Error) -> anyhow::Error {
    let what = || t!("follower-refused", openid = openid, cause = error.to_string());
    match error.refusal().map(|refusal| refusal.errcode) {
        Some(40003 | 43004) => Failure::no_such(what()).hint(error.hint()).into(),
        Some(40092) => Failure::usage(what()).hint(error.hint()).into(),
        _ => error.into(),
    }
}
