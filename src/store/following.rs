//! Who is bound to which openid of an account, and whether they follow it, as far as WeChat was asked.

use rusqlite::params;

use super::{Error, Result, Store};

/// An openid of the account and everybody who is bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The openid.
    pub openid: String,
    /// Their names, in alphabetical order; more than one share a phone.
    pub users: Vec<String>,
}

/// A binding that is marked in another way than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Whose it is.
    pub user: String,
    /// To which openid.
    pub openid: String,
    /// Whether the person follows the account now.
    pub follows: bool,
}

impl Store {
    /// Every openid of the account that somebody is bound to, in the order of the names.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn bound(&self, app_id: &str) -> Result<Vec<Bound>> {
        let sql = "SELECT openid, group_concat(username, char(31) ORDER BY username)
                   FROM bindings JOIN users ON users.id = user_id WHERE app_id = ?1
                   GROUP BY openid ORDER BY min(username)";
        let mut query = self.at(self.conn.prepare(sql))?;
        let rows = query.query_map([app_id], |row| {
            let users: String = row.get(1)?;
            Ok(Bound { openid: row.get(0)?, users: users.split('\u{1f}').map(str::to_owned).collect() })
        });
        self.at(rows.and_then(Iterator::collect))
    }

    /// The names of those who are bound to that openid of the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn users_of(&self, app_id: &str, openid: &str) -> Result<Vec<String>> {
        let sql = "SELECT username FROM bindings JOIN users ON users.id = user_id
                   WHERE app_id = ?1 AND openid = ?2 ORDER BY username";
        let mut query = self.at(self.conn.prepare_cached(sql))?;
        let rows = query.query_map([app_id, openid], |row| row.get(0));
        self.at(rows.and_then(Iterator::collect))
    }

    /// Keeps whether the people of these openids follow the account: who does not is marked as unreachable,
    /// from who does the mark is taken, all at once. `marks` are the errcodes that say "does not follow", the
    /// first of them is written; a mark for another reason stays on who follows.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn keep_following(&mut self, app_id: &str, seen: &[(&str, bool)], marks: [i64; 2]) -> Result<Vec<Changed>> {
        let path = self.path.clone();
        let at = |e| Error::at(&path, e);
        let whose = "RETURNING (SELECT username FROM users WHERE id = user_id)";
        let gone = format!(
            "UPDATE bindings SET unreachable = ?3 WHERE app_id = ?1 AND openid = ?2
             AND (unreachable IS NULL OR unreachable NOT IN (?3, ?4)) {whose}"
        );
        let back = format!(
            "UPDATE bindings SET unreachable = NULL WHERE app_id = ?1 AND openid = ?2
             AND unreachable IN (?3, ?4) {whose}"
        );
        let mut changed = Vec::new();
        let step = self.write()?;
        for &(openid, follows) in seen {
            let mut update = step.prepare_cached(if follows { &back } else { &gone }).map_err(at)?;
            let users = update.query_map(params![app_id, openid, marks[0], marks[1]], |row| row.get(0)).map_err(at)?;
            for user in users {
                changed.push(Changed { user: user.map_err(at)?, openid: openid.to_owned(), follows });
            }
        }
        step.commit().map_err(at)?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::NewUser;
    use super::*;
    use crate::time::Timestamp;

    const MARKS: [i64; 2] = [43004, 50005];

    fn store(dir: &tempfile::TempDir) -> Store {
        let mut store = Store::open(&dir.path().join("wxbox.db")).unwrap();
        for (name, app_id, openid) in [("b", "wx1", "oB"), ("a", "wx1", "oB"), ("c", "wx1", "oC"), ("d", "wx2", "oB")] {
            let uid = format!("{name:x>32}");
            let new = NewUser { username: name, uid: &uid, binding: Some((app_id, openid)), ..NewUser::default() };
            store.add_user(&new, Timestamp(1)).unwrap();
        }
        store
    }

    /// As delivery does it.
    fn set(store: &mut Store, errcode: i64) {
        let now = crate::time::Moment::now();
        let who = crate::store::Who { app_id: "wx1", worker: "w", now: &now, server: None };
        store.turn(who, false, |turn| turn.mark("oC", Some(errcode))).unwrap();
    }

    #[test]
    fn who_shares_a_phone_is_one_openid() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let bound = |openid: &str, users: &[&str]| Bound {
            openid: openid.into(),
            users: users.iter().map(|user| (*user).to_owned()).collect(),
        };
        assert_eq!(store.bound("wx1").unwrap(), [bound("oB", &["a", "b"]), bound("oC", &["c"])]);
        assert_eq!(store.bound("wx3").unwrap(), []);
        assert_eq!(store.users_of("wx1", "oB").unwrap(), ["a", "b"]);
        assert_eq!(store.users_of("wx2", "oC").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_mark_is_set_once_and_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let mut keep = |openid, follows| -> Vec<String> {
            let changed = store.keep_following("wx1", &[(openid, follows)], MARKS).unwrap();
            assert!(changed.iter().all(|it| it.follows == follows && it.openid == openid));
            changed.into_iter().map(|it| it.user).collect()
        };
        let none = Vec::<String>::new();
        assert_eq!(keep("oB", true), none);
        let mut both = keep("oB", false);
        both.sort();
        assert_eq!(both, ["a", "b"]);
        assert_eq!(keep("oB", false), none);
        assert_eq!(keep("oB", true).len(), 2);
        assert_eq!(keep("oNobody", false), none);
        let mark = |store: &Store, name: &str, app_id: &str| {
            store.user(name, app_id).unwrap().unwrap().binding.unwrap().unreachable
        };
        assert_eq!(mark(&store, "d", "wx2"), None, "another account's");
        // Who switched messages off follows all the same.
        set(&mut store, 48002);
        assert_eq!(store.keep_following("wx1", &[("oC", true)], MARKS).unwrap(), []);
        assert_eq!(mark(&store, "c", "wx1"), Some(48002));
        assert_eq!(store.keep_following("wx1", &[("oC", false)], MARKS).unwrap().len(), 1);
        assert_eq!(mark(&store, "c", "wx1"), Some(43004));
        set(&mut store, 50005);
        assert_eq!(store.keep_following("wx1", &[("oC", false)], MARKS).unwrap(), []);
        assert_eq!(store.keep_following("wx1", &[("oC", true)], MARKS).unwrap().len(), 1);
    }
}
