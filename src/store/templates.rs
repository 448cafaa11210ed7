//! Each account's template lists as WeChat last gave them.

use rusqlite::{OptionalExtension, params};

use super::{Error, Result, Store};
use crate::time::Timestamp;

/// How long a kept list is used without asking WeChat anew, in milliseconds: one day.
const FRESH: i64 = 24 * 60 * 60 * 1000;

/// Which of the account's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The templates of template messages.
    Template,
    /// Those of subscription notifications.
    Subscription,
}

impl Family {
    /// Where its lists and their templates are.
    fn tables(self) -> (&'static str, &'static str) {
        match self {
            Self::Template => ("template_lists", "templates"),
            Self::Subscription => ("subscription_lists", "subscriptions"),
        }
    }
}

/// A template of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// WeChat's id of it.
    pub template_id: String,
    /// Its title.
    pub title: String,
    /// Its lines, with `{{key.DATA}}` where a value goes.
    pub content: String,
}

/// A template list and when it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateList {
    /// Which list it is.
    pub family: Family,
    /// The templates, in WeChat's order; there may be none.
    pub templates: Vec<Template>,
    /// When WeChat gave them.
    pub asked_at: Timestamp,
}

impl TemplateList {
    /// Whether the list is to be asked for again before it is used. A clock that was set back makes no list fresh.
    pub fn is_old(&self, now: Timestamp) -> bool {
        !(0..FRESH).contains(&now.0.saturating_sub(self.asked_at.0))
    }
}

impl Store {
    /// The list last kept for the account; `None` where none ever was.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn templates(&self, app_id: &str, family: Family) -> Result<Option<TemplateList>> {
        let (lists, templates) = family.tables();
        let asked = format!("SELECT asked_at FROM {lists} WHERE app_id = ?1");
        let Some(asked_at) = self.at(self.conn.query_row(&asked, [app_id], |row| row.get(0)).optional())? else {
            return Ok(None);
        };
        let each = format!("SELECT template_id, title, content FROM {templates} WHERE app_id = ?1 ORDER BY position");
        let mut each = self.at(self.conn.prepare(&each))?;
        let rows = each.query_map([app_id], |row| {
            Ok(Template { template_id: row.get(0)?, title: row.get(1)?, content: row.get(2)? })
        });
        let templates = self.at(rows.and_then(Iterator::collect))?;
        Ok(Some(TemplateList { family, templates, asked_at }))
    }

    /// Keeps a list that WeChat gave, in the place of the last one.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn keep_templates(&mut self, app_id: &str, list: &TemplateList) -> Result<()> {
        let (lists, templates) = list.family.tables();
        self.relaxed(|store| {
            let path = store.path.clone();
            let at = |e| Error::at(&path, e);
            let write = store.write()?;
            write.execute(&format!("DELETE FROM {lists} WHERE app_id = ?1"), [app_id]).map_err(at)?;
            let row = format!("INSERT INTO {lists} (app_id, asked_at) VALUES (?1, ?2)");
            write.execute(&row, params![app_id, list.asked_at]).map_err(at)?;
            let row = format!(
                "INSERT INTO {templates} (app_id, position, template_id, title, content) VALUES (?1, ?2, ?3, ?4, ?5)"
            );
            for (position, it) in (0_i64..).zip(&list.templates) {
                write.execute(&row, params![app_id, position, it.template_id, it.title, it.content]).map_err(at)?;
            }
            write.commit().map_err(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_old_after_a_day_and_where_the_clock_was_set_back() {
        let list = TemplateList { family: Family::Template, templates: Vec::new(), asked_at: Timestamp(1_000) };
        for (now, is_old) in [(1_000, false), (999 + FRESH, false), (1_000 + FRESH, true), (999, true)] {
            assert_eq!(list.is_old(Timestamp(now)), is_old, "{now}");
        }
    }

    #[test]
    fn each_account_has_its_own_lists_and_an_empty_one_is_a_list_too() {
        use Family::{Subscription, Template as Own};
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let template = |id: &str| Template { template_id: id.into(), title: "T".into(), content: "a".into() };
        let list = |family, ids: &[&str], at| {
            let templates = ids.iter().map(|id| template(id)).collect();
            TemplateList { family, templates, asked_at: Timestamp(at) }
        };
        assert_eq!(store.templates("wx1", Own).unwrap(), None);
        let kept =
            [("wx1", list(Own, &["z", "a"], 1)), ("wx2", list(Own, &["b"], 2)), ("wx1", list(Subscription, &["s"], 3))];
        for (app_id, list) in &kept {
            store.keep_templates(app_id, list).unwrap();
        }
        for (app_id, list) in &kept {
            assert_eq!(store.templates(app_id, list.family).unwrap().as_ref(), Some(list));
        }
        store.keep_templates("wx1", &list(Own, &[], 4)).unwrap();
        assert_eq!(store.templates("wx1", Own).unwrap(), Some(list(Own, &[], 4)));
        assert_eq!(store.templates("wx1", Subscription).unwrap().as_ref(), Some(&kept[2].1));
        assert_eq!(store.templates("wx2", Own).unwrap().as_ref(), Some(&kept[1].1));
    }
}
