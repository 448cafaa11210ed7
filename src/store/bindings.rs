//! Who is bound to which openid of an account, and whether they follow it, as far as WeChat was asked.

use rusqlite::params;

use super::{Error, Result, Store};

/// The errcodes of a binding whose person does not follow the account: the first is what is written after a look, the
/// other what some calls say in its place.
pub const NOT_FOLLOWING: [i64; 2] = [43004, 50005];

/// An openid of the account and everybody who is bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundOpenid {
    /// The openid.
    pub openid: String,
    /// Their names, in alphabetical order; more than one share a phone.
    pub users: Vec<String>,
}

/// A binding that is marked in another way than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowChange {
    /// Whose it is.
    pub user: String,
    /// To which openid.
    pub openid: String,
    /// Whether the person follows the account now.
    pub follows: bool,
    /// Whether the person was seen to follow it before.
    pub has_followed: bool,
}

impl Store {
    /// Every openid of the account that somebody is bound to, in the order of the names.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn bound_openids(&self, app_id: &str) -> Result<Vec<BoundOpenid>> {
        let sql = "SELECT openid, group_concat(username, char(31) ORDER BY username)
                   FROM bindings JOIN users ON users.id = user_id WHERE app_id = ?1
                   GROUP BY openid ORDER BY min(username)";
        let mut query = self.map_err(self.conn.prepare(sql))?;
        let rows = query.query_map([app_id], |row| {
            let users: String = row.get(1)?;
            Ok(BoundOpenid { openid: row.get(0)?, users: users.split('\u{1f}').map(str::to_owned).collect() })
        });
        self.map_err(rows.and_then(Iterator::collect))
    }

    /// The names of those who are bound to that openid of the account.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn users_bound_to(&self, app_id: &str, openid: &str) -> Result<Vec<String>> {
        let sql = "SELECT username FROM bindings JOIN users ON users.id = user_id
                   WHERE app_id = ?1 AND openid = ?2 ORDER BY username";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        let rows = query.query_map([app_id, openid], |row| row.get(0));
        self.map_err(rows.and_then(Iterator::collect))
    }

    /// Keeps whether the people of these openids follow the account: who does not is marked as unreachable, from who
    /// does the mark is taken, all at once. A mark for another reason stays on who follows. The answer is who is not as
    /// they were known to be.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn update_follow_state(&mut self, app_id: &str, answers: &[(&str, bool)]) -> Result<Vec<FollowChange>> {
        let path = self.path.clone();
        let at = |e| Error::from_sqlite(&path, e);
        let select_sql = "SELECT user_id, username, unreachable_errcode, follows, has_followed FROM bindings
                     JOIN users ON users.id = user_id WHERE app_id = ?1 AND openid = ?2 ORDER BY username";
        let update_sql = "UPDATE bindings SET unreachable_errcode = ?3, follows = ?4, has_followed = ?5
                    WHERE app_id = ?1 AND user_id = ?2";
        let mut changed = Vec::new();
        let tx = self.begin_write()?;
        for &(openid, follows) in answers {
            let mut query = tx.prepare_cached(select_sql).map_err(at)?;
            let bindings = query.query_map([app_id, openid], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    FollowState { unreachable_errcode: row.get(2)?, follows: row.get(3)?, has_followed: row.get(4)? },
                ))
            });
            let bindings: Vec<(i64, String, FollowState)> = bindings.and_then(Iterator::collect).map_err(at)?;
            for (user_id, user, old) in bindings {
                let new = old.updated(follows);
                if new == old {
                    continue;
                }
                let mut update = tx.prepare_cached(update_sql).map_err(at)?;
                update
                    .execute(params![app_id, user_id, new.unreachable_errcode, new.follows, new.has_followed])
                    .map_err(at)?;
                // Who follows, as everybody does who was not asked about yet, is no news.
                if new.unreachable_errcode != old.unreachable_errcode
                    || old.follows.is_some_and(|before| before != follows)
                {
                    changed.push(FollowChange {
                        user,
                        openid: openid.to_owned(),
                        follows,
                        has_followed: old.has_followed,
                    });
                }
            }
        }
        tx.commit().map_err(at)?;
        Ok(changed)
    }

    /// Notes whether whoever has that openid follows the account, as WeChat has just said. Nobody is marked as
    /// unreachable: who has just been bound is about to follow, and messages to everybody are not to leave them out.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn set_follows(&mut self, app_id: &str, openid: &str, follows: bool) -> Result<()> {
        let [first, other] = NOT_FOLLOWING;
        let sql = "UPDATE bindings SET follows = ?3, has_followed = has_followed OR ?3,
                   unreachable_errcode = CASE WHEN ?3 AND unreachable_errcode IN (?4, ?5) THEN NULL ELSE unreachable_errcode END
                   WHERE app_id = ?1 AND openid = ?2";
        let update = self.conn.execute(sql, params![app_id, openid, follows, first, other]);
        self.map_err(update).map(drop)
    }
}

