//! Each account's template list as WeChat last gave it.

use rusqlite::{OptionalExtension, params};

use super::{Error, Result, Store};
use crate::time::Timestamp;

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
    /// The templates, in WeChat's order; there may be none.
    pub templates: Vec<Template>,
    /// When WeChat gave them.
    pub asked_at: Timestamp,
}

impl Store {
    /// The list last kept for the account; `None` where none ever was.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn templates(&self, app_id: &str) -> Result<Option<TemplateList>> {
        let asked = "SELECT asked_at FROM template_lists WHERE app_id = ?1";
        let Some(asked_at) = self.at(self.conn.query_row(asked, [app_id], |row| row.get(0)).optional())? else {
            return Ok(None);
        };
        let each = "SELECT template_id, title, content FROM templates WHERE app_id = ?1 ORDER BY position";
        let mut each = self.at(self.conn.prepare(each))?;
        let rows = each.query_map([app_id], |row| {
            Ok(Template { template_id: row.get(0)?, title: row.get(1)?, content: row.get(2)? })
        });
        let templates = self.at(rows.and_then(Iterator::collect))?;
        Ok(Some(TemplateList { templates, asked_at }))
    }

    /// Keeps a list that WeChat gave, in the place of the last one.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn keep_templates(&mut self, app_id: &str, templates: &[Template], now: Timestamp) -> Result<()> {
        self.relaxed(|store| {
            let path = store.path.clone();
            let at = |e| Error::at(&path, e);
            let write = store.write()?;
            write.execute("DELETE FROM template_lists WHERE app_id = ?1", [app_id]).map_err(at)?;
            write
                .execute("INSERT INTO template_lists (app_id, asked_at) VALUES (?1, ?2)", params![app_id, now])
                .map_err(at)?;
            for (position, it) in (0_i64..).zip(templates) {
                let row = "INSERT INTO templates (app_id, position, template_id, title, content)
                           VALUES (?1, ?2, ?3, ?4, ?5)";
                write.execute(row, params![app_id, position, it.template_id, it.title, it.content]).map_err(at)?;
            }
            write.commit().map_err(at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_list_and_an_empty_one_is_a_list_too() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        let template = |id: &str| Template { template_id: id.into(), title: "T".into(), content: "a".into() };
        assert_eq!(store.templates("wx1").unwrap(), None);
        store.keep_templates("wx1", &[template("z"), template("a")], Timestamp(1)).unwrap();
        store.keep_templates("wx2", &[template("b")], Timestamp(2)).unwrap();
        let kept = store.templates("wx1").unwrap().unwrap();
        assert_eq!((kept.templates, kept.asked_at), (vec![template("z"), template("a")], Timestamp(1)));
        store.keep_templates("wx1", &[], Timestamp(3)).unwrap();
        let kept = store.templates("wx1").unwrap().unwrap();
        assert_eq!((kept.templates, kept.asked_at), (vec![], Timestamp(3)));
        assert_eq!(store.templates("wx2").unwrap().unwrap().templates, [template("b")]);
    }
}
