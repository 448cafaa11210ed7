//! Texts in several parts: a part is sent once the one before it is, be it by this run or by another.

use super::Trouble;
use super::board::{Board, Left};
use super::desk::Desk;
use super::leaving::EXPLAINED;
use crate::store::{Answer, State, Turn, Who};
use crate::t;
use crate::time::Moment;

impl Board {
    /// A message with parts behind it has come to that: the next is due if it is sent, and they are withdrawn if it
    /// never will be. Where nobody knows, they wait for somebody to say.
    pub(super) fn go_on(
        &mut self,
        turn: &Turn<'_>,
        id: i64,
        state: State,
        left: &mut Vec<Left>,
    ) -> Result<(), Trouble> {
        match state {
            State::Queued | State::Unknown => {}
            State::Sent => {
                if let Some(next) = turn.next_part(id)? {
                    self.blocked.remove(&next);
                    self.ranges.push_back((next, next));
                }
            }
            State::Failed | State::Cancelled | State::Expired => {
                for cut in turn.cut(id, &t!("delivery-part-cut", id = id))? {
                    self.blocked.remove(&cut);
                    left.push(Left::Standing(cut));
                }
            }
        }
        Ok(())
    }

    /// One that could not be taken: it waits for the part before it, or another process has it.
    pub(super) fn not_taken(&mut self, turn: &Turn<'_>, id: i64) -> Result<(), Trouble> {
        match turn.waits_for(id)? {
            Some(before) => drop(self.blocked.insert(id, before)),
            None => self.elsewhere.push(id),
        }
        Ok(())
    }

    /// A message that another process had has been settled there: the part behind it is that process's too.
    pub(super) fn follow_elsewhere(&mut self, id: i64) {
        let behind = self.blocked.extract_if(|_, before| *before == id).map(|(next, _)| next);
        self.elsewhere.extend(behind);
    }
}

impl Desk<'_> {
    /// Lets go of the parts that still wait, with the reason.
    pub(super) fn blocked(&mut self) -> anyhow::Result<Vec<i64>> {
        let mut blocked: Vec<(i64, i64)> = self.board.blocked.drain().collect();
        blocked.sort_unstable();
        let app_id = self.board.orders.account.app_id.clone();
        let (now, server) = (Moment::now(), self.board.server);
        let who = Who { app_id: &app_id, worker: self.alive.name(), now: &now, server };
        for some in blocked.chunks(EXPLAINED) {
            self.store.turn(who, false, |turn| {
                some.iter().try_for_each(|(id, before)| {
                    let error = Some(t!("delivery-part-waits", id = before));
                    turn.explain((*id, *id), &Answer { error, ..Answer::default() })
                })
            })?;
        }
        Ok(blocked.into_iter().map(|(id, _)| id).collect())
    }
}
