//! `user list`, `user show`, and how a person is shown.

use std::fmt;

use serde::Serialize;

use crate::app::App;
use crate::cli::{List, Show};
use crate::error::Exit;
use crate::store::{Store, User, UserFilter};
use crate::t;
use crate::time::Timestamp;
use crate::ui::{Cell, Facts, Table, Ui, when};
use crate::words::{listed, nearest};

/// A person as a result.
#[derive(Serialize)]
pub(super) struct Shown {
    username: String,
    uid: String,
    openid: Option<String>,
    bound: bool,
    bound_at: Option<Timestamp>,
    reachable: bool,
    tags: Vec<String>,
    note: String,
    created_at: Timestamp,
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        let binding = user.binding.as_ref();
        Self {
            bound: binding.is_some(),
            bound_at: binding.map(|binding| binding.bound_at),
            reachable: binding.is_some_and(|binding| binding.unreachable.is_none()),
            openid: user.binding.map(|binding| binding.openid),
            username: user.username,
            uid: user.uid,
            tags: user.tags,
            note: user.note,
            created_at: user.created_at,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match (&self.openid, self.bound_at) {
            (Some(openid), Some(at)) => t!("user-show-bound", openid = openid, time = when(at, f)),
            _ => t!("user-show-unbound"),
        };
        let mut rows = vec![
            (t!("user-show-name"), Cell::from(self.username.as_str())),
            (t!("user-show-uid"), self.uid.as_str().into()),
            (t!("user-show-wechat"), bound.into()),
        ];
        if self.bound && !self.reachable {
            rows.push((t!("user-show-reachable"), t!("user-show-unreachable").into()));
        }
        if !self.tags.is_empty() {
            rows.push((t!("user-show-tags"), listed(&self.tags).into()));
        }
        if !self.note.is_empty() {
            rows.push((t!("user-show-note"), self.note.as_str().into()));
        }
        rows.push((t!("user-show-added"), self.created_at.into()));
        Facts(rows).fmt(f)
    }
}

pub(super) fn show(ui: &mut Ui, app: &App, args: &Show) -> anyhow::Result<Exit> {
    let store = app.store_as_found()?;
    let user = app.user(&store, &args.name)?;
    ui.data(&Shown::from(user))?;
    Ok(Exit::Done)
}

pub(super) fn list(ui: &mut Ui, app: &App, args: &List) -> anyhow::Result<Exit> {
    let store = app.store_as_found()?;
    let bound = match (args.bound, args.unbound) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let filter = UserFilter { tag: args.tag.as_deref(), bound };
    if ui.json() {
        store.each_user(&filter, app.app_id(), |user| ui.data(&Shown::from(user)))?;
        return Ok(Exit::Done);
    }
    let mut found = 0;
    let mut table =
        Table::new(&[t!("user-list-name"), t!("user-list-openid"), t!("user-list-tags"), t!("user-list-note")])
            .cut(&[0, 2, 3]);
    store.each_user(&filter, app.app_id(), |user| {
        found += 1;
        let shown = Shown::from(user);
        table.row(vec![shown.username, shown.openid.unwrap_or_else(|| "-".into()), shown.tags.join(","), shown.note]);
        anyhow::Ok(())
    })?;
    ui.table(&mut table)?;
    if found == 0 {
        ui.whisper(&none(&store, &filter)?);
    }
    Ok(Exit::Done)
}

/// Why nobody is in the list.
fn none(store: &Store, filter: &UserFilter<'_>) -> anyhow::Result<String> {
    let tags = store.tags()?;
    Ok(match filter.tag {
        Some(tag) if !tags.iter().any(|known| known == tag) => {
            let nobody = t!("send-no-tag", tag = tag);
            match nearest(tag, tags) {
                Some(near) => t!("ui-clauses", first = nobody, rest = t!("did-you-mean", name = near)),
                None => nobody,
            }
        }
        None if filter.bound.is_none() => t!("user-none"),
        _ => t!("user-none-match"),
    })
}
