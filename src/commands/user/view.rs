//! `user list`, `user show`, and the view of a person.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::cli::{UserList, UserShow};
use crate::clock::Timestamp;
use crate::context::{AppContext, require_tag};
use crate::exit::ExitStatus;
use crate::i18n::join_list;
use crate::store::{Binding, NOT_FOLLOWING, ServeLock, User, UserFilter};
use crate::t;
use crate::ui::{Cell, KeyValues, Table, Ui, format_time};

/// The time after a person's last message in which WeChat accepts texts:
/// doc/service/api/customer/message/api_sendcustommessage.
const TEXT_PERIOD: Duration = Duration::from_secs(48 * 3600);

/// Why no message can reach a person. The end of the 48 hours for texts is no such reason:
/// templates still arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum UnreachableReason {
    NotBound,
    NotFollowing,
    Unfollowed,
    Refused,
}

impl UnreachableReason {
    /// Returns the reason for a binding; `None` if messages can reach the person.
    fn of(binding: Option<&Binding>) -> Option<Self> {
        let Some(binding) = binding else { return Some(Self::NotBound) };
        let is_refused_for_follow = binding.unreachable_errcode.is_some_and(|code| NOT_FOLLOWING.contains(&code));
        match binding.follows == Some(false) || is_refused_for_follow {
            true if binding.has_followed => Some(Self::Unfollowed),
            true => Some(Self::NotFollowing),
            false => binding.unreachable_errcode.map(|_| Self::Refused),
        }
    }
}

/// One person.
#[derive(Serialize)]
pub(super) struct UserView {
    username: String,
    uid: String,
    openid: Option<String>,
    bound: bool,
    bound_at: Option<Timestamp>,
    reachable: bool,
    follows: Option<bool>,
    has_followed: bool,
    tags: Vec<String>,
    note: String,
    created_at: Timestamp,
    reason: Option<UnreachableReason>,
    /// The end of the time in which WeChat accepts texts; `None` if no push has reported a message
    /// of the person.
    texts_until: Option<Timestamp>,
    #[serde(skip)]
    unreachable_errcode: Option<i64>,
    /// Whether a running `serve` keeps the state up to date.
    #[serde(skip)]
    is_serving: bool,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let binding = user.binding.as_ref();
        let reason = UnreachableReason::of(binding);
        Self {
            bound: binding.is_some(),
            bound_at: binding.map(|binding| binding.bound_at),
            reachable: reason.is_none(),
            reason,
            follows: binding.and_then(|binding| binding.follows),
            has_followed: binding.is_some_and(|binding| binding.has_followed),
            unreachable_errcode: binding.and_then(|binding| binding.unreachable_errcode),
            texts_until: binding.and_then(|binding| binding.last_wrote_at).map(|at| at.plus(TEXT_PERIOD)),
            openid: user.binding.map(|binding| binding.openid),
            username: user.username,
            uid: user.uid,
            tags: user.tags,
            note: user.note,
            created_at: user.created_at,
            is_serving: false,
        }
    }
}

impl UserView {
    /// Describes in a few words why messages cannot reach the person.
    fn problem(&self) -> Option<String> {
        Some(match self.reason? {
            UnreachableReason::NotBound => t!("user-list-unbound"),
            UnreachableReason::NotFollowing => t!("user-list-not-following"),
            UnreachableReason::Unfollowed => t!("user-list-left"),
            UnreachableReason::Refused => {
                t!(
                    "user-list-refused",
                    errcode = self.unreachable_errcode.map(|code| code.to_string()).unwrap_or_default()
                )
            }
        })
    }
}

