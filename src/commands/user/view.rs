//! `user list`, `user show`, and the view of a person.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::cli::{UserList, UserShow};
use crate::clock::Timestamp;
use crate::context::AppContext;
use crate::exit::ExitStatus;
use crate::i18n::{closest_match, join_list};
use crate::store::{NOT_FOLLOWING, Store, User, UserFilter};
use crate::t;
use crate::ui::{Cell, KeyValues, Table, Ui, format_time};

/// How long WeChat accepts texts after a person wrote:
/// doc/service/api/customer/message/api_sendcustommessage.
const TEXT_PERIOD: Duration = Duration::from_secs(48 * 3600);

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
    #[serde(skip)]
    unreachable_errcode: Option<i64>,
    /// Until when WeChat accepts a text, if a push reported when the person wrote.
    #[serde(skip)]
    text_until: Option<Timestamp>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let binding = user.binding.as_ref();
        Self {
            bound: binding.is_some(),
            bound_at: binding.map(|binding| binding.bound_at),
            reachable: binding
                .is_some_and(|binding| binding.unreachable_errcode.is_none() && binding.follows != Some(false)),
            follows: binding.and_then(|binding| binding.follows),
            has_followed: binding.is_some_and(|binding| binding.has_followed),
            unreachable_errcode: binding.and_then(|binding| binding.unreachable_errcode),
            text_until: binding.and_then(|binding| binding.last_wrote_at).map(|at| at.plus(TEXT_PERIOD)),
            openid: user.binding.map(|binding| binding.openid),
            username: user.username,
            uid: user.uid,
            tags: user.tags,
            note: user.note,
            created_at: user.created_at,
        }
    }
}

impl UserView {
    /// Describes in a few words why messages cannot reach a bound person.
    fn problem(&self) -> Option<String> {
        match (self.follows, self.has_followed, self.unreachable_errcode) {
            (Some(false), true, _) => Some(t!("user-list-left")),
            (Some(false), false, _) => Some(t!("user-list-not-following")),
            (_, _, Some(errcode)) => Some(t!("user-list-refused", errcode = errcode.to_string())),
            (_, _, None) => None,
        }
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
        if let Some(until) = self.text_until {
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
    ui.print(&UserView::from(user))?;
    Ok(ExitStatus::Success)
}

pub(super) fn list(ui: &mut Ui, app: &AppContext, args: &UserList) -> anyhow::Result<ExitStatus> {
    let store = app.open_existing_store()?;
    let bound = match (args.bound, args.unbound) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let filter = UserFilter { tag: args.tag.as_deref(), bound };
    if ui.json() {
        store.for_each_user(&filter, app.app_id(), |user| ui.print(&UserView::from(user)))?;
        return Ok(ExitStatus::Success);
    }
    let mut views = Vec::new();
    store.for_each_user(&filter, app.app_id(), |user| {
        views.push(UserView::from(user));
        anyhow::Ok(())
    })?;
    let mut heading = vec![t!("user-list-name"), t!("user-list-openid"), t!("user-list-tags"), t!("user-list-note")];
    // The column is shown only if it is not empty.
    let has_problems = views.iter().any(|view| view.problem().is_some());
    heading.extend(has_problems.then(|| t!("user-list-trouble")));
    let mut table = Table::new(&heading).truncatable(if has_problems { &[0, 2, 3, 4] } else { &[0, 2, 3] });
    let is_empty = views.is_empty();
    for view in views {
        let problem = has_problems.then(|| view.problem().unwrap_or_default());
        let openid = view.openid.unwrap_or_else(|| "-".into());
        let row = [view.username, openid, view.tags.join(","), view.note];
        table.add_row(row.into_iter().chain(problem).collect());
    }
    ui.print_table(&mut table)?;
    if is_empty {
        ui.note(&empty_message(&store, &filter)?);
    }
    Ok(ExitStatus::Success)
}

/// Describes why the list is empty.
fn empty_message(store: &Store, filter: &UserFilter<'_>) -> anyhow::Result<String> {
    let tags = store.tags()?;
    Ok(match filter.tag {
        Some(tag) if !tags.iter().any(|other| other == tag) => {
            let message = t!("send-no-tag", tag = tag);
            match closest_match(tag, tags) {
                Some(suggestion) => t!("ui-clauses", first = message, rest = t!("did-you-mean", name = suggestion)),
                None => message,
            }
        }
        None if filter.bound.is_none() => t!("user-none"),
        _ => t!("user-none-match"),
    })
}
