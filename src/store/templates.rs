//! Each account's template lists, as WeChat returned them last.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Error, Result, Store};
use crate::clock::Timestamp;

/// How long a cached list is used, in milliseconds: one day.
const LIST_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// A list of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// The templates of template messages.
    Template,
    /// The templates of subscription notifications.
    Subscription,
}

impl TemplateKind {
    /// Returns the tables of the list and of its templates.
    fn tables(self) -> (&'static str, &'static str) {
        match self {
            Self::Template => ("template_lists", "templates"),
            Self::Subscription => ("subscription_template_lists", "subscription_templates"),
        }
    }
}

/// A template of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedTemplate {
    /// WeChat's ID of the template.
    pub template_id: String,
    /// Its title.
    pub title: String,
    /// Its lines, with `{{key.DATA}}` in place of each value.
    pub content: String,
}

/// A template list and when it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateList {
    /// The kind of the list.
    pub kind: TemplateKind,
    /// The templates, in WeChat's order; may be empty.
    pub templates: Vec<CachedTemplate>,
    /// When the list was fetched.
    pub fetched_at: Timestamp,
}

impl TemplateList {
    /// Returns whether the list must be fetched again before use. A clock that was set back makes
    /// it stale.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        !(0..LIST_TTL_MS).contains(&now.0.saturating_sub(self.fetched_at.0))
    }
}

/// Returns the account's cached list; `None` if none was ever cached.
pub(super) fn read_template_list(
    conn: &Connection,
    app_id: &str,
    kind: TemplateKind,
) -> rusqlite::Result<Option<TemplateList>> {
    let (lists, templates) = kind.tables();
    let list_sql = format!("SELECT fetched_at FROM {lists} WHERE app_id = ?1");
    let Some(fetched_at) = conn.query_row(&list_sql, [app_id], |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    let query = format!("SELECT template_id, title, content FROM {templates} WHERE app_id = ?1 ORDER BY position");
    let mut query = conn.prepare(&query)?;
    let rows = query.query_map([app_id], |row| {
        Ok(CachedTemplate { template_id: row.get(0)?, title: row.get(1)?, content: row.get(2)? })
    });
    let templates = rows.and_then(Iterator::collect)?;
    Ok(Some(TemplateList { kind, templates, fetched_at }))
}

impl Store {
    /// Returns the account's cached list; `None` if none was ever cached.
    pub fn templates(&self, app_id: &str, kind: TemplateKind) -> Result<Option<TemplateList>> {
        self.map_err(read_template_list(&self.conn, app_id, kind))
    }

    /// Replaces the account's cached list.
    pub fn save_templates(&mut self, app_id: &str, list: &TemplateList) -> Result<()> {
        let (lists, templates) = list.kind.tables();
        self.without_fsync(|store| {
            let path = store.path.clone();
            let at = |e| Error::from_sqlite(&path, e);
            let tx = store.begin_write()?;
            tx.execute(&format!("DELETE FROM {lists} WHERE app_id = ?1"), [app_id]).map_err(at)?;
            let row = format!("INSERT INTO {lists} (app_id, fetched_at) VALUES (?1, ?2)");
            tx.execute(&row, params![app_id, list.fetched_at]).map_err(at)?;
            let row = format!(
                "INSERT INTO {templates} (app_id, position, template_id, title, content) VALUES (?1, ?2, ?3, ?4, ?5)"
            );
            for (position, template) in (0_i64..).zip(&list.templates) {
                tx.execute(&row, params![app_id, position, template.template_id, template.title, template.content])
                    .map_err(at)?;
            }
            tx.commit().map_err(at)
        })
    }

    /// Returns the IDs of the users who declined a template of the account.
    pub fn users_declining_template(&self, app_id: &str, template_id: &str) -> Result<HashSet<i64>> {
        let sql = "SELECT user_id FROM declined_templates WHERE app_id = ?1 AND template_id = ?2";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = self.map_err(query.query_map(params![app_id, template_id], |row| row.get(0)))?;
        self.map_err(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_list_is_stale_after_a_day_or_clock_set_back() {
        let list = TemplateList { kind: TemplateKind::Template, templates: Vec::new(), fetched_at: Timestamp(1_000) };
        for (now, is_old) in [(1_000, false), (999 + LIST_TTL_MS, false), (1_000 + LIST_TTL_MS, true), (999, true)] {
            assert_eq!(list.is_stale(Timestamp(now)), is_old, "{now}");
        }
    }

    #[test]
    fn template_lists_are_stored_per_account_and_kind() {
        use TemplateKind::{Subscription, Template as Own};
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let template = |id: &str| CachedTemplate { template_id: id.into(), title: "T".into(), content: "a".into() };
        let list = |family, ids: &[&str], at| {
            let templates = ids.iter().map(|id| template(id)).collect();
            TemplateList { kind: family, templates, fetched_at: Timestamp(at) }
        };
        assert_eq!(store.templates("wx1", Own).unwrap(), None);
        let lists =
            [("wx1", list(Own, &["z", "a"], 1)), ("wx2", list(Own, &["b"], 2)), ("wx1", list(Subscription, &["s"], 3))];
        for (app_id, list) in &lists {
            store.save_templates(app_id, list).unwrap();
        }
        for (app_id, list) in &lists {
            assert_eq!(store.templates(app_id, list.kind).unwrap().as_ref(), Some(list));
        }
        store.save_templates("wx1", &list(Own, &[], 4)).unwrap();
        assert_eq!(store.templates("wx1", Own).unwrap(), Some(list(Own, &[], 4)));
        assert_eq!(store.templates("wx1", Subscription).unwrap().as_ref(), Some(&lists[2].1));
        assert_eq!(store.templates("wx2", Own).unwrap().as_ref(), Some(&lists[1].1));
    }
}