/// What is known of a binding.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FollowState {
    /// The errcode that marked it.
    unreachable_errcode: Option<i64>,
    follows: Option<bool>,
    /// Whether the person was ever seen to follow.
    has_followed: bool,
}

impl FollowState {
    /// The same once WeChat has said whether the person follows.
    fn updated(self, follows: bool) -> Self {
        let is_marked = self.unreachable_errcode.is_some_and(|mark| NOT_FOLLOWING.contains(&mark));
        let mark = match (follows, is_marked) {
            (true, true) => None,
            (false, false) => Some(NOT_FOLLOWING[0]),
            _ => self.unreachable_errcode,
        };
        Self { unreachable_errcode: mark, follows: Some(follows), has_followed: self.has_followed || follows }
    }
}

#[cfg(test)]
mod tests {
    use super::super::NewUser;
    use super::*;
    use crate::clock::Timestamp;

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
    fn mark_unreachable(store: &mut Store, errcode: i64) {
        let now = crate::clock::ClockReading::now();
        let who = crate::store::TxContext { app_id: "wx1", worker_id: "w", now: &now, server_now: None };
        store.transaction(who, false, |turn| turn.mark_unreachable("oC", errcode)).unwrap();
    }

    #[test]
    fn who_shares_a_phone_is_one_openid() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(&dir);
        let bound = |openid: &str, users: &[&str]| BoundOpenid {
            openid: openid.into(),
            users: users.iter().map(|user| (*user).to_owned()).collect(),
        };
        assert_eq!(store.bound_openids("wx1").unwrap(), [bound("oB", &["a", "b"]), bound("oC", &["c"])]);
        assert_eq!(store.bound_openids("wx3").unwrap(), []);
        assert_eq!(store.users_bound_to("wx1", "oB").unwrap(), ["a", "b"]);
        assert_eq!(store.users_bound_to("wx2", "oC").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_mark_is_set_once_and_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let mut keep = |openid, follows| -> Vec<String> {
            let changed = store.update_follow_state("wx1", &[(openid, follows)]).unwrap();
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
            store.user(name, app_id).unwrap().unwrap().binding.unwrap().unreachable_errcode
        };
        assert_eq!(mark(&store, "d", "wx2"), None, "another account's");
        // Who switched messages off follows all the same.
        mark_unreachable(&mut store, 48002);
        assert_eq!(store.update_follow_state("wx1", &[("oC", true)]).unwrap(), []);
        assert_eq!(mark(&store, "c", "wx1"), Some(48002));
        assert_eq!(store.update_follow_state("wx1", &[("oC", false)]).unwrap().len(), 1);
        assert_eq!(mark(&store, "c", "wx1"), Some(43004));
        mark_unreachable(&mut store, 50005);
        assert_eq!(store.update_follow_state("wx1", &[("oC", false)]).unwrap(), []);
        assert_eq!(store.update_follow_state("wx1", &[("oC", true)]).unwrap().len(), 1);
    }
}