impl fmt::Display for UserView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match (&self.openid, self.bound_at) {
            (Some(openid), Some(at)) => t!("user-show-bound", openid = openid, time = format_time(at, f)),
            _ => t!("user-show-unbound"),
        };
        let mut rows = vec![
            (t!("user-show-name"), Cell::from(self.username.as_str())),
            (t!("user-show-uid"), self.uid.as_str().into()),
            (t!("user-show-wechat"), bound.into()),
        ];
        if self.bound {
            let follows = match (self.follows, self.has_followed) {
                (None, _) => t!("user-show-follows-unknown"),
                (Some(true), _) => t!("user-show-follows-yes"),
                (Some(false), true) => t!("user-show-follows-left"),
                (Some(false), false) => t!("user-show-follows-not"),
            };
            rows.push((t!("user-show-follows"), follows.into()));
        }
        if let Some(until) = self.texts_until {
            let time = format_time(until, f);
            let is_over = until <= Timestamp::now();
            let text = if is_over {
                t!("user-show-texts-over", time = time)
            } else {
                t!("user-show-texts-until", time = time)
            };
            rows.push((t!("user-show-texts"), text.into()));
        }
        if let Some(errcode) = self.unreachable_errcode {
            let code = errcode.to_string();
            let refused = match NOT_FOLLOWING.contains(&errcode) {
                true if self.is_serving => t!("user-show-not-following-served", errcode = code),
                true => t!("user-show-not-following", errcode = code),
                false => t!("user-show-unreachable", errcode = code),
            };
            rows.push((t!("user-show-reachable"), refused.into()));
        }
        if !self.tags.is_empty() {
            rows.push((t!("user-show-tags"), join_list(&self.tags).into()));
        }
        if !self.note.is_empty() {
            rows.push((t!("user-show-note"), self.note.as_str().into()));
        }
        rows.push((t!("user-show-added"), self.created_at.into()));
        KeyValues(rows).fmt(f)
    }
}

pub(super) fn show(ui: &mut Ui, app: &AppContext, args: &UserShow) -> anyhow::Result<ExitStatus> {
    let store = app.open_existing_store()?;
    let user = app.find_user(&store, &args.name)?;
    let is_serving = app.config.has_push() && ServeLock::is_held(&app.config.database, app.app_id());
    ui.print(&UserView { is_serving, ..UserView::from(user) })?;
    Ok(ExitStatus::Success)
}

pub(super) fn list(ui: &mut Ui, app: &AppContext, args: &UserList) -> anyhow::Result<ExitStatus> {
    let store = app.open_existing_store()?;
    if let Some(tag) = &args.tag {
        require_tag(&store, tag)?;
    }
    let bound = match (args.bound, args.unbound) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let filter = UserFilter { tag: args.tag.as_deref(), bound };
    let is_selected = |view: &UserView| match (args.reachable, args.unreachable) {
        (true, _) => view.reachable,
        (_, true) => !view.reachable,
        _ => true,
    };
    if ui.json() {
        store.for_each_user(&filter, app.app_id(), |user| {
            let view = UserView::from(user);
            if is_selected(&view) { ui.print(&view) } else { Ok(()) }
        })?;
        return Ok(ExitStatus::Success);
    }
    let mut views = Vec::new();
    store.for_each_user(&filter, app.app_id(), |user| {
        views.push(UserView::from(user));
        anyhow::Ok(())
    })?;
    views.retain(is_selected);
    if views.is_empty() {
        let is_filtered = args.tag.is_some() || bound.is_some() || args.reachable || args.unreachable;
        ui.note(&if is_filtered { t!("user-none-match") } else { t!("user-none") });
        return Ok(ExitStatus::Success);
    }
    let mut heading = vec![t!("user-list-name"), t!("user-list-openid"), t!("user-list-tags"), t!("user-list-note")];
    // On a terminal, the column is shown only if it is not empty. A program always gets it.
    let has_problems = !ui.out_terminal || views.iter().any(|view| view.reason.is_some());
    heading.extend(has_problems.then(|| t!("user-list-status")));
    let mut table = Table::new(&heading).truncatable(if has_problems { &[0, 2, 3, 4] } else { &[0, 2, 3] });
    for view in views {
        let problem = has_problems.then(|| view.problem().unwrap_or_default());
        let openid = view.openid.unwrap_or_else(|| "-".into());
        let row = [view.username, openid, view.tags.join(","), view.note];
        table.add_row(row.into_iter().chain(problem).collect());
    }
    ui.print_table(&mut table)?;
    Ok(ExitStatus::Success)
}
