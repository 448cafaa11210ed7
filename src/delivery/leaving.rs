//! How a run leaves its messages: told as they stand, let go, or left to whoever has them.

use std::time::{Duration, Instant};

use super::board::Left;
use super::desk::Desk;
use super::waiting::Next;
use super::{Event, settle_orphans};
use crate::store::{Answer, State, Who};
use crate::time::Moment;

/// Messages that one turn tells why they wait.
pub(super) const EXPLAINED: usize = 500;

/// How long answers are waited for that cannot be written down any more.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// How long after the deadline it is still told what is left.
const TELL: Duration = Duration::from_millis(200);

impl Desk<'_> {
    /// Looks at the messages of this run that other processes took.
    pub(super) fn look_elsewhere(&mut self) -> anyhow::Result<Next> {
        let ids = std::mem::take(&mut self.board.elsewhere);
        if ids.is_empty() {
            return Ok(Next::Over);
        }
        settle_orphans(&mut self.store)?;
        for id in ids {
            let app_id = &self.board.orders.account.app_id;
            match self.store.standing(app_id, id)? {
                Some((message, held)) if message.state == State::Queued && held => self.board.elsewhere.push(id),
                Some((message, _)) if message.state == State::Queued && message.due_at <= Moment::now().at => {
                    self.board.ranges.push_back((id, id));
                }
                Some(_) | None => {
                    self.tell_standing(id)?;
                    self.board.follow_elsewhere(id);
                }
            }
        }
        if !self.board.ranges.is_empty() {
            return Ok(Next::Turn);
        }
        if self.board.elsewhere.is_empty() {
            return Ok(Next::Over);
        }
        // They are another's to finish; this run waits no longer for them than for its own.
        if self.pause.is_long_since_progress() {
            for id in std::mem::take(&mut self.board.elsewhere) {
                self.tell_standing(id)?;
            }
            return Ok(Next::Over);
        }
        Ok(Next::Wait)
    }

    /// Lets go of what was taken and not begun.
    pub(super) fn let_go(&mut self) -> anyhow::Result<()> {
        let board = &mut self.board;
        let ready: Vec<i64> = board.ready.drain(..).chain(board.shelf.clear()).map(|held| held.message.id).collect();
        if !ready.is_empty() {
            let app_id = self.board.orders.account.app_id.clone();
            let (now, server) = (Moment::now(), self.board.server);
            let who = Who { app_id: &app_id, worker: self.alive.name(), now: &now, server };
            self.store.turn(who, true, |turn| turn.let_go(ready.iter().copied()))?;
            self.board.ranges.extend(ready.into_iter().map(|id| (id, id)));
        }
        Ok(())
    }

    /// Leaves what is under way.
    pub(super) fn abandon(&mut self) -> anyhow::Result<()> {
        let now = Moment::now();
        let Desk { store, board, alive, crew, .. } = self;
        let app_id = board.orders.account.app_id.clone();
        let who = Who { app_id: &app_id, worker: alive.name(), now: &now, server: board.server };
        let (mut left, unsent) = (Vec::new(), crew.take_back());
        store.turn(who, true, |turn| board.abandon(turn, &unsent, &now, &mut left))?;
        left.into_iter().try_for_each(|left| self.tell_left(left))
    }

    /// A turn could not be written down, and the run ends with that error. Before it does, the requests under way are
    /// waited for, and what is known of each message is told.
    pub(super) fn broken(&mut self, error: anyhow::Error) -> anyhow::Error {
        let mut ended = std::mem::take(&mut self.unrecorded);
        ended.iter().for_each(|(id, _)| drop(self.board.flying.remove(id)));
        let until = Instant::now() + LAST_ANSWERS;
        while !self.board.flying.is_empty() && Instant::now() < self.deadline.unwrap_or(until) {
            let until = self.deadline.unwrap_or(until);
            crossbeam_channel::select! {
                recv(self.crew.done()) -> done => {
                    let Ok(done) = done else { break };
                    if self.board.flying.remove(&done.id).is_some() {
                        ended.push((done.id, done.delivered.result.is_ok()));
                    }
                }
                recv(self.stopped) -> stopped => match stopped {
                    Ok(deadline) => self.deadline = Some(deadline),
                    Err(_) => break,
                },
                default(until.saturating_duration_since(Instant::now())) => {}
            }
        }
        let cause = error.to_string();
        // Why the rest waits is told once.
        self.tell.tell(Event::Stopped(anyhow::anyhow!(cause.clone())));
        let open = std::mem::take(&mut self.board.flying).into_keys().map(|id| (id, State::Unknown));
        let ended = ended.into_iter().map(|(id, sent)| (id, if sent { State::Sent } else { State::Queued }));
        for (id, state) in ended.chain(open) {
            let tag = self.board.tags.remove(&id);
            self.tell.tell(Event::Unrecorded { id, state, tag, cause: cause.clone() });
        }
        // As far as the database lets it.
        self.cause = Answer::default();
        let _ = self.let_go();
        let _ = self.rest();
        error
    }

    /// Tells of what is left queued.
    pub(super) fn rest(&mut self) -> anyhow::Result<()> {
        self.let_go()?;
        let blocked = self.blocked()?;
        let board = &mut self.board;
        let mut rest: Vec<(i64, i64)> = std::mem::take(&mut board.ranges).into();
        rest.extend(board.later.drain().map(|id| (id, id)));
        rest.extend(std::mem::take(&mut board.elsewhere).into_iter().map(|id| (id, id)));
        rest.sort_unstable();
        if self.cause.error.is_some() {
            let Desk { store, board, alive, cause, .. } = self;
            let app_id = board.orders.account.app_id.clone();
            let now = Moment::now();
            let who = Who { app_id: &app_id, worker: alive.name(), now: &now, server: board.server };
            // Some at a time: nobody waits long for the right to write. Nor is the disk waited for: it is only told why.
            for some in groups(&rest, EXPLAINED) {
                store.turn(who, false, |turn| some.iter().try_for_each(|range| turn.explain(*range, cause)))?;
            }
        }
        // They have a reason of their own.
        rest.extend(blocked.into_iter().map(|id| (id, id)));
        rest.sort_unstable();
        let mut untold = 0;
        for id in rest.into_iter().flat_map(|(first, last)| first..=last) {
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline + TELL) {
                untold += 1;
            } else {
                self.tell_standing(id)?;
            }
        }
        if untold > 0 {
            self.tell.tell(Event::Left(untold));
        }
        Ok(())
    }

    pub(super) fn tell_left(&mut self, left: Left) -> anyhow::Result<()> {
        match left {
            Left::Standing(id) => self.tell_standing(id),
            Left::Message(message) => {
                let (id, tag) = (message.id, self.board.tags.remove(&message.id));
                self.tell.tell(Event::Settled { message, tag, duplicate: false });
                self.tell_twins(id)
            }
        }
    }

    /// Tells how a message of this run stands.
    pub(super) fn tell_standing(&mut self, id: i64) -> anyhow::Result<()> {
        let tag = self.board.tags.remove(&id);
        self.tell_as(id, tag, false)?;
        self.tell_twins(id)
    }

    /// Tells how the message stands that was there before, with the same key.
    pub(super) fn tell_duplicate(&mut self, id: i64, tag: Option<u64>) -> anyhow::Result<()> {
        self.tell_as(id, tag, true)
    }

    /// Tells of what was asked for once more while that message was on its way.
    fn tell_twins(&mut self, id: i64) -> anyhow::Result<()> {
        let twins = self.board.twins.remove(&id).unwrap_or_default();
        twins.into_iter().try_for_each(|tag| self.tell_duplicate(id, tag))
    }

    fn tell_as(&mut self, id: i64, tag: Option<u64>, duplicate: bool) -> anyhow::Result<()> {
        let event = match self.store.message(&self.board.orders.account.app_id, id)? {
            Some(message) => Event::Settled { message: Box::new(message), tag, duplicate },
            None => Event::Gone { id, tag, begun: !self.board.unbegun.remove(&id) },
        };
        self.tell.tell(event);
        Ok(())
    }
}

/// These ranges of ids, from first to last, in groups of at most `most` ids.
fn groups(ranges: &[(i64, i64)], most: usize) -> Vec<Vec<(i64, i64)>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let (mut groups, mut room) = (Vec::<Vec<_>>::new(), 0);
    for (mut first, last) in ranges.iter().copied() {
        while first <= last {
            if room == 0 {
                groups.push(Vec::new());
                room = most;
            }
            let end = last.min(first + room - 1);
            groups.last_mut().into_iter().for_each(|group| group.push((first, end)));
            room -= end + 1 - first;
            first = end + 1;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn a_group_has_so_many_ids_however_long_the_ranges_are() {
        assert_eq!(groups(&[], 3), Vec::<Vec<_>>::new());
        let found = groups(&[(1, 7), (9, 9), (11, 11), (20, 22)], 3);
        assert_eq!(found, [vec![(1, 3)], vec![(4, 6)], vec![(7, 7), (9, 9), (11, 11)], vec![(20, 22)]]);
    }
}
