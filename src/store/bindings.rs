//! Bindings of users to openids, and whether the users follow the account, as far as WeChat has
//! reported.

use rusqlite::params;

use super::{Error, Result, Store};

/// The errcodes that mark a binding whose user does not follow the account. wxbox stores the first
/// one after a query; some calls return the second one.
pub const NOT_FOLLOWING: [i64; 2] = [43004, 50005];

/// An openid of the account and all users who are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundOpenid {
    /// The openid.
    pub openid: String,
    /// Their names, in alphabetical order; users who share a phone share an openid.
    pub users: Vec<String>,
}

/// A binding whose mark or follow state has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowChange {
    /// The user's name.
    pub user: String,
    /// The openid.
    pub openid: String,
    /// Whether the user follows the account now.
    pub follows: bool,
    /// Whether the user was seen to follow it before.
    pub has_followed: bool,
}

impl Store {
    /// Returns all openids of the account that users are bound to, by user name.
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

    /// Returns the names of the users who are bound to an openid of the account.
    pub fn users_bound_to(&self, app_id: &str, openid: &str) -> Result<Vec<String>> {
        let sql = "SELECT username FROM bindings JOIN users ON users.id = user_id
                   WHERE app_id = ?1 AND openid = ?2 ORDER BY username";
        let mut query = self.map_err(self.conn.prepare_cached(sql))?;
        let rows = query.query_map([app_id, openid], |row| row.get(0));
        self.map_err(rows.and_then(Iterator::collect))
    }

    /// Stores whether the users with these openids follow the account: a user who does not is
    /// marked as unreachable, and the mark of a user who does is removed unless it has another
    /// reason. Returns the changes.
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
                // Every user counts as a follower until a check, so a first report that a user
                // follows is no change.
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

    /// Stores whether the user with this openid follows the account, as WeChat has just reported.
    /// The user is not marked as unreachable: after binding, users are about to follow, and a send
    /// to all must not leave them out.
    pub fn set_follows(&mut self, app_id: &str, openid: &str, follows: bool) -> Result<()> {
        let [first, other] = NOT_FOLLOWING;
        let sql = "UPDATE bindings SET follows = ?3, has_followed = has_followed OR ?3,
                   unreachable_errcode = CASE WHEN ?3 AND unreachable_errcode IN (?4, ?5)
                   THEN NULL ELSE unreachable_errcode END
                   WHERE app_id = ?1 AND openid = ?2";
        let update = self.conn.execute(sql, params![app_id, openid, follows, first, other]);
        self.map_err(update).map(drop)
    }
}

/// The follow state of a binding.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FollowState {
    /// The errcode that marked it as unreachable.
    unreachable_errcode: Option<i64>,
    follows: Option<bool>,
    /// Whether the user was ever seen to follow.
    has_followed: bool,
}

impl FollowState {
    /// Returns the state after WeChat reported whether the user follows.
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

    /// Marks the openid as delivery does.
    fn mark_unreachable(store: &mut Store, errcode: i64) {
        let now = crate::clock::ClockReading::now();
        let context = crate::store::TxContext { app_id: "wx1", worker_id: "w", now: &now, server_now: None };
        store.transaction(context, false, |tx| tx.mark_unreachable("oC", errcode)).unwrap();
    }

    #[test]
    fn users_with_one_openid_are_listed_together() {
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
    fn follow_state_sets_and_clears_unreachable_mark_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(&dir);
        let mut keep = |openid, follows| -> Vec<String> {
            let changed = store.update_follow_state("wx1", &[(openid, follows)]).unwrap();
            assert!(changed.iter().all(|change| change.follows == follows && change.openid == openid));
            changed.into_iter().map(|change| change.user).collect()
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
        // A user who disabled messages follows nevertheless.
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
